"""The control API under /_control/: what a test does to the tenant from outside."""

import json
from urllib.parse import parse_qsl

import control_people
import generic
from apps import BadDocument
from entra_errors import EntraError
from faults import BadRule
from http_server import Response


def _answer(value, status=200):
    body = json.dumps(value, indent=1) + "\n"
    return Response(status, [("Content-Type", "application/json")], body.encode())


def _plain(value):
    """For shell scripts, which have no JSON parser."""
    return Response(200, [("Content-Type", "text/plain")], f"{value}\n".encode())


def _get_apps(services, _):
    return services.directory.document


def _merge_apps(services, changes):
    services.directory.merge(changes)
    return {"ok": True}


def _replace_apps(services, document):
    services.directory.replace(document)
    return {"ok": True}


def _get_clock(services, _):
    return {"offset": services.clock.offset, "now": services.clock.now()}


def _set_clock(services, given):
    services.clock.offset = float(given["offset"])
    return _get_clock(services, None)


def _get_faults(services, _):
    return services.faults.rules


def _add_faults(services, given):
    services.faults.add(given)
    return services.faults.rules


def _clear_faults(services, _):
    services.faults.rules = []
    return []


def _stats(services, _):
    server = services.server
    return {**services.log.stats(), "connections": server.connections, "concurrent_max": server.concurrent_max}


def _count(services, wanted):
    return services.log.count(wanted)


def _credentials(services, _):
    """[name, value] of each credential in a form since the last reset."""
    return services.log.credentials()


def _reset(services, _):
    """Faults, counters and clock as at the start; the directory stays."""
    services.faults.rules, services.clock.offset = [], 0.0
    services.log.reset()
    services.server.connections = services.server.concurrent_max = 0
    return {"ok": True}


def _reset_tenant(services, given):
    if hasattr(services, "people"):  # managed identities are no people
        services.people.reset()
    return _reset(services, given)


def _mint_refresh_token(services, given):
    directory = services.directory
    user = directory.user(given["upn"])
    if user is None:
        raise BadDocument(f"no user {given['upn']}")
    tenant = directory.home_tenant(user)
    app = directory.app(given["client_id"], tenant)
    issued = services.clock.now() - float(given.get("issued_ago", 0))
    token = services.issuer.refresh_token(app, tenant, user, given["scope"], issued, method=given.get("method"))
    return {"refresh_token": token, "tenant": tenant["id"], "issued": issued}


def _revoke(services, given):
    """One token by its value, with any AADSTS number; or all of a user's, as `revoke sessions` does."""
    if "refresh_token" in given:
        record = generic.open_refresh_token(services, given["refresh_token"])
        if record is None:
            record = services.issuer.open_refresh_token(given["refresh_token"])
        services.directory.document["revoked"][record["id"]] = int(given.get("aadsts", 50173))
        services.directory.save()
    else:
        users = "users" if services.directory.user(given["upn"]) else "generic_users"
        services.directory.merge({users: [{"upn": given["upn"], "tokens_valid_from": services.clock.now()}]})
    return {"ok": True}


def _mint_federated(services, given):
    minted = services.federated_issuer.mint(given)
    services.secrets.learn(minted["token"])
    return minted


ROUTES = {
    ("GET", "apps"): _get_apps, ("POST", "apps"): _merge_apps, ("PUT", "apps"): _replace_apps,
    ("GET", "clock"): _get_clock, ("POST", "clock"): _set_clock,
    ("GET", "fault"): _get_faults, ("POST", "fault"): _add_faults, ("DELETE", "fault"): _clear_faults,
    ("GET", "stats"): _stats, ("GET", "count"): _count, ("POST", "reset"): _reset_tenant,
    ("POST", "mint_refresh_token"): _mint_refresh_token, ("POST", "revoke"): _revoke,
    ("POST", "mint_federated"): _mint_federated, ("GET", "credentials"): _credentials,
}

ROUTES.update(control_people.ROUTES)


def handle(services, request, routes=None):
    verb = (routes or ROUTES).get((request.method, request.path.removeprefix("/_control/").rstrip("/")))
    if verb is None:
        return _answer({"error": f"no such control call: {request.method} {request.path}"}, 404)
    try:
        query = dict(parse_qsl(request.query, strict_parsing=bool(request.query)))
        # A GET has no body; what it is given stands in the query.
        value = verb(services, json.loads(request.body) if request.body else query)
        if isinstance(value, int):
            return _plain(value)
        return _plain(value[query["only"]]) if "only" in query else _answer(value)
    except (ValueError, KeyError, TypeError, AttributeError, BadDocument, BadRule, EntraError) as error:
        return _answer({"error": f"{type(error).__name__}: {error}"}, 400)
