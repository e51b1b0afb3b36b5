#!/usr/bin/env python3
"""explain_token.py NAMES < TOKEN: what an access token says about itself, without what says whose it is.

That goes into NAMES, one a line (transcript.py), so that it cannot get into a transcript by another way.
"""
import base64
import json
import sys
import time

# Claim: what stands for it in a transcript.
PRIVATE = {"tid": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "oid": "bbbb7777-cccc-4444-dddd-5555eeee6666",
           "sub": "(sub)", "sid": "(sid)", "puid": "(puid)", "upn": "anna@contoso.com",
           "unique_name": "anna@contoso.com", "name": "Anna Example", "given_name": "Anna",
           "family_name": "Example", "ipaddr": "192.0.2.1", "app_displayname": "the app", "uti": "(uti)"}
SHOWN = ("ver", "aud", "idtyp", "appidacr", "roles", "scp")


def claims_of(token):
    """None where it is no JWT: a personal account's token is not."""
    parts = token.split(".")
    try:
        return json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return None


def explanation(token, claims, now):
    yield "bytes", str(len(token))
    if claims is None:
        yield "form", "opaque: only the provider can read it"
        return
    yield "form", "JWT"
    for name in SHOWN:
        if name in claims:
            value = claims[name]
            yield name, " ".join(value) if isinstance(value, list) else str(value)
    if "exp" in claims:
        yield "good for", f"{(claims['exp'] - now) // 60:.0f} more minutes"


def private_names(claims):
    for name, stand_in in PRIVATE.items():
        value = claims.get(name)
        if isinstance(value, str) and len(value) >= 4 and value not in stand_in:
            yield f"{value}\t{stand_in}\tthe token's {name}"


def main():
    token = sys.stdin.read().strip()
    if not token:
        sys.exit("there is no token")
    claims = claims_of(token)
    with open(sys.argv[1], "a", encoding="utf-8") as names:
        names.writelines(line + "\n" for line in private_names(claims or {}))
    for name, value in explanation(token, claims, time.time()):
        print(f"{name:<9} {value}")


if __name__ == "__main__":
    main()
