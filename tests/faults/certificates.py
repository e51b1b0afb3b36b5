"""A CA, a certificate that it vouches for, and three that nobody should accept."""

import ipaddress
import os
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ["localhost", "hang.test"]


def _builder(name, issuer, key, begin, end):
    return (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end))


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(path, *parts):
    with open(path, "wb") as file:
        file.write(b"".join(parts))


class Authority:
    def __init__(self, name):
        self._name, self._key = _name(name), ec.generate_private_key(ec.SECP256R1())
        self._now = datetime.now(timezone.utc)
        self.pem = (_builder(self._name, self._name, self._key, self._now - timedelta(days=400),
                             self._now + timedelta(days=400))
                    .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                    .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
                    .sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, path, names, addresses=(), days=(-30, 300)):
        """Write a key and its certificate to one file; `days` from now say how long it is valid."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        certificate = (_builder(_name(names[0]), self._name, key, self._now + timedelta(days=days[0]),
                                self._now + timedelta(days=days[1]))
                       .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
                       .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                                      critical=False)
                       .sign(self._key, hashes.SHA256()))
        _write(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()),
               certificate.public_bytes(serialization.Encoding.PEM))
        return path


def prepare(directory):
    """The files by the name of the listener that shows them."""
    authority, stranger = Authority("Fault server test CA"), Authority("Somebody else's CA")

    def path(name):
        return os.path.join(directory, name)

    good = authority.issue(path("good.pem"), NAMES, ["127.0.0.1"])
    files = {
        "https": good, "other": good, "tls11": good,
        "wrong_name": authority.issue(path("wrong_name.pem"), ["elsewhere.test"]),
        "unknown_ca": stranger.issue(path("unknown_ca.pem"), NAMES, ["127.0.0.1"]),
        "expired": authority.issue(path("expired.pem"), NAMES, ["127.0.0.1"], days=(-60, -30)),
    }
    _write(path("ca.pem"), authority.pem)
    return files
