"""Keys and certificates of the stand-ins: a CA, the server certificate, the token signing key."""

import base64
import ipaddress
import json
import os
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from plumbing import write_file_atomically, write_json_atomically

SERVER_NAMES = ["localhost", "login.microsoftonline.com", "login.test", "smtp.test", "smtp.office365.com",
                "smtp-hve.office365.com", "smtp.hve.mx.microsoft", "outlook.office365.com",
                "smtp.gmail.com", "smtp.azurecomm.net"]
SERVER_ADDRESSES = ["127.0.0.1", "::1"]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _write_key(path, key):
    write_file_atomically(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                  serialization.NoEncryption()), 0o600)


def _write_certificate(path, *certificates):
    write_file_atomically(path, b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates))


def _builder(subject, issuer, public_key):
    # Wide validity on purpose: tests move clocks by months.
    now = datetime.now(timezone.utc)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=3650)))


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signing=False, certificates=False):
    return x509.KeyUsage(digital_signature=signing, key_cert_sign=certificates, crl_sign=certificates,
                         content_commitment=False, key_encipherment=False, data_encipherment=False,
                         key_agreement=False, encipher_only=False, decipher_only=False)


def _make_server_certificate(directory):
    ca_key, ca_name = ec.generate_private_key(ec.SECP256R1()), _name("Stand-in test CA")
    ca = (_builder(ca_name, ca_name, ca_key.public_key())
          .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
          .add_extension(_usage(certificates=True), critical=True)
          .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
          .sign(ca_key, hashes.SHA256()))
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(name) for name in SERVER_NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in SERVER_ADDRESSES]
    certificate = (_builder(_name("localhost"), ca_name, key.public_key())
                   .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                   .add_extension(_usage(signing=True), critical=True)
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                   .add_extension(x509.SubjectAlternativeName(names), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
                                  critical=False)
                   .sign(ca_key, hashes.SHA256()))
    _write_key(os.path.join(directory, "ca.key"), ca_key)
    _write_key(os.path.join(directory, "server.key"), key)
    _write_certificate(os.path.join(directory, "server.pem"), certificate)
    # Last, because its presence means that the set is whole.
    _write_certificate(os.path.join(directory, "ca.pem"), ca)


class SigningKey:
    """The RS256 key of the tenant's tokens, with the identifiers Entra publishes for it."""

    def __init__(self, directory):
        key_path = os.path.join(directory, "signing.key")
        certificate_path = os.path.join(directory, "signing.pem")
        if not os.path.exists(certificate_path):
            self._create(key_path, certificate_path)
        with open(key_path, "rb") as file:
            self.private_key = serialization.load_pem_private_key(file.read(), None)
        with open(certificate_path, "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        # Entra uses the certificate's SHA-1 thumbprint for both.
        self.kid = self.x5t = base64url(certificate.fingerprint(hashes.SHA1()))
        self._certificate_der = certificate.public_bytes(serialization.Encoding.DER)

    @staticmethod
    def _create(key_path, certificate_path):
        key = rsa.generate_private_key(65537, 2048)
        name = _name("accounts.accesscontrol.windows.net")
        certificate = _builder(name, name, key.public_key()).sign(key, hashes.SHA256())
        _write_key(key_path, key)
        _write_certificate(certificate_path, certificate)

    def jwks(self):
        numbers = self.private_key.public_key().public_numbers()
        return {"keys": [{
            "kty": "RSA", "use": "sig", "kid": self.kid, "x5t": self.x5t,
            "n": base64url(numbers.n.to_bytes(256, "big")), "e": base64url(numbers.e.to_bytes(3, "big")),
            "x5c": [base64.b64encode(self._certificate_der).decode()],
            "cloud_instance_name": "microsoftonline.com",
            "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}]}


def prepare(directory):
    """Create what is missing in the directory and return the signing key."""
    if not os.path.exists(os.path.join(directory, "ca.pem")):
        _make_server_certificate(directory)
    key = SigningKey(directory)
    write_json_atomically(os.path.join(directory, "jwks.json"), key.jwks())
    return key


def load_symmetric_key(directory):
    """The key that seals refresh tokens. Kept, so that they survive a restart of the tenant."""
    path = os.path.join(directory, "grant.key")
    if not os.path.exists(path):
        write_file_atomically(path, json.dumps(os.urandom(32).hex()), 0o600)
    with open(path, encoding="ascii") as file:
        return bytes.fromhex(json.load(file))
