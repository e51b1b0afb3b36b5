"""sasl-entra explain: numbers, replies, lines of logs; the page made of the tables; what it never shows."""

import base64
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import BUILD, SOURCE, TOOL, Case, run  # noqa: E402

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + base64.urlsafe_b64encode(os.urandom(900)).decode().strip("=") + ".c2ln"
SECRET = "Zx8~Q~very.secret.value-of_an.app_0123456789"
POSTFIX = (
    "Nov 27 06:31:02 relay postfix/smtp[4711]: 4fXq2n0ZzZz1: to=<bob@fabrikam.com>, "
    "relay=smtp.office365.com[52.97.151.2]:587, delay=2.1, delays=0.1/0/2/0, dsn=4.7.{dsn}, status=deferred "
    "(SASL authentication failed; server smtp.office365.com[52.97.151.2] said: {reply} "
    "[LO2P265CA0001.GBRP265.PROD.OUTLOOK.COM 2026-11-27T06:31:02.123Z 08DE2D6C])"
)
# What people paste, as threads about sasl-xoauth2 and others have it, and what it has to be taken for.
PASTED = (
    ("7000222", ["AADSTS7000222"]),
    ("AADSTS7000222", ["AADSTS7000222"]),
    ("aadsts50173", ["AADSTS50173"]),
    ("https://login.microsoftonline.com/error?code=700016", ["AADSTS700016"]),
    ("535 5.7.3", ["smtp-auth-unsuccessful"]),
    ("5.7.30", ["smtp-basic-retired"]),
    (POSTFIX.format(dsn=3, reply="535 5.7.3 Authentication unsuccessful"), ["smtp-auth-unsuccessful"]),
    (
        POSTFIX.format(
            dsn=139,
            reply="535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. "
            "Visit https://aka.ms/smtp_auth_disabled for more information.",
        ),
        ["smtp-auth-disabled-tenant"],
    ),
    (
        POSTFIX.format(dsn=139, reply="535 5.7.139 Authentication unsuccessful, the request did not meet the criteria "
                       "to be\nauthenticated successfully. Contact your administrator."),
        ["smtp-auth-criteria"],
    ),
    (
        "(host smtp.office365.com[52.97.1.2] said: 432 4.3.2 Concurrent connections limit exceeded. Visit "
        "https://aka.ms/concurrent_sending for more information.",
        ["smtp-connections"],
    ),
    (
        "430 4.2.0 STOREDRV; mailbox logon failure; ConnectionFailedTransientException.MapiExceptionLogonFailed",
        ["smtp-mailbox-logon"],
    ),
    (
        "said: 554 5.2.252 SendAsDenied; relay@contoso.com not allowed to send as root@relay; STOREDRV.Submission."
        "Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message",
        ["smtp-send-as-denied"],
    ),
    ("501 5.5.127 Invalid XOAUTH2 auth data - Token will expire soon", ["hve-token-expires-soon"]),
    ("451 4.7.0 Temporary server error. Please try again later. PRX4", ["smtp-proxy-error"]),
    ("warning: SASL authentication failure: No worthy mechs found", ["sasl-no-mechanism"]),
    (
        "SASL authentication failed; cannot authenticate to server smtp.office365.com[52.97.1.2]: "
        "bad protocol / cancel",
        ["sasl-bad-protocol"],
    ),
    ("Error: Unable to find a callback: 32775", ["sasl-callback"]),
    ("IMAP wants more steps despite successful SASL authentication.", ["mbsync-more-steps"]),
    ("warning: private/smtp socket: malformed response", ["postfix-crash"]),
    ("auth failed: 2022-09-08 09:25:31: TokenStore::Refresh: request failed", ["xoauth2-refresh"]),
    ("a01 NO AUTHENTICATE failed.", ["imap-authenticate-failed"]),
    ("a01 BAD User is authenticated but not connected.", ["imap-not-connected"]),
    ("334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==",
     ["challenge-400"]),
    ('{"error":"invalid_grant","suberror":"user_password_expired"}', ["invalid_grant", "user_password_expired"]),
    (
        '{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Trace ID: '
        '0a1b Correlation ID: 2c3d","error_codes":[7000215],"trace_id":"0a1b"}',
        ["AADSTS7000215"],
    ),
    (
        "postfix/smtp[9]: warning: SASL authentication failure: relay@contoso.com: Entra refused the client secret "
        "because it has expired (invalid_client, AADSTS7000222, trace 0a1b). Create a new secret\n"
        "postfix/smtp[9]: 4F: to=<a@b.c>, dsn=4.7.0, status=deferred (SASL authentication failed; cannot authenticate "
        "to server smtp.office365.com[52.97.1.2]: authentication failure)",
        ["AADSTS7000222"],
    ),
    (
        "relay@contoso.com: no agent at /var/spool/postfix/private/sasl-entra inside the chroot of this program",
        ["no-agent"],
    ),
    ("Could not resolve host: login.microsoftonline.com", ["no-address"]),
)
UNKNOWN = (
    "hello",
    "",
    "250 2.1.5 Recipient OK",
    "relay=mx[15.7.3.1]:25, delay=5.7.3, uid=70001",
    "postfix/smtp[70011]: connect to mx.example[203.0.113.5]:25: No route",
    "\0" * 100,
)


class Explain(Case):
    def ids(self, *arguments, **named):
        result = run(TOOL, "explain", "--json", *arguments, **named)
        self.assertEqual(result.stderr, "", arguments)
        self.assertEqual(result.returncode, 0, arguments)
        return [one["id"] for one in json.loads(result.stdout)["explanations"]]

    def test_pasted(self):
        """what people paste is known, as an argument, as many and from a pipe"""
        for text, ids in PASTED:
            self.assertEqual(self.ids("--", text), ids, text)
            self.assertEqual(self.ids("--", *text.split()), ids, text)
            self.assertEqual(self.ids(stdin=text), ids, text)
            self.assertEqual(self.ids("-", stdin=text.replace(" ", "\r\n ")), ids, text)

    def test_many(self):
        """a log has all of it once, in its order; bare numbers may be many"""
        log = "\n".join(text for text, _ in PASTED if len(text) > 60)
        found = self.ids(stdin=log + log)
        self.assertEqual(len(found), len(set(found)))
        self.assertLess(found.index("smtp-auth-unsuccessful"), found.index("smtp-connections"))
        self.assertEqual(self.ids("7000222", "50173", "5.7.30"), ["AADSTS7000222", "AADSTS50173", "smtp-basic-retired"])
        self.assertEqual(len(self.ids("5.7.139")), 8)

    def test_unknown(self):
        """what is not known is said to be so, and where to look; exit code 1"""
        for text in UNKNOWN:
            result = run(TOOL, "explain", stdin=text)
            self.assertEqual((result.returncode, result.stdout), (1, ""), text)
            self.assertIn("https://login.microsoftonline.com/error?code=", result.stderr)
        result = run(TOOL, "explain", "AADSTS9876543")
        self.assertEqual(result.returncode, 1)
        self.assertIn("https://login.microsoftonline.com/error?code=9876543", result.stdout)
        result = run(TOOL, "explain", "AADSTS9876543", "AADSTS50173")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(run(TOOL, "explain", "AADSTS98765432109").returncode, 1)

    def test_hostile(self):
        """a megabyte, NULs, control characters, half numbers: it ends, and nothing of it is shown"""
        blob = os.urandom(1 << 20).decode("latin-1")
        for text in (
            "535 " * (1 << 18),
            "5.7.139 " * (1 << 17),
            "cannot authenticate to server" * 30000,
            "AADSTS" * 170000,
            "AADSTS" + "9" * 900000,
            "\x1b]0;owned\x07\x1b[2J" * 50000,
            "\0" * (1 << 20),
            blob,
            "0" * (1 << 20) + "AADSTS7000222",
        ):
            result = run(TOOL, "explain", stdin=text)
            self.assertIn(result.returncode, (0, 1))
            self.assertNotIn("\x1b", result.stdout + result.stderr)
            self.assertLess(len(result.stdout + result.stderr), 60000)
        self.assertIn("first 1024 KiB", run(TOOL, "explain", stdin=" " * (1 << 20) + "535").stderr)
        self.assertEqual(self.ids(stdin="\0\1\2 AADSTS7000222\0\xff\xfe"), ["AADSTS7000222"])

    def test_echoes_nothing(self):
        """no token, secret, address or name of the text is shown, in any form"""
        log = (
            f"AUTH XOAUTH2 {base64.b64encode(f'user=bob@fabrikam.example{chr(1)}auth=Bearer {TOKEN}'.encode()).decode()}\n"
            f"client_secret={SECRET} refresh_token=0.AAAA{TOKEN[40:400]}\n"
            f"Authorization: Bearer {TOKEN}\ncode={TOKEN[:60]}\n"
            f"AADSTS7000222 {SECRET} 535 5.7.3 {TOKEN} for bob@fabrikam.example AADSTS4040404{TOKEN}\n"
        )
        for options in ((), ("--json",), ("--format", "markdown")):
            result = run(TOOL, "explain", *options, stdin=log)
            shown = result.stdout + result.stderr
            self.assertEqual(result.returncode, 0)
            self.assertIn("7000222", shown)
            for secret in [SECRET, "fabrikam"] + [TOKEN[i : i + 24] for i in range(0, len(TOKEN) - 24, 24)]:
                self.assertNotIn(secret, shown)

    def test_for(self):
        """--for puts in the account's values, and words stand for those that are not known"""
        config = self.write(
            "sasl-entra.conf",
            "[account relay]\nmatch = relay@contoso.com\ntenant = contoso.com\nsign_in = app\n"
            "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\ncredential = secret\nclient_secret_file = "
            f"{self.write('the.secret', 'x', mode=0o600)}\n",
        )
        result = run(TOOL, "--config", str(config), "explain", "--for", "relay@contoso.com", "5.7.3", "7000222")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("New-ServicePrincipal -AppId 00001111-aaaa-2222-bbbb-3333cccc4444 -ObjectId OBJECT-ID", result.stdout)
        self.assertIn("Add-MailboxPermission -Identity relay@contoso.com", result.stdout)
        self.assertIn(str(self.place / "the.secret"), result.stdout)
        self.assertNotIn("{", result.stdout)
        result = run(TOOL, "--config", str(config), "explain", "--for", "x@example.org", "5.7.3")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("x@example.org", result.stderr)
        result = run(TOOL, "--config", "/absent", "explain", "5.7.3")
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_typed(self):
        """the PowerShell that is printed, with the account's values, is what Exchange takes"""
        app, object_id = "00001111-aaaa-2222-bbbb-3333cccc4444", "aaaa0000-bb11-2222-33cc-444444dddddd"
        start = {"*": {"apps": []}, "service_principals": {}, "tenant": {"smtp_auth_disabled": True}}
        (self.place / "mailboxes.json").write_text(json.dumps(start))
        (self.place / "apps.json").write_text('{"apps": []}')
        for name in ("smtp-auth-disabled-tenant", "smtp-auth-disabled-mailbox", "smtp-mailbox-logon"):
            todo = next(one for one in self.everything() if one["id"] == name)["todo"]
            for word, value in (("APP-ID", app), ("OBJECT-ID", object_id), ("MAILBOX", "relay@contoso.com")):
                todo = todo.replace(word, value)
            typed = re.findall(r"^  ((?!Remove)[A-Z][a-z]+-[A-Za-z]+[^|\n]*)", todo, re.M)
            self.assertGreater(len(typed), 1)
            shell = os.path.join(SOURCE, "tests", "tenant", "exchange_shell.py")
            places = ("--dir", str(self.place), "--tenant", str(self.place))
            result = run(sys.executable, shell, *places, stdin="\n".join(typed))
            self.assertEqual((result.returncode, result.stderr), (0, ""), typed)
        now = json.loads((self.place / "mailboxes.json").read_text())
        self.assertEqual(now["service_principals"], {app: object_id})
        self.assertEqual(now["relay@contoso.com"]["apps"].count(app), 1)
        self.assertIs(now["relay@contoso.com"]["smtp_auth_disabled"], False)
        self.assertIs(now["tenant"]["smtp_auth_disabled"], False)

    def everything(self):
        return json.loads(run(TOOL, "explain", "--all", "--json").stdout)["explanations"]

    def test_command_line(self):
        """--all stands alone; a wrong format is refused"""
        for arguments, sentence in (
            (("--all", "x"), "neither"),
            (("--all", "--for", "x"), "neither"),
            (("--format", "html", "x"), "text or markdown"),
        ):
            result = run(TOOL, "explain", *arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn(sentence, result.stderr)

    def test_all(self):
        """--all has each entry once, in each of its forms"""
        page = run(TOOL, "explain", "--all", "--format", "markdown").stdout
        headings = re.findall(r"^### (.*)$", page, re.M)
        self.assertEqual(len(headings), len(set(headings)))
        parts = self.everything()
        self.assertEqual([part["id"] for part in parts], headings)
        text = run(TOOL, "explain", "--all").stdout
        for part in parts:
            self.assertIn("\n" + (part["shown"] or part["id"]) + "\n", text)
            self.assertIn(f"troubleshooting.md#{part['id'].lower()}\n", text)
        self.assertGreater(len(headings), 230)

    def test_page(self):
        """doc/guide/troubleshooting.md is what --all prints"""
        printed = run(TOOL, "explain", "--all", "--format", "markdown").stdout
        with open(os.path.join(SOURCE, "doc", "guide", "troubleshooting.md"), encoding="utf-8") as page:
            self.assertTrue(
                page.read() == printed,
                f"the page is old; run {BUILD}/sasl-entra explain --all --format markdown > doc/guide/troubleshooting.md",
            )

    def test_references(self):
        """a page or an entry that a sentence names is there"""
        printed = run(TOOL, "explain", "--all", "--format", "markdown").stdout
        headings = set(re.findall(r"^### (.*)$", printed, re.M))
        for page in set(re.findall(r"doc/guide/([a-z-]+\.md)", printed) + re.findall(r"\]\(([a-z-]+\.md)\)", printed)):
            self.assertTrue(os.path.exists(os.path.join(SOURCE, "doc", "guide", page)), page)
        for name in re.findall(r"\b((?:smtp|imap|hve)-[a-z]+-[a-z-]+|sasl-(?!entra|xoauth2)[a-z-]+)\b", printed):
            self.assertTrue(name in headings, name)


if __name__ == "__main__":
    sys.exit(agent_case.main())
