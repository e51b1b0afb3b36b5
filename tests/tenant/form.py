"""Strict application/x-www-form-urlencoded decoding.

Python's own parse_qs forgives what a careless client gets wrong (a lone '%', a raw space), and then a
client that never learnt to encode its secret would pass here and fail in production.
"""

import re

# Entra tolerates these unencoded, and people's curl lines rely on it: scope=https://...
_TOLERATED = rb"[A-Za-z0-9*._~+%/:@!$'(),;?-]*"
# A credential may hold any character, so its encoding must be complete to be unambiguous.
_STRICT = rb"[A-Za-z0-9*._~+%-]*"
_BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
CREDENTIALS = ("client_secret", "refresh_token", "client_assertion", "code", "code_verifier", "device_code",
               "password")


class MalformedForm(Exception):
    pass


def decode_component(raw):
    """Percent-decode one name or value (bytes) to text."""
    if _BROKEN_PERCENT.search(raw):
        raise MalformedForm("a percent sign that begins no escape")
    spaced = raw.replace(b"+", b" ")
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes([int(found.group(1), 16)]), spaced)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedForm("not UTF-8") from error


def decode_form(body):
    """Decode a form body to a dictionary of text."""
    fields = {}
    for pair in body.split(b"&") if body else []:
        name, _, value = pair.partition(b"=")
        name = decode_component(name)
        # '=' inside a value is let through by lenient servers; here it needs its %3D everywhere.
        pattern = _STRICT if name in CREDENTIALS else _TOLERATED
        if not re.fullmatch(pattern, value):
            raise MalformedForm(f"a character in '{name}' that must be percent-encoded")
        if name in fields:
            raise MalformedForm(f"parameter '{name}' twice")
        fields[name] = decode_component(value)
    return fields


def spelling(body):
    """Each parameter of a good form as it came, still encoded."""
    pairs = [pair.partition(b"=") for pair in body.split(b"&") if pair]
    return {decode_component(name): value.decode("latin-1") for name, _, value in pairs}
