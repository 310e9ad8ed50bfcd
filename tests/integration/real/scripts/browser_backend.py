#!/usr/bin/env python3
"""The backend of browser_page.html: WebSocket echo, events, upload, download.

Listens on 127.0.0.1 on a port that the system chooses and prints "listening on PORT", and
"result JSON" when the page says how it went. An event is sent only once the page has said that it
has the one before: whoever holds events back stops the page.
"""

import hashlib
import http.server
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../support"))
import websocket_frames as frames  # noqa: E402 (after the path)

EVENTS = 5
DOWNLOAD = 100_000_000
BLOCK = bytes(i * 7919 % 251 for i in range(1_000_000))

seen = threading.Condition()
last_seen = 0


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def answer(self, body, content_type="application/json"):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/":
            with open(os.path.join(os.path.dirname(__file__), "browser_page.html"), "rb") as page:
                self.answer(page.read(), "text/html; charset=utf-8")
        elif self.path == "/socket":
            self.echo()
        elif self.path == "/events":
            self.send_events()
        elif self.path == "/download":
            self.send_blocks()
        else:
            self.send_error(404)

    def do_POST(self):
        global last_seen
        if self.path == "/upload":
            self.take_upload()
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/seen":
            with seen:
                last_seen = int(body)
                seen.notify_all()
        elif self.path == "/result":
            print("result", body.decode(), flush=True)
        self.answer(b"{}")

    def echo(self):
        self.close_connection = True
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept",
                         frames.accept_value(self.headers["Sec-WebSocket-Key"]))
        self.end_headers()
        while (frame := frames.read(self.rfile)) is not None:
            # A message may come in several frames: each is sent back as it came.
            self.wfile.write(frames.encode(frame.opcode, frame.payload, final=frame.final))
            if frame.opcode == frames.CLOSE:
                return

    def send_events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(1, EVENTS + 1):
            event = f"id: {number}\ndata: event {number}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            with seen:
                if not seen.wait_for(lambda: last_seen >= number, timeout=60):
                    return
        self.wfile.write(b"0\r\n\r\n")

    def take_upload(self):
        digest = hashlib.sha256()
        left = total = int(self.headers["Content-Length"])
        while left > 0:
            part = self.rfile.read(min(left, 1 << 18))
            if not part:
                return
            digest.update(part)
            left -= len(part)
        self.answer(json.dumps({"bytes": total, "sha256": digest.hexdigest()}).encode())

    def send_blocks(self):
        count = DOWNLOAD // len(BLOCK)
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(DOWNLOAD))
        self.send_header("X-Sha256", hashlib.sha256(BLOCK * count).hexdigest())
        self.end_headers()
        for _ in range(count):
            self.wfile.write(BLOCK)


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Backend) as server:
        print(f"listening on {server.server_address[1]}", flush=True)
        server.serve_forever()
