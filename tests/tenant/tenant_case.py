"""What the tests of the tenant have in common."""

import unittest

import jwt

from standins import TenantStandIn

CONTOSO = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
RELAY = "00001111-aaaa-2222-bbbb-3333cccc4444"
SCANNER = "55556666-dddd-7777-eeee-8888ffff9999"
SECRET = "Zx8~+q/&k%=e 9=_relay.SECRET"
APP_SCOPE = "https://outlook.office365.com/.default"
USER_SCOPE = "https://outlook.office.com/SMTP.Send"


class TenantCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tenant = TenantStandIn()
        cls.addClassCleanup(cls.tenant.stop)
        cls.start_document = cls.tenant.control("apps")

    def setUp(self):
        self.tenant.control("apps", self.start_document, method="PUT")
        self.tenant.control("reset", {})

    def app_form(self, **changes):
        form = {"grant_type": "client_credentials", "client_id": RELAY, "client_secret": SECRET, "scope": APP_SCOPE}
        form.update(changes)
        return {name: value for name, value in form.items() if value is not None}

    def app_token(self, **changes):
        return self.tenant.ask_token(**self.app_form(**changes))

    def mint(self, upn="anna@contoso.com", scope=USER_SCOPE + " offline_access", client_id=SCANNER, **more):
        return self.tenant.control("mint_refresh_token",
                                   {"client_id": client_id, "upn": upn, "scope": scope, **more})["refresh_token"]

    def refresh(self, token, tenant="contoso.com", **more):
        form = {"grant_type": "refresh_token", "client_id": SCANNER, "refresh_token": token,
                "scope": USER_SCOPE + " offline_access", **more}
        return self.tenant.ask_token(tenant=tenant, **form)

    def verified(self, token, audience):
        """The claims, by the key the tenant publishes."""
        keys = jwt.PyJWKSet.from_dict(self.tenant.http.get(
            f"{self.tenant.authority}/{CONTOSO}/discovery/v2.0/keys").json())
        kid = jwt.get_unverified_header(token)["kid"]
        key = next(key for key in keys.keys if key.key_id == kid)
        return jwt.decode(token, key.key, algorithms=["RS256"], audience=audience)

    def assert_error(self, answer, number, error, status):
        body = answer.json()
        self.assertEqual((body["error_codes"], body["error"], answer.status_code), ([number], error, status))
        self.assertRegex(body["error_description"],
                         rf"^AADSTS{number}: .+ Trace ID: {body['trace_id']} Correlation ID: "
                         rf"{body['correlation_id']} Timestamp: \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ$")
        self.assertEqual(body["error_uri"], f"https://login.microsoftonline.com/error?code={number}")
        return body
