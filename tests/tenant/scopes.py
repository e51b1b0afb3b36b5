"""Scopes: which resource a request is for, and which of its permissions."""

import re

from entra_errors import EntraError

EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
GRAPH = "00000003-0000-0000-c000-000000000000"
_GRAPH_URL = "https://graph.microsoft.com"

# Application ID URIs (lower case, no slash at the end) that exist in every tenant.
RESOURCES = {
    "https://outlook.office365.com": EXCHANGE, "https://outlook.office.com": EXCHANGE,
    "https://outlook.office365.us": EXCHANGE, "https://partner.outlook.cn": EXCHANGE,
    "https://webmail.apps.mil": EXCHANGE, "https://ps.outlook.com": EXCHANGE,
    _GRAPH_URL: GRAPH,
    "https://communication.azure.com": "632ec9eb-fad7-4cbd-993a-e72973ba2acc",
    "https://management.azure.com": "797f4846-ba00-4fd7-ba43-dac1f8f63013",
}
OIDC_SCOPES = ("openid", "profile", "email", "offline_access")
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def resource_id(audience, directory):
    """The app id of the resource with that URI or id, or None."""
    wanted = audience.rstrip("/").lower()
    known = {**RESOURCES, **{k.rstrip("/").lower(): v for k, v in directory.document["resources"].items()}}
    if wanted in known:
        return known[wanted]
    return wanted if wanted in known.values() else None


def _required_resource(audience, directory, tenant):
    found = resource_id(audience, directory)
    if found is None:
        raise EntraError(500011, resource=audience, tenant=tenant["name"])
    return found


def _tokens(scope):
    tokens = [token for token in scope.split(" ") if token]
    if not tokens or not all(_SCOPE_TOKEN.fullmatch(token) for token in tokens):
        raise EntraError(70011, scope=scope)
    return tokens


def app_audience(scope, directory, tenant):
    """For client credentials: the audience that one `RESOURCE/.default` asks for."""
    tokens = _tokens(scope)
    if len(tokens) > 1:
        raise EntraError(1002012 if any(t in OIDC_SCOPES for t in tokens) else 70011, scope=scope)
    audience, slash, permission = tokens[0].rpartition("/")
    if not slash or permission != ".default":
        raise EntraError(1002012, scope=scope)
    _required_resource(audience, directory, tenant)
    return audience


class DelegatedScope:
    """What a signed-in user's request asks for: one resource, permissions, and OpenID's own scopes."""

    def __init__(self, scope, directory, tenant):
        self.oidc, self.permissions, self.audience, self.resource = [], [], None, None
        for token in _tokens(scope):
            if token in OIDC_SCOPES:
                self.oidc.append(token)
            else:
                self._add(token, scope, directory, tenant)

    def _add(self, token, scope, directory, tenant):
        audience, slash, permission = token.rpartition("/")
        if not slash:
            audience = _GRAPH_URL  # an unqualified scope is Graph's: a classic mistake
        if not permission:
            raise EntraError(70011, scope=scope)
        resource = _required_resource(audience, directory, tenant)
        if self.resource not in (None, resource):
            raise EntraError(28000, scope=scope)
        self.audience, self.resource = self.audience or audience, resource
        self.permissions.append(permission)
