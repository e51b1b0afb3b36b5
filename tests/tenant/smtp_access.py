"""Who may send: validation of access tokens and of rights on mailboxes, as Exchange Online does it."""

import hashlib
import json
import os
import time
from dataclasses import dataclass

import jwt

EXCHANGE_AUDIENCES = ["https://outlook.office365.com", "https://outlook.office.com",
                      "00000002-0000-0ff1-ce00-000000000000"]
HVE_MINIMUM_SECONDS = 600


class Refused(Exception):
    """The token or its rights do not suffice; the name picks the reply, the text is for the log."""

    def __init__(self, name, why):
        super().__init__(why)
        self.name = name


@dataclass
class Holder:
    """Whom a valid token stands for."""
    appid: str
    oid: str
    upn: str
    permissions: list
    app_only: bool
    seconds_left: float


def _load_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def matches(patterns, address):
    """Is the address named by one of: "*", "*@domain", the address itself?"""
    address = address.lower()
    for pattern in patterns:
        pattern = pattern.lower()
        if pattern in ("*", address) or (pattern.startswith("*@") and address.endswith(pattern[1:])):
            return True
    return False


class TokenValidator:
    def __init__(self, jwks_path, opaque_path, audiences, clock_offset):
        """`clock_offset` is a function: this server's clock is its own, not the tenant's."""
        self._jwks_path, self._opaque_path, self._clock_offset = jwks_path, opaque_path, clock_offset
        self._audiences = {audience.rstrip("/").lower() for audience in audiences}

    def validate(self, token):
        """The holder of the token. The key file is read each time: keys roll."""
        if token.count(".") == 2:
            claims = self._jwt_claims(token)
        else:
            claims = self._opaque_claims(token)
        now = time.time() + self._clock_offset()
        if str(claims.get("aud", "")).rstrip("/").lower() not in self._audiences:
            raise Refused("denied", f"audience {claims.get('aud')}")
        if claims["exp"] <= now:
            raise Refused("expired", f"expired {now - claims['exp']:.0f} s ago")
        if claims.get("nbf", 0) > now:
            raise Refused("denied", "not valid yet")
        app_only = claims.get("idtyp") == "app"
        permissions = claims.get("roles", []) if app_only else claims.get("scp", "").split()
        return Holder(claims.get("appid", ""), claims.get("oid", ""), claims.get("upn", ""), permissions, app_only, claims["exp"] - now)

    def _jwt_claims(self, token):
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(_load_json(self._jwks_path)).keys}
            if kid not in keys:
                raise Refused("denied", f"unknown key {kid}")
            # Times are checked by the caller, against the movable clock.
            return jwt.decode(token, keys[kid].key, algorithms=["RS256"],
                              options={"verify_aud": False, "verify_exp": False, "verify_nbf": False,
                                       "verify_iat": False, "require": ["exp", "aud"]})
        except (jwt.PyJWTError, OSError, ValueError) as error:
            raise Refused("denied", f"{type(error).__name__}: {error}") from error

    def _opaque_claims(self, token):
        """A token that says nothing: the issuer's list, one JSON object a line, knows its SHA-256."""
        wanted = hashlib.sha256(token.encode()).hexdigest()
        if self._opaque_path and os.path.exists(self._opaque_path):
            with open(self._opaque_path, encoding="utf-8") as file:
                for line in file:
                    entry = json.loads(line)
                    if entry["sha256"] == wanted:
                        return entry
        raise Refused("denied", "neither a JWT nor a known opaque token")


class Mailboxes:
    """DIR/mailboxes.json, read at each use; without the file nobody may do anything."""

    def __init__(self, path, app_role, scopes, obeys_switch):
        """`obeys_switch`: does SmtpClientAuthenticationDisabled count here? (High Volume Email ignores it.)"""
        self._path, self._app_role, self._scopes, self._obeys_switch = path, app_role, scopes, obeys_switch

    def _entries(self):
        try:
            return {name.lower(): entry for name, entry in _load_json(self._path).items()}
        except (OSError, ValueError) as error:
            raise Refused("denied", f"mailboxes.json: {error}") from error

    def _entry(self, mailbox):
        """The most exact entry for the mailbox: its address, *@domain, *; None if there is none."""
        entries, mailbox = self._entries(), mailbox.lower()
        domain = "*" + mailbox[mailbox.rfind("@"):] if "@" in mailbox else mailbox
        for name in (mailbox, domain, "*"):
            if name in entries and name not in ("tenant", "service_principals"):
                return entries[name]
        return None

    def check(self, mailbox, holder):
        """Raise unless the holder of the token may submit as that mailbox."""
        entry = self._entry(mailbox)
        if entry is None:
            raise Refused("denied", f"no mailbox {mailbox}")
        (self._check_app if holder.app_only else self._check_user)(entry, mailbox, holder)
        self.check_switch(mailbox)

    def check_switch(self, mailbox):
        """The mailbox's own setting wins over the tenant's, as Set-CASMailbox does over Set-TransportConfig."""
        if not self._obeys_switch:
            return
        own = (self._entry(mailbox) or {}).get("smtp_auth_disabled")
        if own:
            raise Refused("disabled-mailbox", "SMTP AUTH is off for the mailbox")
        if own is None and self._entries().get("tenant", {}).get("smtp_auth_disabled"):
            raise Refused("disabled-tenant", "SMTP AUTH is off for the tenant")

    def _check_service_principal(self, holder):
        """Exchange knows an app by the object id that New-ServicePrincipal was given, which must be the token's."""
        known = self._entries().get("service_principals")
        if known is not None and known.get(holder.appid) != holder.oid:
            raise Refused("denied", f"app {holder.appid} is known as {known.get(holder.appid)}, the token's is {holder.oid}")

    def _check_app(self, entry, mailbox, holder):
        self._check_service_principal(holder)
        if self._app_role is None or self._app_role in holder.permissions:
            # With the role in the token, the mailbox permission counts, and RBAC does not help.
            if not matches(entry.get("apps", []), holder.appid):
                raise Refused("denied", f"app {holder.appid} has no right on {mailbox}")
            return
        rbac = entry.get("rbac", False)
        if rbac is not True and not (rbac and matches(rbac, holder.appid)):
            raise Refused("permissions", f"no role {self._app_role}")

    def _check_user(self, entry, mailbox, holder):
        if not set(self._scopes) & set(holder.permissions):
            raise Refused("permissions", f"no scope {' or '.join(self._scopes)}")
        if holder.upn.lower() != mailbox.lower() and not matches(entry.get("users", []), holder.upn):
            raise Refused("denied", f"user {holder.upn} has no right on {mailbox}")

    def may_send_as(self, mailbox, sender):
        entry = self._entry(mailbox) or {}
        # The null sender is no address of anybody's; it must be allowed by name.
        return sender.lower() == mailbox.lower() or matches(entry.get("send_as", []), sender or "<>")
