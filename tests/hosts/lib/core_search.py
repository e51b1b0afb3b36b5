#!/usr/bin/env python3
"""Copies of secrets in cores, and how many doc/internals/secrets.md allows.

  core_search.py CORE PROCESS TEST COLUMN=FILE...   PROCESS and COLUMN as in the table there; each line of FILE
                                                    is a secret. Fails when there are more copies than allowed.

A block that was freed has lost its beginning to the allocator and may have lost more, so that what is
searched for are pieces: from the end of a text (the beginnings of two tokens of one account are alike),
and from the middle of each number of a key. A text is found as it is, which for tokens is also how a form
has it, and in base64 at each of its three alignments; a key's numbers in the byte order of a file and in
that of OpenSSL's memory, and as the lines of its PEM.
"""
import base64
import pathlib
import struct
import subprocess
import sys

from cryptography.hazmat.primitives import serialization

_SOURCE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(_SOURCE / "tests" / "reliability"))

import figures  # noqa: E402

TABLE = _SOURCE / "doc" / "internals" / "secrets.md"
_PIECE, _KEY_PIECE = 24, 32  # bytes
_PT_LOAD = 1


def take(pid, path):
    """A core of a running process, which goes on."""
    done = subprocess.run(["gcore", "-o", path, str(pid)], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"gcore {pid}: {done.stderr}")
    return f"{path}.{pid}"


def memory(core):
    """What lay in memory. Not the registers: the widest of them hold the last bytes of whatever was copied last."""
    with open(core, "rb") as file:
        data = file.read()
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    parts = []
    for header in range(table, table + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", data, header)
        if kind == _PT_LOAD:
            parts.append(data[offset:offset + length])
    return b"\0".join(parts)


def _in_base64(piece):
    for shift in range(3):
        skip, end = (4 if shift else 0), (shift + len(piece)) // 3 * 4
        yield base64.b64encode(bytes(shift) + piece)[skip:end]


def _text_forms(text):
    """For each piece the ways it may be written."""
    for distance in (0, 50, 250):  # from the end; 250 is still in the signature of a JWT
        end = len(text) - distance
        if distance == 0 or end > 4 * _PIECE:
            piece = text[max(end - _PIECE, 0):end]
            yield [piece, *_in_base64(piece)]


def _number_forms(number):
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    middle = (len(data) - _KEY_PIECE) // 2
    yield [data[middle:middle + _KEY_PIECE], data[::-1][middle:middle + _KEY_PIECE]]


def _key_forms(pem):
    numbers = serialization.load_pem_private_key(pem, None).private_numbers()
    for number in (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp):
        yield from _number_forms(number)
    lines = pem.splitlines()[8:-2]  # behind the modulus, which is public
    for line in lines[len(lines) // 3::3]:
        yield [line]


def forms(secret):
    if isinstance(secret, str):
        secret = secret.encode()
    return list(_key_forms(secret) if b"PRIVATE KEY" in secret else _text_forms(secret))


def copies(data, secret):
    """How often it is there: of all its pieces, the one that is there most often."""
    return max(sum(data.count(way) for way in ways) for ways in forms(secret))


def allowed():
    """{process: {column: copies}}"""
    rows, columns = {}, []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "process":
            columns = cells[1:]
        elif columns and not line.startswith("|"):
            break
        elif columns and not line.startswith("|-"):
            rows[cells[0]] = {name: int(cell) for name, cell in zip(columns, cells[1:])}
    return rows


def judge(core, process, test, known):
    """The copies of each column's secrets, and those that are more than allowed."""
    data, bounds = memory(core), allowed()[process]
    found = {column: max((copies(data, secret) for secret in secrets), default=0) for column, secrets in known.items()}
    beyond = {column: count for column, count in found.items() if count > bounds[column]}
    figures.add(f"cores searched for secrets: {process}", test, inputs=sum(map(len, known.values())),
                secrets=sum(beyond.values()))
    print(f"# {process}: " + ", ".join(f"{column} {count}" for column, count in found.items()), flush=True)
    return found, beyond


def main(core, process, test, *named):
    known = {}
    for argument in named:
        column, _, path = argument.partition("=")
        known[column] = set(pathlib.Path(path).read_text(encoding="utf-8").splitlines())
        if not known[column]:
            print(f"# there is no {column} to look for")
            return 1
    _, beyond = judge(core, process, test, known)
    if beyond:
        print(f"# more than {TABLE.name} allows: {beyond}")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
