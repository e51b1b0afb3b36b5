"""What a hostile peer does with a connection. Each of these returns a function of the server, the case and the socket;
hostile_answers has what is said once the connection is a good one."""

import socket
import ssl
import struct
import time

import answers
from fault_server import Connection

OPTIONAL, REQUIRED = ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED
FOREVER = 60


def record(data, kind=0x16):
    return struct.pack(">BHH", kind, 0x0303, len(data)) + data


def alert(number, level=2):
    return record(bytes([level, number]), kind=0x15)


def _end(wire, reset):
    if reset:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def end_at_once(reset):
    return lambda _server, _case, wire: _end(wire, reset)


def after_hello(data, reset=False):
    """Waits for the first bytes, says that, ends."""
    def serve(_server, _case, wire):
        wire.recv(65536)
        wire.sendall(data)
        _end(wire, reset)
    return serve


def endless(data, first=b""):
    def serve(_server, _case, wire):
        wire.recv(65536)
        wire.sendall(first)
        until = time.monotonic() + FOREVER
        while time.monotonic() < until:
            wire.sendall(data)
        wire.close()
    return serve


def silent():
    def serve(_server, _case, wire):
        wire.settimeout(FOREVER)
        while wire.recv(65536):
            pass
        wire.close()
    return serve


def _first_flight(server, wire):
    """The server's first bytes of a good handshake."""
    come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = server.context("good").wrap_bio(come, go, server_side=True)
    while True:
        try:
            secured.do_handshake()
            raise ConnectionError("the handshake was over at once")
        except ssl.SSLWantReadError:
            pass
        if go.pending:
            return go.read()
        data = wire.recv(65536)
        if not data:
            raise ConnectionError("no hello came")
        come.write(data)


def handshake_cut(reset):
    def serve(server, _case, wire):
        flight = _first_flight(server, wire)
        wire.sendall(flight[:len(flight) // 2])
        _end(wire, reset)
    return serve


def handshake_drip():
    def serve(server, _case, wire):
        for byte in _first_flight(server, wire):
            wire.sendall(bytes([byte]))
            time.sleep(1)
    return serve


def tls(certificate="good", version=None, client=None, alpn=None):
    """A good server, but for that: it would grant the token."""
    def serve(server, case, wire):
        context = server.context(certificate, version, client, alpn)
        with context.wrap_socket(wire, server_side=True) as secured:
            server.be_good(case, secured)
    return serve


def answer(does):
    """A good connection, and then one of the hostile answers."""
    def serve(server, case, wire):
        with server.context("good").wrap_socket(wire, server_side=True) as secured:
            answer_requests(server, case, secured, does)
    return serve


def answer_requests(server, case, wire, does):
    connection = Connection(server, case.name, wire)
    if isinstance(does, tuple) and does[0] == "in the request":
        wire.recv(1)
        connection.end(reset=does[1])
    while not connection.ended:
        server.count(case, connection.read_request())
        if case.name in server.behaves:
            connection.send(server.grant())
        elif isinstance(does, tuple):
            connection.send(getattr(server, does[0])(*does[1:]))
        elif callable(does):
            does(connection)
            connection.ended = True
        else:
            connection.send(does)


def connect(does):
    """A proxy that does this to CONNECT."""
    def serve(server, case, wire):
        connection = Connection(server, case.name, wire)
        server.proxied(case, connection.read_request())
        if callable(does):
            does(connection)
        else:
            connection.send(does)
    return serve


def refuse(status, challenge):
    headers = [("Proxy-Authenticate", challenge.decode())] if challenge else []
    return connect(answers.response(status, b"", headers))


def connect_then(serve_inside):
    """A proxy that says yes and then is the server itself."""
    def serve(server, case, wire):
        connection = Connection(server, case.name, wire)
        server.proxied(case, connection.read_request())
        connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        serve_inside(server, case, wire)
    return serve
