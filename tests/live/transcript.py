#!/usr/bin/env python3
"""transcript.py NAMES SECRETS RAW: prints RAW as it may be published, or says why it may not be, and fails.

NAMES has lines of a private name, what stands for it, and where it comes from, with tabs between them.
Each is replaced, and so is whatever looks like a token. SECRETS has one secret a line; they have no
business in RAW at all. The result is then searched by other means than those that replaced: for each
name and each secret, also percent-encoded, in base64, in other capitals, or wrapped over lines.
"""
import base64
import binascii
import re
import sys
import urllib.parse

SHORTEST = 4  # of a name or secret that can be searched for
# A JWT, or a long run of what tokens are made of; neither an id of a request nor a thumbprint is as long.
TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|[A-Za-z0-9+/=_~.!*$-]{72,}")


def replaced(text, names):
    text = TOKEN.sub("<token>", text)
    for private, stand_in, _ in sorted(names, key=lambda name: -len(name[0])):
        if len(private) >= SHORTEST and private.lower() != stand_in.lower():
            text = re.sub(re.escape(private), lambda _, to=stand_in: to, text, flags=re.I)
    return text


def decoded(text):
    """What the words of the text are in base64, with and without those that only look so."""
    for word in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        try:
            data = base64.b64decode(word.translate(str.maketrans("-_", "+/")) + "=" * (-len(word) % 4))
        except (binascii.Error, ValueError):
            continue
        yield data.decode("utf-8", "replace")


def readings(text):
    """The text in all the ways in which a name could stand in it."""
    yield text
    yield urllib.parse.unquote_plus(text)
    unwrapped = re.sub(r"\s*\n[\s|]*", "", text)
    yield unwrapped
    yield from decoded(text)
    yield from decoded(unwrapped)


def found(text, names, secrets):
    """Where those come from that are in the text."""
    wanted = [(name, whence) for name, stand_in, whence in names if name.lower() not in stand_in.lower()]
    wanted += [(secret, "a secret") for secret in secrets]
    places = [reading.lower() for reading in readings(text)]
    return sorted({whence for value, whence in wanted
                   if len(value) >= SHORTEST and any(value.lower() in place for place in places)})


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def main():
    names_path, secrets_path, raw_path = sys.argv[1:]
    names = [tuple(part.strip() for part in line.split("\t")) for line in read(names_path).splitlines()]
    secrets = [line.strip() for line in read(secrets_path).splitlines() if line.strip()]
    text = replaced(read(raw_path), names)
    leaks = found(text, names, secrets)
    if leaks:
        sys.exit("no transcript: it would show " + ", ".join(leaks))
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
