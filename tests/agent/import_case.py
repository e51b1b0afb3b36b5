"""What the tests of sasl-entra import sasl-xoauth2 share: a Postfix and token files of that plugin."""

import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess

from agent_case import TOOL, USER, TenantCase, run

PUBLIC = "55556666-dddd-7777-eeee-8888ffff9999"
CONTOSO = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
ANNA, BOB, CARL = "anna@contoso.com", "bob@contoso.com", "carl@contoso.com"
SHOP = "shop@example.net"
SHOP_PASSWORD = "an-app-password"
POSTFIX = shutil.which("postconf", path="/usr/sbin:/usr/bin:/usr/local/sbin")


def tree(*places):
    """What is below the places: path, mode, owner, time of change, content."""
    found = {}
    for place in places:
        for path in sorted(pathlib.Path(place).rglob("*")):
            status = path.lstat()
            content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            content = content.encode() if isinstance(content, str) else content
            when = 0 if path.is_dir() else status.st_mtime_ns
            found[str(path)] = (stat.filemode(status.st_mode), status.st_uid, status.st_gid, when,
                                hashlib.sha256(content).hexdigest())
    return {path: entry for path, entry in found.items() if not path.endswith(".lock")}


class ImportCase(TenantCase):
    maxDiff = None

    def setUp(self):
        if POSTFIX is None:
            self.skipTest("there is no Postfix")
        super().setUp()
        self.etc, self.tokens, self.queue = (self.directory(name, mode=0o755) for name in ("etc", "tokens", "queue"))
        self.postfix, self.plugins = (self.directory(name, mode=0o755) for name in ("postfix", "sasl2"))
        self.directory("state", USER)
        self.ca = self.write("ca.pem", pathlib.Path(self.tenant.ca).read_text(encoding="utf-8"))
        self.config = self.write("etc/sasl-entra.conf", f"# mine\n[defaults]\nstate_dir = {self.place}/state\n",
                                 mode=0o644)
        self.conf = self.write("sasl-xoauth2.conf", json.dumps({
            "client_id": PUBLIC, "client_secret": "", "token_endpoint":
            f"{self.tenant.authority}/contoso.onmicrosoft.com/oauth2/v2.0/token",
            "ca_bundle_file": str(self.ca), "log_full_trace_on_failure": "yes", "refresh_window": "60"}))
        self.write("sasl2/libsasl-xoauth2.so.0.1", "not really ELF\n", mode=0o644)
        (self.plugins / "libsasl-xoauth2.so").symlink_to("libsasl-xoauth2.so.0.1")
        self.secrets = [SHOP_PASSWORD]
        self.tenant.control("apps", {"users": [
            {"upn": login, "oid": f"{i}", "tenant": CONTOSO, "name": login, "password": "x"}
            for i, login in enumerate((BOB, CARL), 1)]})
        self.token_file(ANNA)
        self.token_file(BOB)
        self.write_postfix(ANNA, BOB)

    def write_postfix(self, *logins, kind="hash"):
        self.write("postfix/main.cf", f"compatibility_level = 3.6\nqueue_directory = {self.queue}\n"
                   "relayhost = [smtp.office365.com]:587\n"
                   f"smtp_sasl_password_maps = {kind}:{self.postfix}/sasl_passwd\n")
        self.write("postfix/master.cf", "smtp unix - - y - - smtp\n")
        entries = "".join(f"[smtp.office365.com]:587\t{login}:{self.tokens}/{login}\n" if login == ANNA else
                          f"{login}   {login}:{self.tokens}/{login}  \n" for login in logins)
        self.write("postfix/sasl_passwd", f"# keep this\n{entries}[mx.example.net]:587 {SHOP}:{SHOP_PASSWORD}\n",
                   mode=0o600)
        if kind == "hash":
            subprocess.run(["postmap", "-c", str(self.postfix), f"hash:{self.postfix}/sasl_passwd"], check=True,
                           env={"PATH": "/usr/sbin:/usr/bin:/bin"})

    def token_file(self, login, **more):
        token = self.tenant.control("mint_refresh_token", {
            "client_id": PUBLIC, "upn": login, "scope": "https://outlook.office.com/SMTP.Send offline_access"})[
                "refresh_token"]
        self.secrets.append(token)
        return self.write(f"tokens/{login}", json.dumps({"access_token": "OLD.ACCESS", "expiry": "0",
                                                         "refresh_token": token, **more}), USER, 0o600)

    def tool(self, *arguments, code=0, what="sasl-xoauth2", **named):
        result = run(TOOL, "--config", str(self.config), "import", what, *arguments,
                     env={**os.environ, "SASL_PATH": str(self.plugins)}, **named)
        self.assertIn(result.returncode, code if isinstance(code, tuple) else (code,), result.stdout + result.stderr)
        for secret in self.secrets:
            self.assertNotIn(secret, result.stdout + result.stderr)
        return result

    def migrate(self, *arguments, **named):
        return self.tool(f"--postfix={self.postfix}", "--conf", str(self.conf), *arguments, **named)

    def all_places(self):
        return tree(self.etc, self.tokens, self.postfix, self.plugins, self.place / "state", self.queue)

    def refused(self, sentence, **named):
        before = self.all_places()
        result = self.migrate("--apply", code=1, **named)
        self.assertIn(sentence, result.stdout + result.stderr)
        self.assertEqual(self.all_places(), before)
        return result

    def map_has(self, key):
        return subprocess.run(["postmap", "-c", str(self.postfix), "-q", key, f"hash:{self.postfix}/sasl_passwd"],
                              capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/bin"}).stdout.strip()

    def killed(self, call, *arguments):
        """The tool, killed before its n-th rename, removal or link, whichever comes first; unless it has fewer."""
        return subprocess.run(
            ["strace", "-f", "-o", "/dev/null", "-e", "trace=renameat,unlinkat,symlinkat", "-e",
             f"inject=renameat,unlinkat,symlinkat:signal=KILL:when={call}", TOOL, "--config", str(self.config),
             "import", "sasl-xoauth2", "--conf", str(self.conf), *arguments],
            env={**os.environ, "SASL_PATH": str(self.plugins)}, capture_output=True, text=True, check=False)
