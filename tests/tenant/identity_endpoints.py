"""How each host of managed identities answers: Azure's virtual machines, App Service, Azure Arc."""

import hmac
import json
import re
import time

import faults
from entra_errors import TABLE, new_id
from http_server import Response
from identities import NoIdentity

DEFAULT_LIFETIME = 86399
_DATE_FORMS = {"us": "%m/%d/%Y %H:%M:%S +00:00", "us12": "%m/%d/%Y %I:%M:%S %p +00:00", "iso": "%Y-%m-%d %H:%M:%S",
               "rfc3339": "%Y-%m-%dT%H:%M:%SZ"}
EXPIRES_ON_FORMS = {"string", "number", "absent", *_DATE_FORMS}


class Refusal(Exception):
    def __init__(self, status, body, headers=()):
        super().__init__(status)
        self.response = _json(status, body, headers)


def _json(status, members, headers=()):
    return Response(status, [("Content-Type", "application/json; charset=utf-8"), *headers],
                    json.dumps(members, separators=(",", ":")).encode())


def _bad_request(text, error="invalid_request"):
    return Refusal(400, {"error": error, "error_description": text})


def expires_on(form, seconds):
    """The moment in one of the forms that have been seen; None for its absence."""
    if form == "absent":
        return None
    if form in _DATE_FORMS:
        return time.strftime(_DATE_FORMS[form], time.gmtime(seconds))
    return int(seconds) if form == "number" else str(int(seconds))


class Endpoint:
    """One token request; a subclass is one kind of host."""

    path = "/metadata/identity/oauth2/token"
    selectors = ("client_id", "object_id", "msi_res_id")
    versions = r"20(18-0[2-9]|18-1|19|[2-9][0-9])[0-9-]*"  # the first and all later ones

    def __init__(self, service, request, query, action):
        self.service, self.request, self.query, self.action = service, request, query, action

    def answer(self):
        try:
            self.check_caller()
            self.check_query()
            identity = self.identity()
            self.check_proof(identity)
            return _json(200, faults.override_members(self.action, self.members(identity)))
        except Refusal as refusal:
            return refusal.response

    def check_caller(self):
        if self.request.headers.get("metadata") != "true":
            raise _bad_request("Required metadata header not specified")
        if "x-forwarded-for" in self.request.headers:
            raise _bad_request("Requests with an X-Forwarded-For header are refused")

    def check_proof(self, identity):
        """What else the host wants to see before it gives a token."""

    def check_query(self):
        for name in ("api-version", "resource"):
            if not self.query.get(name):
                raise _bad_request(f"Required query variable '{name}' is missing")
        if not re.fullmatch(self.versions, self.query["api-version"]):
            raise _bad_request(f"Bad request. api-version {self.query['api-version']} is not supported")
        if sum(name in self.query for name in self.selectors) > 1:
            raise _bad_request("More than one of " + ", ".join(self.selectors))

    @property
    def selector(self):
        """The parameter that names an identity, or None. One that the host does not know counts for nothing."""
        if self.action.get("ignore_selector"):
            return None
        return next((name for name in self.selectors if name in self.query), None)

    def identity(self):
        identities = self.service.identities
        try:
            if self.selector:
                return identities.named(self.selector, self.query[self.selector])
            return identities.default(system_only=False)
        except NoIdentity as problem:
            raise self.no_identity(problem.several) from problem

    def no_identity(self, several):
        return _bad_request("Multiple user assigned identities exist, please specify the clientId / resourceId of "
                            "the identity in the token request" if several else "Identity not found")

    def token(self, identity):
        """The token, its lifetime and its end."""
        service, resource = self.service, self.query["resource"]
        tenant = service.identities.tenant_of(identity)
        if not service.identities.knows_resource(resource):
            text = TABLE[500011][3].format(resource=resource, tenant=tenant["name"])
            raise _bad_request(f"AADSTS500011: {text} Trace ID: {new_id()} Correlation ID: {new_id()}",
                               "invalid_resource")
        lifetime = int(identity.get("token_lifetime", DEFAULT_LIFETIME))
        return service.issuer.identity_token(identity, tenant, resource, lifetime), lifetime

    def expires_on(self, lifetime):
        form = self.action.get("expires_on_form", "string")
        value = expires_on(form, self.service.clock.now() + lifetime)
        return {} if value is None else {"expires_on": value}

    def members(self, identity):
        token, lifetime = self.token(identity)
        members = {"access_token": token, "client_id": identity["client_id"], "expires_in": str(lifetime),
                   **self.expires_on(lifetime), "ext_expires_in": str(lifetime),
                   "not_before": str(int(self.service.clock.now()) - 300), "refresh_token": "",
                   "resource": self.query["resource"], "token_type": "Bearer"}
        if self.selector:
            members[self.selector] = self.query[self.selector]
        return members


class Imds(Endpoint):
    """The instance metadata service of virtual machines, http://169.254.169.254."""


class AppService(Endpoint):
    path = "/msi/token"
    selectors = ("client_id", "object_id", "principal_id", "mi_res_id")
    versions = "2019-08-01"

    def check_caller(self):
        given = self.request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(given.encode(), self.service.identity_header.encode()):
            raise Refusal(401, {"statusCode": 401, "message": "Unauthorized", "correlationId": new_id()})

    def identity(self):
        try:
            # A user-assigned identity is never a default here.
            return super().identity() if self.selector else self.service.identities.default(system_only=True)
        except NoIdentity as problem:
            raise self.no_identity(problem.several) from problem

    def no_identity(self, several):
        return Refusal(400, {"statusCode": 400, "correlationId": new_id(), "message": "No User Assigned or Delegated "
                             "Managed Identity found for specified ClientId/ResourceId/PrincipalId."})

    def members(self, identity):
        token, lifetime = self.token(identity)
        return {"access_token": token, **self.expires_on(lifetime), "resource": self.query["resource"],
                "token_type": "Bearer", "client_id": identity["client_id"]}


class Arc(Endpoint):
    """The Connected Machine agent, http://127.0.0.1:40342. It knows msi_res_id; mi_res_id it ignores."""

    versions = "2019-11-01|20[2-9][0-9]-[0-9-]*"

    def identity(self):
        found = super().identity()
        # Only user-assigned identities can be named; the machine's own is the answer to not naming any.
        if self.selector and found.get("system"):
            raise self.no_identity(False)
        return found

    def no_identity(self, several):
        return Refusal(404, {"error": "identity_not_found", "error_description": "Identity not found: error acquiring "
                             "access token: requested identity was not found", "error_codes": [404]})

    def check_proof(self, identity):
        authorization = self.request.headers.get("authorization")
        if authorization is not None and self.service.arc_keys.redeem(authorization):
            return
        header = self.service.arc_keys.challenge(self.action.get("challenge", {}))
        raise Refusal(401, {"error": "unauthorized_client", "error_description": "The request needs the key"},
                      [("WWW-Authenticate", header)] if header is not None else [])


KINDS = {"imds": Imds, "appservice": AppService, "arc": Arc}
