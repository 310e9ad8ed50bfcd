#!/usr/bin/env python3
"""A WebSocket server (RFC 6455) for tests: echoes messages, answers pings, closes when told to.

Listens on 127.0.0.1 on a port that the system chooses and prints "listening on PORT". Refuses what
a proxy could have spoilt: a handshake without its fields (400), an unmasked frame (close 1002).
"""

import socketserver

import websocket_frames as frames


class Echo(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        self.rfile.readline()
        fields = frames.read_fields(self.rfile)
        key = fields.get("sec-websocket-key")
        if key is None or fields.get("upgrade", "").lower() != "websocket":
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        # The greeting comes in the same write as the handshake: a proxy must not lose what it has
        # read behind the head.
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + b"Sec-WebSocket-Accept: " + frames.accept_value(key).encode() + b"\r\n\r\n"
            + frames.encode(frames.TEXT, b"welcome"))
        while True:
            frame = frames.read(self.rfile)
            if frame is None:
                return
            if not frame.masked:
                self.wfile.write(frames.encode(frames.CLOSE, (1002).to_bytes(2, "big")))
                return
            if frame.opcode == frames.PING:
                self.wfile.write(frames.encode(frames.PONG, frame.payload))
            elif frame.opcode == frames.CLOSE:
                self.wfile.write(frames.encode(frames.CLOSE, frame.payload))
                return
            else:
                self.wfile.write(frames.encode(frame.opcode, frame.payload))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", 0), Echo) as server:
        print(f"listening on {server.server_address[1]}", flush=True)
        server.serve_forever()
