#!/usr/bin/python3
"""Tests of client assertions signed with a certificate, first of all with Microsoft's own client."""

import base64
import os
import sys
import tempfile
import time

import tap

tap.need("cryptography", "jwt", "msal", "requests")
import jwt
import msal
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from assertion_case import ASSERTION_TYPE, AssertionCase, Credential
from tenant_case import APP_SCOPE, CONTOSO, RELAY, SCANNER, SECRET, USER_SCOPE


class MsalTest(AssertionCase):
    def application(self, certificate=None):
        credential = {"thumbprint": self.credential.sha1.hex(), "private_key": self.credential.private_key}
        if certificate:
            credential["public_certificate"] = certificate
        return msal.ConfidentialClientApplication(
            RELAY, client_credential=credential, authority=f"{self.tenant.authority}/{CONTOSO}",
            instance_discovery=False, verify=self.tenant.ca)

    def test_certificate(self):
        """msal: app-only token with a certificate (RS256 and x5t; with x5c where it is given the certificate)"""
        self.register(certificates=[{"pem": self.credential.certificate}])
        for certificate in (None, self.credential.certificate):
            result = self.application(certificate).acquire_token_for_client([APP_SCOPE])
            self.assertIn("access_token", result, result)

    def test_unregistered(self):
        """msal: a certificate that is not registered is AADSTS700027"""
        self.register(certificates=[{"pem": self.stranger.certificate}])
        result = self.application().acquire_token_for_client([APP_SCOPE])
        self.assertEqual((result["error"], result["error_codes"]), ("invalid_client", [700027]))

    def test_reuse(self):
        """msal 1.21 keeps an assertion for its next request: what allow_replay is for"""
        if msal.__version__ != "1.21.0":
            self.skipTest("another msal")
        self.register(certificates=[{"pem": self.credential.certificate}])
        application = self.application()
        application.acquire_token_for_client([APP_SCOPE])
        other = ["https://graph.microsoft.com/.default"]
        self.assertEqual(application.acquire_token_for_client(other)["error_codes"], [700027])
        self.register(allow_replay=True)
        self.assertIn("access_token", application.acquire_token_for_client(other))


class CertificateTest(AssertionCase):
    def setUp(self):
        super().setUp()
        self.register(certificates=[{"pem": self.credential.certificate}])

    def test_algorithms(self):
        """PS256 and RS256, with either thumbprint or both"""
        sha1 = base64.urlsafe_b64encode(self.credential.sha1).rstrip(b"=").decode()
        for alg in ("PS256", "RS256"):
            for headers in (None, {"x5t": sha1}, {"x5t": sha1, "x5t#S256": self.credential.x5t_s256}):
                with self.subTest(alg=alg, headers=headers):
                    claims = self.assert_token(self.ask(self.assertion(alg, headers)))
                    self.assertEqual(claims["appid"], RELAY)

    def test_thumbprint_encodings(self):
        """thumbprints as .NET, Python and Go write them"""
        # 32 bytes of SHA-256 always end with padding; a key whose base64 differs from its base64url is needed too.
        credential = next(c for c in iter(Credential, None) if {"-", "_"} & set(c.x5t_s256))
        self.register(certificates=[{"pem": self.stranger.certificate}, {"pem": credential.certificate}])
        for encoded in (credential.x5t_s256, credential.x5t_s256 + "=",
                        base64.b64encode(credential.sha256).decode()):
            with self.subTest(encoded=encoded):
                self.assert_token(self.ask(self.assertion(headers={"x5t#S256": encoded}, credential=credential)))

    def test_file(self):
        """a certificate in a file, which may be replaced"""
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "app.pem")
            for credential in (self.stranger, self.credential):
                with open(path, "w", encoding="ascii") as file:
                    file.write(credential.private_key + credential.certificate)
                self.register(certificates=[{"file": path}])
                answer = self.ask(self.assertion())
                self.assertEqual(answer.status_code, 200 if credential is self.credential else 401, answer.text)
            self.tenant.control("apps", self.start_document, method="PUT")  # while the file is there

    def test_key_problems(self):
        """unknown thumbprint, foreign signature, two thumbprints that disagree"""
        stranger = {"x5t#S256": self.stranger.x5t_s256}
        self.assert_reason(self.ask(self.assertion(headers=stranger)), "The key was not found.")
        self.assert_reason(self.ask(self.assertion(headers={"x5t": "?"})), "The key was not found.")
        own = {"x5t#S256": self.credential.x5t_s256}
        self.assert_reason(self.ask(self.assertion(headers=own, credential=self.stranger)), "Key was found, but")
        both = {**own, "x5t": base64.b64encode(self.stranger.sha1).decode()}
        self.assert_reason(self.ask(self.assertion(headers=both)), "The key was not found.")
        self.register(certificates=None)
        self.assert_reason(self.ask(self.assertion()), "The key was not found.")

    def test_salt_length(self):
        """PS256 with a salt of another length than 32 is no PS256"""
        signed = self.assertion().rpartition(".")[0]
        for length, status in ((32, 200), (20, 401), (222, 401)):
            signature = self.credential.key.sign(
                signed.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), length), hashes.SHA256())
            text = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
            self.assertEqual(self.ask(f"{signed}.{text}").status_code, status, length)

    def test_validity(self):
        """certificates count on the tenant's clock"""
        for days, reason in ((31, "The key used is expired."), (-2, "The key used is not valid yet.")):
            self.tenant.control("clock", {"offset": days * 86400})
            self.assert_reason(self.ask(self.assertion()), reason)

    def test_other_algorithms(self):
        """everything but PS256 and RS256 is AADSTS5002738; none is AADSTS50027; reject_alg makes an RS256-only place"""
        curve = Credential(curve=ec.SECP256R1())
        self.register(certificates=[{"pem": self.credential.certificate}, {"pem": curve.certificate}])
        for alg, credential in (("ES256", curve), ("RS512", None), ("PS384", None)):
            body = self.assert_error(self.ask(self.assertion(alg, credential=credential)), 5002738, "invalid_client",
                                     401)
            self.assertIn(f"'{alg}' is not a supported", body["error_description"])
        headers = {"x5t#S256": self.credential.x5t_s256}
        secret = jwt.encode(self.claims(), "secret", algorithm="HS256", headers=headers)
        self.assert_error(self.ask(secret), 5002738, "invalid_client", 401)
        unsigned = jwt.encode(self.claims(), None, algorithm="none", headers=headers)
        self.assert_error(self.ask(unsigned), 50027, "invalid_request", 400)
        self.register(reject_alg=["PS256"])
        self.assert_error(self.ask(self.assertion()), 5002738, "invalid_client", 401)
        self.assert_token(self.ask(self.assertion("RS256")))

    def test_claims(self):
        """every claim that is wrong or missing"""
        now = int(time.time())
        for changes, number, error, status in (
                ({"iss": SCANNER, "sub": SCANNER}, 700021, "invalid_client", 401),
                ({"sub": SCANNER}, 50048, "invalid_client", 401),
                ({"aud": "https://login.example/contoso.com/oauth2/v2.0/token"}, 700023, "invalid_client", 401),
                ({"aud": self.endpoint.replace("contoso.com", "common")}, 700023, "invalid_client", 401),
                ({"aud": [self.endpoint, self.tenant.authority]}, 5002741, "invalid_request", 400),
                ({"exp": now - 301}, 700024, "invalid_client", 401),
                ({"nbf": now + 330, "exp": now + 900}, 700024, "invalid_client", 401),
                ({"exp": 10 ** 30, "nbf": 10 ** 30}, 700024, "invalid_client", 401),
                ({"exp": "soon"}, 50027, "invalid_request", 400),
                ({"sub": 5}, 50027, "invalid_request", 400),
                *(({name: None}, 90014, "invalid_request", 400) for name in ("iss", "sub", "aud", "exp", "jti"))):
            with self.subTest(**changes):
                self.assert_error(self.ask(self.assertion(**changes)), number, error, status)

    def test_tolerated(self):
        """what Entra lets pass: clocks that are 4 minutes off, no nbf, times as text, the issuer as audience"""
        now = int(time.time())
        for changes in ({"nbf": now + 240}, {"exp": now - 240}, {"nbf": None, "iat": None},
                        {"nbf": str(now), "exp": str(now + 60)}, {"exp": now + 86400}, {"iss": RELAY.upper()},
                        {"aud": [self.endpoint]}, {"aud": self.endpoint.replace("contoso.com", CONTOSO)},
                        {"aud": f"{self.tenant.authority}/contoso.com/v2.0"},
                        {"aud": f"https://login.microsoftonline.com/{CONTOSO}/v2.0"}):
            with self.subTest(**changes):
                self.assert_token(self.ask(self.assertion(**changes)))

    def test_clock(self):
        """an assertion's times are judged by the tenant's clock"""
        self.tenant.control("clock", {"offset": 3600})
        body = self.assert_error(self.ask(self.assertion()), 700024, "invalid_client", 401)
        self.assertRegex(body["error_description"], r"Current time: \S+Z, assertion valid from \S+Z, expiry time")

    def test_replay(self):
        """an assertion serves once, unless the app has allow_replay; one that was refused may come again"""
        assertion = self.assertion()
        self.tenant.control("fault", {"action": {"status": 503}})
        self.assertEqual(self.ask(assertion).status_code, 503)
        self.assert_token(self.ask(assertion))
        self.assert_reason(self.ask(assertion), "The assertion was replayed.")
        self.register(allow_replay=True)
        self.assert_token(self.ask(assertion))

    def test_form(self):
        """the type must be there and right, the secret must not, and noise is AADSTS50027"""
        for changes, number, error in (({"client_assertion_type": None}, 900144, "invalid_request"),
                                       ({"client_assertion_type": "saml"}, 90023, "invalid_request"),
                                       ({"client_secret": SECRET}, 9002313, "invalid_request"),
                                       ({"client_assertion": "a.b.c"}, 50027, "invalid_request"),
                                       ({"client_assertion": "\u20ac"}, 50027, "invalid_request")):
            with self.subTest(**changes):
                self.assert_error(self.ask(self.assertion(), **changes), number, error, 400)
        self.assert_error(self.ask(self.assertion(), client_id=SCANNER), 700025, "invalid_client", 401)

    def test_refresh(self):
        """a confidential client refreshes with an assertion"""
        token = self.mint(client_id=RELAY)
        answer = self.refresh(token, client_id=RELAY, client_assertion_type=ASSERTION_TYPE,
                              client_assertion=self.assertion())
        self.verified(answer.json()["access_token"], USER_SCOPE.rpartition("/")[0])
        self.assert_error(self.refresh(token, client_id=RELAY), 7000218, "invalid_client", 401)

    def test_logs(self):
        """the log shows assertions as fingerprints, with header and claims; secrets.txt knows them"""
        assertion = self.assertion()
        self.ask(assertion)
        shown = self.tenant.lines("requests.jsonl")[-1]["assertion"]
        self.assertEqual(shown, {"header": jwt.get_unverified_header(assertion),
                                 "claims": jwt.decode(assertion, options={"verify_signature": False})})
        self.ask("no.assertion")
        self.assertIsNone(self.tenant.lines("requests.jsonl")[-1]["assertion"])
        self.assertNotIn(assertion, self.tenant.text("requests.jsonl"))
        self.assertIn(assertion, self.tenant.text("secrets.txt").splitlines())


class RegistrationTest(AssertionCase):
    def test_refused(self):
        """what the directory does not take"""
        for members in ({"certificates": [{"pem": "nonsense"}]}, {"certificates": [{}]},
                        {"certificates": [{"pem": Credential(size=1024).certificate}]},
                        {"certificates": [{"file": "/nonexistent/x.pem"}]}, {"certificates": ["x"]},
                        {"federated": [{"issuer": "https://a.test"}]}, {"federated": [{"isuer": "x"}]},
                        {"federated": [{"issuer": "https://a.test", "subject": "s", "audience": "a"}] * 21},
                        {"federated": [{"issuer": "https://a.test", "subject": "s", "audience": "a", "pem": "x"}]}):
            with self.subTest(**members), self.assertRaises(RuntimeError):
                self.register(**members)
        with self.assertRaises(RuntimeError):
            self.tenant.control("apps", {"policies": {"blocked": True}})

    def test_blocked_secrets(self):
        """a policy, or the app's own switch, refuses secrets and leaves certificates alone"""
        self.tenant.control("apps", {"policies": {"block_secrets": True}})
        body = self.assert_error(self.app_token(), 50012, "invalid_client", 401)
        self.assertIn("does not allow client secrets", body["error_description"])
        self.register(secrets=[{"value": SECRET}], secrets_blocked=False)
        self.assertEqual(self.app_token().status_code, 200)
        self.tenant.control("apps", {"policies": {}})
        self.register(secrets_blocked=True, certificates=[{"pem": self.credential.certificate}])
        self.assert_error(self.app_token(), 50012, "invalid_client", 401)
        self.assert_token(self.ask(self.assertion()))


if __name__ == "__main__":
    sys.exit(tap.main())
