#!/usr/bin/python3
"""Microsoft's own client signs people in at the stand-in tenant, and the log shows what it sends."""

import sys
from urllib.parse import parse_qsl, urlsplit

import tap

tap.need("cryptography", "jwt", "msal", "requests")
import msal

from people_case import ANNA, PeopleCase, in_query
from tenant_case import CONTOSO, SCANNER, USER_SCOPE


class MsalPeopleTest(PeopleCase):
    def app(self, tenant=CONTOSO):
        return msal.PublicClientApplication(SCANNER, authority=f"{self.tenant.authority}/{tenant}",
                                            instance_discovery=False, verify=self.tenant.ca)

    def requests(self, query):
        return self.tenant.control("requests?" + query)

    def test_auth_code(self):
        """msal: authorization code with PKCE, nonce and client_info, through the pages; then a refresh"""
        app = self.app()
        flow = app.initiate_auth_code_flow([USER_SCOPE], redirect_uri="http://localhost:5000")
        end = self.walk(self.browse(flow["auth_uri"]))
        self.assertTrue(end.headers["Location"].startswith("http://localhost:5000/?code="))
        result = app.acquire_token_by_auth_code_flow(flow, in_query(end.headers["Location"]))
        self.assertIn("access_token", result, result)
        self.assertEqual(result["id_token_claims"]["preferred_username"], ANNA)
        claims = self.verified(result["access_token"], "https://outlook.office.com")
        self.assertEqual((claims["upn"], claims["scp"]), (ANNA, "SMTP.Send"))
        again = self.app().acquire_token_by_refresh_token(result["refresh_token"], [USER_SCOPE])
        self.assertIn("access_token", again, again)
        asked = self.requests("path=authorize&method=GET")[-1]["parameters"]
        self.assertEqual(asked, dict(parse_qsl(urlsplit(flow["auth_uri"]).query)))
        self.assertEqual(asked["code_challenge_method"], "S256")
        redeemed = self.requests("grant=authorization_code")[-1]["form"]
        self.assertLessEqual({"client_id", "code", "code_verifier", "redirect_uri", "scope", "client_info"},
                             set(redeemed))
        for name in ("code", "code_verifier"):
            self.assertRegex(redeemed[name], "^sha256:")

    def test_declined(self):
        """msal: a cancelled consent is access_denied"""
        app = self.app()
        flow = app.initiate_auth_code_flow([USER_SCOPE], redirect_uri="http://localhost:5000")
        end = self.walk(self.browse(flow["auth_uri"]), decision="cancel")
        result = app.acquire_token_by_auth_code_flow(flow, in_query(end.headers["Location"]))
        self.assertEqual(result["error"], "access_denied")
        self.assertIn("AADSTS65004", result["error_description"])

    def test_device(self):
        """msal: device code, approved on the page; the account is in the cache"""
        self.tenant.control("apps", {"device": {"interval": 0}})
        app = self.app()
        flow = app.initiate_device_flow([USER_SCOPE])
        self.assertIn(flow["user_code"], flow["message"])
        page = self.submit(self.browse(flow["verification_uri"]), user_code=flow["user_code"].lower())
        self.walk(page)
        result = app.acquire_token_by_device_flow(flow)
        self.assertIn("access_token", result, result)
        self.assertEqual([account["username"] for account in app.get_accounts()], [ANNA])
        sent = self.requests("path=devicecode")[-1]["form"]
        self.assertEqual((set(sent), sent["client_id"]), ({"client_id", "scope"}, SCANNER))
        self.assertIn("offline_access", sent["scope"])

    def test_device_waits(self):
        """msal: polls on through authorization_pending and slow_down, and stops when declined"""
        self.tenant.control("apps", {"device": {"interval": 1, "slow_down": False}})
        app = self.app("organizations")
        flow = app.initiate_device_flow([USER_SCOPE])
        results = []
        for step in ({}, {"slow_down": 1}, {"upn": ANNA, "deny": True}):
            if step:
                self.tenant.control("device", step)
            results.append(app.acquire_token_by_device_flow(flow, exit_condition=lambda flow: True)["error"])
        self.assertEqual(results, ["authorization_pending", "slow_down", "authorization_declined"])

    def test_personal(self):
        """msal: a personal account at consumers gets opaque tokens"""
        app = self.app("consumers")
        flow = app.initiate_auth_code_flow([USER_SCOPE], redirect_uri="http://localhost:5000")
        location = self.play(flow["auth_uri"], "someone@outlook.com")["location"]
        result = app.acquire_token_by_auth_code_flow(flow, in_query(location))
        self.assertTrue(result["access_token"].startswith("EwB"), result)
        self.assertIn("refresh_token", result)


if __name__ == "__main__":
    sys.exit(tap.main())
