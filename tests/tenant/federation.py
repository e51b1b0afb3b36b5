"""Federated credentials: an application that trusts tokens of another issuer, and such an issuer to test with."""

import os
import uuid
from functools import cached_property

import jwt

import pki
from app_credentials import federated_keys
from apps import moment
from entra_errors import EntraError
from plumbing import write_json_atomically

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
_ENTRA_ISSUERS = ("https://login.microsoftonline.com/", "https://sts.windows.net/")


class FederatedIssuer:
    """A Kubernetes cluster's issuer of service account tokens; its key is kept in the tenant's directory."""

    def __init__(self, directory, clock):
        self._directory, self._clock = directory, clock

    @cached_property
    def key(self):
        # Made at the first use: most tests need none, and RSA keys take their time.
        key = pki.load_or_make_rsa_key(os.path.join(self._directory, "federated.key"))
        write_json_atomically(os.path.join(self._directory, "federated_jwks.json"),
                              {"keys": [{**pki.rsa_jwk(key.public_key()), "kid": self.kid}]})
        return key

    @property
    def kid(self):
        return "federated-1"

    def token(self, issuer, subject, audience, lifetime, issued):
        """As a kubelet projects them: one audience, in a list."""
        namespace, _, account = subject.removeprefix("system:serviceaccount:").partition(":")
        claims = {"aud": [audience], "exp": int(issued + lifetime), "iat": int(issued), "iss": issuer,
                  "jti": str(uuid.uuid4()),
                  "kubernetes.io": {"namespace": namespace, "pod": {"name": f"{account}-0", "uid": str(uuid.uuid4())},
                                    "serviceaccount": {"name": account, "uid": str(uuid.uuid4())}},
                  "nbf": int(issued), "sub": subject}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid})

    def mint(self, given):
        """What the control call gives: the token and its times."""
        issued = self._clock.now() - float(given.get("issued_ago", 0))
        lifetime = int(given.get("lifetime", 3600))
        token = self.token(given["issuer"], given["subject"], given.get("audience", "api://AzureADTokenExchange"),
                           lifetime, issued)
        return {"token": token, "expires": int(issued + lifetime)}


def check(request, assertion):
    """Raise EntraError unless a federated credential of the application fits the token."""
    assertion.check_algorithm(ALGORITHMS, "invalid_request")
    audience, now = assertion.audience, request.services.clock.now()
    # Entra compares every letter, and a new credential takes its time to reach all of Entra's servers.
    records = [record for record in request.app.get("federated", [])
               if record["issuer"] == assertion.text("iss") and moment(record.get("available_after", 0)) <= now]
    if records and _is_delegated(assertion):
        raise EntraError(700229)
    record = next((record for record in records if record["subject"] == assertion.text("sub")
                   and record["audience"] == audience), None)
    if record is None:
        raise EntraError(70021)
    _check_signature(request, assertion, record)
    assertion.check_times(now)


def _is_delegated(assertion):
    return assertion.claims.get("idtyp") == "user" or "scp" in assertion.claims


def _keys(services, record):
    given = federated_keys(record)
    if given is not None:
        return given
    if record["issuer"].startswith(_ENTRA_ISSUERS):
        return [(services.signing_key.kid, services.signing_key.private_key.public_key())]
    return [(services.federated_issuer.kid, services.federated_issuer.key.public_key())]


def _check_signature(request, assertion, record):
    kid = assertion.header.get("kid")
    keys = [key for known, key in _keys(request.services, record) if None in (known, kid) or known == kid]
    if not keys:
        raise EntraError(700027, reason="The key was not found.", thumbprint=kid, found="",
                         client_id=request.client_id)
    if not any(assertion.signed_by(key) for key in keys):
        raise EntraError(700027, reason="Key was found, but use of the key to verify the signature failed.",
                         thumbprint=kid or "", found="", client_id=request.client_id)
