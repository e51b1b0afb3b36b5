"""A private key that never leaves its token: SoftHSM by PKCS#11."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import LOGIN, TOOL, USER, TenantCase, run  # noqa: E402

APP = "00001111-aaaa-2222-bbbb-3333cccc4444"
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "5678"


def engine():
    """Whether OpenSSL can reach a token at all."""
    result = subprocess.run(["openssl", "engine", "-t", "pkcs11"], capture_output=True, text=True, check=False)
    return "[ available ]" in result.stdout


for program in ("softhsm2-util", "pkcs11-tool", "openssl"):
    if not shutil.which(program):
        print(f"1..0 # SKIP there is no {program}")
        sys.exit(0)
if not os.path.exists(MODULE) or not engine():
    print("1..0 # SKIP SoftHSM or OpenSSL's engine for PKCS#11 is not installed")
    sys.exit(0)


class Token(TenantCase):
    def setUp(self):
        super().setUp()
        tokens = self.directory("tokens", USER)
        conf = self.write("softhsm2.conf", f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
        self.environment = {**os.environ, "SOFTHSM2_CONF": str(conf)}
        self.as_user("softhsm2-util", "--init-token", "--free", "--label", "relay", "--so-pin", "1234", "--pin", PIN)
        self.as_user("pkcs11-tool", "--module", MODULE, "--token-label", "relay", "--login", "--pin", PIN,
                     "--keypairgen", "--key-type", "rsa:2048", "--label", "mail", "--id", "01")
        self.certificate = self.place / "relay.crt"
        self.certificate.touch()
        os.chown(self.certificate, USER.pw_uid, USER.pw_gid)
        self.as_user("openssl", "req", "-new", "-x509", "-engine", "pkcs11", "-keyform", "engine", "-key",
                     f"pkcs11:token=relay;object=mail;type=private;pin-value={PIN}", "-subj", "/CN=token", "-days",
                     "300", "-out", str(self.certificate))
        self.tenant.control("apps", {"apps": [{"client_id": APP, "token_lifetime": 3600, "secrets": None,
                                               "certificates": [{"pem": self.certificate.read_text()}]}]})

    def as_user(self, *command):
        result = run(*command, env=self.environment, user=USER.pw_uid, group=USER.pw_gid, extra_groups=[],
                     cwd=self.place)
        self.assertEqual(result.returncode, 0, result.stderr)

    def tool(self, *arguments, key="token=relay;object=mail;type=private", pin=PIN, code=0):
        lines = f"certificate = {self.certificate}\nprivate_key = pkcs11:{key}\n"
        if pin:
            path = self.write("pin", pin + "\n", USER, 0o600)
            lines += f"private_key_password_file = {path}\n"
        path = self.configuration()
        text = path.read_text(encoding="utf-8").replace("credential = secret\n", "credential = certificate\n" + lines)
        path.write_text("\n".join(line for line in text.splitlines() if "client_secret_file" not in line) + "\n",
                        encoding="utf-8")
        self.config = path
        result = run(TOOL, "--config", str(path), *arguments, env=self.environment)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def test_token(self):
        """the token signs, the tenant verifies; nothing is said on stderr but what the tool says"""
        result = self.tool("token", LOGIN)
        self.assertEqual(len(result.stdout.split(".")), 3)
        for line in result.stderr.splitlines():
            self.assertTrue(line.startswith("sasl-entra: "), line)
        self.assertIn("certificate: CN=token", self.tool("check").stdout)

    def test_agent(self):
        """the agent, which has given up root"""
        self.tool("check")
        self.socket = str(self.place / "run" / "agent.sock")
        agent = self.start("--socket", f"{self.socket},{agent_case.GROUP.gr_name},0666", "--user", USER.pw_name,
                           "--config", str(self.config), env=self.environment)
        agent.wait_for("listening at")
        self.assertEqual(agent_case.wire.ask(self.socket, LOGIN)["kind"], "answer", agent.log)

    def test_wrong(self):
        """wrong PIN, no PIN, unknown token, unknown key: said in words, never asked on a terminal"""
        for words, named in (("does not take the PIN", {"pin": "9999"}), ("wants a PIN", {"pin": None}),
                             ("no such token", {"key": "token=nowhere;object=mail"}),
                             ("no such token or key", {"key": "token=relay;object=nothing"})):
            text = self.tool("token", LOGIN, code=1, **named).stderr
            self.assertIn(words, text)
            self.assertIn("private_key pkcs11:", text)
            self.assertNotIn("9999", text)
            for line in text.splitlines():
                self.assertTrue(line.startswith("sasl-entra: "), line)

    def test_other(self):
        """a key of the token that is not the certificate's"""
        self.as_user("pkcs11-tool", "--module", MODULE, "--token-label", "relay", "--login", "--pin", PIN,
                     "--keypairgen", "--key-type", "rsa:2048", "--label", "other", "--id", "02")
        self.assertIn("is not that of the certificate",
                      self.tool("token", LOGIN, key="token=relay;object=other;type=private", code=1).stderr)


if __name__ == "__main__":
    agent_case.main()
