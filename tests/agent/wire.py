"""The agent's wire format, written a second time, so that a test does not believe the C code."""

import os
import pickle
import socket
import struct

TOKEN, REFRESH, REREAD, STATUS = 1, 2, 3, 4
_CLASSES = {1: "again", 2: "sign in", 3: "admin", 4: "config", 5: "no account", 6: "denied", 7: "memory", 8: "internal"}
_TEXTS = {16: "user", 17: "token", 20: "fingerprint", 22: "note", 23: "status", 24: "more", 34: "text"}
_NUMBERS = {18: "seconds_left", 19: "keep", 33: "retry_after"}


def _field(tag, value):
    return struct.pack(">BH", tag, len(value)) + value


def request(login, operation=TOKEN, time_left=20000, server=""):
    fields = _field(1, bytes([operation])) + _field(2, struct.pack(">I", time_left))
    if login:
        fields += _field(3, login.encode())
    if server:
        fields += _field(5, server.encode())
    return b"SE\x01\x01" + struct.pack(">I", len(fields)) + fields


def parse(frame):
    """{} when the connection ended without an answer."""
    if not frame:
        return {}
    if frame[:3] != b"SE\x01" or struct.unpack(">I", frame[4:8])[0] != len(frame) - 8:
        raise ValueError(f"no frame: {frame[:16]!r}")
    answer, rest = {"kind": {2: "answer", 3: "error"}[frame[3]]}, frame[8:]
    while rest:
        tag, length = struct.unpack(">BH", rest[:3])
        value, rest = rest[3:3 + length], rest[3 + length:]
        if tag in _TEXTS:
            answer[_TEXTS[tag]] = value.decode()
        elif tag in _NUMBERS:
            answer[_NUMBERS[tag]] = struct.unpack(">I", value)[0]
        elif tag == 32:
            answer["class"] = _CLASSES[value[0]]
    return answer


def connect(path, timeout=30):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)  # without a timeout it waits where the queue is full
    client.settimeout(timeout)
    return client


def read_all(client):
    data = b""
    try:
        while chunk := client.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass
    return data


def ask(path, login, **arguments):
    with connect(path) as client:
        client.sendall(request(login, **arguments))
        return parse(read_all(client))


def as_user(uid, gid, groups, function, *arguments, **named):
    """Call the function in a process of that user; an exception comes back as its name."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
            result = function(*arguments, **named)
        except BaseException as problem:  # the child must not go on as a test
            result = type(problem).__name__
        os.write(writer, pickle.dumps(result))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        result = pickle.load(file)
    os.waitpid(pid, 0)
    return result
