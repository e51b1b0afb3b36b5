"""What was asked and how it ended: DIR/requests.jsonl for reading, counters for counting."""

from collections import Counter, deque
from urllib.parse import parse_qsl

import jwt

from form import CREDENTIALS, spelling
from plumbing import fingerprint


def _shown(name, value):
    return f"sha256:{fingerprint(value)}" if name in CREDENTIALS else value


def _header_shown(name, value):
    if name.lower() in ("authorization", "proxy-authorization"):
        scheme, _, rest = value.partition(" ")
        return f"{scheme} sha256:{fingerprint(rest)}"
    if name.lower() == "x-identity-header":
        return f"sha256:{fingerprint(value)}"
    return value


def _assertion_shown(text):
    """Header and claims of a client assertion, which are no secrets; the signature is what makes it one."""
    try:
        return {"header": jwt.get_unverified_header(text),
                "claims": jwt.decode(text, options={"verify_signature": False})}
    except (jwt.PyJWTError, ValueError):
        return None


_KEPT = 5000  # requests that can be asked for


class RequestLog:
    def __init__(self, line_log):
        self._log = line_log
        self.reset()

    def reset(self):
        self._counts = Counter()
        self._records = deque(maxlen=_KEPT)
        self._credentials = deque(maxlen=_KEPT)

    def add(self, request, form, form_error, outcome, number, fault, trace_id, correlation_id):
        """Only the named credential fields are hidden. A secret anywhere else is a client's leak, and must show."""
        record = dict(
            method=request.method, path=request.path, query=request.query, version=request.version,
            headers={name: _header_shown(name, value) for name, value in request.header_list},
            form=None if form is None else {name: _shown(name, value) for name, value in form.items()},
            spelling=None if form is None else {n: _shown(n, raw) for n, raw in spelling(request.body).items()},
            assertion=_assertion_shown(form["client_assertion"]) if "client_assertion" in (form or {}) else None,
            form_error=form_error, outcome=outcome, aadsts=number, fault=fault, trace_id=trace_id,
            correlation_id=correlation_id)
        self._log.record(**record)
        self._records.append({**record, "parameters": dict(parse_qsl(request.query, keep_blank_values=True))})
        form = form or {}
        self._credentials.extend((name, form[name]) for name in CREDENTIALS if name in form)
        self._counts[(request.path, form.get("grant_type", ""), form.get("client_id", ""), outcome)] += 1

    def credentials(self):
        """What the log hides, in the order it came in: for tests that search for it."""
        return [list(pair) for pair in self._credentials]

    def records(self, path="", grant=None, client_id=None, method=None):
        """The requests since the last reset that fit, oldest first; `path` is a part of the path."""
        def fits(record):
            fields = {**record["parameters"], **(record["form"] or {})}
            return (path in record["path"] and grant in (None, fields.get("grant_type"))
                    and client_id in (None, fields.get("client_id")) and method in (None, record["method"]))
        return [record for record in self._records if fits(record)]

    def count(self, wanted):
        """How many requests had those values; `wanted` holds some of path, grant, client_id, outcome."""
        names = ("path", "grant", "client_id", "outcome")
        if set(wanted) - set(names):
            raise ValueError(f"count by {', '.join(names)}")
        return sum(count for key, count in self._counts.items()
                   if all(wanted.get(name, value) == value for name, value in zip(names, key)))

    def stats(self):
        by_path, by_grant, by_outcome = Counter(), Counter(), Counter()
        for (path, grant, _, outcome), count in self._counts.items():
            by_path[path] += count
            by_outcome[outcome] += count
            if grant:
                by_grant[grant] += count
        rows = [{"path": p, "grant": g, "client_id": c, "outcome": o, "count": n}
                for (p, g, c, o), n in sorted(self._counts.items())]
        return {"total": sum(self._counts.values()), "token_requests": sum(by_grant.values()), "by_path": by_path,
                "by_grant": by_grant, "by_outcome": by_outcome, "rows": rows}
