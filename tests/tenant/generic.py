"""A plain OAuth 2.0 server under /generic/, for providers that are not Entra. It has the manners of Google's."""

import base64
import hmac
import json
import secrets
from urllib.parse import urlencode

import consents
import pages
import redirects
from apps import moment
from cryptography.exceptions import InvalidTag
from device_login import code_to_sign_in
from entra_errors import new_id
from form import MalformedForm, decode_component, decode_form
from http_server import Response
from people_grants import DEVICE_GRANT, verifier_fits
from signin import Refused

LIFETIME = 3599
CODE_LIFETIME = 600
_ACCESS, _REFRESH = "ya29.", "1//0"
_DEFAULT_REFRESH_LIFETIME = 180 * 86400  # unused for half a year
# error: HTTP status, where it is not 400
_STATUS = {"invalid_client": 401, "authorization_pending": 428, "slow_down": 403, "access_denied": 403}


class GenericError(Exception):
    """RFC 6749's two members, and no more."""

    def __init__(self, error, description):
        super().__init__(error)
        self.error, self.description = error, description


class _PageError(GenericError):
    """For the person: the link was wrong, so nobody is redirected."""


def _json(status, members):
    return Response(status, [("Content-Type", "application/json; charset=utf-8")],
                    json.dumps(members, indent=2).encode())


def _user(directory, upn):
    return next((u for u in directory.document["generic_users"] if u["upn"].lower() == upn.lower()), None)


def _app(directory, client_id):
    return next((a for a in directory.document["generic_apps"] if a["client_id"] == client_id), None)


def _check_user(directory, upn, password):
    user = _user(directory, upn)
    if user is None:
        raise Refused("Couldn't find your account.")
    if password is not None and (not user.get("password") or user["password"] != password):
        raise Refused("Wrong password. Try again.")
    if user.get("disabled"):
        raise Refused("This account has been disabled.")
    return user


# Authorization

class Authorization:
    """One request to the authorize endpoint, and the purpose of its sign-in (see signin.py)."""
    action = "/generic/login"

    def __init__(self, context):
        self.services, self._directory = context.services, context.services.directory
        try:
            self.query = decode_form(context.request.query.encode())
        except MalformedForm as error:
            raise _PageError("invalid_request", str(error)) from error
        self.app = _app(self._directory, self._required("client_id"))
        if self.app is None:
            raise _PageError("invalid_client", "The OAuth client was not found.")
        self.redirect_uri = self._required("redirect_uri")
        own = self.app.get("redirect_uris")
        if self.redirect_uri not in own if own is not None else not redirects.is_loopback(self.redirect_uri):
            raise _PageError("redirect_uri_mismatch", f"redirect_uri={self.redirect_uri}")
        self.app_name, self.hint = self.app.get("name", "app"), self.query.get("login_hint", "")

    def _required(self, name):
        if not self.query.get(name):
            raise _PageError("invalid_request", f"Missing required parameter: {name}")
        return self.query[name]

    def validate(self):
        """Google shows these on its page too."""
        if self._required("response_type") != "code":
            raise _PageError("unsupported_response_type", f"Invalid response_type: {self.query['response_type']}")
        self._required("scope")
        if "code_challenge" in self.query:
            if self.query.setdefault("code_challenge_method", "plain") not in ("S256", "plain"):
                raise _PageError("invalid_request", "Invalid code_challenge_method")

    def start(self):
        if self.query.get("prompt") == "none":
            return self._answer({"error": "interaction_required"})
        return self.services.people.sign_ins.begin(self)

    def check(self, upn, password):
        return _check_user(self._directory, upn, password)

    def _missing(self, user):
        return consents.missing(self._directory, self.app["client_id"], user["upn"], self.query["scope"])

    def _asks_consent(self, user):
        return self._missing(user) or "consent" in self.query.get("prompt", "").split()

    def page(self, token, user):
        if not self._asks_consent(user):
            return None
        return pages.consent(self.action, token, user["upn"], self.app_name, self.query["scope"].split())

    def done(self, user):
        # Google gives a refresh token only for offline access, and only when consent was really asked.
        record = {"client_id": self.app["client_id"], "upn": user["upn"], "redirect_uri": self.redirect_uri,
                  "scope": self.query["scope"], "challenge": self.query.get("code_challenge"),
                  "method": self.query.get("code_challenge_method"), "used": False,
                  "refresh": self.query.get("access_type") == "offline" and bool(self._asks_consent(user)),
                  "expires": self.services.clock.now() + CODE_LIFETIME}
        consents.remember(self._directory, self.app["client_id"], user["upn"], self.query["scope"])
        # The slash is Google's: a client that does not encode it is found out.
        code = self.services.people.new_code("4/0A" + secrets.token_urlsafe(52), record)
        return self._answer({"code": code, "scope": self.query["scope"]})

    def declined(self, _):
        return self._answer({"error": "access_denied"})

    def _answer(self, members):
        if "state" in self.query:
            members = {"state": self.query["state"], **members}
        return Response(302, [("Location", redirects.with_answer(self.redirect_uri, members))])


def _authorize(context):
    authorization = Authorization(context)
    authorization.validate()
    return authorization.start()


def _login(context):
    if context.form is None:
        raise _PageError("invalid_request", "no form")
    return context.services.people.sign_ins.step(context.form)


# Devices

class DeviceSignIn:
    """The purpose of a sign-in on behalf of another device (see signin.py)."""
    action, hint = "/generic/login", ""

    def __init__(self, services, code):
        self._directory, self._code = services.directory, code
        self.app_name = (_app(self._directory, code.client_id) or {}).get("name", "app")

    def check(self, upn, password):
        return _check_user(self._directory, upn, password)

    def page(self, token, user):
        return pages.consent(self.action, token, user["upn"], self.app_name, self._code.scope.split())

    def done(self, user):
        self._code.state, self._code.upn = "approved", user["upn"]
        return pages.done("Success!", "Device connected.")

    def declined(self, _):
        self._code.state = "declined"
        return pages.done("Denied", "The device was not connected.")


def _device(context):
    services, form = context.services, _form(context)
    if _app(services.directory, form.get("client_id", "")) is None:
        raise GenericError("invalid_client", "The OAuth client was not found.")
    if not form.get("scope"):
        raise GenericError("invalid_request", "Missing required parameter: scope")
    settings = services.directory.document["device"]
    code = services.people.device_codes.issue("generic", form["client_id"], "", form["scope"], services.clock.now(),
                                              settings, "AH-1Ng", separator="-")
    uri = f"https://{context.host}/generic/devicelogin"
    services.secrets.learn(code.device_code)
    members = {"device_code": code.device_code, "user_code": code.user_code, "verification_uri": uri,
               "verification_url": uri, "verification_uri_complete": f"{uri}?{urlencode({'user_code': code.user_code})}",
               "expires_in": settings.get("expires_in", 900), "interval": settings.get("interval", 5)}
    return _json(200, {name: value for name, value in members.items() if value is not None})


def _device_page(context):
    given = (context.form or context.query).get("user_code", "")
    if context.request.method != "POST":
        return pages.user_code("/generic/devicelogin", given, "")
    try:
        code = code_to_sign_in(context.services, "generic", given)
    except Refused:
        return pages.user_code("/generic/devicelogin", given, "Invalid code. Try again.")
    return context.services.people.sign_ins.begin(DeviceSignIn(context.services, code))


# The token endpoint

def _form(context):
    if context.request.method != "POST" or context.form is None:
        raise GenericError("invalid_request", "Bad Request")
    return context.form


def _client(context, form):
    """The app, once it has shown its secret: Google's desktop apps have one too."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret")
    scheme, _, payload = context.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, secret = (decode_component(part) for part in base64.b64decode(payload).split(b":", 1))
        except (ValueError, MalformedForm) as error:
            raise GenericError("invalid_client", "Unauthorized") from error
    app = _app(context.services.directory, client_id)
    if app is None:
        raise GenericError("invalid_client", "The OAuth client was not found.")
    if app.get("public"):
        return app
    if not secret:
        raise GenericError("invalid_request", "client_secret is missing.")
    if not any(hmac.compare_digest(s["value"].encode(), secret.encode()) for s in app.get("secrets", [])):
        raise GenericError("invalid_client", "Unauthorized")
    return app


def _tokens(context, app, user, scope, refresh):
    services, lifetime = context.services, app.get("token_lifetime", LIFETIME)
    token = services.issuer.known_opaque_token(_ACCESS + secrets.token_urlsafe(150), user, "https://mail.google.com",
                                               scope.split(), lifetime)
    members = {"access_token": token, "expires_in": int(lifetime), "scope": scope, "token_type": "Bearer"}
    if refresh:
        record = {"id": new_id(), "client_id": app["client_id"], "upn": user["upn"], "scope": scope,
                  "issued": services.clock.now()}
        members["refresh_token"] = f"{_REFRESH}{services.issuer.seal(record)}"
        services.secrets.learn(members["refresh_token"])
    return _json(200, members)


def _required(form, name):
    if not form.get(name):
        raise GenericError("invalid_request", f"Missing required parameter: {name}")
    return form[name]


def _code_grant(context, app, form):
    record = context.services.people.codes.get(_required(form, "code"))
    if record is None or record["client_id"] != app["client_id"]:
        raise GenericError("invalid_grant", "Malformed auth code.")
    if record["used"] or record["expires"] <= context.services.clock.now():
        raise GenericError("invalid_grant", "Bad Request")
    if _required(form, "redirect_uri") != record["redirect_uri"]:
        raise GenericError("redirect_uri_mismatch", "Bad Request")
    if not verifier_fits(form.get("code_verifier"), record["challenge"], record["method"]):
        raise GenericError("invalid_grant", "Invalid code verifier." if form.get("code_verifier") else
                           "Missing code verifier.")
    record["used"] = True
    return _tokens(context, app, _user(context.services.directory, record["upn"]), record["scope"],
                   record["refresh"])


def open_refresh_token(services, token):
    """The record in a refresh token of this server; None for any other."""
    if not token.startswith(_REFRESH):
        return None
    try:
        return services.issuer.unseal(token[len(_REFRESH):])
    except (InvalidTag, ValueError, UnicodeError):
        return None


def _refresh_grant(context, app, form):
    services = context.services
    document, now = services.directory.document, services.clock.now()
    record = open_refresh_token(services, _required(form, "refresh_token"))
    if record is None or record["client_id"] != app["client_id"]:
        raise GenericError("invalid_grant", "Bad Request")
    user = _user(services.directory, record["upn"])
    limit = app.get("refresh_token_lifetime", _DEFAULT_REFRESH_LIFETIME)
    if (user is None or user.get("disabled") or record["id"] in document["revoked"]
            or record["issued"] < moment(user.get("tokens_valid_from", 0))
            or now - services.last_use.get(record["id"], record["issued"]) >= limit):
        raise GenericError("invalid_grant", "Token has been expired or revoked.")
    services.last_use[record["id"]] = now
    if app.get("rotate"):  # Google does not; servers that do make the old one worthless at once
        document["revoked"][record["id"]] = 0
        services.directory.save()
    return _tokens(context, app, user, record["scope"], bool(app.get("rotate")))


def _device_grant(context, app, form):
    services = context.services
    codes, now = services.people.device_codes, services.clock.now()
    code = codes.by_device_code("generic", _required(form, "device_code"))
    if code is None or code.client_id != app["client_id"] or code.state == "used":
        raise GenericError("invalid_grant", "Malformed device code.")
    if code.expires <= now:
        raise GenericError("expired_token", "Bad Request")
    if codes.too_fast(code, now, services.directory.document["device"].get("slow_down", True)):
        raise GenericError("slow_down", "Forbidden")
    if code.state == "pending":
        raise GenericError("authorization_pending", "Precondition Required")
    if code.state != "approved":
        raise GenericError("access_denied", "Forbidden")
    code.state = "used"
    return _tokens(context, app, _user(services.directory, code.upn), code.scope, True)


_GRANTS = {"authorization_code": _code_grant, "refresh_token": _refresh_grant, DEVICE_GRANT: _device_grant}


def _token(context):
    form = _form(context)
    grant = _required(form, "grant_type")
    if grant not in _GRANTS:
        raise GenericError("unsupported_grant_type", f"Invalid grant_type: {grant}")
    return _GRANTS[grant](context, _client(context, form), form)


_ENDPOINTS = {"authorize": _authorize, "login": _login, "token": _token, "device": _device,
              "devicelogin": _device_page}


def _error(context, problem):
    if isinstance(problem, _PageError):
        return pages.page(f"Error 400: {problem.error}", f"<p class=message>{pages.escape(problem.description)}</p>", 400)
    app = _app(context.services.directory, (context.form or {}).get("client_id", "")) or {}
    # "rfc": RFC 8628 wants 400 for all that the polling device is told.
    status = _STATUS.get(problem.error, 400) if app.get("style") != "rfc" or problem.error == "invalid_client" else 400
    return _json(status, {"error": problem.error, "error_description": problem.description})


def endpoint(context, name):
    if name not in _ENDPOINTS:
        return Response(404)
    try:
        return _ENDPOINTS[name](context)
    except GenericError as problem:
        return _error(context, problem)
