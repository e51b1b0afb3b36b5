"""What the tests of client assertions have in common: keys, certificates, assertions made by hand."""

import base64
import datetime
import time
import uuid

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tenant_case import APP_SCOPE, RELAY, TenantCase

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode()


class Credential:
    """A key with its self-signed certificate."""

    def __init__(self, curve=None, days=30, size=2048):
        self.key = ec.generate_private_key(curve) if curve else rsa.generate_private_key(65537, size)
        now = datetime.datetime.utcnow()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
        certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                       .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                       .not_valid_before(now - datetime.timedelta(days=1))
                       .not_valid_after(now + datetime.timedelta(days=days)).sign(self.key, hashes.SHA256()))
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.private_key = pem_of(self.key)
        self.public_key = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        self.sha1, self.sha256 = certificate.fingerprint(hashes.SHA1()), certificate.fingerprint(hashes.SHA256())

    @property
    def x5t_s256(self):
        return base64.urlsafe_b64encode(self.sha256).rstrip(b"=").decode()


class AssertionCase(TenantCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.credential, cls.stranger = Credential(), Credential()

    def register(self, **members):
        """Members of the app `relay`, which has no secret then."""
        self.tenant.control("apps", {"apps": [{"client_id": RELAY, "secrets": None, **members}]})

    @property
    def endpoint(self):
        return f"{self.tenant.authority}/contoso.com/oauth2/v2.0/token"

    def claims(self, **changes):
        now = int(time.time())
        claims = {"aud": self.endpoint, "iss": RELAY, "sub": RELAY, "jti": str(uuid.uuid4()), "nbf": now,
                  "exp": now + 600, "iat": now, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def assertion(self, alg="PS256", headers=None, credential=None, **changes):
        credential = credential or self.credential
        headers = {"x5t#S256": credential.x5t_s256} if headers is None else headers
        return jwt.encode(self.claims(**changes), credential.key, algorithm=alg, headers=headers)

    def ask(self, assertion, tenant="contoso.com", **changes):
        form = {"grant_type": "client_credentials", "client_id": RELAY, "scope": APP_SCOPE,
                "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **changes}
        return self.tenant.ask_token(tenant=tenant, **{n: v for n, v in form.items() if v is not None})

    def assert_token(self, answer):
        self.assertEqual(answer.status_code, 200, answer.text)
        return self.verified(answer.json()["access_token"], "https://outlook.office365.com")

    def assert_reason(self, answer, reason):
        body = self.assert_error(answer, 700027, "invalid_client", 401)
        self.assertIn(f"[Reason - {reason}", body["error_description"])
