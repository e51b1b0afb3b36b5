#!/usr/bin/python3
"""Tests of Entra's device authorization: endpoint, page, and every answer to a poll."""

import sys

import tap

tap.need("cryptography", "jwt", "requests")
from people_case import ANNA, PeopleCase, SCOPE
from tenant_case import RELAY, SCANNER, SECRET

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class DeviceTest(PeopleCase):
    def ask(self, tenant="contoso.com", query="", **changes):
        form = {"client_id": SCANNER, "scope": SCOPE, **changes}
        return self.tenant.http.post(f"{self.tenant.authority}/{tenant}/oauth2/v2.0/devicecode{query}", data={
            name: value for name, value in form.items() if value is not None}, timeout=20)

    def poll(self, answer, tenant="contoso.com", **changes):
        return self.tenant.ask_token(tenant, **{"grant_type": GRANT, "client_id": SCANNER,
                                                "device_code": answer["device_code"], **changes})

    def device(self, **settings):
        self.tenant.control("apps", {"device": {"interval": 0, **settings}})

    def approve(self, **more):
        return self.tenant.control("device", {"upn": ANNA, **more})

    def enter(self, answer, user_code=None):
        return self.submit(self.browse(answer["verification_uri"]), user_code=user_code or answer["user_code"])

    def test_members(self):
        """the members of the answer, settable; the message in the language asked for"""
        answer = self.ask().json()
        self.assertEqual(set(answer), {"user_code", "device_code", "verification_uri", "expires_in", "interval",
                                       "message"})
        self.assertEqual((answer["expires_in"], answer["interval"]), (900, 5))
        self.assertEqual(answer["verification_uri"], f"{self.tenant.authority}/devicelogin")
        self.assertRegex(answer["message"], f"^To sign in, use .*{answer['user_code']}")
        self.assertRegex(self.ask(query="?mkt=de-DE").json()["message"], "^Um sich anzumelden")
        self.device(verification_uri="https://microsoft.com/devicelogin", expires_in=60, interval=None)
        answer = self.ask().json()
        self.assertEqual((answer["verification_uri"], answer["expires_in"], "interval" in answer),
                         ("https://microsoft.com/devicelogin", 60, False))
        self.assertIn("https://microsoft.com/devicelogin", answer["message"])

    def test_endpoint_errors(self):
        """what the devicecode endpoint refuses"""
        for changes, number, error in (
                ({"client_id": None}, 900144, "invalid_request"), ({"scope": None}, 900144, "invalid_request"),
                ({"tenant": "nowhere.example"}, 90002, "invalid_request"),
                ({"client_id": "99999999-0000-0000-0000-000000000000"}, 700016, "unauthorized_client"),
                ({"tenant": "common", "scope": "https://outlook.example/X"}, 500011, "invalid_resource")):
            with self.subTest(**changes):
                self.assert_error(self.ask(**changes), number, error, 400)
        get = self.tenant.http.get(f"{self.tenant.authority}/common/oauth2/v2.0/devicecode")
        self.assert_error(get, 900561, "invalid_request", 400)

    def test_pages(self):
        """user code, sign-in, consent, tokens; the second time a confirmation only"""
        self.device()
        for title in ("Permissions requested", "Are you trying to sign in to scanner?"):
            answer = self.ask("organizations").json()
            self.assert_error(self.poll(answer, "organizations"), 70016, "authorization_pending", 400)
            question = self.sign_in(self.enter(answer, answer["user_code"].lower()))
            self.assertIn(title, question.text)
            self.assertIn("You have signed in", self.submit(question, decision="accept").text)
            tokens = self.poll(answer, "organizations").json()
            self.assertLessEqual({"access_token", "refresh_token", "id_token", "scope"}, set(tokens))

    def test_user_code(self):
        """a wrong, an expired and a used user code: the page says so"""
        answer = self.ask().json()
        self.assertIn("AADSTS70018", self.enter(answer, "WRONG").text)
        self.tenant.control("device", {"expire": True})
        self.assertIn("AADSTS70019", self.enter(answer).text)
        answer = self.ask().json()
        self.approve()
        self.assertIn("AADSTS70018", self.enter(answer).text)

    def test_poll_answers(self):
        """pending, declined, expired, unknown, another tenant string, another client, used"""
        self.device()
        answer = self.ask().json()
        for grant in (GRANT, "device_code"):
            self.assert_error(self.poll(answer, grant_type=grant), 70016, "authorization_pending", 400)
        self.assert_error(self.poll(answer, "common"), 7000012, "invalid_grant", 400)
        self.assert_error(self.poll(answer, device_code="noise"), 70018, "bad_verification_code", 400)
        self.assert_error(self.poll(answer, client_secret="x"), 700025, "invalid_client", 401)
        self.assertEqual(self.walk(self.enter(answer), decision="cancel").status_code, 200)
        self.assert_error(self.poll(answer), 65004, "authorization_declined", 400)
        answer = self.ask().json()
        self.tenant.control("clock", {"offset": 901})
        self.assert_error(self.poll(answer), 70020, "expired_token", 400)
        answer = self.ask().json()
        self.assertEqual(self.approve()["state"], "approved")
        self.assertEqual(self.poll(answer).status_code, 200)
        self.assert_error(self.poll(answer), 54005, "invalid_grant", 400)

    def test_slow_down(self):
        """slow_down for polls faster than the interval, which then grows by five; off; and on demand"""
        self.device(interval=5)
        answer = self.ask().json()
        def at(second):
            self.tenant.control("clock", {"offset": second})
            return self.poll(answer).json()["error"]
        self.assertEqual([at(second) for second in (0, 5, 9, 15, 25)],
                         ["authorization_pending", "authorization_pending", "slow_down", "slow_down", "slow_down"])
        self.assertEqual(at(45), "authorization_pending")
        self.device(interval=5, slow_down=False)
        self.assertEqual([at(46), at(46)], ["authorization_pending"] * 2)
        self.tenant.control("device", {"slow_down": 2})
        self.assertEqual([at(46) for _ in range(3)], ["slow_down", "slow_down", "authorization_pending"])

    def test_confidential(self):
        """public client flows off: AADSTS7000218 at the poll, unless the app proves itself"""
        self.device()
        answer = self.ask(client_id=RELAY).json()
        self.approve()
        self.assert_error(self.poll(answer, client_id=RELAY), 7000218, "invalid_client", 401)
        self.assertEqual(self.poll(answer, client_id=RELAY, client_secret=SECRET).status_code, 200)

    def test_blocked(self):
        """a policy against device code: AADSTS53003 on the page and at the poll, AADSTS530036 at a refresh"""
        self.device()
        answer = self.ask().json()
        self.approve()
        refresh_token = self.poll(answer).json()["refresh_token"]
        self.policies(block_device_code=True)
        self.assert_error(self.refresh(refresh_token), 530036, "invalid_grant", 400)
        answer = self.ask().json()
        self.assert_error(self.poll(answer), 70016, "authorization_pending", 400)
        self.assertIn("AADSTS53003", self.sign_in(self.enter(answer)).text)
        self.assert_error(self.poll(answer), 53003, "invalid_grant", 400)
        self.policies(block_device_code="page")
        answer = self.ask().json()
        self.assertEqual(self.approve()["error"], "AADSTS53003")
        self.assert_error(self.poll(answer), 70016, "authorization_pending", 400)
        self.policies()
        self.assertEqual(self.refresh(refresh_token).status_code, 200)

    def test_list(self):
        """the control call lists pending codes; device codes are secrets"""
        first, second = self.ask().json(), self.ask("common").json()
        listed = self.tenant.control("device")
        self.assertEqual([(c["user_code"], c["tenant"]) for c in listed],
                         [(first["user_code"], "contoso.com"), (second["user_code"], "common")])
        self.approve(user_code=first["user_code"])
        self.assertEqual(len(self.tenant.control("device")), 1)
        self.poll(second, "common")
        self.assertIn(second["device_code"], self.tenant.text("secrets.txt").splitlines())
        self.assertNotIn(second["device_code"], self.tenant.text("requests.jsonl"))
        self.assertEqual(self.tenant.text("tenant.log"), "")


if __name__ == "__main__":
    sys.exit(tap.main())
