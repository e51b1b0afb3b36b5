"""sasl-entra import mutt_oauth2: a token file of mutt_oauth2.py, through the command that decrypts it."""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import TOOL, USER, TenantCase, run  # noqa: E402

PUBLIC = "55556666-dddd-7777-eeee-8888ffff9999"
ANNA = "anna@contoso.com"


class ImportMutt(TenantCase):
    def setUp(self):
        super().setUp()
        self.home = self.directory("home", USER)
        self.config = self.configuration(extra=f"\n[account anna]\nmatch = {ANNA}\nidentity = {ANNA}\nservices = smtp\n"
                                         f"tenant = contoso.onmicrosoft.com\nclient_id = {PUBLIC}\n"
                                         f"authority = {self.tenant.authority}\n")
        self.config = self.config.rename(self.home / "sasl-entra.conf")
        os.chown(self.config, USER.pw_uid, USER.pw_gid)
        self.token = self.tenant.control("mint_refresh_token", {
            "client_id": PUBLIC, "upn": ANNA, "scope": "https://outlook.office.com/SMTP.Send offline_access"})[
                "refresh_token"]

    def token_file(self, **more):
        text = json.dumps({"registration": "microsoft", "authflow": "devicecode", "email": ANNA, "access_token": "",
                           "access_token_expiration": "", "refresh_token": self.token, "client_id": PUBLIC,
                           "client_secret": "", **more})
        return self.write("home/token", text[::-1], USER, 0o600)

    def tool(self, *arguments, code=0, decrypt="rev", user=USER):
        decrypt = ("--decrypt", decrypt) if decrypt else ()
        result = run(TOOL, "--config", str(self.config), "import", "mutt_oauth2", *arguments, *decrypt,
                     user=user.pw_uid if user else None, group=user.pw_gid if user else None,
                     extra_groups=[] if user else None,
                     env={"HOME": str(self.home), "GNUPGHOME": str(self.home / "gnupg"), "PATH": os.environ["PATH"]})
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertNotIn(self.token, result.stdout + result.stderr)
        return result

    def refused(self, sentence, *arguments, **named):
        arguments = arguments or (ANNA, str(self.home / "token"))
        self.assertIn(sentence, self.tool(*arguments, code=1, **named).stderr)
        self.assertFalse(list((self.place / "state").glob("*.json")))

    def token_works(self):
        result = run(TOOL, "--config", str(self.config), "token", ANNA, user=USER.pw_uid, group=USER.pw_gid,
                     extra_groups=[])
        self.assertEqual(len(result.stdout.split(".")), 3, result.stderr)

    def test_works(self):
        """the token is kept and used, the file is as it was; --json says whether something changed"""
        path = self.token_file()
        before = path.read_bytes()
        self.assertEqual(json.loads(self.tool(ANNA, str(path), "--json").stdout), {"changed": True})
        self.assertEqual(path.read_bytes(), before)
        self.token_works()

    def test_kept(self):
        """a sign-in that is kept stays, unless --replace"""
        path = str(self.token_file())
        self.tool("anna", path)
        self.assertIn("--replace", self.tool(ANNA, path, code=1).stderr)
        self.tool(ANNA, path, "--replace")

    def test_other_registration(self):
        """a file of another client id or provider is refused; one that does not say it, with a warning"""
        self.token_file(client_id="99990000-0000-0000-0000-000000000000")
        self.refused("another one")
        self.token_file(registration="google")
        self.refused("sign-in at google")
        self.token_file(client_id=None)
        self.assertIn("does not say its client id", self.tool(ANNA, str(self.home / "token")).stderr)

    def test_refused(self):
        """no program, one that fails or says nothing, no JSON, no token, root: refused, and nothing is kept"""
        self.token_file()
        self.refused("no program no-such-program", decrypt="no-such-program")
        self.refused("ended with 1", decrypt="false")
        self.refused("gave nothing", decrypt="true")
        self.refused("no JSON object", decrypt="cat")
        self.refused("no command", decrypt=" ")
        self.refused("no such file", ANNA, str(self.home / "absent"))
        self.refused("not as root", user=None)
        self.refused("signs in as an app", "relay@contoso.com", str(self.home / "token"))
        self.token_file(refresh_token="")
        self.refused("no refresh token")
        self.token_file(refresh_token="two words")
        self.refused("damaged")

    @unittest.skipUnless(shutil.which("gpg"), "there is no gpg")
    def test_gpg(self):
        """gpg --decrypt, as the script has it"""
        path = self.token_file()
        path.write_text(path.read_text()[::-1])
        self.directory("home/gnupg", USER)
        gpg = ("gpg", "--batch", "--homedir", str(self.home / "gnupg"), "--passphrase", "")
        person = {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": [], "cwd": str(self.home)}
        self.addCleanup(run, "gpgconf", "--homedir", str(self.home / "gnupg"), "--kill", "all", **person)
        made = run(*gpg, "--quick-generate-key", ANNA, **person)
        self.assertEqual(made.returncode, 0, made.stderr)
        run(*gpg, "--trust-model", "always", "-r", ANNA, "-o", str(path) + ".gpg", "--encrypt", str(path), **person)
        self.tool(ANNA, str(path) + ".gpg", decrypt=None)
        self.token_works()


if __name__ == "__main__":
    sys.exit(agent_case.main())
