"""What the tests of send and of doctor's Server section share: a tenant, a submission server, hostile servers."""

import pathlib
import socket
import ssl
import threading

import standins
from agent_case import LOGIN, TOOL, TenantCase, run

MAILBOX = {"apps": ["*"], "send_as": [LOGIN]}
CLOSE = object()


class MailCase(TenantCase):
    """The account `relay` at a submission server on localhost."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = standins.SubmissionStandIn(cls.tenant, *cls.arguments)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.mailboxes()
        self.server.write("control.json", {})

    def mailboxes(self, **changes):
        self.server.write("mailboxes.json", {LOGIN: {**MAILBOX, **changes}})

    def answers(self, point, reply, **more):
        self.server.write("control.json", {point: {"reply": reply, **more}})

    def tool(self, *arguments, code=0, extra="servers = localhost\nservices = smtp\n", name="mail.conf"):
        config = self.place / name
        if not config.exists():
            config = self.configuration(extra=extra, name=name)
        result = run(TOOL, "--config", str(config), *arguments)
        if code is not None:
            self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.no_secrets(result.stdout + result.stderr)
        return result

    def no_secrets(self, text):
        for secret in pathlib.Path(self.tenant.path("secrets.txt")).read_text(encoding="utf-8").splitlines():
            if len(secret) > 8:
                self.assertNotIn(secret, text)
                for part in secret.split("."):
                    if len(part) > 60:
                        self.assertNotIn(part[:40], text)

    def hostile(self, *script, tls=True):
        """A server that says the lines of a script, each when the client has said something."""
        server = Hostile(self.tenant, script, tls)
        self.addCleanup(server.stop)
        return server

    def hostile_imap(self, offers, *words):
        """An IMAP server that answers a login, and what follows, with these words."""
        words = list(words)

        def each(line):
            tag, command = line.decode().split()[:2]
            if command == "CAPABILITY":
                return f"{offers} STARTTLS\r\n{tag} OK done"
            if command == "STARTTLS":
                return f"{tag} OK begin"
            return f"{tag} {words.pop(0)}" if words else CLOSE
        return self.hostile("* OK hello", *[each] * 20)


class Hostile:
    """Accepts connections and says what the script has: a text before the client says anything, then one
    after each of its lines; a function of that line gives one; CLOSE ends it. After "220 tls" comes TLS."""

    def __init__(self, tenant, script, tls):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self._script, self._tls = script, tls
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(tenant.path("server.pem"), tenant.path("server.key"))
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        try:
            self._say(connection)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def _say(self, connection):
        connection.settimeout(60)
        line = b""
        for text in self._script:
            text = text(line) if callable(text) else text
            if text is CLOSE:
                return
            connection.sendall(text.encode() + b"\r\n" if isinstance(text, str) else text)
            if text == "220 tls" or line.upper().endswith(b" STARTTLS\r\n"):
                connection = self._context.wrap_socket(connection, server_side=True)
            line = b""
            while not line.endswith(b"\n"):
                more = connection.recv(1)
                if not more:
                    return
                line += more
        connection.recv(1)
