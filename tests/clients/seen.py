"""What there is to compare of a request: a line of the tenant's log, taken apart into aspects.

An aspect is a name such as "parameter scope" and a text. What must differ from one request to the next (ids, times,
ports, PKCE values) is replaced by its shape, so that equal requests have equal aspects.
"""

import re
import time
from urllib.parse import quote, quote_plus

from plumbing import fingerprint

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_RANDOM = ("state", "nonce", "code_challenge")
_FRESH_SECRETS = ("client_assertion", "code", "code_verifier", "device_code")
_ADDRESSES = ("content-length", "host")  # which follow from what is compared already
_TIMES = ("exp", "iat", "nbf")
_NOW = 30  # seconds that a time may be away from the test's own


def _hidden(secret):
    return f"sha256:{fingerprint(secret)}"


def _random(value):
    if _GUID.fullmatch(value):
        return "<GUID>"
    kind = "base64url" if _BASE64URL.fullmatch(value) else "other"
    return f"<{len(value)} characters, {kind}>"


def _shape(name, value):
    if name in _FRESH_SECRETS and value.startswith("sha256:"):
        return "<secret>"
    if name in _RANDOM:
        return _random(value)
    if _GUID.fullmatch(value) and name != "client_id":
        return "<GUID>"
    if name == "redirect_uri":
        return re.sub(r":\d+", ":<port>", value)
    return value


def _ways(value):
    """The ways to encode a value, by name. Of those that come to the same, the first counts."""
    form = quote_plus(value, safe="-._~")
    return {"percent": quote(value, safe="-._~"), "form": form, "form with %7E": form.replace("~", "%7E"),
            "as it is": value}


class _Spellings:
    """Of secret values the log has fingerprints only; the test tells which secrets there are."""

    def __init__(self, secrets):
        self._secrets = {_hidden(secret): secret for secret in secrets}

    def of(self, raw, shown):
        if not shown.startswith("sha256:"):
            ways = _ways(shown)
        elif shown in self._secrets:
            ways = {name: _hidden(text) for name, text in _ways(self._secrets[shown]).items()}
        else:
            ways = {"percent": shown}  # one that the tenant made has no character that needs encoding
        return next((name for name, text in ways.items() if text == raw), f"other: {raw}")


def _query_spelling(query):
    return {name: value for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)}


def _claim(name, value, claims, now):
    if name in _TIMES:
        whole = "" if isinstance(value, int) else f" ({type(value).__name__})"
        start = claims.get("iat", claims.get("nbf", now))
        if name == "exp":
            return f"{round(value - start, -1):.0f} s later{whole}"
        return ("now" if abs(value - now) < _NOW else "not now") + whole
    return "<GUID>" if name == "jti" and _GUID.fullmatch(str(value)) else str(value)


def _of_assertion(assertion):
    if assertion is None:
        return {}
    now, claims = time.time(), assertion["claims"]
    aspects = {f"assertion header {name}": str(value) for name, value in assertion["header"].items()}
    for name, value in claims.items():
        aspects[f"assertion claim {name}"] = _claim(name, value, claims, now)
    return aspects


def aspects(record, authority, secrets):
    """The request as a dictionary: aspect -> text."""
    found = {"method": record["method"], "path": record["path"], "HTTP version": record["version"]}
    if not record["path"].endswith("/authorize"):  # whose headers are the browser's
        for name, value in record["headers"].items():
            if name.lower() not in _ADDRESSES:
                found[f"header {name.lower()}"] = _shape(name.lower(), value)
    spellings = _Spellings(secrets)
    spelled = {**_query_spelling(record["query"]), **(record["spelling"] or {})}
    for kind, given in (("query", record["parameters"]), ("parameter", record["form"] or {})):
        for name, value in given.items():
            found[f"{kind} {name}"] = _shape(name, value)
            found[f"spelling of {name}"] = spellings.of(spelled[name], value)
    found.update(_of_assertion(record["assertion"]))
    return {aspect: text.replace(authority, "<authority>") for aspect, text in found.items()}


def differences(ours, theirs):
    """{aspect: (ours, theirs)}, None for what is not there. A spelling counts where both have the parameter."""
    found = {}
    for aspect in sorted(set(ours) | set(theirs)):
        pair = ours.get(aspect), theirs.get(aspect)
        if pair[0] != pair[1] and not (aspect.startswith("spelling of") and None in pair):
            found[aspect] = pair
    return found
