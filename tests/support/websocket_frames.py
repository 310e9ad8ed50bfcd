"""WebSocket frames (RFC 6455 section 5) and handshake values, as far as the tests need them."""

import base64
import collections
import hashlib
import os

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

# final: no more frames of this message follow.
Frame = collections.namedtuple("Frame", "opcode payload masked final", defaults=[True])


def accept_value(key):
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


def read_fields(stream):
    """Header fields up to the empty line; names in lower case."""
    fields = {}
    while True:
        line = stream.readline().decode("latin-1").strip()
        if not line:
            return fields
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()


def apply_mask(payload, mask):
    repeated = mask * (len(payload) // 4 + 1)
    size = len(payload)
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated[:size], "big")).to_bytes(
        size, "big")


def encode(opcode, payload, masked=False, final=True):
    head = bytes([(0x80 if final else 0) | opcode])
    flag = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([flag | len(payload)])
    elif len(payload) < 65536:
        head += bytes([flag | 126]) + len(payload).to_bytes(2, "big")
    else:
        head += bytes([flag | 127]) + len(payload).to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + apply_mask(payload, mask)


def read(stream):
    """The next frame, or None at the end of the connection."""
    head = stream.read(2)
    if len(head) < 2:
        return None
    size = head[1] & 0x7F
    if size == 126:
        size = int.from_bytes(stream.read(2), "big")
    elif size == 127:
        size = int.from_bytes(stream.read(8), "big")
    masked = bool(head[1] & 0x80)
    mask = stream.read(4) if masked else b""
    payload = stream.read(size)
    if len(payload) < size:
        return None
    return Frame(head[0] & 0x0F, apply_mask(payload, mask) if masked else payload, masked,
                 bool(head[0] & 0x80))
