"""Faults on demand: rules that match a request and change its answer or the way it travels.

A rule: {"label": "...", "match": {"path": substring, "grant": type, "client_id": id}, "skip": n, "count": n,
"action": {...}}. The first rule that matches and has uses left applies, alone. The README lists the actions.
"""

import json

from http_server import Delivery, Response, garbage

_MATCHES = {"path", "grant", "client_id"}
_RULE = {"label", "match", "skip", "count", "action"}
_ANSWERS = {"status", "body", "body_size", "garbage"}
ACTIONS = _ANSWERS | {"headers", "aadsts", "override", "delay", "drip", "close", "reset", "cut", "content_length"}


class BadRule(Exception):
    pass


def _checked(rule, actions):
    if not isinstance(rule, dict) or not isinstance(rule.get("action"), dict):
        raise BadRule("a rule is an object with an 'action'")
    for given, known in ((rule, _RULE), (rule["action"], actions), (rule.get("match", {}), _MATCHES)):
        unknown = set(given) - known
        if unknown:
            # A misspelt member would make a test pass for nothing.
            raise BadRule(f"unknown: {', '.join(sorted(unknown))}")
    return {"label": rule.get("label", "fault"), "match": rule.get("match", {}), "skip": int(rule.get("skip", 0)),
            "count": int(rule.get("count", 1)), "action": rule["action"], "applied": 0}


class Faults:
    def __init__(self, actions=frozenset(ACTIONS)):
        self._actions, self.rules = actions, []

    def add(self, given):
        self.rules += [_checked(rule, self._actions) for rule in (given if isinstance(given, list) else [given])]

    def take(self, path, grant, client_id):
        """The rule to apply to this request, used up by one; or None."""
        for rule in self.rules:
            match = rule["match"]
            if (match.get("path", "") not in path or match.get("grant", grant) != grant
                    or match.get("client_id", client_id) != client_id or rule["count"] == 0):
                continue
            if rule["skip"] > 0:
                rule["skip"] -= 1
                continue
            if rule["count"] > 0:
                rule["count"] -= 1
            rule["applied"] += 1
            return rule
        return None


def header_list(action):
    headers = action.get("headers", {})
    return [(str(n), str(v)) for n, v in (headers.items() if isinstance(headers, dict) else headers)]


def replaces_answer(action):
    return "aadsts" not in action and bool(_ANSWERS & set(action))


def verbatim_answer(action):
    """The answer that the rule spells out; nothing of the tenant's own is added but what HTTP needs."""
    headers = header_list(action)
    named = {name.lower() for name, _ in headers}
    if "garbage" in action:
        body = garbage(512 if action["garbage"] is True else int(action["garbage"]))
    elif "body_size" in action:
        body = b"x" * int(action["body_size"])
    elif isinstance(action.get("body"), str):
        body = action["body"].encode()
    else:
        # An object as body is meant as JSON text.
        body = json.dumps(action["body"]).encode() if "body" in action else b""
    if "content-type" not in named and ("garbage" in action or not isinstance(action.get("body", ""), str)):
        headers.append(("Content-Type", "application/json; charset=utf-8"))
    return Response(int(action.get("status", 200)), headers, body)


def override_members(action, members):
    """Change JSON members of a success answer; null takes one away."""
    changed = {**members, **action.get("override", {})}
    return {name: value for name, value in changed.items()
            if not (name in action.get("override", {}) and value is None)}


def delivery(action, body_length):
    cut = action.get("cut")
    if cut is True:
        cut = body_length // 2
    return Delivery(delay=float(action.get("delay", 0)), drip=int(action.get("drip", 0)),
                    close=bool(action.get("close")), reset=bool(action.get("reset")), cut=cut,
                    content_length=action.get("content_length"))
