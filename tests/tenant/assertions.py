"""Client assertions: the JWT that proves a client, signed with a registered certificate or by a trusted issuer."""

import base64
import binascii
import math

import jwt

import app_credentials
import federation
from entra_errors import EntraError, precise_time

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CERTIFICATE_ALGORITHMS = ["RS256", "PS256"]
_SKEW = 300
_SIGNATURE_ONLY = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss")}
_YEAR_9999 = 253402300799


class Assertion:
    """One assertion, decoded but not believed yet."""

    def __init__(self, text):
        self._text = text
        try:
            self.header = jwt.get_unverified_header(text)
            self.claims = jwt.decode(text, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError) as error:
            raise EntraError(50027) from error
        self.algorithm = self.header.get("alg")

    def text(self, name):
        """A claim that must be there, as text."""
        value = self.claims.get(name)
        if value in (None, "", []):
            raise EntraError(90014, field=name)
        if not isinstance(value, str):
            raise EntraError(50027)
        return value

    def time(self, name):
        """Seconds since 1970. MSAL for .NET sends them as strings, MSAL for Python with a fraction."""
        value = self.claims.get(name)
        if value is None:
            raise EntraError(90014, field=name)
        try:
            if isinstance(value, bool) or not math.isfinite(float(value)):
                raise EntraError(50027)
            return float(value)
        except (TypeError, ValueError) as error:
            raise EntraError(50027) from error

    @property
    def audience(self):
        value = self.claims.get("aud")
        if isinstance(value, list):
            if len(value) > 1:
                raise EntraError(5002741, count=len(value))
            self.claims = {**self.claims, "aud": value[0] if value else None}
        return self.text("aud")

    def check_algorithm(self, supported, error):
        if self.algorithm in (None, "none"):
            raise EntraError(50027)
        if self.algorithm not in supported:
            raise EntraError(5002738, error=error, algorithm=self.algorithm, supported=",".join(supported))

    def signed_by(self, key):
        try:
            jwt.decode(self._text, key, algorithms=[self.algorithm], options=_SIGNATURE_ONLY)
        except (jwt.PyJWTError, TypeError, ValueError):  # TypeError: a key of another kind
            return False
        return True

    def check_times(self, now):
        begins, expires = self.time("nbf") if "nbf" in self.claims else 0, self.time("exp")
        if begins > now + _SKEW or expires < now - _SKEW:
            shown = [precise_time(min(max(value, 0), _YEAR_9999)) for value in (now, begins, expires)]
            raise EntraError(700024, **dict(zip(("now", "begins", "expires"), shown)))


def check(request):
    """Raise EntraError unless the client assertion of the request proves its client."""
    if "client_secret" in request.form:
        raise EntraError(9002313)  # RFC 6749 2.3: one way of authentication a request
    given = request.required("client_assertion_type")
    if given != ASSERTION_TYPE:
        raise EntraError(90023, given=given)
    text = request.form["client_assertion"]
    request.services.secrets.learn(text)
    assertion = Assertion(text)
    # Not by the header: tokens that Entra itself issues, a managed identity's, say, carry an x5t as well.
    if "://" in assertion.text("iss"):
        federation.check(request, assertion)
    else:
        _check_certificate_assertion(request, assertion)


# Trust in a certificate

def _thumbprint(text):
    """The bytes of a thumbprint in any base64 that Microsoft's own libraries send; None for what is none."""
    if not isinstance(text, str):
        return None
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _key_problem(request, reason, thumbprint, found=""):
    return EntraError(700027, reason=reason, thumbprint=thumbprint, found=found, client_id=request.client_id)


def _named_certificate(request, assertion):
    """The registered certificate that the header names, and its thumbprint in hexadecimal."""
    given = {name: assertion.header[name] for name in ("x5t#S256", "x5t") if name in assertion.header}
    if not given:
        raise EntraError(5002723)  # Entra knows `kid` too; here a client must send what Microsoft documents
    wanted = {name: _thumbprint(text) for name, text in given.items()}
    shown = (next(iter(wanted.values())) or b"").hex().upper()
    for certificate in app_credentials.certificates(request.app):
        if all(certificate.thumbprints[name] == thumbprint for name, thumbprint in wanted.items()):
            return certificate, shown
    raise _key_problem(request, "The key was not found.", shown)


def _check_signature(request, assertion):
    certificate, shown = _named_certificate(request, assertion)
    now = request.services.clock.now()
    validity = (f", Found key 'Start={precise_time(certificate.not_before)}, "
                f"End={precise_time(certificate.not_after)}'")
    if now > certificate.not_after:
        raise _key_problem(request, "The key used is expired.", shown, validity)
    if now < certificate.not_before:
        raise _key_problem(request, "The key used is not valid yet.", shown, validity)
    if not assertion.signed_by(certificate.public_key):
        raise _key_problem(request, "Key was found, but use of the key to verify the signature failed.", shown,
                           validity)


def _check_certificate_assertion(request, assertion):
    supported = [name for name in _CERTIFICATE_ALGORITHMS if name not in request.app.get("reject_alg", [])]
    assertion.check_algorithm(supported, "invalid_client")
    _check_signature(request, assertion)
    client_id = request.app["client_id"].lower()
    if assertion.text("iss").lower() != client_id:
        raise EntraError(700021)
    if assertion.text("sub").lower() != client_id:
        raise EntraError(50048)
    if assertion.audience.lower() not in _audiences(request):
        raise EntraError(700023)
    assertion.check_times(request.services.clock.now())
    _check_first_use(request, assertion.text("jti"))


def _audiences(request):
    """The token endpoint as it was called, by the tenant's name or id, or the issuer's form of the same."""
    names = {request.tenant_name} | ({request.tenant["id"].lower()} if request.tenant else set())
    hosts = {request.host.lower(), "login.microsoftonline.com"}
    return ({f"https://{request.host.lower()}/{name}/oauth2/v2.0/token" for name in names}
            | {f"https://{host}/{name}/v2.0" for host in hosts for name in names})


def _check_first_use(request, jti):
    """Stricter than Entra, which takes an assertion again until it expires: no client of ours may reuse one."""
    use = (request.app["client_id"].lower(), jti)
    if use in request.services.used_assertions and not request.app.get("allow_replay"):
        raise _key_problem(request, "The assertion was replayed.", "")
    request.services.used_assertions.add(use)
