"""Answers that no HTTP server should give, for a request that came over a good TLS connection.

Each is what is sent, or a function of the connection. What goes on for ever ends when the other side hangs up, or
after a minute.
"""

import gzip
import json
import time

PAUSE = 1  # seconds between two bytes of a drip
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TOKEN = json.dumps({"token_type": "Bearer", "expires_in": 3600, "access_token": "FORGED" + "f" * 100,
                    "refresh_token": "FORGED-refresh"}).encode()
SETTINGS = b"\0\0\0\4\0\0\0\0\0"  # an HTTP/2 frame
BOMB = gzip.compress(b"\0" * (32 * 1024 * 1024))


def whole(body, *lines, status=b"HTTP/1.1 200 OK", length=None):
    length = len(body) if length is None else length
    head = [status, b"Content-Type: application/json", b"Content-Length: %d" % length, *lines]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def chunked(data, *lines):
    return b"\r\n".join([OK.rstrip(), b"Transfer-Encoding: chunked", *lines]) + b"\r\n\r\n" + data


def then(data, reset=False):
    """That, and then the end."""
    def answer(connection):
        connection.send(data)
        connection.end(reset=reset)
    return answer


def forever(data, first=b"", pause=0):
    def answer(connection):
        connection.send(first)
        connection.send_forever(data, pause=pause)
    return answer


def drip(data, first=b""):
    """A byte a second."""
    def answer(connection):
        connection.send(first)
        for byte in data:
            connection.send(bytes([byte]))
            time.sleep(PAUSE)
    return answer


def silent(first=b""):
    def answer(connection):
        connection.send(first)
        connection.read_to_end()
    return answer


def in_request(reset):
    """Ends before the request has been read; see hostile_server."""
    return ("in the request", reset)


def challenge(status, value):
    return whole(b"{}", b"WWW-Authenticate: " + value, b"Proxy-Authenticate: " + value,
                 status=b"HTTP/1.1 %d Challenge" % status)


def redirect(status, where):
    return whole(b"{}", b"Location: " + where, status=b"HTTP/1.1 %d Elsewhere" % status)


def error(reason, status=b"HTTP/1.1 400 Bad Request", *lines):
    return whole(json.dumps({"error": reason}).encode(), *lines, status=status)


def throttled(*values, status=b"HTTP/1.1 429 Too Many Requests"):
    return whole(b"{}", *(b"Retry-After: " + value for value in values), status=status)
