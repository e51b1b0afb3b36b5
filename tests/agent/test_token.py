"""sasl-entra token and refresh: in this process, with a tenant."""

import base64
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import LOGIN, TOOL, USER, TenantCase, run  # noqa: E402


class Token(TenantCase):
    def tool(self, *arguments, code=0, extra="", **named):
        name = f"{len(extra)}.conf"
        # written once: another secret file would be another reason to ask again
        config = self.place / name if (self.place / name).exists() else self.configuration(extra=extra, name=name)
        result = run(TOOL, "--config", str(config), *arguments, **named)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def token(self):
        return self.tool("token", LOGIN).stdout.strip()

    def test_raw(self):
        """raw: the token, a line; the second time it is the same one"""
        first = self.tool("token", LOGIN)
        self.assertEqual(len(first.stdout.split(".")), 3)
        self.assertEqual(first.stdout.count("\n"), 1)
        self.assertEqual(self.tool("token", "relay", "--format", "raw").stdout, first.stdout)
        self.assertEqual(self.requests(), 1)
        self.assertNotIn(first.stdout.strip(), first.stderr)

    def test_xoauth2(self):
        """xoauth2: the initial response in base64"""
        text = self.tool("token", LOGIN, "--format", "xoauth2").stdout
        self.assertEqual(base64.b64decode(text.strip(), validate=True).decode(),
                         f"user={LOGIN}\x01auth=Bearer {self.token()}\x01\x01")

    def test_oauthbearer(self):
        """oauthbearer: the same, with the host when it is known"""
        host = "smtp.office365.com"
        text = self.tool("token", LOGIN, "--format", "oauthbearer", "--server", host).stdout
        self.assertEqual(base64.b64decode(text.strip(), validate=True).decode(),
                         f"n,a={LOGIN},\x01host={host}\x01auth=Bearer {self.token()}\x01\x01")
        text = self.tool("token", LOGIN, "--format", "oauthbearer").stdout
        self.assertNotIn(b"host=", base64.b64decode(text))

    def test_json(self):
        """json: user, token, lifetime, fingerprint"""
        value = json.loads(self.tool("token", LOGIN, "--format", "json").stdout)
        self.assertEqual(list(value), ["user", "access_token", "expires_in", "fingerprint"])
        self.assertEqual((value["user"], value["access_token"]), (LOGIN, self.token()))
        self.assertTrue(3500 < value["expires_in"] <= 3600)
        self.assertRegex(value["fingerprint"], "^[0-9a-f]{8}$")

    def test_label(self):
        """a label is no user: a response needs a login name or sasl_user, JSON says null"""
        result = self.tool("token", "relay", "--format", "xoauth2", code=1)
        self.assertIn("give a login name", result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertIsNone(json.loads(self.tool("token", "relay", "--format", "json").stdout)["user"])
        text = self.tool("token", "relay", "--format", "xoauth2", extra="sasl_user = shared@contoso.com\n").stdout
        self.assertTrue(base64.b64decode(text).startswith(b"user=shared@contoso.com\x01"))

    def test_service(self):
        """--service chooses the user of the service"""
        extra = "sasl_user_smtp = s@contoso.com\nsasl_user_imap = i@contoso.com\n"
        for service, user in (("smtp", "s@contoso.com"), ("imap", "i@contoso.com"), ("pop", LOGIN)):
            text = self.tool("token", LOGIN, "--format", "json", "--service", service, extra=extra).stdout
            self.assertEqual(json.loads(text)["user"], user)

    def test_server(self):
        """--server outside of `servers`: refused, 1"""
        result = self.tool("token", LOGIN, "--server", "mail.example.org", code=1)
        self.assertIn("mail.example.org", result.stderr)
        self.assertEqual(self.requests(), 0)

    def test_owner(self):
        """as root: the state is its owner's afterwards, not root's"""
        self.token()
        for path in (self.place / "state").iterdir():
            self.assertEqual(path.stat().st_uid, USER.pw_uid, path)

    def test_refresh(self):
        """refresh: a new token each time, its fingerprint and lifetime, and how to flush the queue"""
        before = self.token()
        self.write("bin/postqueue", "#!/bin/sh\n", mode=0o755)
        path = f"{self.place}/bin:{os.environ['PATH']}"
        result = self.tool("refresh", LOGIN, env=dict(os.environ, PATH=path))
        self.assertRegex(result.stdout, rf"^{LOGIN}: new token [0-9a-f]{{8}}, good for 3[56]\d\d seconds\n$")
        self.assertIn("postqueue -f", result.stderr)
        self.assertNotEqual(self.token(), before)
        self.assertEqual(self.requests(), 2)
        if not any(os.path.exists(f"/usr/{each}/postqueue") for each in ("sbin", "local/sbin", "bin")):
            self.assertNotIn("postqueue", self.tool("refresh", LOGIN).stderr)
        value = json.loads(self.tool("refresh", "relay", "--json").stdout)
        self.assertTrue(value["changed"])
        self.assertEqual(set(value), {"name", "expires_in", "fingerprint", "changed"})

    def test_refresh_forgets(self):
        """refresh: a remembered error is forgotten"""
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"aadsts": 7000215},
                                      "count": 1})
        first = self.tool("token", LOGIN, code=1)
        self.assertIn("AADSTS7000215", first.stderr)
        self.assertIn("AADSTS7000215", self.tool("token", LOGIN, code=1).stderr)
        self.assertEqual(self.requests(), 1)
        self.tool("refresh", LOGIN)
        self.token()

    def test_no_trace(self):
        """no token or secret in the arguments, on stderr, or in a core"""
        result = self.tool("token", LOGIN, "--format", "json")
        self.assertNotIn(json.loads(result.stdout)["access_token"], result.stderr)
        self.assertNotIn(agent_case.SECRET, result.stdout + result.stderr)


if __name__ == "__main__":
    sys.exit(agent_case.main())
