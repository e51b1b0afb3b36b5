"""Which function answers which path. A new endpoint is one function and one line in ROUTES."""

import json
import re
from urllib.parse import parse_qs, parse_qsl

import authorize
import device_login
import generic
import grants
import metadata
import pages
import people_grants
import signin_errors
from entra_errors import TABLE, EntraError
from form import MalformedForm, decode_form
from http_server import Response

grants.GRANTS.update(people_grants.GRANTS)
TABLE.update(signin_errors.TABLE)


class Context:
    """One request on its way: its form, once decoded, is what faults match and the log shows."""

    def __init__(self, services, request):
        self.services, self.request = services, request
        self.form = self.malformed = None
        self.trace_id = self.correlation_id = None
        if request.method == "POST":
            try:
                self.form = decode_form(request.body)
            except MalformedForm as error:
                self.malformed = str(error)

    @property
    def query(self):
        return dict(parse_qsl(self.request.query, keep_blank_values=True))

    @property
    def host(self):
        return self.request.headers.get("host", "login.microsoftonline.com")


def _token(context, tenant):
    request = context.request
    if request.method != "POST":
        raise EntraError(900561, method=request.method)
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise EntraError(900144, parameter="grant_type")  # Entra reads no other body
    if context.form is None:
        raise EntraError(9002313)
    return grants.answer(context.services, tenant, context.form, request.headers.get("authorization"))


def _keys(context, tenant):
    context.services.directory.tenant(tenant)
    return context.services.signing_key.jwks()


def _openid_configuration(context, tenant):
    try:
        found = context.services.directory.tenant(tenant)
    except EntraError as problem:
        problem.error = "invalid_tenant"  # what this endpoint says for it
        raise
    return metadata.openid_configuration(context.host, tenant, found)


def _instance_discovery(context):
    asked = parse_qs(context.request.query).get("authorization_endpoint", [""])[0]
    return metadata.instance_discovery(context.host, asked)


def _for_browsers(endpoint):
    """Errors of this endpoint are read by a person."""
    def wrapped(*arguments):
        try:
            return endpoint(*arguments)
        except EntraError as problem:
            problem.on_page = True
            raise
    return wrapped


ROUTES = [(re.compile(pattern), function) for pattern, function in (
    (r"/([^/]+)/oauth2/v2\.0/token", _token),
    (r"/([^/]+)/discovery/v2\.0/keys", _keys),
    (r"/([^/]+)/v2\.0/\.well-known/openid-configuration", _openid_configuration),
    (r"/common/discovery/instance", _instance_discovery),
    (r"/devicelogin", _for_browsers(device_login.page)),
    (r"/([^/]+)/oauth2/v2\.0/devicecode", device_login.endpoint),
    (r"/([^/]+)/oauth2/v2\.0/authorize", _for_browsers(authorize.endpoint)),
    (r"/generic/(.+)", _for_browsers(generic.endpoint)),
    (r"/([^/]+)/login", _for_browsers(authorize.login)),
)]


def find(path):
    """The function for the path with its arguments, or None."""
    for pattern, function in ROUTES:
        found = pattern.fullmatch(path)
        if found:
            return lambda context: function(context, *found.groups())
    return None


def error_response(problem, status, members):
    if problem.on_page:
        return pages.error(members)
    return Response(status, body=json_bytes(members))


def json_bytes(members):
    return json.dumps(members, separators=(",", ":")).encode()
