"""Control calls that play the person in front of the browser, and the one that shows what was asked."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import authorize
import device_login
import generic
import router
import signin
from apps import BadDocument
from entra_errors import EntraError, new_id
from http_server import Request


class _HiddenFields(HTMLParser):
    """The members of a form_post page."""

    def __init__(self, page):
        super().__init__()
        self.members = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.members[given["name"]] = given["value"]


def _purpose(services, url):
    """The authorization that a browser sent to that URL would begin."""
    parts = urlsplit(url)
    context = router.Context(services, Request("GET", parts.path, parts.query, "HTTP/1.1", [("Host", parts.netloc)], b""))
    context.trace_id, context.correlation_id = new_id(), new_id()
    words = parts.path.strip("/").split("/")
    if words == ["generic", "authorize"]:
        return generic.Authorization(context)
    if len(words) != 4 or words[1:] != ["oauth2", "v2.0", "authorize"]:
        raise BadDocument(f"no authorize endpoint: {parts.path}")
    return authorize.Authorization(context, words[0])


def _authorize(services, given):
    """{"url", "upn", "deny"}: where the browser ends up. An error that only a person would see is {"error": ...}."""
    redirect = None
    try:
        purpose = _purpose(services, given["url"])
        redirect = purpose.redirect_uri
        purpose.validate()
        if purpose.query.get("prompt") == "none":
            response = purpose.start()
        else:
            response = signin.play(purpose, given["upn"], bool(given.get("deny")))
    except authorize.RedirectedError as error:
        response = error.response
    except EntraError as problem:
        return {"location": None, "error": str(problem)}
    except generic.GenericError as problem:
        return {"location": None, "error": problem.error}
    location = dict(response.headers).get("Location")
    if location:
        return {"location": location}
    return {"location": redirect, "form": _HiddenFields(response.body.decode()).members}


def _list_devices(services, _):
    now = services.clock.now()
    return [code.shown(now) for code in services.people.device_codes.pending(now)]


def _play_device(services, given):
    """{"user_code" (the newest where absent), "upn", "deny" | "expire"}, or {"slow_down": number}."""
    codes, now = services.people.device_codes, services.clock.now()
    if "slow_down" in given:
        codes.forced_slow_downs = int(given["slow_down"])
        return {"slow_down": codes.forced_slow_downs}
    pending = codes.pending(now)
    wanted = given.get("user_code", pending[-1].user_code if pending else "")
    code = codes.by_user_code("entra", wanted) or codes.by_user_code("generic", wanted)
    if code is None:
        raise BadDocument(f"no such user code: {wanted}")
    if given.get("expire"):
        code.expires = now
        return code.shown(now)
    purpose = (generic.DeviceSignIn if code.kind == "generic" else device_login.DeviceSignIn)(services, code)
    try:
        signin.play(purpose, given["upn"], bool(given.get("deny")))
    except EntraError as problem:
        return {**code.shown(now), "error": str(problem)}
    return code.shown(now)


def _requests(services, wanted):
    """?path= (a part), grant=, client_id=, method=: the log's lines, with `parameters` for the query."""
    return services.log.records(**wanted)


ROUTES = {("GET", "requests"): _requests, ("POST", "authorize"): _authorize, ("GET", "device"): _list_devices,
          ("POST", "device"): _play_device}
