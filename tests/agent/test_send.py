"""sasl-entra send: a message that arrives, and each reply of a server in words."""

import email
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import LOGIN, TOOL, run  # noqa: E402
from mail_case import CLOSE, MailCase  # noqa: E402

TO = "anna@contoso.com"


class Send(MailCase):
    def send(self, *arguments, code=0, server=None, **named):
        return self.tool("send", LOGIN, "--to", TO, "--server", f"localhost:{server or self.server.port}",
                         *arguments, code=code, **named)

    def arrived(self):
        names = sorted(os.listdir(self.server.path("mail")))
        with open(os.path.join(self.server.path("mail"), names[-1]), "rb") as file:
            return email.message_from_binary_file(file)

    def test_arrives(self):
        """accepted: the message is there, with all its headers; the transcript has no token"""
        result = self.send()
        self.assertIn("has accepted the message", result.stdout)
        for line in ("C: STARTTLS", "C: AUTH XOAUTH2", "S: 235 2.7.0", f"C: MAIL FROM:<{LOGIN}>",
                     f"C: RCPT TO:<{TO}>", "C: DATA", "C: [the message]", "S: 250 2.0.0"):
            self.assertIn(line, result.stdout)
        message = self.arrived()
        self.assertEqual((message["From"], message["To"]), (f"<{LOGIN}>", f"<{TO}>"))
        self.assertRegex(message["Date"], r"^\w{3}, \d+ \w{3} 20\d\d \d\d:\d\d:\d\d \+0000$")
        self.assertIn(message["Message-ID"], result.stdout)
        self.assertIn("sasl-entra send", message.get_payload())

    def test_json(self):
        """--json: accepted, the reply, the transcript"""
        value = json.loads(self.send("--json").stdout)
        self.assertEqual((value["accepted"], value["user"], value["from"], value["to"]), (True, LOGIN, LOGIN, TO))
        self.assertTrue(value["reply"].startswith("250 2.0.0"))
        self.assertIsNone(value["fix"])
        self.assertIn("C: DATA", value["transcript"])

    def test_subject(self):
        """--subject: as given, also in other scripts"""
        for subject in ("A try", "Prüfung der Weiterleitung über das Relay, noch einmal, " + "ä" * 40):
            self.send("--subject", subject)
            header = email.header.make_header(email.header.decode_header(self.arrived()["Subject"]))
            self.assertEqual(str(header), subject)

    def test_addresses(self):
        """nothing that could end an address or a header is taken"""
        for wrong in ("anna", "anna@x\r\nBcc: o@x", "<a@x>", "a@x,b@x", "a b@x", "a@x\n", "@x", "a@", "a@b@c", "-a@x",
                      "a\x01@x", "ä@x"):
            for option in ("--to", "--from"):
                result = run(TOOL, "send", LOGIN, "--to", TO, option, wrong)
                self.assertEqual(result.returncode, 2, wrong)
                self.assertIn(f"{option}: give one address", result.stderr)
        for wrong in ("a\r\nBcc: x@y", "a\x00b"[:1] + "\x7f", "x" * 201):
            self.assertEqual(run(TOOL, "send", LOGIN, "--to", TO, "--subject", wrong).returncode, 2)
        for wrong in ("", "a b", "h:0", "h:65536", "h:x", "[::1", "-x"):
            self.assertEqual(run(TOOL, "send", LOGIN, "--to", TO, "--server", wrong).returncode, 2, wrong)
        self.assertEqual(run(TOOL, "send", LOGIN).returncode, 2)

    def test_send_as(self):
        """SendAsDenied: names From and the mailbox, with the PowerShell for it; 1"""
        result = self.send("--from", "boss@contoso.com", code=1)
        for words in ("554 5.2.252", f"mailbox {LOGIN}", "From boss@contoso.com", "Add-RecipientPermission"):
            self.assertIn(words, result.stdout)

    def test_switch(self):
        """SMTP AUTH switched off: the command that switches it on, for this mailbox"""
        self.mailboxes(smtp_auth_disabled=True)
        result = self.send(code=1)
        self.assertIn("535 5.7.139", result.stdout)
        self.assertIn(f"Set-CASMailbox -Identity {LOGIN} -SmtpClientAuthenticationDisabled $false", result.stdout)
        value = json.loads(self.send("--json", code=1).stdout)
        self.assertFalse(value["accepted"])
        self.assertEqual(value["explained"], "smtp-auth-disabled-mailbox")

    def test_rights(self):
        """535 5.7.3: the object id that the token says stands in the command"""
        self.mailboxes(apps=[])
        result = self.send(code=1)
        self.assertIn("535 5.7.3", result.stdout)
        self.assertIn("New-ServicePrincipal -AppId 00001111-aaaa-2222-bbbb-3333cccc4444 -ObjectId ", result.stdout)
        self.assertNotIn("OBJECT_ID", result.stdout)

    def test_again(self):
        """what passes by itself is 75"""
        self.answers("auth", "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending")
        self.assertIn("432 4.3.2", self.send(code=75).stdout)
        self.answers("message", "451 4.7.0 Temporary server error. Please try again later. PRX4")
        self.assertIn("451 4.7.0", self.send(code=75).stdout)
        self.answers("message", "450 4.9.9 never heard of")
        self.assertIn("450 4.9.9 never heard of", self.send(code=75).stdout)

    def test_other_server(self):
        """a server outside of `servers` gets nothing"""
        result = self.tool("send", LOGIN, "--to", TO, "--server", f"127.0.0.1:{self.server.port}", code=1)
        self.assertIn("servers", result.stderr)
        self.assertEqual(self.requests(), 0)

    def test_no_server(self):
        """nobody listens there: said; 75"""
        self.assertIn("cannot be reached at port 1 ", self.send(server=1, code=75).stdout)

    def test_label(self):
        """a label has no mailbox"""
        result = self.tool("send", "relay", "--to", TO, "--server", f"localhost:{self.server.port}", code=1)
        self.assertIn("give a login name", result.stderr)

    def test_echo(self):
        """a server that says our token back: it is not shown"""
        server = self.hostile("220 hello", "250-x\r\n250 STARTTLS", "220 tls", "250-x\r\n250 AUTH XOAUTH2",
                              lambda line: "334 " if len(line) < 30 else "535 5.7.3 " + line.decode().split()[-1],
                              lambda line: f"535 5.7.3 no: {line.decode().strip()} {line.decode()[7:60]}\x1b[31m",
                              CLOSE)
        result = self.send(server=server.port, code=1)
        self.assertIn("[not shown]", result.stdout)
        self.assertNotIn("\x1b", result.stdout)

    def test_endless(self):
        """lines without an end, and more of them than a server has"""
        for count in (400, 20000):
            many = self.hostile("220 hello", "\r\n".join(["250-x"] * count))
            result = self.send(server=many.port, code=None)
            self.assertIn(result.returncode, (1, 75))
            self.assertRegex(result.stdout, "more than any mail server|does not go on")
            self.assertLess(len(result.stdout), 40000)
        long = self.hostile("220 " + "x" * 300000 + "\r\n220 hello", CLOSE)
        self.send(server=long.port, code=75)

    def test_closes(self):
        """a server that ends the conversation, at each step"""
        script = ("220 hello", "250-x\r\n250 STARTTLS", "220 tls", "250-x\r\n250 AUTH XOAUTH2", "334 ")
        for steps in range(len(script)):
            server = self.hostile(*script[:steps], CLOSE)
            result = run(TOOL, "--config", str(self.configuration(extra="servers = localhost\n")), "send", LOGIN, "--to",
                         TO, "--server", f"localhost:{server.port}")
            self.assertIn(result.returncode, (1, 75), result.stdout)
            self.assertIn(f"port {server.port}", result.stdout)


if __name__ == "__main__":
    sys.exit(agent_case.main())
