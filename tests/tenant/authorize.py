"""The authorize endpoint: a person signs in, and the browser carries a code back to the app."""

import base64
import json
import re
import secrets

import consents
import pages
import redirects
from entra_errors import EntraError, error_answer, new_id
from form import MalformedForm, decode_form
from http_server import Response
from scopes import DelegatedScope
from signin import Refused

CODE_LIFETIME = 600
_PROMPTS = ("", "login", "none", "consent", "select_account")
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
NOWHERE = {"name": "Microsoft"}  # stands for the tenant in texts, where the user will decide


class RedirectedError(Exception):
    """An error that the app is to learn: the redirect URI has been found good."""

    def __init__(self, response):
        super().__init__("redirected")
        self.response = response


def check_user(directory, tenant, tenant_name, app, upn, password):
    """The user with that name and password, if this app at this authority may have them."""
    user = directory.user(upn)
    names = {"user": upn, "client_id": app["client_id"], "app_name": app.get("name", "")}
    if user is None:
        raise Refused(f"AADSTS50034: The user account {upn} does not exist in the "
                      f"{(tenant or NOWHERE)['name']} directory.")
    home = directory.home_tenant(user)
    foreign = not directory.has_user(user, tenant) if tenant else tenant_name == "organizations" and home.get("personal")
    if foreign:
        raise EntraError(50020, provider="live.com" if home.get("personal") else home["name"],
                         tenant=(tenant or NOWHERE)["name"], **names)
    if password is not None and (not user.get("password") or user["password"] != password):
        raise Refused("Your account or password is incorrect. AADSTS50126: Error validating credentials due to "
                      "invalid username or password.")
    if user.get("disabled"):
        raise Refused("AADSTS50057: The user account is disabled.")
    if tenant is None:
        directory.app(app["client_id"], home)  # 700016 where the user's own tenant lacks the app
    return user


def client_info(user, tenant):
    text = json.dumps({"uid": user["oid"], "utid": tenant["id"]}).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


class Authorization:
    """One request to the authorize endpoint, and the purpose of the sign-in that follows (see signin.py)."""

    def __init__(self, context, tenant_name):
        """Up to the redirect URI an error is for the person, on a page; whoever wrote the link gets nothing."""
        self._context, self.services = context, context.services
        self._directory, self.tenant_name = context.services.directory, tenant_name.lower()
        try:
            self.query = decode_form(context.request.query.encode())
        except MalformedForm as error:
            raise EntraError(9000411) from error
        self.tenant = self._directory.tenant(tenant_name)
        self.app = self._directory.app(self._required("client_id"), self.tenant)
        self.redirect_uri = self.query.get("redirect_uri")
        if not self.redirect_uri:
            raise EntraError(900971)
        if not redirects.allowed(self.app, self.redirect_uri):
            raise EntraError(50011, uri=self.redirect_uri, client_id=self.app["client_id"])
        self.action, self.app_name = f"/{tenant_name}/login", self.app.get("name", "app")
        self.hint = self.query.get("login_hint", "")

    def _required(self, name):
        if not self.query.get(name):
            raise EntraError(900144, parameter=name)
        return self.query[name]

    def validate(self):
        """What is wrong from here on is told to the app."""
        try:
            self._check_parameters()
        except EntraError as problem:
            raise RedirectedError(self._error(problem)) from problem

    def _check_parameters(self):
        query = self.query
        mode = query.get("response_mode", "query")
        if mode not in ("query", "form_post"):
            query.pop("response_mode")  # and so the error itself travels in the query
            raise EntraError(70007, given=mode)
        if self._required("response_type") != "code":
            raise EntraError(70005, given=query["response_type"])
        self.scope = DelegatedScope(self._required("scope"), self._directory, self.tenant or NOWHERE)
        if query.get("prompt", "") not in _PROMPTS:
            raise EntraError(9002313)
        if "code_challenge" in query or "code_challenge_method" in query:
            # RFC 7636: a challenge without a method is the verifier itself.
            if query.setdefault("code_challenge_method", "plain") not in ("S256", "plain"):
                raise EntraError(501491, given=query["code_challenge_method"])
            if not _CHALLENGE.fullmatch(query.get("code_challenge", "")):
                raise EntraError(50147)

    def start(self):
        """The first page; with prompt=none no page at all."""
        return self._silent() if self.query.get("prompt") == "none" else self.services.people.sign_ins.begin(self)

    def _silent(self):
        """`sessions` in the directory stands for the cookies of the browser: who is signed in."""
        signed_in = [upn for upn in self._directory.document["sessions"] if self.hint.lower() in ("", upn.lower())]
        if len(signed_in) != 1:
            return self._error(EntraError(50058))
        try:
            user = self.check(signed_in[0], None)
        except Refused:
            return self._error(EntraError(50058))
        if self._missing(user):
            return self._error(EntraError(65001, error="interaction_required", client_id=self.app["client_id"],
                                          app_name=self.app_name))
        return self.done(user)

    # The purpose of a sign-in

    def check(self, upn, password):
        return check_user(self._directory, self.tenant, self.tenant_name, self.app, upn, password)

    def _missing(self, user):
        return consents.missing(self._directory, self.app["client_id"], user["upn"], self.query["scope"])

    def page(self, token, user):
        missing = self._missing(user)
        if missing and self._directory.document["policies"].get("require_admin_consent"):
            problem = EntraError(90094, app_name=self.app_name)
            return pages.admin_approval(self._members(problem)["error_description"],
                                        self._error(problem, mode="query").headers[0][1])
        if not missing and self.query.get("prompt") != "consent":
            return None
        return pages.consent(self.action, token, user["upn"], self.app_name, missing or self.query["scope"].split())

    def done(self, user):
        if self._missing(user) and self._directory.document["policies"].get("require_admin_consent"):
            raise EntraError(90094, app_name=self.app_name)  # a test that skips the pages still meets it
        consents.remember(self._directory, self.app["client_id"], user["upn"], self.query["scope"])
        tenant = self.tenant or self._directory.home_tenant(user)
        record = {"client_id": self.app["client_id"], "tenant": tenant["id"], "upn": user["upn"],
                  "redirect_uri": self.redirect_uri, "scope": self.query["scope"], "nonce": self.query.get("nonce"),
                  "challenge": self.query.get("code_challenge"), "method": self.query.get("code_challenge_method"),
                  "expires": self.services.clock.now() + CODE_LIFETIME, "used": False}
        prefix = "M.C532_BAY.2.U." if tenant.get("personal") else "1.A" + secrets.token_urlsafe(60) + ".AgABBAIAAAD--"
        members = {"code": self.services.people.new_code(prefix + secrets.token_urlsafe(400), record)}
        if self.query.get("client_info") == "1":
            members["client_info"] = client_info(user, tenant)
        return self._answer({**members, "session_state": new_id()})

    def declined(self, _):
        return self._error(EntraError(65004), error_subcode="cancel")

    # The way back to the app

    def _members(self, problem):
        return error_answer(problem, self.services.clock.now(), self._context.trace_id,
                            self._context.correlation_id)[1]

    def _error(self, problem, mode=None, **more):
        told = self._members(problem)
        return self._answer({**{name: told[name] for name in ("error", "error_description", "error_uri")}, **more},
                            mode)

    def _answer(self, members, mode=None):
        if "state" in self.query:
            members["state"] = self.query["state"]
        if (mode or self.query.get("response_mode")) == "form_post":
            return pages.form_post(self.redirect_uri, members)
        return Response(302, [("Location", redirects.with_answer(self.redirect_uri, members))])


def endpoint(context, tenant_name):
    if context.request.method != "GET":
        raise EntraError(9002313)
    authorization = Authorization(context, tenant_name)
    try:
        authorization.validate()
        return authorization.start()
    except RedirectedError as error:
        return error.response


def login(context, _):
    """Where the forms of all Entra's sign-in pages are sent."""
    if context.form is None:
        raise EntraError(50089)
    return context.services.people.sign_ins.step(context.form)
