#!/usr/bin/python3
"""Tests of the authorize endpoint, its pages, and the authorization code grant."""

import html
import sys

import tap

tap.need("cryptography", "jwt", "requests")
from people_case import ANNA, CHALLENGE, PASSWORD, REDIRECT, SCOPE, VERIFIER, Form, PeopleCase, in_query
from tenant_case import CONTOSO, RELAY, SCANNER, SECRET, USER_SCOPE

GRAPH_SCOPE = "https://graph.microsoft.com/Mail.Send"


class PageTest(PeopleCase):
    def test_walk(self):
        """sign in, consent, redirect with code, state and session_state; the second time no consent is asked"""
        page = self.browse(self.url(login_hint="who<ever"))
        self.assertEqual((page.status_code, Form(page).fields["login"]), (200, "who<ever"))
        self.assertNotIn("Set-Cookie: ESTSAUTH", str(page.headers))
        consent = self.sign_in(page)
        self.assertIn(USER_SCOPE, consent.text)
        end = self.submit(consent, decision="accept")
        self.assertEqual(end.status_code, 302)
        self.assertTrue(end.headers["Location"].startswith(REDIRECT + "/?"))
        query = in_query(end.headers["Location"])
        self.assertEqual((set(query), query["state"]), ({"code", "state", "session_state"}, "s t&te"))
        self.assertEqual(self.sign_in(self.browse(self.url())).status_code, 302)
        for prompt, status in (("login", 302), ("select_account", 302), ("consent", 200)):
            self.assertEqual(self.sign_in(self.browse(self.url(prompt=prompt))).status_code, status, prompt)

    def test_wrong_password(self):
        """a wrong password, an unknown and a disabled user: the page again, with the reason"""
        self.tenant.control("apps", {"users": [{"upn": "off@contoso.com", "oid": "1", "tenant": CONTOSO,
                                                "password": "x", "disabled": True}]})
        page = self.browse(self.url())
        for upn, password, number in ((ANNA, "wrong", 50126), ("nobody@contoso.com", "x", 50034),
                                      ("off@contoso.com", "x", 50057)):
            page = self.sign_in(page, upn, password)
            self.assertEqual(page.status_code, 200)
            self.assertIn(f"AADSTS{number}", page.text)
        self.assertEqual(self.walk(page).status_code, 302)

    def test_flow_token(self):
        """a form without the token of its page, or sent again after the end, does nothing"""
        page = self.browse(self.url())
        self.assertIn("AADSTS50089", self.submit(page, flowtoken="guess").text)
        consent = self.sign_in(page)
        self.assertEqual(self.submit(consent, decision="accept").status_code, 302)
        self.assertIn("AADSTS50089", self.submit(consent, decision="accept").text)

    def test_form_post(self):
        """response_mode=form_post is a page with a form"""
        page = self.walk(self.browse(self.url(response_mode="form_post")))
        form = Form(page)
        self.assertEqual((form.action, set(form.fields)), (REDIRECT, {"code", "state", "session_state"}))
        played = self.play(self.url(response_mode="form_post"))
        self.assertEqual((played["location"], set(played["form"])), (REDIRECT, {"code", "state", "session_state"}))

    def test_cancel(self):
        """cancel is access_denied, AADSTS65004, with the state"""
        for location in (self.walk(self.browse(self.url()), decision="cancel").headers["Location"],
                         self.play(self.url(), deny=True)["location"]):
            query = in_query(location)
            self.assertEqual((query["error"], query["state"]), ("access_denied", "s t&te"))
            self.assertRegex(query["error_description"], "^AADSTS65004: ")

    def test_page_errors(self):
        """what is no fault of the app's own redirect URI is shown on a page, never redirected"""
        cases = [({"tenant": "nowhere.example"}, 90002), ({"client_id": None}, 900144),
                 ({"client_id": "99999999-0000-0000-0000-000000000000"}, 700016), ({"redirect_uri": None}, 900971),
                 ({"redirect_uri": "https://evil.example/"}, 50011)]
        for changes, number in cases:
            with self.subTest(**changes):
                page = self.browse(self.url(**changes))
                self.assertEqual((page.status_code, page.headers["Content-Type"]), (400, "text/html; charset=utf-8"))
                self.assertIn(f"AADSTS{number}:", page.text)
                self.assertNotIn("Location", page.headers)
                self.assertEqual(self.play(self.url(**changes)), {"location": None, "error": f"AADSTS{number}"})
        self.assertIn("AADSTS9000411", self.browse(self.url() + "&state=twice").text)
        self.assertEqual(self.play(self.url() + "&x=%zz")["error"], "AADSTS9000411")

    def test_redirected_errors(self):
        """everything else goes back to the app"""
        cases = [({"response_type": "token"}, 70005, "unsupported_response_type"),
                 ({"response_type": None}, 900144, "invalid_request"), ({"scope": None}, 900144, "invalid_request"),
                 ({"scope": "https://outlook.example/X"}, 500011, "invalid_resource"),
                 ({"scope": f"{USER_SCOPE} {GRAPH_SCOPE}"}, 28000, "invalid_request"),
                 ({"response_mode": "fragment"}, 70007, "invalid_request"),
                 ({"code_challenge": "short"}, 50147, "invalid_request"),
                 ({"code_challenge": None}, 50147, "invalid_request"),
                 ({"code_challenge_method": "S512"}, 501491, "invalid_request"),
                 ({"prompt": "maybe"}, 9002313, "invalid_request"), ({"prompt": "none"}, 50058, "login_required")]
        for changes, number, error in cases:
            with self.subTest(**changes):
                query = in_query(self.browse(self.url(**changes)).headers["Location"])
                self.assertEqual((query["error"], query["state"]), (error, "s t&te"))
                self.assertRegex(query["error_description"], f"^AADSTS{number}: .*Trace ID: ")
                self.assertEqual(in_query(self.play(self.url(**changes))["location"])["error"], error)

    def test_prompt_none(self):
        """prompt=none with a session: interaction_required without consent, then a code"""
        self.tenant.control("apps", {"sessions": [ANNA]})
        silent = self.url(prompt="none", login_hint=ANNA)
        self.assertEqual(in_query(self.browse(silent).headers["Location"])["error"], "interaction_required")
        self.tenant.control("apps", {"consents": [{"client_id": SCANNER, "upn": "*", "scope": SCOPE}]})
        self.assertIn("code", in_query(self.browse(silent).headers["Location"]))

    def test_admin_consent(self):
        """require_admin_consent: AADSTS90094 on a page with a way back; an admin's consent for all passes"""
        self.policies(require_admin_consent=True)
        page = self.sign_in(self.browse(self.url()))
        self.assertIn("AADSTS90094", page.text)
        back = html.unescape(page.text.split('<a href="')[1].split('"')[0])
        self.assertEqual(in_query(back)["error"], "access_denied")
        self.assertEqual(self.play(self.url()), {"location": None, "error": "AADSTS90094"})
        self.tenant.control("apps", {"consents": [
            {"client_id": SCANNER, "upn": "*", "scope": "https://outlook.office365.com/SMTP.Send"}]})
        self.assertEqual(self.sign_in(self.browse(self.url())).status_code, 302)

    def test_whose_account(self):
        """accounts of another tenant are AADSTS50020; common and organizations let the account decide"""
        for tenant, upn, passes in (("contoso.com", "someone@outlook.com", False), ("consumers", ANNA, False),
                                    ("organizations", "someone@outlook.com", False), ("organizations", ANNA, True),
                                    ("common", "someone@outlook.com", True), ("common", ANNA, True)):
            with self.subTest(tenant=tenant, upn=upn):
                played = self.play(self.url(tenant), upn)
                self.assertEqual(played.get("error"), None if passes else "AADSTS50020")

    def test_redirect_uris(self):
        """any port on loopback; host, path, case and last slash exactly; schemes and lengths that Entra refuses"""
        def matches(uri, *registered):
            if registered:
                self.tenant.control("apps", {"apps": [{"client_id": SCANNER, "redirect_uris": registered}]})
            return self.browse(self.url(redirect_uri=uri)).status_code == 200
        for uri, expected in (("http://localhost", True), ("http://localhost/", True), ("http://localhost:1/", True),
                              ("http://localhost:65535", True), ("http://127.0.0.1:1", False),
                              ("http://[::1]:1", False), ("https://localhost", False), ("http://localhost/x", False),
                              ("http://localhost?x=1", False), ("http://localhost#x", False),
                              ("http://localhost:99999", False), ("http://localhost.evil.example", False),
                              ("http://a@localhost", False)):
            self.assertEqual(matches(uri), expected, uri)
        path = "http://127.0.0.1/callback"
        for uri, expected in ((path, True), ("http://127.0.0.1:8/callback", True), (path + "/", False),
                              ("http://127.0.0.1/Callback", False), ("http://localhost/callback", False)):
            self.assertEqual(matches(uri, path), expected, uri)
        for uri in ("http://mail.example/", "http://[::1]/", "http://localhost/" + "x" * 250, "http://localhost/(x)"):
            self.assertFalse(matches(uri, uri), uri)
        self.assertTrue(matches("https://mail.example:8443/x", "https://mail.example:8443/x"))
        self.assertFalse(matches("https://mail.example/x", "https://mail.example:8443/x"))


class CodeTest(PeopleCase):
    def test_members(self):
        """tokens, scope, nonce and client_info; the person need not be the one hinted at"""
        code = self.code(login_hint="other@contoso.com", nonce="n-0S6", client_info="1")
        answer = self.redeem(code, client_info="1").json()
        self.assertEqual((answer["token_type"], answer["scope"]), ("Bearer", USER_SCOPE))
        claims = self.verified(answer["id_token"], SCANNER)
        self.assertEqual((claims["preferred_username"], claims["nonce"], claims["tid"], claims["name"]),
                         (ANNA, "n-0S6", CONTOSO, "Anna Example"))
        self.assertIn("client_info", answer)
        self.assertEqual(self.refresh(answer["refresh_token"]).status_code, 200)
        bare = self.redeem(self.code(scope=USER_SCOPE), scope=None).json()
        self.assertFalse({"refresh_token", "id_token", "client_info"} & set(bare))

    def test_pkce(self):
        """S256, plain, and plain for want of a method; a wrong or missing verifier is AADSTS501481"""
        self.assertEqual(self.s256(VERIFIER), CHALLENGE)
        for changes, verifier, passes in (
                ({}, VERIFIER, True), ({}, VERIFIER[::-1], False), ({}, None, False), ({}, CHALLENGE, False),
                ({"code_challenge_method": None, "code_challenge": VERIFIER}, VERIFIER, True),
                ({"code_challenge_method": "plain"}, CHALLENGE, True),
                ({"code_challenge_method": None, "code_challenge": None}, None, True),
                ({"code_challenge_method": None, "code_challenge": None}, VERIFIER, False)):
            with self.subTest(verifier=verifier, **changes):
                answer = self.redeem(self.code(**changes), code_verifier=verifier)
                if passes:
                    self.assertEqual(answer.status_code, 200)
                else:
                    self.assert_error(answer, 501481, "invalid_grant", 400)

    def test_errors(self):
        """what a code can earn"""
        self.tenant.control("apps", {"apps": [{"client_id": RELAY, "redirect_uris": ["http://localhost"]}]})
        code = self.code()
        for changes, number, error, status in (
                ({"redirect_uri": REDIRECT + "/"}, 500112, "invalid_client", 401),
                ({"redirect_uri": None}, 900144, "invalid_request", 400),
                ({"code": None}, 900144, "invalid_request", 400),
                ({"code": "1.Anoise"}, 70000, "invalid_grant", 400),
                ({"client_id": RELAY, "client_secret": SECRET}, 70000, "invalid_grant", 400),
                ({"client_secret": "x"}, 700025, "invalid_client", 401),
                ({"tenant": "consumers"}, 700005, "invalid_grant", 400),
                ({"scope": GRAPH_SCOPE + " " + USER_SCOPE}, 28000, "invalid_request", 400)):
            with self.subTest(**changes):
                self.assert_error(self.redeem(**{"code": code, **changes}), number, error, status)
        self.assertEqual(self.redeem(code).status_code, 200)
        self.assert_error(self.redeem(code), 54005, "invalid_grant", 400)
        late = self.code()
        self.tenant.control("clock", {"offset": 601})
        self.assert_error(self.redeem(late), 70008, "invalid_grant", 400)
        confidential = self.code(client_id=RELAY)
        self.assert_error(self.redeem(confidential, client_id=RELAY), 7000218, "invalid_client", 401)
        self.assertEqual(self.redeem(confidential, client_id=RELAY, client_secret=SECRET).status_code, 200)

    def test_disabled_meanwhile(self):
        """a user disabled between sign-in and redemption is AADSTS50057"""
        code = self.code()
        self.tenant.control("apps", {"users": [{"upn": ANNA, "disabled": True}]})
        self.assert_error(self.redeem(code), 50057, "invalid_grant", 400)

    def test_secrets(self):
        """codes, verifiers, passwords and id tokens are in no log; what the tenant issued is in secrets.txt"""
        location = self.walk(self.browse(self.url())).headers["Location"]
        code = in_query(location)["code"]
        answer = self.redeem(code).json()
        log, secrets = self.tenant.text("requests.jsonl"), self.tenant.text("secrets.txt").splitlines()
        for secret in (code, PASSWORD, answer["id_token"], answer["refresh_token"], answer["access_token"]):
            self.assertNotIn(secret, log)
            self.assertIn(secret, secrets)
        self.assertNotIn(VERIFIER, log)
        self.assertEqual(self.tenant.text("tenant.log"), "")


if __name__ == "__main__":
    sys.exit(tap.main())
