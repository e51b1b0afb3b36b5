"""What a registration holds besides secrets: certificates, and trust in issuers of federated tokens."""

from datetime import timezone

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_MOST_FEDERATED = 20  # Entra's limit for an application
_FEDERATED_MEMBERS = {"name", "issuer", "subject", "audience", "jwks", "pem", "available_after"}


def _pem(entry):
    if set(entry) - {"name", "pem", "file"} or ("pem" in entry) == ("file" in entry):
        raise ValueError("a certificate is {'pem': text} or {'file': path}")
    if "pem" in entry:
        return entry["pem"].encode()
    # Read at each use, so that a test may replace the file.
    with open(entry["file"], "rb") as file:
        return file.read()


class RegisteredCertificate:
    def __init__(self, entry):
        certificate = x509.load_pem_x509_certificate(_pem(entry))
        self.public_key = certificate.public_key()
        self.not_before = certificate.not_valid_before.replace(tzinfo=timezone.utc).timestamp()
        self.not_after = certificate.not_valid_after.replace(tzinfo=timezone.utc).timestamp()
        self.thumbprints = {"x5t": certificate.fingerprint(hashes.SHA1()),
                            "x5t#S256": certificate.fingerprint(hashes.SHA256())}


def certificates(app):
    return [RegisteredCertificate(entry) for entry in app.get("certificates", [])]


def federated_keys(record):
    """The public keys that a federated record brings with it: [(kid or None, key)]; None if it brings none."""
    if "pem" in record:
        pem = record["pem"].encode()
        if b"BEGIN CERTIFICATE" in pem:
            return [(None, x509.load_pem_x509_certificate(pem).public_key())]
        return [(None, serialization.load_pem_public_key(pem))]
    if "jwks" in record:
        return [(key.key_id, key.key) for key in jwt.PyJWKSet.from_dict(record["jwks"]).keys]
    return None


def _check_federated(record):
    unknown = set(record) - _FEDERATED_MEMBERS
    if unknown:
        raise ValueError(f"federated: unknown: {', '.join(sorted(unknown))}")
    for name in ("issuer", "subject", "audience"):
        if not isinstance(record.get(name), str) or not record[name]:
            raise ValueError(f"federated: '{name}' is missing")
    federated_keys(record)


def check(app):
    """Raise ValueError, OSError or a PyJWT error where Entra would refuse to register this."""
    for certificate in certificates(app):
        # An EC key may be registered, as at Entra; it is its assertions that are refused.
        if isinstance(certificate.public_key, rsa.RSAPublicKey) and certificate.public_key.key_size < 2048:
            raise ValueError("an RSA key needs 2048 bits")
    records = app.get("federated", [])
    if len(records) > _MOST_FEDERATED:
        raise ValueError(f"more than {_MOST_FEDERATED} federated credentials")
    for record in records:
        _check_federated(record)
