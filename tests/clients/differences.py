"""The differences between our requests and those of Microsoft's clients, each with its reason.

doc/internals/requests.md has the same list (`differences.py` prints it); test_table.py compares the two.
"""

import re
from fnmatch import fnmatchcase
from typing import NamedTuple, Optional

PYTHON, NODE, BOTH = ("msal-python",), ("msal-node",), ("msal-python", "msal-node")

APP = ("secret", "certificate")
REFRESH = ("refresh", "refresh-secret")
PEOPLE = (*REFRESH, "device: token", "code: token")
TOKEN = (*APP, *PEOPLE)
POSTS = (*TOKEN, "device: devicecode")
FIRST = (*APP, *REFRESH, "device: devicecode", "code: authorize")
GROUPS = {"apps": APP, "refresh tokens": REFRESH, "people": PEOPLE, "tokens": TOKEN, "posts": POSTS, "first": FIRST}


class Row(NamedTuple):
    """Where, whose and what differs; both values with shell wildcards, None for what is not there. In `aspect`
    {a,b} stands for several."""
    requests: tuple
    clients: tuple
    aspect: str
    ours: Optional[str]
    theirs: Optional[str]
    why: str

    def aspects(self):
        found = re.fullmatch(r"(.*)\{(.*)\}(.*)", self.aspect)
        return [found[1] + word + found[3] for word in found[2].split(",")] if found else [self.aspect]

    def fits(self, ours, theirs):
        return _fits(self.ours, ours) and _fits(self.theirs, theirs)


def _fits(pattern, value):
    if pattern is None or value is None:
        return pattern is value
    return fnmatchcase(value, pattern)


_NAMED, _BY_ID = "/contoso.onmicrosoft.com/*", "/aaaabbbb-0000-cccc-1111-dddd2222eeee/*"
_SCOPE = "https://outlook.office.com/SMTP.Send offline_access"
_SIGN_IN_SCOPE = "https://outlook.office.com/SMTP.Send offline_access openid profile"
_NODE_SCOPE = "https://outlook.office.com/SMTP.Send openid profile offline_access"
_TELEMETRY = "MSAL counts its users and their errors; we only name ourselves, in User-Agent."
_THROTTLING = "That Retry-After and 429 are heeded: a header with us and msal-python, a parameter with msal-node."
_REQUEST_ID = "The same id, elsewhere; Entra reads the header too, and an id in a URL ends in proxies' logs."
_CLIENT_INFO = "Asks for ids of the account, which are the keys of MSAL's cache; ours is the login name."
_IDENTITY = "MSAL wants an ID token for its account cache; a mailbox's token is all that we need."
_ROUTING = "Tells Microsoft's servers early where the account lives. A request goes through without."
_ORDER = "The same words in another order."
_OLD_ASSERTION = "msal 1.21 knows SHA-1 thumbprints only, which Microsoft's documentation has replaced."
_WHOLE_SECONDS = "Whole seconds are what every JWT library reads."
_ENCODING = "A space as + or as %20: both are the same to every form decoder."

TABLE = [
    # What is asked, and where.
    Row(FIRST, BOTH, "other requests", None, "GET /contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration",
        "The endpoints follow from authority and tenant in all of Microsoft's clouds; nothing needs to be discovered."),
    Row((*POSTS, "code: authorize"), PYTHON, "path", _NAMED, _BY_ID,
        "The discovery document names the tenant by its id; ours is as configured. Entra takes both."),
    # Headers.
    Row(POSTS, PYTHON, "header accept-encoding", None, "gzip, deflate*", "We decompress nothing; answers are small."),
    Row(POSTS, NODE, "header accept", "application/json", None, "Entra answers with JSON anyway."),
    Row(("device: devicecode",), PYTHON, "header accept", "application/json", "*/*", "Entra answers with JSON anyway."),
    Row(POSTS, BOTH, "header connection", None, "*", "Ours lives for one answer, and we end it ourselves."),
    Row(POSTS, NODE, "header content-type", "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=utf-8", "The type has no such parameter; we escape all but ASCII."),
    Row(POSTS, PYTHON, "header cookie", None, "*", "What the discovery document set. We keep no cookies."),
    Row(POSTS, PYTHON, "header user-agent", "sasl-entra/*", "python-requests/*", "Each names itself."),
    Row(POSTS, NODE, "header user-agent", "sasl-entra/*", None, "We name ourselves."),
    Row(POSTS, NODE, "header client-request-id", "<GUID>", None, _REQUEST_ID),
    Row(TOKEN, NODE, "query client-request-id", None, "<GUID>", _REQUEST_ID),
    Row((*APP, "device: token"), NODE, "parameter client-request-id", None, "<GUID>", _REQUEST_ID),
    Row(("code: authorize",), NODE, "query client-request-id", None, "<GUID>", _REQUEST_ID),
    Row(POSTS, BOTH, "header return-client-request-id", "true", None,
        "Entra's answer shall name the id; then the log of a proxy can be matched with ours."),
    Row(POSTS, PYTHON, "header x-client-{cpu,os,sku,ver}", None, "*", _TELEMETRY),
    Row(TOKEN, PYTHON, "header x-client-{current,last}-telemetry", None, "*", _TELEMETRY),
    Row(TOKEN, NODE, "parameter x-client-{CPU,OS,SKU,VER,current-telemetry,last-telemetry}", None, "*", _TELEMETRY),
    Row(POSTS, NODE, "header x-ms-lib-capability", "retry-after, h429", None, _THROTTLING),
    Row(TOKEN, NODE, "parameter x-ms-lib-capability", None, "retry-after, h429", _THROTTLING),
    Row(("code: token",), BOTH, "header x-anchormailbox", None, "Oid:*", _ROUTING),
    # Parameters.
    Row((*APP, *PEOPLE), PYTHON, "parameter client_info", None, "1", _CLIENT_INFO),
    Row(PEOPLE, NODE, "parameter client_info", None, "1", _CLIENT_INFO),
    Row(("code: authorize",), BOTH, "query client_info", None, "1", _CLIENT_INFO),
    Row(REFRESH, PYTHON, "parameter scope", _SCOPE, _SIGN_IN_SCOPE, _IDENTITY),
    Row(REFRESH, NODE, "parameter scope", _SCOPE, _NODE_SCOPE, _IDENTITY),
    Row(("device: devicecode", "code: token"), NODE, "parameter scope", _SIGN_IN_SCOPE, _NODE_SCOPE, _ORDER),
    Row(("code: authorize",), NODE, "query scope", _SIGN_IN_SCOPE, _NODE_SCOPE, _ORDER),
    Row(("device: token",), NODE, "parameter scope", None, _NODE_SCOPE,
        "The device code stands for its scope already."),
    Row(("device: token",), NODE, "parameter grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code",
        "RFC 8628 and Microsoft's documentation have the long name; Entra takes both."),
    Row(("device: token",), PYTHON, "parameter code", None, "<secret>",
        "The device code again, by its name in Entra's version 1, which we never ask."),
    Row(("code: authorize",), BOTH, "query X-AnchorMailbox", None, "UPN:anna@contoso.com", _ROUTING),
    Row(("code: authorize",), NODE, "query x-client-{CPU,OS,SKU,VER}", None, "*", _TELEMETRY),
    Row(("code: authorize",), NODE, "query clidata", None, "1", "MSAL reads its data about the client in the answer; we have no use for it."),
    Row(("code: authorize",), PYTHON, "query nonce", None, "<* characters, base64url>",
        "For an ID token that is believed. Ours only says who signed in, and PKCE ties the answer to the request."),
    Row(("code: authorize",), PYTHON, "query response_mode", "query", None, "The default, which we do not rely on."),
    Row(("code: authorize",), PYTHON, "query state", "<43 characters, base64url>", "<16 characters, base64url>",
        "Both are random."),
    Row(("code: authorize",), NODE, "query state", "<43 characters, base64url>", None,
        "Without it anybody's code would be taken at the loopback address."),
    Row(("secret", "refresh-secret"), PYTHON, "spelling of client_secret", "percent", "form", _ENCODING),
    Row((*REFRESH, "device: devicecode", "code: authorize", "code: token"), PYTHON, "spelling of scope", "percent",
        "form", _ENCODING),
    # What the assertion says; msal-node's is like ours.
    Row(("certificate",), PYTHON, "assertion header alg", "PS256", "RS256", _OLD_ASSERTION),
    Row(("certificate",), PYTHON, "assertion header x5t", None, "*", _OLD_ASSERTION),
    Row(("certificate",), PYTHON, "assertion header x5t#S256", "*", None, _OLD_ASSERTION),
    Row(("certificate",), PYTHON, "assertion claim aud", "<authority>/contoso.onmicrosoft.com/oauth2/v2.0/token",
        "<authority>/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/token", "The token endpoint, as each calls it."),
    Row(("certificate",), PYTHON, "assertion claim exp", "600 s later", "600 s later (float)", _WHOLE_SECONDS),
    Row(("certificate",), PYTHON, "assertion claim iat", "now", "now (float)", _WHOLE_SECONDS),
    Row(("certificate",), PYTHON, "assertion claim nbf", "now", None, "Microsoft's documentation has it."),
]


def allowed(request, client):
    """{aspect: row} for what the table says of a request of that client."""
    return {aspect: row for row in TABLE if request in row.requests and client in row.clients
            for aspect in row.aspects()}


def _names(requests):
    return next((f"*{name}*" for name, group in GROUPS.items() if group == requests), ", ".join(requests))


def _value(pattern):
    return "not there" if pattern is None else f"`{pattern}`"


def markdown():
    """The tables as doc/internals/requests.md ends with them."""
    lines = ["| group | requests |", "|---|---|"]
    lines += [f"| *{name}* | {', '.join(group)} |" for name, group in GROUPS.items()]
    lines += ["", "| requests | client | what | ours | theirs | why |", "|---|---|---|---|---|---|"]
    for row in TABLE:
        clients = "both" if row.clients == BOTH else ", ".join(row.clients)
        lines.append(f"| {_names(row.requests)} | {clients} | {row.aspect} | {_value(row.ours)} | "
                     f"{_value(row.theirs)} | {row.why} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
