"""Tokens of managed identities, signed with the tenant's key."""

import os

from entra_errors import new_id
from identities import EXCHANGE_AUDIENCES
from pki import SigningKey
from tokens import TokenIssuer


class IdentityTokenIssuer(TokenIssuer):
    def __init__(self, tenant_directory, clock, learn_secret):
        # Nothing is sealed and nothing is opaque here: such identities have no refresh tokens and no personal accounts.
        super().__init__(SigningKey(tenant_directory), os.urandom(32), clock, learn_secret, None)

    def identity_token(self, identity, tenant, resource, lifetime):
        make = self._exchange_token if resource in EXCHANGE_AUDIENCES else self._resource_token
        return make(identity, tenant, resource, lifetime)

    def _resource_token(self, identity, tenant, resource, lifetime):
        claims = self._common_claims(identity, tenant, resource, lifetime)
        claims.update({"appidacr": "2", "idtyp": "app", "oid": identity["object_id"], "sub": identity["object_id"]})
        if identity.get("resource_id"):
            claims["xms_mirid"] = identity["resource_id"]
        if identity.get("roles"):
            claims["roles"] = identity["roles"]
        return self._signed_access_token(claims)

    def _exchange_token(self, identity, tenant, audience, lifetime):
        """A v2.0 token: what an application trusts by issuer, object id and audience."""
        common = self._common_claims(identity, tenant, audience, lifetime)
        claims = {name: common[name] for name in ("aud", "iat", "nbf", "exp", "aio", "rh", "tid", "uti")}
        claims.update({"iss": f"https://login.microsoftonline.com/{tenant['id']}/v2.0", "azp": identity["client_id"],
                       "azpacr": "2", "idtyp": "app", "oid": identity["object_id"], "sub": identity["object_id"],
                       "ver": "2.0", "xms_ftd": new_id()})
        return self._remember(self._sign(claims))
