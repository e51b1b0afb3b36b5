#!/usr/bin/python3
"""Tests of the managed identity endpoints, with nothing but Python's own HTTP client."""

import json
import os
import smtplib
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from urllib.parse import urlencode

import tap

tap.need("cryptography", "jwt", "requests")
import jwt

from assertion_case import ASSERTION_TYPE
from standins import ManagedIdentityStandIn, SubmissionStandIn
from tenant_case import APP_SCOPE, CONTOSO, RELAY, TenantCase

EXCHANGE, EXCHANGE_TOKEN = "https://outlook.office365.com/", "api://AzureADTokenExchange"
MACHINE = {"client_id": "77778888-ffff-9999-aaaa-0000bbbb1111", "object_id": "88889999-aaaa-0000-bbbb-1111cccc2222"}
MAILER = {"client_id": "99990000-1111-2222-3333-444455556666", "object_id": "aaaa0000-1111-2222-3333-444455556666",
          "name": "mailer", "tenant": "contoso.com", "roles": ["SMTP.SendAsApp"],
          "resource_id": "/subscriptions/s/resourceGroups/mail/providers/Microsoft.ManagedIdentity/"
                         "userAssignedIdentities/mailer"}
HEADER = "the-identity-header"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)


class IdentityCase(TenantCase):
    """`arguments` are the program's; `version` and `headers` what a client of that kind sends."""

    arguments, version, headers = (), "2018-02-01", {"Metadata": "true"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = ManagedIdentityStandIn(cls.tenant, *cls.arguments)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        super().setUp()
        self.server.control("reset", {})

    def get(self, url, headers):
        request = urllib.request.Request(url, headers=headers)
        try:
            with _OPENER.open(request, timeout=20) as response:
                return Answer(response)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error)

    def ask(self, headers=None, **query):
        query = {"api-version": self.version, "resource": EXCHANGE, **query}
        query = {name: value for name, value in query.items() if value is not None}
        return self.get(f"{self.server.endpoint}?{urlencode(query)}", self.headers if headers is None else headers)

    def identities(self, *identities):
        document = self.tenant.control("apps")
        self.tenant.control("apps", {**document, "managed_identities": list(identities)}, method="PUT")

    def add_mailer(self):
        self.tenant.control("apps", {"managed_identities": [MAILER]})

    def fault(self, action, **rule):
        self.server.control("fault", {"action": action, **rule})

    def assert_identity(self, answer, identity, audience=EXCHANGE):
        self.assertEqual(answer.status, 200, answer.body)
        claims = self.verified(answer.json()["access_token"], audience)
        self.assertEqual((claims["appid"], claims["oid"], claims["idtyp"], claims["tid"]),
                         (identity["client_id"], identity["object_id"], "app", CONTOSO))
        return claims

    def assert_bad_request(self, answer, pattern, error="invalid_request"):
        self.assertEqual((answer.status, answer.json()["error"]), (400, error))
        self.assertRegex(answer.json()["error_description"], pattern)


class ImdsTest(IdentityCase):
    def test_answer(self):
        """imds: the members are Azure's, all of them strings; the token is the tenant's"""
        answer = self.ask()
        claims = self.assert_identity(answer, MACHINE)
        self.assertEqual((claims["roles"], claims["appidacr"]), (["SMTP.SendAsApp"], "2"))
        members = answer.json()
        self.assertTrue(all(isinstance(value, str) for value in members.values()), members)
        self.assertEqual((members["token_type"], members["expires_in"], members["refresh_token"], members["resource"]),
                         ("Bearer", "86399", "", EXCHANGE))
        self.assertAlmostEqual(int(members["expires_on"]), time.time() + 86399, delta=5)
        self.assertAlmostEqual(int(members["expires_on"]), claims["exp"], delta=2)
        self.assertIn(members["access_token"], self.tenant.text("secrets.txt").splitlines())
        self.assertNotIn(members["access_token"], self.server.text("requests.jsonl"))

    def test_callers(self):
        """imds: without Metadata: true, or through a proxy, nobody gets a token"""
        for headers in ({}, {"Metadata": "false"}, {"Metadata": "True"}):
            self.assert_bad_request(self.ask(headers), "metadata header not specified")
        self.assert_bad_request(self.ask({"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}), "X-Forwarded-For")

    def test_query(self):
        """imds: what is missing, unknown, or too much in the query"""
        self.assert_bad_request(self.ask(resource=None), "'resource' is missing")
        self.assert_bad_request(self.ask(**{"api-version": None}), "'api-version' is missing")
        self.assert_bad_request(self.ask(**{"api-version": "2017-01-01"}), "not supported")
        self.assert_bad_request(self.ask(resource="https://outlook.example"), "AADSTS500011", "invalid_resource")
        self.assert_bad_request(self.ask(resource=APP_SCOPE), "AADSTS500011", "invalid_resource")
        self.assert_bad_request(self.ask(client_id="x", object_id="y"), "More than one")
        self.assertEqual(self.get(self.server.url + "/metadata/instance", self.headers).status, 404)

    def test_selectors(self):
        """imds: identities by client id, object id, resource id; without any, the machine's own or the only one"""
        self.add_mailer()
        self.assert_identity(self.ask(), MACHINE)
        for name, value in (("client_id", MAILER["client_id"]), ("object_id", MAILER["object_id"].upper()),
                            ("msi_res_id", MAILER["resource_id"].lower())):
            answer = self.ask(**{name: value})
            self.assert_identity(answer, MAILER)
            self.assertEqual(answer.json()[name], value)
        self.assert_bad_request(self.ask(client_id="00000000-0000-0000-0000-000000000000"), "^Identity not found$")
        self.assert_identity(self.ask(mi_res_id=MAILER["resource_id"]), MACHINE)  # a name it does not know
        self.identities(MAILER)
        self.assert_identity(self.ask(), MAILER)
        self.identities(MAILER, {**MAILER, "client_id": "b", "object_id": "c"})
        self.assert_bad_request(self.ask(), "Multiple user assigned identities exist")
        self.identities()
        self.assert_bad_request(self.ask(), "^Identity not found$")

    def test_lifetime_and_clock(self):
        """imds: an identity's token_lifetime, the endpoint's own clock, no roles"""
        self.identities({**MAILER, "token_lifetime": 60, "roles": None})
        self.server.control("clock", {"offset": -3600})
        answer = self.ask()
        self.assertEqual(answer.json()["expires_in"], "60")
        claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
        self.assertAlmostEqual(claims["exp"], time.time() - 3540, delta=5)
        self.assertFalse(claims.get("roles"))

    def test_submission(self):
        """imds: the submission server takes the token"""
        server = SubmissionStandIn(self.tenant)
        self.addCleanup(server.stop)
        server.write("mailboxes.json", {"scanner@contoso.com": {"apps": [MACHINE["client_id"]]}})
        token = self.ask().json()["access_token"]
        with smtplib.SMTP("localhost", server.port, timeout=20) as smtp:
            smtp.starttls(context=ssl.create_default_context(cafile=self.tenant.ca))
            smtp.ehlo()
            code, _ = smtp.auth("XOAUTH2", lambda challenge=None: "" if challenge else
                                f"user=scanner@contoso.com\x01auth=Bearer {token}\x01\x01")
        self.assertEqual(code, 235)

    def exchange(self, identity):
        token = self.ask(resource=EXCHANGE_TOKEN, client_id=identity["client_id"]).json()["access_token"]
        return token, self.tenant.ask_token(grant_type="client_credentials", client_id=RELAY, scope=APP_SCOPE,
                                            client_assertion_type=ASSERTION_TYPE, client_assertion=token)

    def test_federated(self):
        """imds: a managed identity's token is the credential of an app that trusts it"""
        self.add_mailer()
        self.tenant.control("apps", {"apps": [{"client_id": RELAY, "secrets": None, "federated": [
            {"issuer": f"https://login.microsoftonline.com/{CONTOSO}/v2.0", "subject": MAILER["object_id"],
             "audience": EXCHANGE_TOKEN}]}]})
        token, answer = self.exchange(MAILER)
        claims = self.verified(token, EXCHANGE_TOKEN)
        self.assertEqual((claims["sub"], claims["azp"], claims["ver"]),
                         (MAILER["object_id"], MAILER["client_id"], "2.0"))
        self.assertEqual(self.verified(answer.json()["access_token"], EXCHANGE.rstrip("/"))["appid"], RELAY)
        self.assert_error(self.exchange(MACHINE)[1], 70021, "invalid_request", 400)

class FaultTest(IdentityCase):
    def test_sequence(self):
        """faults: a list of statuses, each once, with Retry-After; then tokens again"""
        self.server.control("fault", [{"action": {"status": status, "headers": {"Retry-After": "7"}}}
                                      for status in (404, 410, 429, 500, 503)])
        answers = [self.ask() for _ in range(6)]
        self.assertEqual([answer.status for answer in answers], [404, 410, 429, 500, 503, 200])
        self.assertEqual(answers[2].headers["Retry-After"], "7")
        count = f"{self.server.url}/_control/count?outcome="
        self.assertEqual([self.get(count + outcome, {}).body for outcome in ("ok", "http-410")], [b"1\n", b"1\n"])

    def test_bodies(self):
        """faults: redirects, garbage, half a body, delays"""
        self.fault({"status": 302, "headers": {"Location": f"{self.server.endpoint}?redirected"}})
        self.assertEqual(self.ask().status, 400)  # urllib follows
        self.fault({"garbage": 100})
        self.assertEqual(len(self.ask().body), 100)
        self.fault({"cut": True})
        with self.assertRaises(Exception):
            self.ask()
        self.fault({"delay": 0.3})
        start = time.monotonic()
        self.assertEqual(self.ask().status, 200)
        self.assertGreater(time.monotonic() - start, 0.3)

    def test_expires_on(self):
        """faults: expires_on as number, as four kinds of text, and not at all; expires_in missing"""
        def parsed(value, form):
            return datetime.strptime(value, form).replace(tzinfo=timezone.utc).timestamp()
        for form, read in (("number", float), ("string", float),
                           ("us", lambda value: parsed(value, "%m/%d/%Y %H:%M:%S +00:00")),
                           ("us12", lambda value: parsed(value, "%m/%d/%Y %I:%M:%S %p +00:00")),
                           ("iso", lambda value: parsed(value, "%Y-%m-%d %H:%M:%S")),
                           ("rfc3339", lambda value: parsed(value, "%Y-%m-%dT%H:%M:%SZ"))):
            self.fault({"expires_on_form": form, "override": {"expires_in": None}})
            members = self.ask().json()
            self.assertAlmostEqual(read(members["expires_on"]), time.time() + 86399, delta=5, msg=form)
            self.assertNotIn("expires_in", members)
            self.assertEqual(isinstance(members["expires_on"], int), form == "number")
        self.fault({"expires_on_form": "absent"})
        self.assertNotIn("expires_on", self.ask().json())

    def test_ignored_selector(self):
        """faults: an old agent that ignores the selector, and echoes that are not true"""
        self.add_mailer()
        self.fault({"ignore_selector": True})
        answer = self.ask(object_id=MAILER["object_id"])
        self.assert_identity(answer, MACHINE)
        self.assertNotIn("object_id", answer.json())
        self.fault({"override": {"client_id": "other"}}, match={"client_id": MAILER["client_id"]})
        self.assertEqual(self.ask(client_id=MAILER["client_id"]).json()["client_id"], "other")

    def test_unknown(self):
        """faults: what is misspelt is refused"""
        for action in ({"aadsts": 50173}, {"statsu": 1}, {"challenge": {"relm": "x"}}, {"expires_on_form": "x"}):
            with self.assertRaises(RuntimeError):
                self.fault(action)


class AppServiceTest(IdentityCase):
    arguments = ("--kind", "appservice", "--identity-header", HEADER)
    version, headers = "2019-08-01", {"X-IDENTITY-HEADER": HEADER}

    def test_answer(self):
        """appservice: five members, no expires_in"""
        answer = self.ask()
        self.assert_identity(answer, MACHINE)
        self.assertEqual(set(answer.json()), {"access_token", "expires_on", "resource", "token_type", "client_id"})
        self.assertIsInstance(answer.json()["expires_on"], str)

    def test_header(self):
        """appservice: the header must be the secret; the log does not show it"""
        for headers in ({}, {"X-IDENTITY-HEADER": "wrong"}, {"Metadata": "true"}):
            self.assertEqual(self.ask(headers).status, 401)
        self.ask()
        self.assertNotIn(HEADER, self.server.text("requests.jsonl"))
        self.assertIn(HEADER, self.tenant.text("secrets.txt").splitlines())

    def test_selectors(self):
        """appservice: client_id, object_id, mi_res_id; no user-assigned identity is a default"""
        self.add_mailer()
        for name in ("client_id", "object_id"):
            self.assert_identity(self.ask(**{name: MAILER[name]}), MAILER)
        self.assert_identity(self.ask(mi_res_id=MAILER["resource_id"]), MAILER)
        self.assert_identity(self.ask(msi_res_id=MAILER["resource_id"]), MACHINE)  # IMDS's name, unknown here
        self.identities(MAILER)
        for answer in (self.ask(), self.ask(client_id="other")):
            self.assertEqual((answer.status, answer.json()["statusCode"]), (400, 400))
            self.assertIn("No User Assigned or Delegated Managed Identity found", answer.json()["message"])

    def test_version(self):
        """appservice: only 2019-08-01"""
        self.assert_bad_request(self.ask(**{"api-version": "2018-02-01"}), "not supported")


class ArcTest(IdentityCase):
    version = "2020-06-01"

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="sasl-entra-")
        cls.addClassCleanup(directory.cleanup)
        cls.keys = os.path.join(directory.name, "tokens")
        cls.arguments = ("--kind", "arc", "--token-dir", cls.keys)
        super().setUpClass()

    def challenged(self, **query):
        """The path in the challenge."""
        answer = self.ask(**query)
        self.assertEqual(answer.status, 401)
        header = answer.headers["WWW-Authenticate"]
        self.assertTrue(header.startswith("Basic realm="), header)
        return header.removeprefix("Basic realm=")

    def prove(self, path, **query):
        with open(path, encoding="ascii") as file:
            return self.ask({**self.headers, "Authorization": f"Basic {file.read()}"}, **query)

    def test_challenge(self):
        """arc: who read the key file gets a token, once; the file is gone then"""
        path = self.challenged()
        self.assertRegex(path, rf"^{self.keys}/[0-9a-f-]{{36}}\.key$")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o640)
        with open(path, encoding="ascii") as file:
            key = file.read()
        self.assert_identity(self.prove(path), MACHINE)
        self.assertFalse(os.path.exists(path))
        again = self.ask({**self.headers, "Authorization": f"Basic {key}"})
        self.assertEqual(again.status, 401)
        self.assertIn("realm=", again.headers["WWW-Authenticate"])
        self.assertNotIn(key, self.server.text("requests.jsonl"))
        self.assertIn(key, self.tenant.text("secrets.txt").splitlines())

    def test_metadata(self):
        """arc: Metadata: true is needed here too"""
        self.assert_bad_request(self.ask({}), "metadata header")

    def test_selectors(self):
        """arc: msi_res_id names an identity, mi_res_id is ignored; 404 identity_not_found"""
        self.add_mailer()
        for name, value in (("client_id", MAILER["client_id"]), ("object_id", MAILER["object_id"]),
                            ("msi_res_id", MAILER["resource_id"])):
            query = {name: value}
            answer = self.prove(self.challenged(**query), **query)
            self.assert_identity(answer, MAILER)
            self.assertEqual(answer.json()[name], value)
        query = {"mi_res_id": MAILER["resource_id"]}
        self.assert_identity(self.prove(self.challenged(**query), **query), MACHINE)
        for client_id in ("other", MACHINE["client_id"]):
            answer = self.ask(client_id=client_id)
            self.assertEqual((answer.status, answer.json()["error"]), (404, "identity_not_found"))

    def test_evil_challenges(self):
        """arc: headers and key files as a bad agent, or another program on its port, would make them"""
        cases = (({"header": None}, None), ({"header": "Negotiate"}, "Negotiate$"),
                 ({"scheme": "Digest"}, rf"Digest realm={self.keys}/"),
                 ({"realm": "/etc/shadow"}, "Basic realm=/etc/shadow$"),
                 ({"realm": "{directory}/../tokens/{name}"}, rf"Basic realm={self.keys}/\.\./tokens/\S+\.key$"),
                 ({"suffix": ".txt"}, rf"Basic realm={self.keys}/\S+\.txt$"),
                 ({"directory": self.keys + "2"}, rf"Basic realm={self.keys}2/\S+\.key$"))
        for challenge, pattern in cases:
            with self.subTest(**challenge):
                self.fault({"challenge": challenge})
                header = self.ask().headers["WWW-Authenticate"]
                if pattern is None:
                    self.assertIsNone(header)
                else:
                    self.assertRegex(header, "^" + pattern)
        self.fault({"challenge": {"size": 4097}})
        self.assertEqual(os.path.getsize(self.challenged()), 4097)
        self.fault({"challenge": {"symlink": True}})
        path = self.challenged()
        self.assertTrue(os.path.islink(path))
        self.assert_identity(self.prove(path), MACHINE)
        self.assertFalse(os.path.lexists(path))
        self.fault({"challenge": {"absent": True}})
        self.assertFalse(os.path.exists(self.challenged()))


class ProgramTest(TenantCase):
    def test_end(self):
        """SIGTERM ends it with 0; no ready file, no key files and no troubles stay behind"""
        with tempfile.TemporaryDirectory() as keys:
            server = ManagedIdentityStandIn(self.tenant, "--kind", "arc", "--token-dir", keys)
            self.addCleanup(server.stop)
            request = urllib.request.Request(
                f"{server.endpoint}?{urlencode({'api-version': '2020-06-01', 'resource': EXCHANGE})}",
                headers={"Metadata": "true"})
            with self.assertRaises(urllib.error.HTTPError):
                _OPENER.open(request, timeout=20)
            self.assertEqual(len(os.listdir(keys)), 1)
            status, output = server.terminate()
            self.assertEqual((status, output), (0, f"managed identity: ready at {server.url}\n"))
            self.assertEqual(os.listdir(keys), [])
            self.assertFalse(os.path.exists(server.path("managed_identity.json")))
            self.assertEqual(server.text("managed_identity.log"), "")

    def test_no_tenant(self):
        """without a tenant's directory it does not start"""
        with tempfile.TemporaryDirectory() as empty:
            program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "managed_identity.py")
            ended = subprocess.run([program, "--dir", empty, "--tenant", empty], capture_output=True, text=True,
                                   timeout=30, check=False)
            self.assertEqual((ended.returncode, ended.stdout), (1, ""))
            self.assertIn("no tenant has run", ended.stderr)

    def test_namespace(self):
        """azure_namespace.sh: the real address and directories, and the command's own exit status"""
        if subprocess.run(["unshare", "-r", "-n", "-m", "true"], capture_output=True, check=False).returncode:
            self.skipTest("no namespaces here")
        here = os.path.dirname(os.path.abspath(__file__))
        with tempfile.TemporaryDirectory() as directory:
            script = f"""
                {here}/managed_identity.py --dir {directory} --tenant {self.tenant.directory} \\
                    --listen 169.254.169.254:80 >/dev/null & server=$!
                for i in $(seq 200); do [ -e {directory}/managed_identity.json ] && break; sleep 0.05; done
                /usr/bin/python3 -c 'import urllib.request as u
print(u.build_opener(u.ProxyHandler({{}})).open(u.Request("http://169.254.169.254/metadata/identity/oauth2/token"
    "?api-version=2018-02-01&resource={EXCHANGE}", headers={{"Metadata": "true"}}), timeout=20).status)'
                kill $server; wait $server
                ls -A /var/opt/azcmagent /opt/azcmagent
                touch /var/opt/azcmagent/x
                exit 7"""
            before = [sorted(os.listdir(name)) for name in ("/opt", "/var/opt")]
            ended = subprocess.run([os.path.join(here, "azure_namespace.sh"), "sh", "-c", script],
                                   capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((ended.returncode, ended.stderr), (7, ""), ended.stdout)
            self.assertEqual(ended.stdout.split(), ["200", "/opt/azcmagent:", "/var/opt/azcmagent:"])
            self.assertEqual([sorted(os.listdir(name)) for name in ("/opt", "/var/opt")], before)


if __name__ == "__main__":
    sys.exit(tap.main())
