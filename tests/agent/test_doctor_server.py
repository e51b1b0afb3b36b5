"""sasl-entra doctor, the section Server: each thing that breaks is named by the check that is about it."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import LOGIN, SOURCE, run  # noqa: E402
import standins  # noqa: E402
from mail_case import CLOSE, MailCase  # noqa: E402

APP = "00001111-aaaa-2222-bbbb-3333cccc4444"
FINE = {"server-connect": "ok", "server-tls": "ok", "server-offers": "ok", "server-login": "ok"}
OFFERING = ("220 hello", "250-x\r\n250 STARTTLS", "220 tls")


class Server(MailCase):
    def doctor(self, *arguments, port=None, **named):
        """The checks of the section, by id."""
        server = f"localhost:{port or self.server.port}"
        result = self.tool("doctor", LOGIN, "--json", "--server", server, *arguments, code=None, **named)
        self.assertNotIn("SE_", result.stdout)
        value = json.loads(result.stdout)
        return {each["id"]: each for each in value["checks"] if each["section"] == "Server"}

    def verdicts(self, checks):
        return {name: each["verdict"] for name, each in checks.items() if not name.endswith("-plugin")}

    def complains(self, checks, only, *words):
        """`only` is a problem, what comes before is fine, and what comes after is not looked at."""
        self.assertEqual([name for name, each in checks.items() if each["verdict"] in ("problem", "warning")], [only])
        for each in words:
            self.assertIn(each, checks[only]["text"] + "\n" + (checks[only]["fix"] or ""))
        self.assertIsNotNone(checks[only]["fix"])
        for name, verdict in self.verdicts(checks).items():
            if name != only:
                self.assertIn(verdict, ("ok", "left out"))

    def test_fine(self):
        """everything is well"""
        checks = self.doctor()
        self.assertEqual(self.verdicts(checks), FINE)
        self.assertIn("TLSv1.", checks["server-tls"]["text"])
        self.assertIn("accepts the login", checks["server-login"]["text"])

    def test_roleless(self):
        """a token without roles: fine where the server takes it (RBAC for Applications), a question where it does not"""
        self.tenant.control("apps", {"apps": [{"client_id": APP, "roles": []}]})
        self.addCleanup(self.tenant.control, "apps", {"apps": [{"client_id": APP, "roles": ["SMTP.SendAsApp"]}]})
        self.mailboxes(rbac=True)
        result = json.loads(self.tool("doctor", LOGIN, "--json", "--server", f"localhost:{self.server.port}",
                                      code=None).stdout)
        found = [each for each in result["checks"] if each["id"] == "token-permissions"]
        self.assertEqual([(each["section"], each["verdict"]) for each in found], [("Server", "ok")])
        self.assertIn("RBAC for Applications", found[0]["text"])
        self.mailboxes(rbac=False)
        checks = self.doctor()
        self.assertEqual(checks["server-login"]["verdict"], "problem")
        self.assertEqual(checks["token-permissions"]["verdict"], "warning")
        self.assertIn("the server has refused it", checks["token-permissions"]["text"])
        first, command, other = checks["token-permissions"]["fix"].split("\n")
        self.assertIn("RBAC for Applications add none", first)
        self.assertEqual(command, f"  Test-ServicePrincipalAuthorization -Identity {APP} -Resource {LOGIN}")
        self.assertIn("SMTP.SendAsApp", other)
        checks = self.doctor(port=1)
        self.assertEqual(checks["token-permissions"]["verdict"], "warning")
        self.assertIn("no login here showed", checks["token-permissions"]["text"])

    def test_connect(self):
        """nobody listens; a name that is none; a server that hangs up, and one that says 421"""
        self.complains(self.doctor(port=1), "server-connect", "cannot be reached")
        checks = self.tool("doctor", LOGIN, "--json", "--server", "no-such-name.invalid", code=None)
        checks = {each["id"]: each for each in json.loads(checks.stdout)["checks"] if each["section"] == "Server"}
        self.complains(checks, "server-connect", "no address was found")
        self.complains(self.doctor(port=self.hostile(CLOSE).port), "server-connect", "does not greet")
        self.answers("connect", "421 4.3.2 Service not active", drop=True)
        self.complains(self.doctor(), "server-connect", "421 4.3.2")

    def test_silent(self):
        """a greeting that never comes"""
        self.complains(self.doctor(port=self.hostile(b"").port), "server-connect", "greet")

    def test_tls(self):
        """no STARTTLS; STARTTLS refused; no handshake"""
        self.complains(self.doctor(port=self.hostile("220 hello", "250-x\r\n250 AUTH XOAUTH2").port), "server-tls",
                       "STARTTLS")
        self.answers("starttls", "454 4.7.0 TLS not available")
        self.complains(self.doctor(), "server-tls", "454 4.7.0")
        self.server.write("control.json", {})
        port = self.hostile("220 hello", "250-x\r\n250 STARTTLS", "220 no tls", CLOSE).port
        self.complains(self.doctor(port=port), "server-tls")

    def test_certificate(self):
        """a certificate that is not to be trusted"""
        # one of its own, so that the authority stays trusted
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout",
                        self.place / "own.key", "-out", self.place / "own.pem"], check=True, capture_output=True)
        server = standins.SubmissionStandIn(self.tenant, "--cert", self.place / "own.pem", "--key", self.place / "own.key")
        self.addCleanup(server.stop)
        self.complains(self.doctor(port=server.port), "server-tls", "not to be trusted", "ca_file")

    def test_ca_file(self):
        """an account's ca_file that is not the right one is told of once, where the authority is asked"""
        config = self.configuration(extra="servers = localhost\nservices = smtp\n", name="plain.conf")
        other = self.write("other.pem", open("/etc/ssl/certs/ca-certificates.crt", encoding="utf-8").read())
        config.write_text(config.read_text(encoding="utf-8").replace(str(self.place / "ca.pem"), str(other)),
                          encoding="utf-8")
        checks = self.doctor(name="plain.conf")
        self.assertEqual({each["verdict"] for each in checks.values()}, {"ok", "left out"})
        self.assertEqual(checks["server-tls"]["verdict"], "left out")

    def test_offers(self):
        """no XOAUTH2 under TLS"""
        for last in ("250-x\r\n250 AUTH LOGIN PLAIN", "250-x\r\n250 SIZE 1", "250 AUTHX XOAUTH2"):
            self.complains(self.doctor(port=self.hostile(*OFFERING, last).port), "server-offers", "XOAUTH2")

    def test_switch(self):
        """SMTP AUTH off, for the mailbox and for the tenant"""
        self.mailboxes(smtp_auth_disabled=True)
        self.complains(self.doctor(), "server-login", "535 5.7.139", "Mailbox",
                       f"Set-CASMailbox -Identity {LOGIN} -SmtpClientAuthenticationDisabled $false")
        self.server.write("mailboxes.json", {LOGIN: {"apps": ["*"]}, "tenant": {"smtp_auth_disabled": True}})
        self.complains(self.doctor(), "server-login", "535 5.7.139", "Set-TransportConfig")

    def test_rights(self):
        """an app without rights: the object id of the token stands in the command, and the waits are named"""
        self.mailboxes(apps=[])
        self.complains(self.doctor(), "server-login", "535 5.7.3", "Authentication unsuccessful",
                       "New-ServicePrincipal -AppId 00001111-aaaa-2222-bbbb-3333cccc4444 -ObjectId ", LOGIN, "2 hours")

    def typed(self, check):
        """What the fix has for Exchange Online PowerShell, typed there."""
        lines = re.findall(r"^  ((?!Remove-)[A-Z][a-z]+-[A-Z][A-Za-z]+ [^|\n]*)", check["fix"], re.M)
        self.assertTrue(lines, check["fix"])
        result = run(sys.executable, os.path.join(SOURCE, "tests", "tenant", "exchange_shell.py"), "--dir",
                     self.server.directory, "--tenant", self.tenant.directory, stdin="\n".join(lines))
        self.assertEqual((result.returncode, result.stderr), (0, ""), lines)

    def test_typed(self):
        """the PowerShell that is printed makes the login work"""
        for broken in ({LOGIN: {"apps": ["*"], "smtp_auth_disabled": True}},
                       {LOGIN: {"apps": ["*"]}, "tenant": {"smtp_auth_disabled": True}},
                       {LOGIN: {"apps": []}, "service_principals": {}}):
            self.server.write("mailboxes.json", broken)
            checks = self.doctor()
            self.complains(checks, "server-login")
            self.typed(checks["server-login"])
            self.assertEqual(self.verdicts(self.doctor()), FINE)

    def test_challenge(self):
        """an error that comes as a challenge is read"""
        self.answers("auth", "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIn0=")
        self.complains(self.doctor(), "server-login", '"status":"400"')

    def test_again(self):
        """too many connections"""
        self.answers("auth", "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending")
        self.complains(self.doctor(), "server-login", "432 4.3.2")

    def test_foreign(self):
        """a server that may not have the token"""
        checks = self.tool("doctor", LOGIN, "--json", "--server", f"127.0.0.1:{self.server.port}", code=None)
        checks = {each["id"]: each for each in json.loads(checks.stdout)["checks"] if each["section"] == "Server"}
        self.complains(checks, "server-login", "servers")

    def test_echo(self):
        """a server that says the token back, and control characters"""
        port = self.hostile(*OFFERING, "250 AUTH XOAUTH2",
                            lambda line: "334 " if len(line) < 30 else "535 5.7.3 " + line.decode().split()[-1],
                            lambda line: f"535 5.7.3 no \x1b[31m {line.decode().strip()}", CLOSE).port
        checks = self.doctor(port=port)
        self.complains(checks, "server-login", "[not shown]")
        self.assertNotIn("\x1b", json.dumps(checks, ensure_ascii=False))

    def test_imap(self):
        """IMAP: a login that is no mailbox yet; one that works; one without XOAUTH2; no connection"""
        extra = "servers = localhost\nservices = imap\n"
        offers = "* CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2"

        def look(*script):
            port = self.hostile_imap(offers, *script).port
            return self.doctor("--imap-server", f"localhost:{port}", extra=extra, name="imap.conf")
        checks = look("OK", "OK")
        self.assertEqual(self.verdicts(checks), {name.replace("server", "imap"): "ok" for name in FINE})
        self.complains(look("OK", "BAD User is authenticated but not connected."), "imap-login",
                       "User is authenticated but not connected")
        self.complains(look("NO AUTHENTICATE failed."), "imap-login", "AUTHENTICATE failed")
        offers = "* CAPABILITY IMAP4rev1 AUTH=PLAIN"
        self.complains(look("OK"), "imap-offers", "XOAUTH2")
        checks = self.doctor("--imap-server", "localhost:1", extra=extra, name="imap.conf")
        self.complains(checks, "imap-connect", "cannot be reached")


if __name__ == "__main__":
    sys.exit(agent_case.main())
