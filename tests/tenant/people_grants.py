"""The two grants that end a person's sign-in: authorization code and device code."""

import base64
import hashlib
import hmac

from entra_errors import EntraError
from grants import authenticate_client, user_members
from scopes import DelegatedScope

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SHORT_DEVICE_GRANT = "device_code"  # what MSAL for .NET and for Node.js send, and Entra takes as well


def challenge_of(verifier, method):
    """RFC 7636 4.2."""
    if method == "plain":
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def verifier_fits(verifier, challenge, method):
    if challenge is None:
        return not verifier  # Nobody promised one.
    return bool(verifier) and hmac.compare_digest(challenge_of(verifier, method).encode(), challenge.encode())


def _present_user(request, upn):
    user = request.directory.user(upn)
    if user is None:
        raise EntraError(50034, user=upn)
    if user.get("disabled"):
        raise EntraError(50057)
    return user


def _answer(request, tenant, upn, scope, **more):
    user = _present_user(request, upn)
    consented = DelegatedScope(scope, request.directory, tenant)
    wanted = DelegatedScope(request.form.get("scope") or scope, request.directory, tenant)
    return user_members(request, tenant, user, scope, consented, wanted, **more)


def _authorization_code(request):
    authenticate_client(request, public_allowed=True)
    code, redirect_uri = request.required("code"), request.required("redirect_uri")
    record = request.services.people.codes.get(code)
    if record is None or record["client_id"].lower() != request.client_id.lower():
        raise EntraError(70000)
    if request.tenant is not None and request.tenant["id"] != record["tenant"]:
        raise EntraError(700005)
    if record["used"]:
        raise EntraError(54005)
    if record["expires"] <= request.services.clock.now():
        raise EntraError(70008)
    if redirect_uri != record["redirect_uri"]:
        raise EntraError(500112, given=redirect_uri, first=record["redirect_uri"])
    if not verifier_fits(request.form.get("code_verifier"), record["challenge"], record["method"]):
        raise EntraError(501481)
    members = _answer(request, request.directory.tenant(record["tenant"]), record["upn"], record["scope"],
                      nonce=record["nonce"])
    record["used"] = True
    return members


def _device_code(request):
    authenticate_client(request, public_allowed=True)
    codes, now = request.services.people.device_codes, request.services.clock.now()
    code = codes.by_device_code("entra", request.required("device_code"))
    if code is None or code.client_id.lower() != request.client_id.lower():
        raise EntraError(70018)
    if code.tenant_name != request.tenant_name:
        raise EntraError(7000012)  # the device code belongs to the authority it was asked from, to the letter
    if code.state == "used":
        raise EntraError(54005)
    if code.expires <= now:
        raise EntraError(70020)
    if codes.too_fast(code, now, request.directory.document["device"].get("slow_down", True)):
        raise EntraError(70016, error="slow_down")
    if code.state != "approved":
        number, error = {"pending": (70016, None), "declined": (65004, "authorization_declined"),
                         "blocked": (53003, None)}[code.state]
        raise EntraError(number, error=error)
    tenant = request.tenant or request.directory.home_tenant(_present_user(request, code.upn))
    members = _answer(request, tenant, code.upn, code.scope, method="device_code")
    code.state = "used"
    return members


GRANTS = {"authorization_code": _authorization_code, DEVICE_GRANT: _device_code,
          _SHORT_DEVICE_GRANT: _device_code}
