"""The AUTH command: mechanisms, and the replies of each kind of server."""

import base64
import binascii
import json
import re

from plumbing import fingerprint
from smtp_access import HVE_MINIMUM_SECONDS, Refused

SUCCESS = "235 2.7.0 Authentication successful"
_FAILED = "535 5.7.3 Authentication unsuccessful"
_MORE = "Visit https://aka.ms/smtp_auth_disabled for more information."

# Replies by server kind and by the name in Refused; {host} is the bracketed server name.
REPLIES = {
    "exchange": {
        "denied": _FAILED + " {host}",
        "disabled-tenant": "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
                           "Tenant. " + _MORE + " {host}",
        "disabled-mailbox": "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
                            "Mailbox. " + _MORE + " {host}",
        "basic-disabled": "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. {host}",
        "bad-password": "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect. {host}",
        "concurrency": "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for "
                       "more information. {host}"},
    "hve": {
        "soon": "501 5.5.127 Invalid XOAUTH2 auth data - Token will expire soon {host}",
        "expired": "535 5.7.143 Authentication unsuccessful, Expired token {host}",
        "permissions": "535 5.7.144 Authentication unsuccessful, Invalid API permissions {host}",
        "malformed": "501 5.5.121 Invalid XOAUTH2 auth data {host}"},
    "acs": {
        "disabled-tenant": _FAILED, "disabled-mailbox": _FAILED, "basic-disabled": _FAILED, "bad-password": _FAILED,
        "denied": _FAILED},
    "google": {
        "denied": "535 5.7.8 Username and Password not accepted. For more information, go to "
                  "https://support.google.com/mail/?p=BadCredentials {host}"}}

CHALLENGES = {
    "XOAUTH2": {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"},
    "OAUTHBEARER": {"status": "invalid_token", "scope": "https://mail.google.com/"}}


def reply_text(mode, name, host):
    table = {**REPLIES["exchange"], **REPLIES.get(mode, {})}
    if mode == "google" and name not in REPLIES["google"]:
        name = "denied"
    return table.get(name, table["denied"]).format(host=host)


def parse_xoauth2(data):
    """(user, token) of `user=... ^A auth=Bearer ... ^A ^A`, exactly so."""
    found = re.fullmatch(rb"user=([^\x00-\x1f]*)\x01auth=Bearer ([\x21-\x7e]+)\x01\x01", data)
    if not found:
        raise Refused("malformed", "no XOAUTH2 message")
    return found[1].decode("utf-8", "replace"), found[2].decode("ascii")


def parse_oauthbearer(data):
    """(user, token) of an RFC 7628 message."""
    found = re.fullmatch(rb"n,(?:a=([^,\x00-\x1f]*))?,\x01((?:[a-z]+=[^\x01]*\x01)+)\x01", data)
    if not found:
        raise Refused("malformed", "no OAUTHBEARER message")
    pairs = dict(pair.split(b"=", 1) for pair in found[2].split(b"\x01")[:-1])
    kind, _, token = pairs.get(b"auth", b"").decode("utf-8", "replace").partition(" ")
    if kind.lower() != "bearer" or not token or not set(pairs) <= {b"auth", b"host", b"port"}:
        raise Refused("malformed", "no bearer token in it")
    user = (found[1] or b"").decode("utf-8", "replace").replace("=2C", ",").replace("=3D", "=")
    return user, token


def decode(line):
    try:
        return base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("malformed", "no base64") from error


class Cancelled(Exception):
    """The client sent "*"."""


class Authentication:
    """One AUTH exchange. `ask(text)` sends a 334 and returns the client's next line (bytes)."""

    def __init__(self, settings, mechanism, initial, ask):
        self._settings, self._ask, self.mechanism = settings, ask, mechanism
        self._initial = initial
        self.user = self.token = self.holder = self.challenge_answer = self.why = None

    def run(self):
        """The reply name: "ok" or one of REPLIES'."""
        try:
            {"XOAUTH2": self._oauth, "OAUTHBEARER": self._oauth, "LOGIN": self._login,
             "PLAIN": self._plain}[self.mechanism]()
            return "ok"
        except Refused as refusal:
            self.why = str(refusal)
            if self._settings.mode == "google" and self.mechanism in CHALLENGES:
                self._send_challenge()
            return refusal.name

    @property
    def fingerprint(self):
        return fingerprint(self.token) if self.token else None

    def _next(self, prompt):
        line = self._ask(prompt)
        if line == b"*":
            raise Cancelled()
        return line

    def _first_message(self):
        if self._initial is None:
            return decode(self._next(""))
        return b"" if self._initial == b"=" else decode(self._initial)

    def _oauth(self):
        parse = parse_xoauth2 if self.mechanism == "XOAUTH2" else parse_oauthbearer
        self.user, self.token = parse(self._first_message())
        self.holder = self._settings.validator.validate(self.token)
        self._settings.mailboxes.check(self.user, self.holder)
        if self._settings.mode == "hve" and self.holder.seconds_left < HVE_MINIMUM_SECONDS:
            raise Refused("soon", f"{self.holder.seconds_left:.0f} s left")

    def _send_challenge(self):
        """What Google and Dovecot do: the error as JSON, any answer, then the final reply."""
        text = json.dumps(CHALLENGES[self.mechanism], separators=(",", ":"))
        answer = self._ask(base64.b64encode(text.encode()).decode())
        self.challenge_answer = answer.decode("ascii", "replace")[:200]

    def _check_password(self, user, password):
        self.user = user
        users = self._settings.users()
        if users is None:
            raise Refused("basic-disabled", "no --users file")
        if users.get(user) != password:
            raise Refused("bad-password", "wrong user or password")
        self._settings.mailboxes.check_switch(user)

    def _plain(self):
        parts = self._first_message().split(b"\0")
        if len(parts) != 3:
            raise Refused("malformed", "no PLAIN message")
        self._check_password(parts[1].decode("utf-8", "replace"), parts[2].decode("utf-8", "replace"))

    def _login(self):
        if self._initial is None:
            user = decode(self._next("VXNlcm5hbWU6"))
        else:
            user = self._first_message()
        password = decode(self._next("UGFzc3dvcmQ6"))
        self._check_password(user.decode("utf-8", "replace"), password.decode("utf-8", "replace"))
