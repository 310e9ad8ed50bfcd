#!/usr/bin/env python3
"""Talks to nginx (tests/support/real_software.h) through a proxy.

    python_client.py requests|httpx URL LARGE_FILE CERTIFICATE

LARGE_FILE is the one that the server has as /large.txt. Exit 0 and "ok" if all went well, or an
error that says what did not.
"""

import concurrent.futures
import ssl
import sys


def requests_session(certificate):
    import requests
    session = requests.Session()
    session.trust_env = False  # no proxies of the environment
    session.verify = certificate
    return session


def httpx_session(certificate):
    import httpx
    trusted = ssl.create_default_context(cafile=certificate)
    return httpx.Client(trust_env=False, verify=trusted, timeout=20)


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: got {str(got)[:200]}, expected {str(wanted)[:200]}")


def in_chunks(data):
    for start in range(0, len(data), 50_000):
        yield data[start:start + 50_000]


def talk(session, url, large, send):
    """send: the name of the argument that a body is given by."""
    for _ in range(20):
        answer = session.get(url + "/hello.txt")
        expect("status", answer.status_code, 200)
        expect("GET", answer.text, "hello from nginx\n")
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        for answer in threads.map(session.get, [url + "/large.txt"] * 8):
            expect("GET of a large file is whole", answer.content == large, True)
    # nginx compresses on the way, hence in chunks; the client decompresses.
    answer = session.get(url + "/compressed/large.txt")
    expect("encoding", answer.headers.get("content-encoding"), "gzip")
    expect("compressed GET is whole", answer.content == large, True)
    answer = session.get(url + "/large.txt", headers={"Range": "bytes=100-199"})
    expect("range", (answer.status_code, answer.content), (206, large[100:200]))
    answer = session.head(url + "/large.txt")
    expect("HEAD", (answer.headers["content-length"], answer.content), (str(len(large)), b""))

    answer = session.put(url + "/upload/length", **{send: large})
    expect("PUT with a length", answer.status_code, 201)
    expect("what was PUT is whole", session.get(url + "/upload/length").content == large, True)
    answer = session.put(url + "/upload/chunks", **{send: in_chunks(large)})
    expect("PUT in chunks", answer.status_code, 201)
    expect("what was PUT is whole", session.get(url + "/upload/chunks").content == large, True)
    expect("POST of a form", session.post(url + "/method", data={"a": "b"}).text, "POST 3")
    expect("no such file", session.get(url + "/none").status_code, 404)


if __name__ == "__main__":
    library, address, file, trusted = sys.argv[1:]
    with open(file, "rb") as opened:
        content = opened.read()
    if library == "requests":
        talk(requests_session(trusted), address, content, "data")
    else:
        talk(httpx_session(trusted), address, content, "content")
    print("ok")
