#!/usr/bin/python3
"""Tests of the stand-in tenant's answers, first of all with Microsoft's own client."""

import base64
import json
import sys
import time
from urllib.parse import quote, quote_plus

import tap

tap.need("cryptography", "jwt", "msal", "requests")
import jwt
import msal

from tenant_case import APP_SCOPE, CONTOSO, RELAY, SCANNER, SECRET, USER_SCOPE, TenantCase


class MsalTest(TenantCase):
    def confidential(self, secret):
        return msal.ConfidentialClientApplication(
            RELAY, client_credential=secret, authority=f"{self.tenant.authority}/{CONTOSO}",
            instance_discovery=False, verify=self.tenant.ca)

    def test_app_token(self):
        """msal: app-only token with a secret full of special characters"""
        result = self.confidential(SECRET).acquire_token_for_client([APP_SCOPE])
        self.assertIn("access_token", result, result)
        self.assertEqual((result["token_type"], result["expires_in"]), ("Bearer", 3599))
        self.assertNotIn("refresh_token", result)
        claims = self.verified(result["access_token"], "https://outlook.office365.com")
        self.assertEqual(claims["appid"], RELAY)
        self.assertEqual(claims["roles"], ["SMTP.SendAsApp"])
        self.assertEqual((claims["idtyp"], claims["tid"], claims["ver"]), ("app", CONTOSO, "1.0"))
        self.assertNotIn("scp", claims)

    def test_wrong_secret(self):
        """msal: a wrong secret is Entra's invalid_client, AADSTS7000215"""
        result = self.confidential(SECRET + "x").acquire_token_for_client([APP_SCOPE])
        self.assertEqual((result["error"], result["error_codes"]), ("invalid_client", [7000215]))
        self.assertIn("correlation_id", result)

    def test_refresh(self):
        """msal: a public client refreshes, gets an id token, and the next refresh token"""
        app = msal.PublicClientApplication(SCANNER, authority=f"{self.tenant.authority}/{CONTOSO}",
                                           instance_discovery=False, verify=self.tenant.ca)
        old = self.mint()
        result = app.acquire_token_by_refresh_token(old, [USER_SCOPE])
        self.assertIn("access_token", result, result)
        claims = self.verified(result["access_token"], "https://outlook.office.com")
        self.assertEqual((claims["upn"], claims["scp"]), ("anna@contoso.com", "SMTP.Send"))
        self.assertEqual(result["id_token_claims"]["preferred_username"], "anna@contoso.com")
        self.assertEqual([account["username"] for account in app.get_accounts()], ["anna@contoso.com"])
        self.assertNotEqual(result["refresh_token"], old)
        for token in (result["refresh_token"], old):  # Entra keeps the old one valid
            self.assertIn("access_token", app.acquire_token_by_refresh_token(token, [USER_SCOPE]))

    def test_revoked(self):
        """msal: a revoked refresh token is invalid_grant, AADSTS50173"""
        app = msal.PublicClientApplication(SCANNER, authority=f"{self.tenant.authority}/{CONTOSO}",
                                           instance_discovery=False, verify=self.tenant.ca)
        token = self.mint()
        self.tenant.control("revoke", {"upn": "anna@contoso.com"})
        result = app.acquire_token_by_refresh_token(token, [USER_SCOPE])
        self.assertEqual((result["error"], result["error_codes"], result["suberror"]),
                         ("invalid_grant", [50173], "bad_token"))
        self.assertIn("access_token", app.acquire_token_by_refresh_token(self.mint(), [USER_SCOPE]))


class ErrorTest(TenantCase):
    def test_table(self):
        """every error a client credentials request can earn, with Entra's number, error and status"""
        cases = [
            (dict(tenant="nowhere.example"), 90002, "invalid_request", 400),
            (dict(tenant="not_a_tenant"), 900023, "invalid_request", 400),
            (dict(tenant="common"), 9001023, "invalid_request", 400),
            (dict(tenant="organizations"), 50059, "invalid_request", 400),
            (dict(client_id="99999999-0000-0000-0000-000000000000"), 700016, "unauthorized_client", 400),
            (dict(client_secret="wrong"), 7000215, "invalid_client", 401),
            (dict(client_secret=None), 7000218, "invalid_client", 401),
            (dict(client_id=SCANNER), 700025, "invalid_client", 401),
            (dict(client_id=SCANNER, client_secret=None), 7000218, "invalid_client", 401),
            (dict(grant_type=None), 900144, "invalid_request", 400),
            (dict(client_id=None), 900144, "invalid_request", 400),
            (dict(scope=None), 900144, "invalid_request", 400),
            (dict(grant_type="magic"), 70003, "unsupported_grant_type", 400),
            (dict(scope=USER_SCOPE), 1002012, "invalid_scope", 400),
            (dict(scope=APP_SCOPE + " openid"), 1002012, "invalid_scope", 400),
            (dict(scope=APP_SCOPE + " https://graph.microsoft.com/.default"), 70011, "invalid_scope", 400),
            (dict(scope='bad"scope/.default'), 70011, "invalid_scope", 400),
            (dict(scope="https://outlook.example/.default"), 500011, "invalid_resource", 400),
        ]
        for changes, number, error, status in cases:
            with self.subTest(number=number, **changes):
                self.assert_error(self.app_token(**changes), number, error, status)

    def test_expired_secret(self):
        """an expired secret is AADSTS7000222; time is the tenant's"""
        soon = time.time() + 1000
        self.tenant.control("apps", {"apps": [{"client_id": RELAY,
                                               "secrets": [{"value": SECRET, "expires": soon}]}]})
        self.assertEqual(self.app_token().status_code, 200)
        self.tenant.control("clock", {"offset": 2000})
        self.assert_error(self.app_token(), 7000222, "invalid_client", 401)

    def test_get(self):
        """GET at the token endpoint is AADSTS900561"""
        answer = self.tenant.http.get(f"{self.tenant.authority}/contoso.com/oauth2/v2.0/token")
        self.assert_error(answer, 900561, "invalid_request", 400)

    def test_refresh_errors(self):
        """what a refresh token can earn"""
        for token, changes, number, error in (
                ("noise", {}, 9002313, "invalid_grant"),
                ("1.A" + "x" * 900, {}, 70000, "invalid_grant"),
                (self.mint(issued_ago=91 * 86400), {}, 700082, "invalid_grant"),
                (self.mint(), {"tenant": "consumers"}, 7000012, "invalid_grant"),
                (self.mint(), {"scope": "https://outlook.office.com/IMAP.AccessAsUser.All"}, 65001, "invalid_grant"),
                (self.mint(), {"scope": USER_SCOPE + " https://graph.microsoft.com/Mail.Send"}, 28000,
                 "invalid_request"),
                (self.mint(), {"scope": "SMTP.Send"}, 65001, "invalid_grant"),
                (self.mint(client_id=RELAY), {}, 70000, "invalid_grant")):
            with self.subTest(number=number, **changes):
                self.assert_error(self.refresh(token, **changes), number, error, 400)
        self.assert_error(self.refresh(self.mint(), client_secret="x"), 700025, "invalid_client", 401)
        single = self.mint()
        self.tenant.control("revoke", {"refresh_token": single, "aadsts": 70043})
        self.assert_error(self.refresh(single), 70043, "invalid_grant", 400)

    def test_headers(self):
        """headers as Entra sends them; client-request-id is echoed when asked for"""
        wanted = "0f0e0d0c-0b0a-0908-0706-050403020100"
        answer = self.tenant.ask_token(headers={"client-request-id": wanted, "return-client-request-id": "true"},
                                       **self.app_form(client_secret="wrong"))
        self.assertEqual(answer.headers["client-request-id"], wanted)
        self.assertEqual(answer.json()["correlation_id"], wanted)
        self.assertEqual(answer.headers["x-ms-request-id"], answer.json()["trace_id"])
        self.assertIn("no-store", answer.headers["Cache-Control"])
        self.assertNotIn("client-request-id", self.app_token().headers)


class FormTest(TenantCase):
    def post(self, body):
        return self.tenant.http.post(f"{self.tenant.authority}/contoso.com/oauth2/v2.0/token", data=body,
                                     headers={"Content-Type": "application/x-www-form-urlencoded"})

    def body(self, encoded_secret):
        return (f"client_id={RELAY}&grant_type=client_credentials&scope={quote(APP_SCOPE, safe='')}"
                f"&client_secret={encoded_secret}")

    def test_encodings(self):
        """a secret matches in every correct encoding"""
        lower = quote(SECRET, safe="").replace("%2F", "%2f")
        for encoded in (quote_plus(SECRET), quote(SECRET, safe=""), quote(SECRET, safe="~"), lower,
                        "".join(f"%{byte:02X}" for byte in SECRET.encode())):
            self.assertEqual(self.post(self.body(encoded)).status_code, 200, encoded)

    def test_wrong_encodings(self):
        """a secret does not match when one character went unencoded"""
        for character in "+&%=/ ":
            with self.subTest(character=character):
                half_done = quote(SECRET, safe=character if character != "%" else "")
                if character == "%":
                    half_done = half_done.replace("%25", "%")
                if character == " ":
                    half_done = half_done.replace("%20", " ")
                self.assertIn(self.post(self.body(half_done)).json()["error_codes"], ([7000215], [9002313]))

    def test_malformed(self):
        """malformed forms are AADSTS9002313"""
        for body in (self.body("%zz"), self.body("%e"), self.body("%ff%fe"), self.body("x") + "&scope=twice"):
            self.assert_error(self.post(body), 9002313, "invalid_request", 400)

    def test_basic(self):
        """HTTP Basic works, with id and secret form-encoded first (RFC 6749 2.3.1), and only so"""
        form = self.app_form(client_id=None, client_secret=None)
        right = base64.b64encode(f"{RELAY}:{quote_plus(SECRET)}".encode()).decode()
        wrong = base64.b64encode(f"{RELAY}:{SECRET}".encode()).decode()
        self.assertEqual(self.tenant.ask_token(headers={"Authorization": f"Basic {right}"}, **form).status_code, 200)
        self.assertNotEqual(self.tenant.ask_token(headers={"Authorization": f"Basic {wrong}"}, **form).status_code,
                            200)


class TokenTest(TenantCase):
    def test_size(self):
        """tokens have the length of Entra's"""
        for _ in range(20):
            self.assertTrue(1500 <= len(self.app_token().json()["access_token"]) <= 2500)
        self.assertTrue(1500 <= len(self.refresh(self.mint()).json()["access_token"]) <= 2500)
        self.assertGreater(len(self.mint()), 800)

    def test_short_life_and_clock(self):
        """lifetimes of seconds, and the tenant's own time"""
        self.tenant.control("apps", {"apps": [{"client_id": RELAY, "token_lifetime": 3}]})
        self.tenant.control("clock", {"offset": 86400})
        answer = self.app_token().json()
        claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
        self.assertEqual(answer["expires_in"], 3)
        self.assertAlmostEqual(claims["exp"], time.time() + 86400 + 3, delta=3)

    def test_forms_of_expires_in(self):
        """expires_in as number, as string, and not at all; refresh_in"""
        for form, expected in (("int", 3599), ("string", "3599"), ("absent", None)):
            self.tenant.control("apps", {"apps": [{"client_id": RELAY, "expires_in_form": form}]})
            self.assertEqual(self.app_token().json().get("expires_in"), expected)
        self.tenant.control("apps", {"apps": [{"client_id": RELAY, "refresh_in": 1800}]})
        self.assertEqual(self.app_token().json()["refresh_in"], 1800)

    def test_no_roles(self):
        """an app without permissions gets a token without roles"""
        self.tenant.control("apps", {"apps": [{"client_id": RELAY, "roles": None}]})
        claims = jwt.decode(self.app_token().json()["access_token"], options={"verify_signature": False})
        self.assertNotIn("roles", claims)

    def test_personal(self):
        """personal accounts get opaque tokens"""
        answer = self.refresh(self.mint("someone@outlook.com"), tenant="consumers").json()
        self.assertTrue(answer["access_token"].startswith("EwB"))
        self.assertEqual(answer["access_token"].count("."), 0)
        self.assertIn("refresh_token", answer)

    def test_without_offline_access(self):
        """no refresh token where offline_access was not consented"""
        self.assertNotIn("refresh_token", self.refresh(self.mint(scope=USER_SCOPE)).json())

    def test_confidential_refresh(self):
        """a confidential client must prove itself when it refreshes"""
        token = self.mint(client_id=RELAY)
        self.assert_error(self.refresh(token, client_id=RELAY), 7000218, "invalid_client", 401)
        self.assertEqual(self.refresh(token, client_id=RELAY, client_secret=SECRET).status_code, 200)

    def test_discovery(self):
        """discovery documents name the endpoints of the host asked"""
        base = f"{self.tenant.authority}/{CONTOSO}"
        document = self.tenant.http.get(f"{base}/v2.0/.well-known/openid-configuration").json()
        self.assertEqual(document["token_endpoint"], f"{base}/oauth2/v2.0/token")
        self.assertEqual(document["issuer"], f"https://login.microsoftonline.com/{CONTOSO}/v2.0")
        keys = self.tenant.http.get(document["jwks_uri"]).json()
        self.assertEqual(keys, json.loads(self.tenant.text("jwks.json")))
        instance = self.tenant.http.get(f"{self.tenant.authority}/common/discovery/instance", params={
            "api-version": "1.1", "authorization_endpoint": f"{base}/oauth2/v2.0/authorize"}).json()
        self.assertEqual(instance["tenant_discovery_endpoint"], f"{base}/v2.0/.well-known/openid-configuration")
        self.assertEqual(self.tenant.http.get(f"{self.tenant.authority}/nothing/here").status_code, 404)


if __name__ == "__main__":
    sys.exit(tap.main())
