"""Making tokens: Entra's JWTs at their real length, opaque tokens of personal accounts, refresh tokens."""

import base64
import hashlib
import json
import os
import random
import time

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from entra_errors import EntraError, new_id
from pki import base64url

_BACKDATE = 300  # Entra sets iat and nbf five minutes back, against slow clocks


class Clock:
    """The tenant's time; tests move it."""

    def __init__(self):
        self.offset = 0.0

    def now(self):
        return time.time() + self.offset


def _filler(length):
    return base64url(os.urandom(max(length, 1)))[:length]


class TokenIssuer:
    def __init__(self, signing_key, grant_key, clock, learn_secret, opaque_log):
        self._key, self._clock = signing_key, clock
        self._seal = AESGCM(grant_key)
        self._learn_secret, self._opaque_log = learn_secret, opaque_log

    # Access tokens

    def app_token(self, app, tenant, audience, lifetime):
        claims = self._common_claims(app, tenant, audience, lifetime)
        object_id = app.get("object_id", app["client_id"])
        claims.update({"appidacr": "1", "idtyp": "app", "oid": object_id, "sub": object_id})
        if app.get("roles"):
            claims["roles"] = app["roles"]
        return self._signed_access_token(claims)

    def user_token(self, app, tenant, user, audience, permissions, lifetime):
        if tenant.get("personal"):
            return self._opaque_token(user, audience, permissions, lifetime)
        claims = self._common_claims(app, tenant, audience, lifetime)
        claims.update({
            "acr": "1", "acct": 0, "amr": ["pwd", "mfa"], "appidacr": "0" if app.get("public") else "1",
            "idtyp": "user", "ipaddr": "127.0.0.1", "name": user.get("name", user["upn"]), "oid": user["oid"],
            "puid": "1003200" + hashlib.sha256(user["upn"].encode()).hexdigest()[:9].upper(),
            "scp": " ".join(permissions), "sid": new_id(), "signin_state": ["kmsi"],
            "sub": self._pairwise(app, user), "unique_name": user["upn"], "upn": user["upn"]})
        return self._signed_access_token(claims)

    def _common_claims(self, app, tenant, audience, lifetime):
        now = int(self._clock.now())
        issuer = f"https://sts.windows.net/{tenant['id']}/"
        return {
            "aud": audience, "iss": issuer, "iat": now - _BACKDATE, "nbf": now - _BACKDATE,
            "exp": now + int(lifetime), "aio": _filler(72), "app_displayname": app.get("name", "app"),
            "appid": app["client_id"], "idp": issuer, "rh": "1.A" + _filler(52) + ".", "tid": tenant["id"],
            "uti": _filler(22), "ver": "1.0", "wids": [new_id(), "0997a1d0-0d1d-4acb-b408-d5ca73121e90"],
            "xms_idrel": "7 28", "xms_rd": "0.42" + _filler(68), "xms_sub_fct": "3 9", "xms_tnt_fct": "3 12"}

    def _signed_access_token(self, claims):
        claims["xms_ftd"] = ""
        bare = len(self._sign(claims))
        # Base64 turns 3 bytes of filler into 4 of token.
        claims["xms_ftd"] = _filler((random.randint(1650, 2400) - bare) * 3 // 4)
        return self._remember(self._sign(claims))

    def _sign(self, claims):
        headers = {"typ": "JWT", "alg": "RS256", "x5t": self._key.x5t, "kid": self._key.kid}
        return jwt.encode(claims, self._key.private_key, algorithm="RS256", headers=headers)

    def _opaque_token(self, user, audience, permissions, lifetime):
        token = "EwB" + base64.b64encode(os.urandom(900)).decode().rstrip("=")
        return self.known_opaque_token(token, user, audience, permissions, lifetime)

    def known_opaque_token(self, token, user, audience, permissions, lifetime):
        # Nobody can read such a token, so the server that gets it must be able to ask: the file is that question.
        self._opaque_log.record(sha256=hashlib.sha256(token.encode()).hexdigest(), upn=user["upn"], aud=audience,
                                scp=" ".join(permissions), exp=int(self._clock.now() + lifetime))
        return self._remember(token)

    def _remember(self, token):
        self._learn_secret(token)
        return token

    # Identity

    @staticmethod
    def _pairwise(app, user):
        return base64url(hashlib.sha256((app["client_id"] + user["oid"]).encode()).digest())

    def id_token(self, app, tenant, user, nonce=None):
        now = int(self._clock.now())
        claims = {
            "aud": app["client_id"], "iss": f"https://login.microsoftonline.com/{tenant['id']}/v2.0",
            "iat": now - _BACKDATE, "nbf": now - _BACKDATE, "exp": now + 3600, "name": user.get("name", user["upn"]),
            "oid": user["oid"], "preferred_username": user["upn"], "rh": "1.A" + _filler(52) + ".",
            "sub": self._pairwise(app, user), "tid": tenant["id"], "uti": _filler(22), "ver": "2.0"}
        if nonce:
            claims["nonce"] = nonce
        return self._remember(self._sign(claims))

    # Refresh tokens: the record itself, sealed, so that a restart forgets none

    def refresh_token(self, app, tenant, user, scope, issued=None, token_id=None, method=None):
        record = {"id": token_id or new_id(), "client_id": app["client_id"], "tenant": tenant["id"],
                  "upn": user["upn"], "scope": scope, "issued": self._clock.now() if issued is None else issued,
                  "filler": _filler(420)}
        if method:
            record["method"] = method
        prefix = "M.C5_BAY.0.U." if tenant.get("personal") else "1.A" + _filler(60) + ".AgABAwEAAAB"
        return self._remember(f"{prefix}.{self.seal(record)}")

    def seal(self, record):
        nonce = os.urandom(12)
        return base64url(nonce + self._seal.encrypt(nonce, json.dumps(record).encode(), None))

    def unseal(self, text):
        """The record; ValueError or InvalidTag where the text was not sealed here."""
        raw = text.encode("ascii")
        data = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
        return json.loads(self._seal.decrypt(data[:12], data[12:], None))

    def open_refresh_token(self, token):
        try:
            return self.unseal(token.rpartition(".")[2])
        except (InvalidTag, ValueError, UnicodeError) as error:
            # What looks like a refresh token but is none of ours is 70000; noise is a malformed request.
            looks_right = token.startswith(("0.", "1.", "M.")) and len(token) > 200
            raise EntraError(70000 if looks_right else 9002313, error="invalid_grant") from error
