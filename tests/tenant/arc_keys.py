"""Azure Arc's challenge: who can read a file that only root and the agent's group may read gets a token."""

import hmac
import os
import shutil

from entra_errors import new_id
from pki import base64url

WISHES = {"header", "scheme", "realm", "directory", "suffix", "size", "symlink", "absent"}


class ArcKeys:
    def __init__(self, directory, group, learn_secret):
        self._directory, self._group, self._learn_secret = directory, group, learn_secret
        self._issued = {}  # path: content

    def challenge(self, wish):
        """Write a key file and return the WWW-Authenticate header for it, or None; `wish` is how to be evil."""
        directory, name = wish.get("directory", self._directory), new_id() + wish.get("suffix", ".key")
        path = os.path.join(directory, name)
        if not wish.get("absent"):
            self._write(path, int(wish.get("size", 96)), wish.get("symlink"))
        if "header" in wish:
            return wish["header"]
        realm = wish.get("realm", "{directory}/{name}").format(directory=directory, name=name)
        return f"{wish.get('scheme', 'Basic')} realm={realm}"

    def _write(self, path, size, symlink):
        content = base64url(os.urandom(size))[:size]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._learn_secret(content)
        self._issued[path] = content
        if symlink:
            os.symlink(path + ".target", path)
            path += ".target"
        with open(path, "x", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o640)
            if self._group:
                shutil.chown(path, group=self._group)
            file.write(content)

    def redeem(self, authorization):
        """Does the header hold the content of a key file? It serves once."""
        scheme, _, given = authorization.partition(" ")
        for path, content in self._issued.items():
            if scheme == "Basic" and hmac.compare_digest(content.encode(), given.encode()):
                self._remove(path)
                return True
        return False

    def _remove(self, path):
        del self._issued[path]
        for name in (path, path + ".target"):
            if os.path.lexists(name):
                os.unlink(name)

    def remove_all(self):
        for path in list(self._issued):
            self._remove(path)
