"""A listener on 127.0.0.1 for each hostile case, until it is told to behave; and traps, which nobody may come to."""

import json
import socket
import ssl
import threading

import answers
import certificates
from fault_server import Connection, Server

IDLE = 60


class HostileServer:
    def __init__(self, directory, cases, names=()):
        self.ca = f"{directory}/ca.pem"
        self._files, self._contexts, self._lock = certificates.prepare_hostile(directory, names), {}, threading.Lock()
        self.ports, self.behaves, self.requests, self.connects, self.trapped, self._number = {}, set(), {}, {}, [], 0
        for trap in ("http", "https"):
            self._listen(f"trap-{trap}", self._trap, trap)
        self._listen("good", self._good, None)
        for case in cases:
            self._listen(case.name, self._serve, case)

    def _listen(self, name, serve, argument):
        listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.ports[name] = listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(listening, serve, argument), daemon=True).start()

    def _accept(self, listening, serve, argument):
        while True:
            wire, _ = listening.accept()
            wire.settimeout(IDLE)
            threading.Thread(target=self._guard, args=(wire, serve, argument), daemon=True).start()

    @staticmethod
    def _guard(wire, serve, argument):
        try:
            serve(argument, wire)
        except (OSError, ValueError, IndexError, KeyError):
            pass  # whoever hung up is gone
        wire.close()

    def context(self, certificate, version=None, client=None, alpn=None):
        """The same one each time, so that a session could be taken up again."""
        with self._lock:
            key = (certificate, version, client, tuple(alpn or ()))
            if key not in self._contexts:
                self._contexts[key] = self._make_context(*key)
            return self._contexts[key]

    def _make_context(self, certificate, version, client, alpn):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._files[certificate])
        if version:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
        if client:
            context.load_verify_locations(self.ca)
            context.verify_mode = client
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    # --- who comes -----------------------------------------------------------------------------

    def _trap(self, name, wire):
        self.trapped.append(name)
        wire.close()

    def _serve(self, case, wire):
        if case.name not in self.behaves:
            case.does(self, case, wire)
        elif case.proxy:
            self._be_a_proxy(case, wire)
        else:
            with self.context("good").wrap_socket(wire, server_side=True) as secured:
                self.be_good(case, secured)

    def _be_a_proxy(self, case, wire):
        if case.proxy == "http":
            Connection(self, case.name, wire).read_request()
            wire.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            wire.recv(257)
            wire.sendall(b"\5\0")
            wire.recv(512)
            wire.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        with socket.create_connection(("127.0.0.1", self.ports["good"])) as there:
            Server._carry(wire, there)

    def _good(self, _case, wire):
        with self.context("good").wrap_socket(wire, server_side=True) as secured:
            self.be_good(None, secured)

    def be_good(self, case, secured):
        """Grants a token a request, each another one."""
        connection = Connection(self, case.name if case else "good", secured)
        while True:
            self.count(case, connection.read_request())
            connection.send(self.grant())

    def grant(self, line=b""):
        """A token, and a header line, in which %d is a port that nobody may come to."""
        trap = self.ports["trap-https"]
        headers = [line.decode().replace("%d", str(trap)).split(": ", 1)] if line else []
        with self._lock:
            self._number += 1
            number = self._number
        token = {"token_type": "Bearer", "expires_in": 3600, "access_token": f"real-{number}-" + "a" * 100}
        return answers.response(200, json.dumps(token).encode(), headers)

    # --- what came -----------------------------------------------------------------------------

    def count(self, case, request):
        with self._lock:
            self.requests.setdefault(case.name if case else "good", []).append(request)

    def proxied(self, case, request):
        with self._lock:
            self.connects.setdefault(case.name, []).append(request)

    def redirect(self, status, where):
        if where in ("http", "https"):
            where = f"{where}://localhost:{self.ports['trap-' + where]}/token"
        return (f"HTTP/1.1 {status} Elsewhere\r\nLocation: {where}\r\nContent-Type: application/json\r\n"
                "Content-Length: 2\r\n\r\n{}").encode()
