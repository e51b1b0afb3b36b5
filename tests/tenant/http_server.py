"""A small HTTP/1.1 server on asyncio. Written out, because faults need the wire: slow answers, cut bodies, resets."""

import asyncio
import logging
import socket
import struct
import zlib
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import urlsplit

BACKLOG = 1024
MAX_HEADER = 64 * 1024
MAX_BODY = 1024 * 1024
IDLE_SECONDS = 120


@dataclass
class Request:
    method: str
    path: str
    query: str
    version: str
    header_list: list
    body: bytes

    def __post_init__(self):
        self.headers = {name.lower(): value for name, value in self.header_list}


@dataclass
class Delivery:
    """How the answer travels; the default is honestly."""
    delay: float = 0
    drip: int = 0               # bytes per second
    close: bool = False         # end the connection instead of answering
    reset: bool = False         # the same with a TCP reset
    cut: int = None             # send that many bytes of the body, then end the connection
    content_length: int = None  # declare this instead of the truth


@dataclass
class Response:
    status: int = 200
    headers: list = field(default_factory=list)
    body: bytes = b""
    delivery: Delivery = field(default_factory=Delivery)


class BadRequest(Exception):
    def __init__(self, status):
        super().__init__(status)
        self.status = status


async def _read_head(reader):
    """The request line and headers, or None at the end of the connection."""
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise BadRequest(400) from error
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequest(431) from error
    lines = head[:-4].decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not words[1].startswith("/"):
        raise BadRequest(400)
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400)
        headers.append((name, value.strip()))
    return words, headers


async def _read_chunks(reader):
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size < 0 or len(body) + size > MAX_BODY:
            raise BadRequest(413)
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return body
        body += await reader.readexactly(size)
        if await reader.readexactly(2) != b"\r\n":
            raise BadRequest(400)


async def _read_body(reader, writer, headers):
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader)
    length = headers.get("content-length", "0")
    if not length.isdigit():
        raise BadRequest(400)
    if int(length) > MAX_BODY:
        raise BadRequest(413)
    return await reader.readexactly(int(length))


async def read_request(reader, writer):
    head = await _read_head(reader)
    if head is None:
        return None
    (method, target, version), headers = head
    by_name = {name.lower(): value for name, value in headers}
    try:
        body = await asyncio.wait_for(_read_body(reader, writer, by_name), IDLE_SECONDS)
    except ValueError as error:
        raise BadRequest(400) from error
    parts = urlsplit(target)
    return Request(method, parts.path, parts.query, version, headers, body)


def _wants_close(request):
    connection = request.headers.get("connection", "").lower()
    return "close" in connection or (request.version == "HTTP/1.0" and "keep-alive" not in connection)


def _head_of(response, close, length, now):
    names = {name.lower() for name, _ in response.headers}
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    if "date" not in names:
        lines.append(f"Date: {formatdate(now, usegmt=True)}")
    if "content-length" not in names:
        lines.append(f"Content-Length: {length}")
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def end_abruptly(writer, reset):
    """End the connection without a TLS close; with `reset` the peer sees ECONNRESET."""
    if reset:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _send(writer, data, rate):
    if not rate:
        writer.write(data)
        await writer.drain()
        return
    step = max(1, rate // 10)
    for start in range(0, len(data), step):
        writer.write(data[start:start + step])
        await writer.drain()
        await asyncio.sleep(step / rate)


async def send_response(writer, request, response, now):
    """Send the answer as its delivery says. Returns whether the connection may be used again."""
    delivery = response.delivery
    if delivery.delay:
        await asyncio.sleep(delivery.delay)
    if delivery.close or delivery.reset:
        end_abruptly(writer, delivery.reset)
        return False
    wrong_length = delivery.content_length is not None and delivery.content_length != len(response.body)
    close = _wants_close(request) or wrong_length
    length = len(response.body) if delivery.content_length is None else delivery.content_length
    body = b"" if request.method == "HEAD" else response.body
    if delivery.cut is not None:
        body = body[:delivery.cut]
    await _send(writer, _head_of(response, close, length, now) + body, delivery.drip)
    if delivery.cut is not None:
        writer.close()
        return False
    return not close


class HttpServer:
    """`handle(request)` is an ordinary function that returns a Response; `clock.now()` dates the answers."""

    def __init__(self, handle, clock):
        self._handle, self._clock = handle, clock
        self._server, self._tasks = None, set()
        self.connections = self.concurrent = self.concurrent_max = 0

    async def start(self, host, port, tls):
        self._server = await asyncio.start_server(self._connection, host, port, ssl=tls, backlog=BACKLOG,
                                                  limit=MAX_HEADER, reuse_address=True)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._one_request(reader, writer):
                pass
        except BadRequest as error:
            writer.write(_head_of(Response(error.status), True, 0, self._clock.now()))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError, OSError):
            pass  # the client went away, which is its right
        except asyncio.CancelledError:
            pass  # the server stops
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one_request(self, reader, writer):
        request = await read_request(reader, writer)
        if request is None:
            return False
        self.concurrent += 1
        self.concurrent_max = max(self.concurrent_max, self.concurrent)
        try:
            try:
                response = self._handle(request)
            except Exception:  # a bug of the stand-in must not look like a fault of the network
                logging.exception("%s %s", request.method, request.path)
                response = Response(500, [("X-Stand-In-Bug", "see tenant.log")])
            return await send_response(writer, request, response, self._clock.now())
        finally:
            self.concurrent -= 1


def garbage(size):
    """Bytes that are no JSON and no text, the same every time."""
    data, seed = b"", 1
    while len(data) < size:
        seed = zlib.crc32(b"%d" % seed)
        data += struct.pack(">I", seed)
    return data[:size]
