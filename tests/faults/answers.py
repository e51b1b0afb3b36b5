"""What the fault server answers, by path. Each takes the connection and the request; what it returns is an HTTP
response as bytes, or None when it has dealt with the connection itself."""

import gzip
import json
import time
from email.utils import formatdate
from http import HTTPStatus

LIMIT = 64 * 1024
PATIENCE = 30  # seconds that a misbehaving answer goes on at most


def response(status, body=b"", headers=(), content_type="application/json"):
    phrase = HTTPStatus(status).phrase if status in list(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def echo(_connection, request):
    return response(200, json.dumps({"line": request.line, "headers": request.headers,
                                     "body": request.body.decode("latin-1")}).encode())


def fixed(status, body=b"{}", headers=(), content_type="application/json"):
    return lambda _connection, _request: response(status, body, headers, content_type)


def redirect(connection, request):
    """/redirect/STATUS/LISTENER"""
    _, _, status, listener = request.path.split("/")
    scheme = "http" if listener == "http" else "https"
    port = connection.server.ports[listener]
    return response(int(status), b"{}", [("Location", f"{scheme}://localhost:{port}/target")])


def date(_connection, request):
    """/date/VALUE, "+" for a blank: an answer with that header Date."""
    return response(200, b"{}", [("Date", request.path.rsplit("/", 1)[1].replace("+", " "))])


def retry_after(_connection, request):
    """/retry-after/VALUE; DATE is a date in two minutes."""
    value = request.path.split("/")[2]
    if value == "DATE":
        value = formatdate(time.time() + 120, usegmt=True)
    return response(429, b"Too Many Requests", [("Retry-After", value)], "text/plain")


def endless(connection, _request):
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    connection.send_forever(b"x" * 4096)


def endless_headers(connection, _request):
    connection.send(b"HTTP/1.1 200 OK\r\n")
    connection.send_forever(b"X-Filler: " + b"x" * 1000 + b"\r\n")


def endless_line(connection, _request):
    connection.send(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    connection.send_forever(b"x" * 4096)


def no_http(connection, _request):
    """What HTTP/0.9 would have been."""
    connection.send(b'{"access_token": "old"}')
    connection.end()


def drip(connection, _request):
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    connection.send_forever(b" ", pause=1)


def silent(connection, _request):
    connection.wait_for_end(PATIENCE)


def close(connection, _request):
    connection.end()


def reset(connection, _request):
    connection.end(reset=True)


def cut(connection, _request):
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"access_token\":")
    connection.end()


def gzipped(_connection, _request):
    return response(200, gzip.compress(b'{"inside": "the archive"}'), [("Content-Encoding", "gzip")])


def token(connection, request):
    """/token/NAME: a token endpoint, which counts, and answers as the command `answer NAME` says: `members` replace
    those of a good answer, `body` all of it."""
    name = request.path.split("/")[2]
    number, script = connection.server.next_answer(name)
    if script.get("delay"):
        connection.wait_for_end(script["delay"])
    if "body" in script:
        body = script["body"].encode()
    else:
        # Opaque, as those of personal accounts are; long enough to look like one.
        members = {"token_type": "Bearer", "expires_in": 3600, "access_token": f"access-{name}-{number}-" + "a" * 100}
        if script.get("refresh"):
            members["refresh_token"] = f"refresh-{name}-{number}-" + "r" * 100
        members.update(script.get("members", {}))
        body = json.dumps(members).encode()
    return response(script.get("status", 200), body, list(script.get("headers", {}).items()))


BY_FIRST_PART = {
    "echo": echo,
    "json": fixed(200, b'{"hello": "world"}'),
    "full": fixed(200, b"x" * LIMIT, content_type="text/plain"),
    "large": fixed(200, b"x" * (LIMIT + 1), content_type="text/plain"),
    "error": fixed(500, b"<html>oops</html>", content_type="text/html"),
    "target": fixed(200),
    "redirect": redirect,
    "date": date,
    "retry-after": retry_after,
    "endless": endless,
    "endless-headers": endless_headers,
    "endless-line": endless_line,
    "no-http": no_http,
    "drip": drip,
    "silent": silent,
    "close": close,
    "reset": reset,
    "cut": cut,
    "gzip": gzipped,
    "token": token,
}


def answer(connection, request):
    function = BY_FIRST_PART.get(request.path.split("/")[1], fixed(404))
    return function(connection, request)
