"""A CA, a certificate that it vouches for, and some that nobody should accept."""

import ipaddress
import os
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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
    """A CA; its own, or one that another one vouches for."""

    def __init__(self, name, issuer=None, path_length=0):
        self._name, self._key = _name(name), ec.generate_private_key(ec.SECP256R1())
        self._now = datetime.now(timezone.utc)
        above = issuer or self
        self.pem = (_builder(self._name, above._name, self._key, self._now - timedelta(days=400),
                             self._now + timedelta(days=400))
                    .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
                    .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
                    .sign(above._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, path, names, addresses=(), days=(-30, 300), usage=ExtendedKeyUsageOID.SERVER_AUTH, above=b""):
        """Write a key and its certificate to one file, and `above`, the certificates that follow it; `days` from now
        say how long it is valid."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        certificate = (_builder(_name(names[0]), self._name, key, self._now + timedelta(days=days[0]),
                                self._now + timedelta(days=days[1]))
                       .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
                       .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                                      critical=False)
                       .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
                       .sign(self._key, hashes.SHA256()))
        _write(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()),
               certificate.public_bytes(serialization.Encoding.PEM), above)
        return path


def _self_signed(path):
    key, name, now = ec.generate_private_key(ec.SECP256R1()), _name("localhost"), datetime.now(timezone.utc)
    certificate = (_builder(name, name, key, now - timedelta(days=1), now + timedelta(days=300))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES]), critical=False)
                   .sign(key, hashes.SHA256()))
    _write(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                   serialization.NoEncryption()), certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _chain(path, length):
    """A certificate at the end of a chain of that many; the root of it, as PEM."""
    root = authority = Authority("Root of a chain", path_length=None)
    above = b""
    for number in range(length - 1):
        authority = Authority(f"Link {number}", issuer=authority, path_length=None)
        above = authority.pem + above
    authority.issue(path, NAMES, above=above)
    return root.pem


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


def prepare_hostile(directory, more_names=()):
    """The files by name, for servers that are hostile already in the handshake. ca.pem vouches for those that are
    wrong only in the way that their name says."""
    authority, stranger = Authority("Fault server test CA"), Authority("Somebody else's CA")

    def issue(name, names=(*NAMES, *more_names), by=authority, **named):
        return by.issue(os.path.join(directory, f"{name}.pem"), names, **named)

    chain = os.path.join(directory, "chain.pem")
    _write(os.path.join(directory, "ca.pem"), authority.pem, _chain(chain, 100))
    return {
        "good": issue("good"), "chain": chain,
        "wrong_name": issue("wrong_name", ["elsewhere.test"]),
        "expired": issue("expired", days=(-60, -30)),
        "not_yet": issue("not_yet", days=(10, 300)),
        "unknown_ca": issue("unknown_ca", by=stranger),
        "self_signed": _self_signed(os.path.join(directory, "self_signed.pem")),
        "no_server_use": issue("no_server_use", usage=ExtendedKeyUsageOID.CLIENT_AUTH),
        "large": issue("large", [*NAMES, *(f"name-{number}.a-large-certificate.test" for number in range(8000))]),
    }
