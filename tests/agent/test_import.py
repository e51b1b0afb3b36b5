"""sasl-entra import token: a sign-in made elsewhere."""

import json
import os
import pty
import select
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import OTHER, TOOL, USER, TenantCase, run  # noqa: E402

PUBLIC = "55556666-dddd-7777-eeee-8888ffff9999"
ANNA = "anna@contoso.com"


class Import(TenantCase):
    def configuration(self, **named):
        extra = named.pop("extra", "")
        return super().configuration(extra=f"\n[account anna]\nmatch = {ANNA}, scanner@contoso.com\nidentity = {ANNA}\nservices = smtp\n"
                                     f"tenant = contoso.onmicrosoft.com\nclient_id = {PUBLIC}\n"
                                     f"authority = {self.tenant.authority}\n\n[account everyone]\n"
                                     "match = *@fabrikam.example\ntenant = contoso.onmicrosoft.com\n"
                                     f"client_id = {PUBLIC}\n{extra}", **named)

    def refresh_token(self, upn=ANNA):
        return self.tenant.control("mint_refresh_token", {
            "client_id": PUBLIC, "upn": upn, "scope": "https://outlook.office.com/SMTP.Send offline_access"})[
                "refresh_token"]

    def tool(self, *arguments, code=0, **named):
        result = run(TOOL, "--config", str(self.configuration()), *arguments, **named)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def refused(self, sentence, text, name=ANNA):
        result = self.tool("import", "token", name, code=1, stdin=text)
        self.assertIn(sentence, result.stderr)
        self.assertNotIn(text.strip() or "\0", result.stderr)
        self.assertFalse(list((self.place / "state").glob("*.json")))

    def test_works(self):
        """the token is kept, owned by the owner of the state directory, and used"""
        self.assertIn("sasl-entra login", self.tool("token", ANNA, code=1).stderr)
        result = self.tool("import", "token", ANNA, stdin=self.refresh_token() + "\n")
        self.assertEqual(result.stdout, "")
        files = list((self.place / "state").glob("*.json"))
        self.assertEqual(len(files), 1)
        self.assertEqual((files[0].stat().st_uid, files[0].stat().st_mode & 0o777), (USER.pw_uid, 0o600))
        self.assertEqual(len(self.tool("token", ANNA).stdout.split(".")), 3)

    def test_shared(self):
        """label and login names of one identity stand for one sign-in"""
        self.tool("import", "token", "anna", stdin=self.refresh_token())
        self.tool("token", "scanner@contoso.com")
        self.assertEqual(len(list((self.place / "state").glob("*.json"))), 1)

    def test_json(self):
        """--json: changed, and unchanged for the same token"""
        token = self.refresh_token()
        for expected in (True, False):
            result = self.tool("import", "token", ANNA, "--json", stdin=token)
            self.assertEqual(json.loads(result.stdout), {"changed": expected})
        result = self.tool("import", "token", ANNA, "--json", stdin=self.refresh_token())
        self.assertEqual(json.loads(result.stdout), {"changed": True})

    def test_replaces(self):
        """a new sign-in replaces the old one's access token and its remembered error"""
        old = self.refresh_token()
        self.tenant.control("revoke", {"refresh_token": old, "aadsts": 50173})
        self.tool("import", "token", ANNA, stdin=old)
        self.assertIn("AADSTS50173", self.tool("token", ANNA, code=1).stderr)
        self.tool("import", "token", ANNA, stdin=self.refresh_token())
        self.tool("token", ANNA)

    def test_nonsense(self):
        """empty, only a line end, spaces inside, two lines, too much, not text: refused"""
        self.refused("no refresh token", "")
        self.refused("no refresh token", "\n")
        self.refused("space", "two words\n")
        self.refused("line end", "one\ntwo\n")
        self.refused("more than", "x" * 40000)
        self.refused("control character", "a\x1bb")

    def test_access_token(self):
        """an access token: refused with a sentence"""
        token = self.tool("token", "relay@contoso.com").stdout
        for path in (self.place / "state").iterdir():
            path.unlink()
        self.refused("access token", token)

    def test_account(self):
        """an app's account, an unknown name, a label without identity: refused before anything is read"""
        self.refused("signs in as an app", "SOME.TOKEN", "relay@contoso.com")
        self.refused("nobody@example.org", "SOME.TOKEN", "nobody@example.org")
        self.refused("login name", "SOME.TOKEN", "everyone")

    def test_no_state_directory(self):
        """a missing state directory: refused, and how to make it"""
        config = self.configuration()
        (self.place / "state").rmdir()
        result = run(TOOL, "--config", str(config), "import", "token", ANNA, stdin="x")
        self.assertEqual(result.returncode, 1)
        self.assertIn("does not exist", result.stderr)

    def test_stranger(self):
        """a user who does not own the state cannot"""
        config = self.configuration()
        result = run(TOOL, "--config", str(config), "import", "token", ANNA, stdin="x", user=OTHER.pw_uid,
                     group=OTHER.pw_gid, extra_groups=[])
        self.assertEqual(result.returncode, 1)

    def test_damaged(self):
        """a state file that is damaged is not written over"""
        self.tool("import", "token", ANNA, stdin=self.refresh_token())
        path = next((self.place / "state").glob("*.json"))
        path.write_text("{")
        self.assertIn(path.name, self.tool("import", "token", ANNA, stdin=self.refresh_token(), code=1).stderr)
        self.assertEqual(path.read_text(), "{")

    def terminal(self, keys):
        """Type into the tool's terminal; exit code, and what the terminal showed."""
        config = str(self.configuration())
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(TOOL, [TOOL, "--config", config, "import", "token", ANNA])
        shown, deadline, typed = b"", time.monotonic() + 10, False
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    shown += os.read(terminal, 4096)
                except OSError:
                    break
            if b"not shown" in shown and not typed:
                typed = True
                for i in range(0, len(keys), 1000):
                    os.write(terminal, keys[i:i + 1000])
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        return os.waitstatus_to_exitcode(status), shown

    def test_terminal(self):
        """from a terminal: asked for, not shown, mistakes can be erased"""
        token = self.refresh_token().encode()
        code, shown = self.terminal(b"wrong\x15" + token + b"x\x7f\r")
        self.assertEqual(code, 0, shown)
        self.assertNotIn(token[:20], shown)
        self.tool("token", ANNA)

    def test_interrupt(self):
        """from a terminal: Control-C changes nothing"""
        code, shown = self.terminal(b"abc\x03")
        self.assertEqual(code, 1, shown)
        self.assertFalse(list((self.place / "state").glob("*.json")))


if __name__ == "__main__":
    sys.exit(agent_case.main())
