"""sasl-entrad --inetd: one client on standard input, as Postfix's spawn(8) hands it over."""

import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import AGENT, ANNA, LOGIN, OTHER, USER, TenantCase, run  # noqa: E402


class Inetd(TenantCase):
    def setUp(self):
        super().setUp()
        self.config = self.configuration()

    def connected(self, path="listener", user=None):
        """Both ends of a connection; the client's end was opened by that user."""
        path = str(self.place / path)
        if not os.path.exists(path):
            self.listener = socket.socket(socket.AF_UNIX)
            self.addCleanup(self.listener.close)
            self.listener.bind(path)
            os.chmod(path, 0o666)
            self.listener.listen(64)
        if user:
            os.setegid(user.pw_gid)
            os.seteuid(user.pw_uid)
        try:
            client = wire.connect(path)
        finally:
            os.seteuid(0)
            os.setegid(0)
        return client, self.listener.accept()[0]

    def serve(self, server, *arguments, stderr=None, user=USER.pw_uid):
        """As spawn(8) does: descriptors 0, 1 and 2 are the connection."""
        options = ("--inetd", "--config", str(self.config), *arguments)
        process = subprocess.Popen([AGENT, *options], stdin=server, stdout=server, stderr=stderr or server,
                                   user=user, group=user, extra_groups=[], env={"PATH": "/usr/bin:/bin"})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def ask(self, *arguments, login=LOGIN, user=None, **named):
        """The answer; nothing else may come by the connection, and the exit code is 0."""
        client, server = self.connected(user=user)
        with client:
            process = self.serve(server, *arguments, **named)
            server.close()
            client.sendall(wire.request(login))
            answer = wire.parse(wire.read_all(client))
            self.assertEqual(process.wait(10), 0)
        return answer

    def test_token(self):
        """each client has a process, and they share the token"""
        begun = time.monotonic()
        self.assertEqual(self.ask()["kind"], "answer")
        first = time.monotonic() - begun
        begun = time.monotonic()
        for _ in range(10):
            self.assertEqual(self.ask()["kind"], "answer")
        print(f"# {first * 1000:.0f} ms with a fetch, {(time.monotonic() - begun) * 100:.1f} ms without")
        self.assertEqual(self.requests(), 1)

    def test_many(self):
        """thirty clients at once and no token: one request"""
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"delay": 0.5}, "count": -1})
        clients = []
        for _ in range(30):
            client, server = self.connected()
            self.addCleanup(client.close)
            self.serve(server)
            server.close()
            client.sendall(wire.request(LOGIN))
            clients.append(client)
        for client in clients:
            self.assertEqual(wire.parse(wire.read_all(client))["kind"], "answer")
        self.assertEqual(self.requests(), 1)

    def test_beside_an_agent(self):
        """a token that a running agent fetched is used"""
        self.agent(config=self.config)
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertEqual(self.ask()["kind"], "answer")
        self.assertEqual(self.requests(), 1)

    def test_renewed(self):
        """a token past half of its life is renewed by whoever comes then"""
        self.tenant.control("apps", {"apps": [{"client_id": "00001111-aaaa-2222-bbbb-3333cccc4444",
                                               "token_lifetime": 4}]})
        self.assertEqual(self.ask()["kind"], "answer")
        time.sleep(2.2)
        self.assertEqual(self.ask()["kind"], "answer")
        self.assertEqual(self.requests(), 2)

    def test_allow(self):
        """the kernel says who asks, and `allow` holds"""
        self.config = self.configuration(extra=f"allow = {OTHER.pw_name}\n")
        self.assertEqual(self.ask(user=OTHER)["kind"], "answer")
        self.assertEqual(self.ask(user=USER)["class"], "denied")

    def test_log(self):
        """where stderr is not the client, the log goes there, and not to the client"""
        reader, writer = os.pipe()
        self.assertEqual(self.ask(stderr=writer)["kind"], "answer")
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as log:
            text = log.read()
        self.assertIn("new access token", text)
        self.assertNotIn(agent_case.SECRET, text)

    def test_errors(self):
        """what is wrong is told the client: no account, a broken configuration, a missing one"""
        self.assertEqual(self.ask(login="x@example.org")["class"], "no account")
        self.config.write_text(self.config.read_text() + "client_idd = 1\n")
        answer = self.ask()
        self.assertEqual(answer["class"], "config")
        self.assertTrue(answer["text"].startswith(f"{LOGIN}: "), answer)
        self.assertIn("client_idd", answer["text"])
        self.config.unlink()
        self.assertIn("does not exist", self.ask()["text"])

    def test_garbage(self):
        """a client that talks nonsense gets an error, one that hangs up ends it"""
        client, server = self.connected()
        process = self.serve(server)
        server.close()
        with client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertEqual(wire.parse(wire.read_all(client))["class"], "internal")
        self.assertEqual(process.wait(5), 0)
        client, server = self.connected()
        process = self.serve(server)
        server.close()
        client.close()
        self.assertEqual(process.wait(5), 0)

    def test_hang_up(self):
        """a client that hangs up, or SIGTERM, while a sign-in is renewed: what replaces the refresh token is kept"""
        for stops in (False, True):
            self.config, token = self.signed_in()
            self.tenant.control("fault", {"match": {"grant": "refresh_token"}, "action": {"delay": 2}, "count": -1})
            before = self.tenant.control("count?grant=refresh_token")
            client, server = self.connected()
            process = self.serve(server, stderr=subprocess.DEVNULL)
            server.close()
            client.sendall(wire.request(ANNA))
            self.wait(lambda: self.tenant.control("count?grant=refresh_token") == before + 1)
            if stops:
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(10), 0)
            client.close()
            self.assertEqual(process.wait(10), 0)
            self.assertNotEqual(self.kept_refresh_token(), token)

    def test_silence(self):
        """a client that says nothing is left after 5 seconds, SIGTERM ends it at once"""
        client, server = self.connected()
        begun = time.monotonic()
        process = self.serve(server)
        self.assertEqual(process.wait(8), 0)
        self.assertGreater(time.monotonic() - begun, 4.5)
        begun = time.monotonic()
        process = self.serve(server)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(2), 0)
        self.assertLess(time.monotonic() - begun, 2)
        client.close()
        server.close()

    def test_socketpair(self):
        """a pair of sockets is a connection as well"""
        client, server = socket.socketpair()
        with client:
            self.serve(server)
            server.close()
            client.sendall(wire.request(LOGIN))
            self.assertEqual(wire.parse(wire.read_all(client))["kind"], "answer")

    def test_root(self):
        """root is refused; with --user root is given up"""
        client, server = self.connected()
        with client, server:
            result = run(AGENT, "--inetd", "--config", str(self.config), stdin=server)
        self.assertEqual(result.returncode, 64)
        self.assertIn("--user NAME", result.stderr)
        self.assertEqual(self.ask("--user", USER.pw_name, user=None, stderr=None)["kind"], "answer")
        for file in (self.place / "state").iterdir():
            self.assertEqual(file.stat().st_uid, USER.pw_uid)

    def test_no_connection(self):
        """a file, a pipe, a listener, the network: refused in words"""
        def refused(words, stdin):
            result = run(AGENT, "--inetd", "--config", str(self.config), stdin=stdin, user=USER.pw_uid)
            self.assertEqual(result.returncode, 64, result.stderr)
            self.assertIn(words, result.stderr)

        refused("is no socket", subprocess.DEVNULL)
        reader, writer = os.pipe()
        refused("is no socket", reader)
        os.close(reader)
        os.close(writer)
        client, server = self.connected()
        refused("is not connected", self.listener)
        client.close()
        server.close()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with socket.create_connection(listener.getsockname()) as client:
                refused("no Unix socket", client)

    def test_options(self):
        """--socket makes no sense with it"""
        result = run(AGENT, "--inetd", "--socket", "/x/s")
        self.assertEqual(result.returncode, 64)
        self.assertIn("leave out --socket", result.stderr)


if __name__ == "__main__":
    sys.exit(agent_case.main())
