"""Device codes under way (RFC 8628): who asked for one, how the sign-in went, and how often it was polled."""

import secrets
from dataclasses import dataclass

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_DEFAULT_INTERVAL = 5
_JITTER = 0.1  # a client's timer may fire a little early


@dataclass
class DeviceCode:
    kind: str           # "entra" or "generic"
    client_id: str
    tenant_name: str
    scope: str
    device_code: str
    user_code: str
    expires: float
    interval: float
    state: str = "pending"  # then approved, declined or blocked; at the end used
    upn: str = ""
    last_poll: float = None

    def shown(self, now):
        return {"user_code": self.user_code, "kind": self.kind, "client_id": self.client_id,
                "tenant": self.tenant_name, "scope": self.scope, "state": self.state, "upn": self.upn,
                "expires_in": round(self.expires - now)}


class DeviceCodes:
    def __init__(self):
        self._codes = []
        self.forced_slow_downs = 0

    def issue(self, kind, client_id, tenant_name, scope, now, settings, prefix, separator=""):
        user_code = "".join(secrets.choice(_LETTERS) for _ in range(8 if separator else 9))
        if separator:
            user_code = user_code[:4] + separator + user_code[4:]
        interval = settings.get("interval", _DEFAULT_INTERVAL)
        code = DeviceCode(kind, client_id, tenant_name, scope, prefix + secrets.token_urlsafe(120), user_code,
                          now + settings.get("expires_in", 900),
                          _DEFAULT_INTERVAL if interval is None else interval)
        self._codes.append(code)
        return code

    def by_device_code(self, kind, device_code):
        return next((c for c in self._codes if c.kind == kind and c.device_code == device_code), None)

    def by_user_code(self, kind, user_code):
        """People type small letters, spaces and hyphens as they like."""
        def bare(text):
            return text.replace("-", "").replace(" ", "").upper()
        return next((c for c in self._codes if c.kind == kind and bare(c.user_code) == bare(user_code)), None)

    def pending(self, now):
        return [code for code in self._codes if code.state == "pending" and code.expires > now]

    def too_fast(self, code, now, enforced):
        """Note a poll. True if it is to be answered with slow_down, which makes the interval longer for good."""
        soon = enforced and code.last_poll is not None and now - code.last_poll < code.interval - _JITTER
        forced = self.forced_slow_downs > 0
        if forced:
            self.forced_slow_downs -= 1
        code.last_poll = now
        if soon or forced:
            code.interval += 5
        return soon or forced
