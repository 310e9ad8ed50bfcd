#!/usr/bin/env python3
"""Talks to websocket_server.py, directly or through a proxy: websocket_client.py PORT

Exit 0 and "ok" if the handshake, messages of every length encoding, a ping and the closing
handshake all went through unchanged; otherwise a line that says what did not.
"""

import base64
import os
import socket
import sys

import websocket_frames as frames


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: got {str(got)[:200]}, expected {str(wanted)[:200]}")


def shake_hands(connection, stream, port):
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET /chat HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode())
    expect("status", stream.readline().split(b" ")[1], b"101")
    fields = frames.read_fields(stream)
    expect("Upgrade", fields.get("upgrade", "").lower(), "websocket")
    expect("Connection", fields.get("connection", "").lower(), "upgrade")
    expect("Sec-WebSocket-Accept", fields.get("sec-websocket-accept"), frames.accept_value(key))


def talk(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = connection.makefile("rb")
    shake_hands(connection, stream, port)

    def call(opcode, payload):
        connection.sendall(frames.encode(opcode, payload, masked=True))
        return frames.read(stream)

    expect("greeting", frames.read(stream), frames.Frame(frames.TEXT, b"welcome", False))
    for size in [0, 1, 125, 126, 65535, 65536, 1 << 20]:
        payload = os.urandom(size)
        expect(f"echo of {size} bytes", call(frames.BINARY, payload),
               frames.Frame(frames.BINARY, payload, False))
    expect("pong", call(frames.PING, b"there?"), frames.Frame(frames.PONG, b"there?", False))
    goodbye = (1000).to_bytes(2, "big")
    expect("close", call(frames.CLOSE, goodbye), frames.Frame(frames.CLOSE, goodbye, False))
    expect("end of the connection", stream.read(), b"")


if __name__ == "__main__":
    talk(int(sys.argv[1]))
    print("ok")
