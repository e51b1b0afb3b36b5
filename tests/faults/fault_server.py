#!/usr/bin/python3
"""An HTTPS server that misbehaves on purpose, for the tests of the engine.

fault_server.py DIRECTORY makes a CA and certificates there (ca.pem is to be trusted), listens on free ports of
127.0.0.1 and prints them as one JSON line. Then it answers commands, a line each, until stdin closes or SIGTERM:

  hits NAME          how many requests came to listener NAME, or to /token/NAME
  connections NAME   how many connections listener NAME accepted
  last NAME          the last request there, as JSON: {"line", "headers", "body"}; {} when there was none
  answer NAME JSON   how /token/NAME answers from now on: {"status", "members", "body", "headers", "delay", "refresh"},
                     or a list of these, the last of which stays
  proxy-status N     how the proxy answers CONNECT: 200 carries the connection through, 407 is the first answer
  self-check NAME    a TLS connection to that listener, by the oldest protocol it takes: the version
  forget             sets all counts to 0
  anew               the same, and numbers and answers are as at the start
"""

import json
import os
import select
import socket
import ssl
import struct
import sys
import threading
import time
from dataclasses import dataclass

import answers
import certificates

MAX_REQUEST = 4 * 1024 * 1024
IDLE = 60
FOREVER = 60


@dataclass
class Request:
    line: str
    headers: dict
    body: bytes

    @property
    def path(self):
        return self.line.split(" ")[1]

    def as_json(self):
        return json.dumps({"line": self.line, "headers": self.headers, "body": self.body.decode("latin-1")})


class Connection:
    def __init__(self, server, listener, wire):
        self.server, self.listener, self._wire, self._buffer = server, listener, wire, b""
        self.ended = False

    def _more(self):
        data = self._wire.recv(65536)
        if not data or len(self._buffer) > MAX_REQUEST:
            raise ConnectionError("the end")
        self._buffer += data

    def read_request(self):
        while b"\r\n\r\n" not in self._buffer:
            if self._buffer[:1] == b"\x16":  # TLS, where there is none
                self.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                raise ConnectionError("not HTTP")
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        length = int(headers.get("content-length", "0"))
        while len(self._buffer) < length:
            self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Request(line, headers, body)

    def send(self, data):
        self._wire.sendall(data)

    def send_forever(self, data, pause=0):
        until = time.monotonic() + FOREVER
        while time.monotonic() < until:
            self.send(data)
            time.sleep(pause)
        self.end()

    def wait_for_end(self, seconds):
        """Until the other side hangs up, or the time is over."""
        readable, _, _ = select.select([self._wire], [], [], seconds)
        if readable:
            raise ConnectionError("the other side has hung up")

    def read_to_end(self):
        """Whatever comes, until the other side hangs up."""
        while self._wire.recv(65536):
            pass

    def end(self, reset=False):
        self.ended = True
        if reset:
            self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._wire.close()


class Server:
    def __init__(self, directory):
        self._lock, self._requests, self._connections, self._last = threading.Lock(), {}, {}, {}
        self._numbers, self._scripts, self._proxy_status = {}, {}, 407
        self.ports = {}
        for name, path in certificates.prepare(directory).items():
            self._listen(name, self._serve_https, self._context(name, path))
        self._listen("http", self._serve, None)
        self._listen("mute", self._serve_mute, None)
        self._listen("proxy", self._serve_proxy, None)

    @staticmethod
    def _context(name, path):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        if name == "tls11":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context

    def _listen(self, name, serve, context):
        listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.ports[name] = listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(name, listening, serve, context), daemon=True).start()

    def _accept(self, name, listening, serve, context):
        while True:
            wire, _ = listening.accept()
            with self._lock:
                self._connections[name] = self._connections.get(name, 0) + 1
            wire.settimeout(IDLE)
            threading.Thread(target=self._guard, args=(name, wire, serve, context), daemon=True).start()

    @staticmethod
    def _guard(name, wire, serve, context):
        try:
            serve(name, wire, context)
        except (OSError, ValueError, IndexError, KeyError):
            wire.close()  # whoever hung up or wrote nonsense is gone

    # --- listeners -----------------------------------------------------------------------------

    def _serve_https(self, name, wire, context):
        with context.wrap_socket(wire, server_side=True) as secured:
            self._serve(name, secured, context)

    def _serve(self, name, wire, _context):
        connection = Connection(self, name, wire)
        while not connection.ended:
            request = connection.read_request()
            self.count(name, request)
            answer = answers.answer(connection, request)
            if answer is not None:
                connection.send(answer)

    @staticmethod
    def _serve_mute(_name, wire, _context):
        time.sleep(FOREVER)
        wire.close()

    def _serve_proxy(self, name, wire, _context):
        connection = Connection(self, name, wire)
        request = connection.read_request()
        self.count(name, request)
        if self._proxy_status != 200:
            challenge = [("Proxy-Authenticate", 'Basic realm="proxy"')] if self._proxy_status == 407 else []
            connection.send(answers.response(self._proxy_status, b"", challenge))
            connection.end()
            return
        with socket.create_connection(("127.0.0.1", int(request.path.rpartition(":")[2]))) as there:
            connection.send(b"HTTP/1.1 200 Connection established\r\nRetry-After: 60\r\n\r\n")
            self._carry(wire, there)

    @staticmethod
    def _carry(one, other):
        while True:
            readable, _, _ = select.select([one, other], [], [], IDLE)
            if not readable:
                return
            for wire in readable:
                data = wire.recv(65536)
                if not data:
                    return
                (other if wire is one else one).sendall(data)

    # --- what came -----------------------------------------------------------------------------

    def count(self, name, request):
        with self._lock:
            self._requests[name] = self._requests.get(name, 0) + 1
            self._last[name] = request
            parts = request.path.split("/")
            if parts[1:2] == ["token"]:
                self._requests[parts[2]] = self._requests.get(parts[2], 0) + 1
                self._last[parts[2]] = request

    def next_answer(self, name):
        """The number of this answer, not given again before "anew", and what it shall be."""
        with self._lock:
            self._numbers[name] = self._numbers.get(name, 0) + 1
            scripts = self._scripts.get(name, [{}])
            return self._numbers[name], scripts.pop(0) if len(scripts) > 1 else scripts[0]

    def _self_check(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", self.ports[name])) as wire, context.wrap_socket(wire) as secured:
            return secured.version()

    def command(self, line):
        verb, _, rest = line.strip().partition(" ")
        if verb == "self-check":
            return self._self_check(rest)
        with self._lock:
            if verb == "hits":
                return str(self._requests.get(rest, 0))
            if verb == "connections":
                return str(self._connections.get(rest, 0))
            if verb == "last":
                return self._last[rest].as_json() if rest in self._last else "{}"
            if verb == "answer":
                name, _, text = rest.partition(" ")
                scripts = json.loads(text)
                self._scripts[name] = scripts if isinstance(scripts, list) else [scripts]
                return "ok"
            if verb == "proxy-status":
                self._proxy_status = int(rest)
                return "ok"
            if verb in ("forget", "anew"):
                self._requests.clear()
                self._connections.clear()
                self._last.clear()
                if verb == "anew":
                    self._numbers, self._scripts, self._proxy_status = {}, {}, 407
                return "ok"
        return f"unknown command {verb}"


def main():
    server = Server(sys.argv[1])
    print(json.dumps(server.ports), flush=True)
    for line in sys.stdin:
        try:
            reply = server.command(line)
        except (OSError, ValueError) as error:
            reply = f"failed: {error}"
        print(reply, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
