"""What there is to compare of a request: a line of the tenant's log, taken apart into aspects.

An aspect is a name such as "parameter scope" and a text. What must differ from one request to the next (ids, times,
ports, PKCE values) is replaced by its shape, so that equal requests have equal aspects.
"""

import re
import time
from urllib.parse import quote, quote_plus, urlsplit

from plumbing import fingerprint

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_RANDOM = ("state", "nonce", "code_challenge")
_FRESH_SECRETS = ("client_assertion", "code", "code_verifier", "device_code")
_ADDRESSES = ("content-length", "host")  # they follow from what is compared already
_TIMES = ("exp", "iat", "nbf")
_NOW = 30  # seconds that a time may be away from the test's own


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


def _spelling(raw, value):
    """How a value was encoded; nothing to tell where that can be done in one way only."""
    ways = {"percent": quote(value, safe="-._~"), "form": quote_plus(value, safe="-._~"),
            "no ~": quote_plus(value, safe="-._~").replace("~", "%7E"), "as it is": value}
    if raw == ways["percent"] == ways["form"] == ways["no ~"]:
        return "percent"
    return next((name for name, text in ways.items() if text == raw), f"other: {raw}")


class _Spellings:
    """Of secret values the log has fingerprints; the test tells which secrets there are."""

    def __init__(self, secrets):
        self._secrets = {f"sha256:{fingerprint(secret)}": secret for secret in secrets}

    def of(self, raw, shown):
        if not shown.startswith("sha256:"):
            return _spelling(raw, shown)
        if shown == raw:
            return "percent"  # no character of it needed encoding
        secret = self._secrets.get(shown)
        if secret is None:
            return "encoded"
        ways = {f"sha256:{fingerprint(text)}": name for name, text in (
            ("form", quote_plus(secret, safe="-._~")), ("no ~", quote_plus(secret, safe="-._~").replace("~", "%7E")),
            ("percent", quote(secret, safe="-._~")))}
        return ways.get(raw, "other")


def _query_spelling(query):
    return {name: value for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)}


def _claim(name, value, claims, now):
    if name in _TIMES:
        whole = "" if isinstance(value, int) else f" ({type(value).__name__})"
        start = claims.get("iat", claims.get("nbf", now))
        if name == "exp":
            return f"{start and round(value - start)} s later{whole}"
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
    for name, value in record["headers"].items():
        name = name.lower()
        if name not in _ADDRESSES:
            found[f"header {name}"] = _shape(name, value)
        elif name == "host":
            found["host"] = "authority" if value == urlsplit(authority).netloc else value
    spellings = _Spellings(secrets)
    spelled = {**_query_spelling(record["query"]), **(record["spelling"] or {})}
    where = "parameter" if record["method"] == "POST" else "query"
    for name, value in {**record["parameters"], **(record["form"] or {})}.items():
        kind = "query" if name in record["parameters"] else where
        found[f"{kind} {name}"] = _shape(name, value)
        found[f"spelling of {name}"] = spellings.of(spelled[name], value)
    found.update(_of_assertion(record["assertion"]))
    return found


def differences(ours, theirs):
    """{aspect: (ours, theirs)}, None for what is not there. A spelling counts where both have the parameter."""
    found = {}
    for aspect in sorted(set(ours) | set(theirs)):
        pair = ours.get(aspect), theirs.get(aspect)
        if pair[0] != pair[1] and not (aspect.startswith("spelling of") and None in pair):
            found[aspect] = pair
    return found
