"""Redirect URIs: which are an app's own, and how an answer is added to one."""

import re
from urllib.parse import urlencode, urlsplit, urlunsplit

_LOOPBACK = ("localhost", "127.0.0.1")
_LONGEST = 256
_FORBIDDEN = re.compile(r"[!$'(),;\s\\]")


def registered(app):
    """The app's redirect URIs; a public client has what the portal suggests for it."""
    return app.get("redirect_uris", ["http://localhost"] if app.get("public") else [])


def _comparable(uri):
    """What counts in a comparison. None for what Entra refuses whatever was registered."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.fragment or not parts.scheme or parts.username is not None:
        return None
    if parts.scheme == "http":
        if host not in _LOOPBACK:
            return None
        port = None  # RFC 8252: a native client takes the port that is free
    # No path and the root path are the same; any other path is compared as it stands, case and last slash included.
    return parts.scheme, host, port, parts.path or "/", parts.query


def allowed(app, uri):
    wanted = _comparable(uri)
    if wanted is None or len(uri) > _LONGEST or _FORBIDDEN.search(uri):
        return False
    return any(_comparable(known) == wanted for known in registered(app))


def is_loopback(uri):
    """For servers that let every loopback address pass, as Google does for desktop apps."""
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in (*_LOOPBACK, "::1") and not parts.fragment


def with_answer(uri, members):
    """The URI that the browser is sent to. One without a path gets its slash, as from Entra."""
    parts = urlsplit(uri)
    query = "&".join(part for part in (parts.query, urlencode(members)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
