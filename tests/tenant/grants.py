"""The token endpoint: one function a grant, registered in GRANTS by its grant_type."""

import base64
import hmac
import json

import assertions
from apps import moment
from entra_errors import EntraError, precise_time
from form import MalformedForm, decode_component
from scopes import GRAPH, DelegatedScope, app_audience

DEFAULT_LIFETIME = 3599
INACTIVITY_LIMIT = 90 * 86400


class TokenRequest:
    """A decoded POST to the token endpoint, and what the grants look up for it."""

    def __init__(self, services, tenant_name, form, authorization, host="login.microsoftonline.com"):
        self.services, self.directory, self.form = services, services.directory, form
        self.tenant_name, self.host = tenant_name.lower(), host
        self._read_basic(authorization)
        self.grant = self.required("grant_type")
        self.client_id = self.required("client_id")
        self.tenant = self.directory.tenant(tenant_name)
        self.app = self.directory.app(self.client_id, self.tenant)

    def required(self, name):
        value = self.form.get(name)
        if not value:
            raise EntraError(900144, parameter=name)
        return value

    def _read_basic(self, authorization):
        """RFC 6749 2.3.1: id and secret are form-encoded, then joined, then base64."""
        scheme, _, payload = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return
        try:
            user, colon, password = base64.b64decode(payload.strip(), validate=True).partition(b":")
            client_id, secret = decode_component(user), decode_component(password)
        except (ValueError, MalformedForm) as error:
            raise EntraError(9002313) from error
        if not colon or "client_secret" in self.form or self.form.get("client_id", client_id) != client_id:
            raise EntraError(9002313)
        self.form = {**self.form, "client_id": client_id, "client_secret": secret}

    @property
    def lifetime(self):
        return self.app.get("token_lifetime", DEFAULT_LIFETIME)


# Client authentication. A credential type is one entry here.

def _check_secret(request):
    if request.directory.secrets_blocked(request.app):
        raise EntraError(50012, client_id=request.client_id)
    given = request.form["client_secret"].encode()
    for secret in request.app.get("secrets", []):
        if hmac.compare_digest(secret["value"].encode(), given):
            if "expires" in secret and moment(secret["expires"]) <= request.services.clock.now():
                raise EntraError(7000222, client_id=request.client_id)
            return
    raise EntraError(7000215, client_id=request.client_id)


CREDENTIAL_CHECKS = {"client_assertion": assertions.check, "client_secret": _check_secret}


def authenticate_client(request, public_allowed):
    if request.app.get("public"):
        if any(name in request.form for name in ("client_secret", "client_assertion")):
            raise EntraError(700025)
        if public_allowed:
            return
    for parameter, check in CREDENTIAL_CHECKS.items():
        if request.form.get(parameter):
            check(request)
            return
    raise EntraError(7000218)


# Answers

def _success(request, access_token):
    form = request.app.get("expires_in_form", "int")
    expires_in = int(request.lifetime)
    members = {"token_type": "Bearer"}
    if form != "absent":
        members["expires_in"] = str(expires_in) if form == "string" else expires_in
        members["ext_expires_in"] = members["expires_in"]
    if "refresh_in" in request.app:
        members["refresh_in"] = request.app["refresh_in"]
    members["access_token"] = access_token
    return members


def _client_credentials(request):
    if request.tenant_name in ("common", "consumers"):
        raise EntraError(9001023)
    if request.tenant is None:
        raise EntraError(50059)
    authenticate_client(request, public_allowed=False)
    audience = app_audience(request.required("scope"), request.directory, request.tenant)
    token = request.services.issuer.app_token(request.app, request.tenant, audience, request.lifetime)
    return _success(request, token)


def _refresh_token(request):
    token = request.required("refresh_token")
    authenticate_client(request, public_allowed=True)
    record = request.services.issuer.open_refresh_token(token)
    user, tenant = _check_grant(request, record)
    consented = DelegatedScope(record["scope"], request.directory, tenant)
    wanted = DelegatedScope(request.form.get("scope") or record["scope"], request.directory, tenant)
    _check_consent(request, consented, wanted)
    return user_members(request, tenant, user, record["scope"], consented, wanted, method=record.get("method"))


def user_members(request, tenant, user, scope, consented, wanted, nonce=None, method=None):
    """The answer that ends a person's sign-in, and that of every refresh after it. `scope` is the text that
    `consented` was read from; `method` says how the person signed in, where that matters later."""
    audience = wanted.audience or consented.audience or GRAPH
    # Entra names every permission consented for the resource, not only those asked for.
    permissions = consented.permissions or consented.oidc
    issuer = request.services.issuer
    members = _success(request, issuer.user_token(request.app, tenant, user, audience, permissions, request.lifetime))
    members["scope"] = " ".join(f"{audience}/{permission}" for permission in permissions)
    if "offline_access" in consented.oidc:
        members["refresh_token"] = issuer.refresh_token(request.app, tenant, user, scope, method=method)
    if "openid" in wanted.oidc:
        members["id_token"] = issuer.id_token(request.app, tenant, user, nonce)
    if request.form.get("client_info") == "1":
        info = json.dumps({"uid": user["oid"], "utid": tenant["id"]}).encode()
        members["client_info"] = base64.urlsafe_b64encode(info).decode().rstrip("=")
    return members


def _check_grant(request, record):
    """Is the refresh token still good, for this client, at this authority? Returns its user and tenant."""
    directory, now = request.directory, request.services.clock.now()
    if record["client_id"].lower() != request.client_id.lower():
        raise EntraError(70000)
    if request.tenant is not None and record["tenant"] != request.tenant["id"]:
        raise EntraError(7000012)
    tenant = directory.tenant(record["tenant"])
    if request.tenant_name == "organizations" and tenant.get("personal"):
        raise EntraError(7000012)
    if record.get("method") == "device_code" and directory.document["policies"].get("block_device_code"):
        raise EntraError(530036)  # a sign-in by device code stays marked as one
    user = directory.user(record["upn"])
    if user is None:
        raise EntraError(50034, user=record["upn"], tenant=tenant["name"])
    if user.get("disabled"):
        raise EntraError(50057)
    issued, valid_from = record["issued"], moment(user.get("tokens_valid_from", 0))
    times = {"issued": precise_time(issued), "valid": precise_time(valid_from)}
    if record["id"] in directory.document["revoked"]:
        raise EntraError(directory.document["revoked"][record["id"]], valid=precise_time(now),
                         issued=times["issued"], resource="00000002-0000-0ff1-ce00-000000000000")
    if issued < valid_from:
        raise EntraError(50173, **times)
    limit = request.app.get("refresh_token_lifetime", INACTIVITY_LIMIT)
    if now - request.services.last_use.get(record["id"], issued) >= limit:
        days, rest = divmod(int(limit), 86400)
        inactive = f"{days}.{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
        raise EntraError(700082, inactive=inactive, **times)
    request.services.last_use[record["id"]] = now
    return user, tenant


def _check_consent(request, consented, wanted):
    if wanted.resource is None:
        return
    granted = {p.lower() for p in consented.permissions} | {".default"}
    if wanted.resource != consented.resource or any(p.lower() not in granted for p in wanted.permissions):
        raise EntraError(65001, client_id=request.client_id, app_name=request.app.get("name", ""))


GRANTS = {"client_credentials": _client_credentials, "refresh_token": _refresh_token}


def answer(services, tenant_name, form, authorization, host):
    """The success members for a token request, or EntraError."""
    request = TokenRequest(services, tenant_name, form, authorization, host)
    if request.grant not in GRANTS:
        raise EntraError(70003, grant=request.grant)
    return GRANTS[request.grant](request)


