"""Entra's device authorization: the endpoint, the page for the user code, and what follows it."""

import consents
import pages
from authorize import NOWHERE, check_user
from entra_errors import EntraError
from scopes import DelegatedScope
from signin import Refused

_MESSAGES = {
    "en": "To sign in, use a web browser to open the page {uri} and enter the code {code} to authenticate.",
    "de": "Um sich anzumelden, öffnen Sie in einem Webbrowser die Seite {uri}, und geben Sie den Code {code} ein, um "
          "sich zu authentifizieren.",
    "fr": "Pour vous connecter, utilisez un navigateur web pour ouvrir la page {uri} et entrez le code {code} pour "
          "vous authentifier."}


def endpoint(context, tenant_name):
    services, form = context.services, context.form
    if context.request.method != "POST":
        raise EntraError(900561, method=context.request.method)
    if form is None:
        raise EntraError(9002313)
    for parameter in ("client_id", "scope"):
        if not form.get(parameter):
            raise EntraError(900144, parameter=parameter)
    tenant = services.directory.tenant(tenant_name)
    app = services.directory.app(form["client_id"], tenant)
    DelegatedScope(form["scope"], services.directory, tenant or NOWHERE)
    settings = services.directory.document["device"]
    code = services.people.device_codes.issue("entra", app["client_id"], tenant_name.lower(), form["scope"],
                                              services.clock.now(), settings, "DAQABIQEAAAD")
    uri = settings.get("verification_uri", f"https://{context.host}/devicelogin")
    language = context.query.get("mkt", "en").split("-")[0].lower()
    text = _MESSAGES.get(language, _MESSAGES["en"]).format(uri=uri, code=code.user_code)
    members = {"user_code": code.user_code, "device_code": code.device_code, "verification_uri": uri,
               "expires_in": settings.get("expires_in", 900), "interval": settings.get("interval", 5),
               "message": text}
    return {name: value for name, value in members.items() if value is not None}


class DeviceSignIn:
    """The purpose of a sign-in (see signin.py): to let another device have its tokens."""
    action = "/common/login"
    hint = ""

    def __init__(self, services, code):
        self._directory, self._code = services.directory, code
        self._tenant = self._directory.tenant(code.tenant_name)
        self._app = self._directory.app(code.client_id, self._tenant)
        self.app_name = self._app.get("name", "app")

    def check(self, upn, password):
        user = check_user(self._directory, self._tenant, self._code.tenant_name, self._app, upn, password)
        policies = self._directory.document["policies"]
        if policies.get("block_device_code"):
            # "page": the person sees the refusal, and the device is left waiting.
            if policies["block_device_code"] != "page":
                self._code.state = "blocked"
            raise EntraError(53003)
        if self._missing(user) and policies.get("require_admin_consent"):
            raise EntraError(90094, app_name=self.app_name)
        return user

    def _missing(self, user):
        return consents.missing(self._directory, self._code.client_id, user["upn"], self._code.scope)

    def page(self, token, user):
        missing = self._missing(user)
        if missing:
            return pages.consent(self.action, token, user["upn"], self.app_name, missing)
        return pages.confirm(self.action, token, user["upn"], self.app_name)

    def done(self, user):
        consents.remember(self._directory, self._code.client_id, user["upn"], self._code.scope)
        self._code.state, self._code.upn = "approved", user["upn"]
        return pages.done(self.app_name, f"You have signed in to the {self.app_name} application on your device. You "
                          "may now close this window.")

    def declined(self, _):
        self._code.state = "declined"
        return pages.done(self.app_name, "You have cancelled the sign-in. You may now close this window.")


def code_to_sign_in(services, kind, user_code):
    """The device code for what a person typed; Refused says what to tell them."""
    code = services.people.device_codes.by_user_code(kind, user_code)
    if code is None or code.state != "pending":
        raise Refused("That code didn't work. Check the code and try again. (AADSTS70018)")
    if code.expires <= services.clock.now():
        raise Refused("That code has expired. Start again on your device. (AADSTS70019)")
    return code


def page(context):
    """/devicelogin: the user code, then the same sign-in as everywhere."""
    given = (context.form or context.query).get("user_code", "")
    if context.request.method != "POST":
        return pages.user_code("/devicelogin", given, "")
    try:
        code = code_to_sign_in(context.services, "entra", given)
    except Refused as refusal:
        return pages.user_code("/devicelogin", given, str(refusal))
    return context.services.people.sign_ins.begin(DeviceSignIn(context.services, code))
