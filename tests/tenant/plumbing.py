"""What both programs need to be well-behaved test servers: ready file, JSON log, fingerprint."""

import hashlib
import json
import os
import threading
import time
from datetime import datetime, timezone


def fingerprint(secret):
    """The only form in which a token or secret may appear in a log: 8 hex digits of SHA-256."""
    if isinstance(secret, str):
        secret = secret.encode("utf-8", "surrogateescape")
    return hashlib.sha256(secret).hexdigest()[:8]


def now_text():
    return datetime.fromtimestamp(time.time(), timezone.utc).isoformat(timespec="milliseconds")


def write_file_atomically(path, data, mode=0o644):
    """A reader sees the old file or the whole new one, never a part."""
    if isinstance(data, str):
        data = data.encode()
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
    os.rename(temporary, path)


def write_json_atomically(path, value, mode=0o644):
    write_file_atomically(path, json.dumps(value, indent=1) + "\n", mode)


class LineLog:
    """An append-only file of lines, each written with one system call, so that a reader sees whole lines."""

    def __init__(self, path, mode=0o644):
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)
        self._lock = threading.Lock()

    def line(self, text):
        with self._lock:
            os.write(self._descriptor, (text + "\n").encode("utf-8", "backslashreplace"))

    def record(self, **members):
        self.line(json.dumps({"time": now_text(), **members}))
