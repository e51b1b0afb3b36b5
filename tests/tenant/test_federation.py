#!/usr/bin/python3
"""Tests of federated credentials: tokens of another issuer as client assertions."""

import json
import sys
import time

import tap

tap.need("cryptography", "jwt", "msal", "requests")
import jwt
import msal
from cryptography.hazmat.primitives.asymmetric import ec

from assertion_case import AssertionCase, Credential
from tenant_case import APP_SCOPE, CONTOSO, RELAY

ISSUER, SUBJECT = "https://cluster.test/abc/", "system:serviceaccount:mail:relay"
AUDIENCE = "api://AzureADTokenExchange"
RECORD = {"issuer": ISSUER, "subject": SUBJECT, "audience": AUDIENCE}


class FederationTest(AssertionCase):
    def setUp(self):
        super().setUp()
        self.register(federated=[RECORD])

    def projected(self, **changes):
        return self.tenant.control("mint_federated", {**RECORD, **changes})["token"]

    def foreign(self, alg="RS256", credential=None, headers=None, **changes):
        """A token of an issuer whose key the test holds."""
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "exp": now + 600, **changes}
        return jwt.encode({n: v for n, v in claims.items() if v is not None}, (credential or self.credential).key,
                          algorithm=alg, headers=headers)

    def test_projected(self):
        """a projected service account token is a client assertion, as often as it is sent"""
        token = self.projected()
        for _ in range(2):
            self.assertEqual(self.assert_token(self.ask(token))["appid"], RELAY)
        claims = jwt.decode(token, options={"verify_signature": False})
        self.assertEqual((claims["aud"], claims["kubernetes.io"]["namespace"]), ([AUDIENCE], "mail"))
        self.assertEqual(claims["exp"] - claims["iat"], 3600)
        self.assertIn(token, self.tenant.text("secrets.txt").splitlines())
        self.assertNotIn(token, self.tenant.text("requests.jsonl"))

    def test_jwks(self):
        """the issuer's key is published in T"""
        token = self.projected()
        keys = jwt.PyJWKSet.from_dict(json.loads(self.tenant.text("federated_jwks.json"))).keys
        self.assertEqual(jwt.decode(token, keys[0].key, algorithms=["RS256"], audience=AUDIENCE)["sub"], SUBJECT)
        self.register(federated=[{**RECORD, "jwks": json.loads(self.tenant.text("federated_jwks.json"))}])
        self.assert_token(self.ask(token))

    def test_msal(self):
        """msal: app-only token with a federated token"""
        application = msal.ConfidentialClientApplication(
            RELAY, client_credential={"client_assertion": self.projected()}, instance_discovery=False,
            authority=f"{self.tenant.authority}/{CONTOSO}", verify=self.tenant.ca)
        self.assertIn("access_token", application.acquire_token_for_client([APP_SCOPE]))

    def test_exact(self):
        """issuer, subject and audience match exactly or not at all"""
        for changes in ({"issuer": ISSUER.rstrip("/")}, {"issuer": ISSUER.replace("abc", "ABC")},
                        {"subject": SUBJECT.upper()}, {"subject": SUBJECT + "2"}, {"audience": AUDIENCE.lower()}):
            with self.subTest(**changes):
                self.assert_error(self.ask(self.projected(**changes)), 70021, "invalid_request", 400)
        self.register(federated=None)
        self.assert_error(self.ask(self.projected()), 70021, "invalid_request", 400)

    def test_propagation(self):
        """a new credential is unknown until available_after"""
        self.register(federated=[{**RECORD, "available_after": time.time() + 60}])
        self.assert_error(self.ask(self.projected()), 70021, "invalid_request", 400)
        self.tenant.control("clock", {"offset": 120})
        self.assert_token(self.ask(self.projected()))

    def test_expired(self):
        """a token that expired is AADSTS700024"""
        self.assert_token(self.ask(self.projected(lifetime=600, issued_ago=800)))  # 5 minutes are forgiven
        self.assert_error(self.ask(self.projected(lifetime=600, issued_ago=1000)), 700024, "invalid_client", 401)

    def test_foreign_keys(self):
        """an issuer's key as public key, certificate or key set; RS* and PS*; another's signature is AADSTS700027"""
        numbers = {"kid": "k1", **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.credential.key.public_key()))}
        for trust in ({"pem": self.credential.public_key}, {"pem": self.credential.certificate},
                      {"jwks": {"keys": [numbers]}}):
            self.register(federated=[{**RECORD, **trust}])
            for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
                self.assert_token(self.ask(self.foreign(alg, headers={"kid": "k1"})))
            stranger = self.foreign(credential=self.stranger, headers={"kid": "k1"})
            self.assert_reason(self.ask(stranger), "Key was found, but")
        self.assert_reason(self.ask(self.foreign(headers={"kid": "k2"})), "The key was not found.")

    def test_refused_tokens(self):
        """elliptic curves, missing claims, several audiences"""
        curve = Credential(curve=ec.SECP256R1())
        self.register(federated=[{**RECORD, "pem": curve.public_key}, {**RECORD, "pem": self.credential.public_key}])
        self.assert_error(self.ask(self.foreign("ES256", curve)), 5002738, "invalid_request", 400)
        self.register(federated=[{**RECORD, "pem": self.credential.public_key}])
        for changes, number in (({"sub": None}, 90014), ({"exp": None}, 90014), ({"aud": None}, 90014),
                                ({"aud": [AUDIENCE, "api://other"]}, 5002741)):
            self.assert_error(self.ask(self.foreign(**changes)), number, "invalid_request", 400)

    def test_delegated(self):
        """a signed-in user's token of the same tenant is AADSTS700229"""
        token = self.refresh(self.mint()).json()["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        self.register(federated=[{"issuer": claims["iss"], "subject": claims["sub"], "audience": claims["aud"]}])
        self.assert_error(self.ask(token), 700229, "invalid_request", 400)

    def test_mint_errors(self):
        """mint_federated needs issuer and subject"""
        with self.assertRaises(RuntimeError):
            self.tenant.control("mint_federated", {"issuer": ISSUER})


if __name__ == "__main__":
    sys.exit(tap.main())
