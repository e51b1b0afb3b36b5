#!/usr/bin/python3
"""Tests of the plain OAuth 2.0 server, as Google behaves, and of the servers that take its tokens and Azure's."""

import sys
from urllib.parse import urlencode

import tap

tap.need("cryptography", "jwt", "requests")
from people_case import CHALLENGE, VERIFIER, PeopleCase, in_query
from standins import SubmissionStandIn
from submission_case import RELAY, SubmissionCase

CLIENT, SECRET = "1234567890-abc.apps.googleusercontent.com", "GOCSPX-Desk+top/Secret=1"
GINA, PASSWORD = "gina@gmail.com", "Zebra=Violin+&9"
SCOPE = "https://mail.google.com/"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Client:
    """A client of the generic server."""

    def __init__(self, tenant):
        self.tenant, self.base = tenant, f"{tenant.authority}/generic"

    def url(self, **changes):
        query = {"client_id": CLIENT, "redirect_uri": "http://127.0.0.1:4711/x", "response_type": "code",
                 "scope": SCOPE, "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
                 "access_type": "offline", "prompt": "consent", **changes}
        return f"{self.base}/authorize?" + urlencode({n: v for n, v in query.items() if v is not None})

    def code(self, **changes):
        location = self.tenant.control("authorize", {"url": self.url(**changes), "upn": GINA})["location"]
        return in_query(location)["code"]

    def token(self, **changes):
        form = {"client_id": CLIENT, "client_secret": SECRET, **changes}
        return self.tenant.http.post(f"{self.base}/token", data={n: v for n, v in form.items() if v is not None},
                                     timeout=20)

    def redeem(self, code, **changes):
        return self.token(**{"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER,
                             "redirect_uri": "http://127.0.0.1:4711/x", **changes})

    def refresh(self, token, **changes):
        return self.token(grant_type="refresh_token", refresh_token=token, **changes)

    def device(self):
        return self.tenant.http.post(f"{self.base}/device", data={"client_id": CLIENT, "scope": SCOPE}).json()

    def poll(self, answer):
        return self.token(grant_type=DEVICE_GRANT, device_code=answer["device_code"])


class GenericTest(PeopleCase):
    def setUp(self):
        super().setUp()
        self.client = Client(self.tenant)

    def assert_plain(self, answer, status, error, text):
        self.assertEqual((answer.status_code, answer.json()), (status, {"error": error, "error_description": text}))

    def test_walk(self):
        """through the pages: code, opaque tokens, refresh without a new refresh token"""
        end = self.walk(self.browse(self.client.url()), GINA, PASSWORD)
        query = in_query(end.headers["Location"])
        self.assertEqual((query["state"], query["scope"], query["code"][:4]), ("s", SCOPE, "4/0A"))
        answer = self.client.redeem(query["code"]).json()
        self.assertEqual(set(answer), {"access_token", "refresh_token", "expires_in", "scope", "token_type"})
        self.assertTrue(answer["access_token"].startswith("ya29."))
        self.assertTrue(answer["refresh_token"].startswith("1//"))
        again = self.client.refresh(answer["refresh_token"]).json()
        self.assertEqual(set(again), {"access_token", "expires_in", "scope", "token_type"})
        secrets = self.tenant.text("secrets.txt").splitlines()
        for secret in (SECRET, PASSWORD, query["code"], answer["access_token"], answer["refresh_token"]):
            self.assertIn(secret, secrets)
            self.assertNotIn(secret, self.tenant.text("requests.jsonl"))

    def test_offline(self):
        """a refresh token only with access_type=offline, and where consent was asked"""
        for changes, given in (({"access_type": None}, False), ({"prompt": None}, False), ({}, True)):
            self.assertEqual("refresh_token" in self.client.redeem(self.client.code(**changes)).json(), given, changes)
        self.tenant.control("apps", {"consents": []})
        self.assertIn("refresh_token", self.client.redeem(self.client.code(prompt=None)).json())

    def test_wrong_links(self):
        """a wrong link is a page; a wrong password the page again; cancel is access_denied"""
        for changes, error in (({"client_id": "x"}, "invalid_client"), ({"scope": None}, "invalid_request"),
                               ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
                               ({"response_type": "token"}, "unsupported_response_type")):
            page = self.browse(self.client.url(**changes))
            self.assertEqual((page.status_code, f"Error 400: {error}" in page.text), (400, True), changes)
        page = self.sign_in(self.browse(self.client.url()), GINA, "wrong")
        self.assertIn("Wrong password", page.text)
        end = self.walk(page, GINA, PASSWORD, decision="cancel")
        self.assertEqual(in_query(end.headers["Location"]), {"state": "s", "error": "access_denied"})

    def test_code_errors(self):
        """errors have two members and no number"""
        client, code = self.client, self.client.code()
        self.assert_plain(client.redeem(code, client_secret=None), 400, "invalid_request", "client_secret is missing.")
        self.assert_plain(client.redeem(code, client_secret="x"), 401, "invalid_client", "Unauthorized")
        self.assert_plain(client.redeem(code, client_id="x"), 401, "invalid_client", "The OAuth client was not found.")
        self.assert_plain(client.redeem("4/x"), 400, "invalid_grant", "Malformed auth code.")
        self.assert_plain(client.redeem(code, code_verifier=None), 400, "invalid_grant", "Missing code verifier.")
        self.assert_plain(client.redeem(code, code_verifier="x" * 43), 400, "invalid_grant", "Invalid code verifier.")
        self.assert_plain(client.redeem(code, redirect_uri="http://127.0.0.1/"), 400, "redirect_uri_mismatch",
                          "Bad Request")
        self.assert_plain(client.token(grant_type="x"), 400, "unsupported_grant_type", "Invalid grant_type: x")
        self.assertEqual(client.redeem(code).status_code, 200)
        self.assert_plain(client.redeem(code), 400, "invalid_grant", "Bad Request")

    def test_refresh_errors(self):
        """a revoked, an unused and a foreign refresh token; and a server that rotates"""
        client = self.client
        def fresh():
            return client.redeem(client.code()).json()["refresh_token"]
        first, second = fresh(), fresh()
        self.assert_plain(client.refresh("1//noise"), 400, "invalid_grant", "Bad Request")
        self.tenant.control("revoke", {"refresh_token": first})
        self.assert_plain(client.refresh(first), 400, "invalid_grant", "Token has been expired or revoked.")
        self.assertEqual(client.refresh(second).status_code, 200)
        self.tenant.control("revoke", {"upn": GINA})
        self.assert_plain(client.refresh(second), 400, "invalid_grant", "Token has been expired or revoked.")
        self.tenant.control("apps", {"generic_apps": [{"client_id": CLIENT, "rotate": True}]})
        third = fresh()
        self.assertIn("refresh_token", client.refresh(third).json())
        self.assertEqual(client.refresh(third).status_code, 400)

    def test_device(self):
        """RFC 8628 with verification_uri_complete; Google's statuses, and RFC 6749's"""
        self.tenant.control("apps", {"device": {"interval": 0}})
        client, answer = self.client, self.client.device()
        self.assert_plain(client.poll(answer), 428, "authorization_pending", "Precondition Required")
        self.tenant.control("device", {"slow_down": 1})
        self.assert_plain(client.poll(answer), 403, "slow_down", "Forbidden")
        self.tenant.control("clock", {"offset": 10})
        page = self.browse(answer["verification_uri_complete"])
        self.walk(self.submit(page), GINA, PASSWORD)
        self.assertIn("refresh_token", client.poll(answer).json())
        self.assertEqual(client.poll(answer).json()["error"], "invalid_grant")
        answer = client.device()
        self.tenant.control("device", {"upn": GINA, "deny": True})
        self.assert_plain(client.poll(answer), 403, "access_denied", "Forbidden")
        self.tenant.control("apps", {"generic_apps": [{"client_id": CLIENT, "style": "rfc"}]})
        answer = client.device()
        self.assertEqual(client.poll(answer).status_code, 400)
        self.tenant.control("device", {"expire": True})
        self.assertEqual(client.poll(answer).json()["error"], "expired_token")


class GoogleSubmissionTest(SubmissionCase):
    arguments = ("--mode", "google")

    def test_token(self):
        """submission.py --mode google takes the opaque token"""
        client = Client(self.tenant)
        token = client.redeem(client.code()).json()["access_token"]
        self.server.write("mailboxes.json", {GINA: {}})
        self.assertEqual(self.authenticate(self.connect(), token, GINA)[0], 235)


class AcsSubmissionTest(SubmissionCase):
    arguments = ("--mode", "acs")

    def test_token(self):
        """submission.py --mode acs: Azure's audience, a configured SMTP user name, 535 5.7.3 for all else"""
        token = self.app_token("https://communication.azure.com/.default")
        self.server.write("mailboxes.json", {"relay-user": {"apps": [RELAY]}, "other": {"apps": []}})
        smtp = self.connect()
        self.assertEqual(smtp.esmtp_features["auth"].split(), ["LOGIN", "XOAUTH2"])
        self.assertEqual(self.authenticate(smtp, token, "relay-user")[0], 235)
        for user in ("other", "nobody"):
            self.assert_refused(token, r"535 5\.7\.3 ", user)
        self.assert_refused(self.app_token(), r"535 5\.7\.3 ", "relay-user")
        self.assert_refused(self.user_token(), r"535 5\.7\.3 ", "relay-user")

    def test_audience(self):
        """--audience makes any mode take it"""
        server = SubmissionStandIn(self.tenant, "--audience", "https://communication.azure.com")
        self.addCleanup(server.stop)
        server.write("mailboxes.json", {"relay-user": {"apps": [RELAY]}})
        self.server, before = server, self.server
        self.addCleanup(setattr, self, "server", before)
        token = self.app_token("https://communication.azure.com/.default")
        self.assertEqual(self.authenticate(self.connect(), token, "relay-user")[0], 235)


if __name__ == "__main__":
    sys.exit(tap.main())
