"""sasl-entra status and refresh --all without an agent: what they print, and how they end."""

import datetime
import json
import os
import pty
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import LOGIN, TOOL, USER, TenantCase, run  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402

MEMBERS = {"account", "name", "sign_in", "credential", "identity", "token_key", "state", "needs", "text", "fingerprint",
           "seconds_left", "obtained", "expires", "renews", "failure_first", "failure_last", "failure_until",
           "failures", "refresh_token_days", "certificate_days", "kept", "state_file"}
CLIENT = "00001111-aaaa-2222-bbbb-3333cccc4444"
PERSON = f"[account scanner]\nmatch = scanner@fabrikam.com\nsign_in = user\nidentity = anna@contoso.com\n" \
         f"tenant = contoso.onmicrosoft.com\nclient_id = {CLIENT}\n"
PASSWORD = "[account pw]\nmatch = *@example.com\ntoken_from = password\nservers = mail.example.com\n"

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? '
                    r'(-?[0-9]+(?:\.[0-9]+)?)$')


def parse_metrics(text):
    """Every rule of the text format that promtool checks; {name: {labels: value}}."""
    metrics, current, kinds = {}, None, {}
    assert text.endswith("\n") and "\n\n" not in text
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in kinds and len(line.split(" ", 3)) == 4, line
            assert line.endswith("."), line
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and kind == "gauge", line
            kinds[name] = kind
            metrics[name] = {}
        else:
            match = SAMPLE.match(line)
            assert match, line
            assert match.group(1) == current, f"{line}: not below its own TYPE"
            assert match.group(2) not in metrics[current], f"{line}: twice"
            metrics[current][match.group(2)] = float(match.group(3))
    return metrics


class Status(TenantCase):
    def tool(self, *arguments, code=0, extra="", **named):
        result = run(TOOL, "--config", str(self.configuration(extra=extra)), *arguments, **named)
        self.assertEqual(result.returncode, code, result.stderr + result.stdout)
        return result

    def rows(self, *arguments, **named):
        value = json.loads(self.tool("status", "--json", *arguments, **named).stdout)
        for row in value["accounts"]:
            self.assertEqual(set(row), MEMBERS)
        return value["accounts"]

    def admin_fault(self):
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"aadsts": 7000215},
                                      "count": -1})
        self.tool("token", LOGIN, code=1)

    def test_table(self):
        """the table: unused, then with a token, then what needs a person; times apart it is always the same"""
        self.assertEqual(self.tool("status").stdout,
                         "ACCOUNT  SIGNS IN     TOKEN  LEFT  RENEWS IN  STATE   NEEDS\n"
                         "relay    app, secret  -      -     -          unused  -\n"
                         "\n"
                         "1 shown, 0 need a person\n")
        self.tool("token", LOGIN)
        text = self.tool("status", code=1, extra=PERSON + PASSWORD).stdout
        text = re.sub(r"\b[0-9a-f]{8}\b", "FINGERPR", re.sub(r"\b[2-6]\d min\b", "NN min", text))
        self.assertEqual(text,
                         "ACCOUNT  SIGNS IN          TOKEN     LEFT    RENEWS IN  STATE     NEEDS\n"
                         "relay    app, secret       FINGERPR  NN min  NN min     ok        -\n"
                         "scanner  anna@contoso.com  -         -       -          sign in   sign in\n"
                         "pw       password          -         -       -          password  -\n"
                         "\n"
                         "scanner, anna@contoso.com: nobody has signed in as anna@contoso.com yet; sign in with: "
                         "sasl-entra login scanner\n"
                         "3 shown, 1 needs a person\n")

    def test_failure(self):
        """a failure: its class, its words, since when, and when it is asked again"""
        self.admin_fault()
        text = self.tool("status", code=1).stdout
        self.assertIn("relay (for ", text)
        self.assertRegex(text, r"asked again in \d+ (s|min)\): .*AADSTS7000215")
        row = self.rows(code=1)[0]
        self.assertEqual((row["state"], row["needs"], row["failures"]), ("config", "config", 1))
        self.assertLessEqual(row["failure_first"], row["failure_last"])
        self.assertGreater(row["failure_until"], row["failure_last"])

    def test_json(self):
        """--json: every member, the account's token, and no token in it"""
        token = self.tool("token", LOGIN).stdout.strip()
        text = self.tool("status", "--json").stdout
        self.assertNotIn(token, text)
        row = self.rows()[0]
        self.assertEqual((row["account"], row["name"], row["sign_in"], row["credential"], row["state"], row["kept"]),
                         ("relay", "relay", "app", "secret", "ok", "file"))
        self.assertGreater(row["seconds_left"], 3000)
        self.assertLess(row["obtained"], row["renews"])
        self.assertLess(row["renews"], row["expires"])
        self.assertTrue(os.path.exists(row["state_file"]))
        self.assertEqual(row["state_file"], f"{self.place}/state/{row['token_key']}.json")

    def test_nothing_asked(self):
        """nothing is fetched, nothing is written, no directory is made"""
        self.tool("status")
        self.assertEqual(self.requests(), 0)
        self.assertEqual(os.listdir(self.place / "state"), [])
        os.rmdir(self.place / "state")
        config = self.place / "agent.conf"
        self.assertEqual(run(TOOL, "--config", str(config), "status").returncode, 0)
        self.assertFalse((self.place / "state").exists())

    def test_agent_only(self):
        """--agent: without one it fails for now, and reads no files"""
        for arguments in (("--agent",), ("--agent", "--prometheus"), ("--agent", "relay")):
            result = self.tool("status", *arguments, code=75)
            self.assertEqual(result.stdout, "")
            self.assertIn("agent", result.stderr)

    def test_name(self):
        """NAME: a label, a login name, one that is served by none, one who has not signed in"""
        self.assertEqual([row["account"] for row in self.rows("relay", extra=PERSON)], ["relay"])
        self.assertEqual([row["account"] for row in self.rows(LOGIN, extra=PERSON)], ["relay"])
        self.assertEqual([row["name"] for row in self.rows("scanner@fabrikam.com", code=1, extra=PERSON)], ["scanner"])
        self.assertIn("x@example.org", self.tool("status", "x@example.org", code=1).stderr)
        people = PERSON.replace("identity = anna@contoso.com\n", "").replace("scanner@", "*@")
        self.assertIn("nobody has signed in as bob@fabrikam.com",
                      self.tool("status", "bob@fabrikam.com", code=1, extra=people).stderr)
        self.assertEqual([row["needs"] for row in self.rows("scanner", code=1, extra=people)], ["sign in"])

    def test_people(self):
        """people under their own login names: one line each, by NAME too"""
        people = PERSON.replace("identity = anna@contoso.com\n", "").replace("scanner@", "*@")
        for login in ("ada@fabrikam.com", "bob@fabrikam.com"):
            self.tool("import", "token", login, extra=people, stdin="0.AXoA-a-refresh-token-that-is-long-enough")
        rows = self.rows("scanner", extra=people)
        self.assertEqual({row["name"] for row in rows}, {"ada@fabrikam.com", "bob@fabrikam.com"})
        self.assertEqual([row["refresh_token_days"] for row in rows], [0, 0])
        self.assertEqual([row["identity"] for row in self.rows("ADA@fabrikam.com", extra=people)],
                         ["ada@fabrikam.com"])

    def test_prometheus(self):
        """--prometheus: the text format, and 0 although a person is needed"""
        self.tool("token", LOGIN)
        metrics = parse_metrics(self.tool("status", "--prometheus", extra=PERSON).stdout)
        relay, scanner = 'account="relay"', 'account="scanner",identity="anna@contoso.com"'
        self.assertEqual(metrics["sasl_entra_needs_person"], {relay: 0, scanner: 1})
        self.assertEqual(metrics["sasl_entra_failing"], {relay: 0, scanner: 1})
        self.assertEqual(set(metrics["sasl_entra_token_expires_seconds"]), {relay})
        self.assertGreater(metrics["sasl_entra_token_expires_seconds"][relay], 3000)
        self.assertAlmostEqual(metrics["sasl_entra_status_timestamp_seconds"][None], time.time(), delta=30)
        quoted = PERSON.replace("anna@contoso.com", 'o"connor\\x@contoso.com')
        metrics = parse_metrics(self.tool("status", "--prometheus", extra=quoted).stdout)
        self.assertIn('account="scanner",identity="o\\"connor\\\\x@contoso.com"', metrics["sasl_entra_needs_person"])

    def certificate(self, days):
        """A key and its certificate that ends in so many days (and an hour), owned by the tokens' owner."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days, hours=1)
        made = x509.CertificateBuilder(name, name, key.public_key(), 1, end - datetime.timedelta(days=100), end)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
        pem += made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        return self.write("relay.pem", pem.decode(), USER, 0o600)

    def test_certificate(self):
        """a certificate: its days, and who must act when they are few or over"""
        for days, needs, words in ((30, None, None), (5, "certificate", "ends in 5 days"), (-3, "certificate", "ended")):
            account = (f"[account signed]\nmatch = s@fabrikam.com\ntenant = contoso.onmicrosoft.com\n"
                       f"client_id = {CLIENT}\ncredential = certificate\ncertificate = {self.certificate(days)}\n")
            row = self.rows("signed", code=1 if needs else 0, extra=account)[0]
            self.assertEqual((row["certificate_days"], row["needs"]), (days, needs))
            if words:
                self.assertIn(words, row["text"])
        metrics = parse_metrics(self.tool("status", "--prometheus", extra=account).stdout)
        self.assertEqual(metrics["sasl_entra_certificate_expires_seconds"], {'account="signed"': -3 * 86400})

    def in_terminal(self, *arguments, width=100, height=24, term="xterm", until=b"person"):
        """What a terminal of that size is sent, and the exit code; interrupted once `until` came for the last time."""
        config = str(self.configuration(extra=PERSON))
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = term
            os.environ.pop("NO_COLOR", None)
            subprocess.run(["stty", "cols", str(width), "rows", str(height)], check=True)
            os.execv(TOOL, [TOOL, "--config", config, *arguments])
        text, deadline = b"", time.monotonic() + 20
        watching, drawn = any("watch" in each for each in arguments), 0
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    chunk = os.read(terminal, 65536)
                except OSError:
                    break
                if not chunk:
                    break
                text += chunk
                if watching and text.count(until) >= 2 and not drawn:
                    drawn = 1
                    os.write(terminal, b"\x03")
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        return text.decode(), code

    def test_terminal(self):
        """on a terminal: red for what needs a person, cut to its width; neither where it is dumb"""
        text, code = self.in_terminal("status")
        self.assertEqual(code, 1)
        self.assertEqual(re.findall("\033\\[31m(\\w+)", text), ["scanner"])
        self.assertIn("anna@contoso.com", text)
        text, _ = self.in_terminal("status", width=60)
        for line in text.split("\r\n\r\n")[0].splitlines():
            self.assertLessEqual(len(re.sub("\033\\[[0-9;]*m", "", line)), 60, line)
        self.assertIn("..", text)
        self.assertNotIn("\033", self.in_terminal("status", term="dumb")[0])

    def test_watch(self):
        """--watch: drawn again from the upper left corner until ^C; the cursor comes back, the exit code is told"""
        text, code = self.in_terminal("status", "--watch=1", until=b"needs a person")
        self.assertEqual(code, 1)
        self.assertGreaterEqual(text.count("\033[H"), 2)
        self.assertEqual((text.count("\033[?25l"), text.count("\033[?25h")), (1, 1))
        self.assertTrue(text.rstrip().endswith("\033[?25h"), text[-40:])
        text, _ = self.in_terminal("status", "--watch=1", height=4, until=b"ACCOUNT")
        self.assertNotIn("needs a person", text)

    def test_refresh_all(self):
        """refresh --all: each token key once, those without a sign-in left out, failures told and told by the code"""
        twin = ("[account twin]\nmatch = *@contoso.net\ntenant = contoso.onmicrosoft.com\n"
                f"client_id = {CLIENT}\ncredential = secret\nclient_secret_file = {self.place}/relay.secret\n"
                f"authority = {self.tenant.authority}\n")
        result = self.tool("refresh", "--all", extra=twin + PERSON)
        self.assertRegex(result.stdout, r"^relay: new token [0-9a-f]{8}, good for \d+ seconds\n$")
        self.assertIn("1 left out", result.stderr)
        self.assertEqual(self.requests(), 1)
        self.admin_fault_after()
        result = self.tool("refresh", "--all", "--json", code=1)
        value = json.loads(result.stdout)["accounts"]
        self.assertEqual([(each["name"], each["changed"], each["class"]) for each in value],
                         [("relay", False, "config")])
        self.assertIn("AADSTS7000215", result.stderr)
        self.tenant.control("reset", {})
        value = json.loads(self.tool("refresh", "--all", "--json").stdout)["accounts"]
        self.assertEqual(set(value[0]), {"name", "expires_in", "fingerprint", "changed"})
        self.assertEqual(self.rows()[0]["state"], "ok")

    def admin_fault_after(self):
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"aadsts": 7000215},
                                      "count": 1})

    def test_owner(self):
        """as another user than the owner: told what is missing, not a table of nothing"""
        self.tool("token", LOGIN)
        self.assertEqual(self.place.joinpath("state").stat().st_uid, USER.pw_uid)
        result = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", TOOL, "--config",
                     str(self.place / "agent.conf"), "status")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("state", result.stderr)


if __name__ == "__main__":
    sys.exit(agent_case.main())
