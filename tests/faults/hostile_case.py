"""What the tests of hostile peers share: a place with the peers, the configuration, and an engine that is measured."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

SOURCE = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("top_builddir") or SOURCE
for room in ("faults", "tenant", "reliability"):
    sys.path.insert(0, os.path.join(SOURCE, "tests", room))

import tap  # noqa: E402

tap.need("cryptography")

import figures  # noqa: E402, F401
import hostile_server  # noqa: E402

ENGINE = os.path.join(BUILD, "tests", "faults", "hostile_engine")
REFRESH_TOKEN = "kept-refresh-token-of-"
LONG = os.environ.get("SE_LONG") == "1"


@dataclass
class Size:
    """Of a process."""
    resident: int  # KiB
    peak: int  # KiB
    threads: int
    descriptors: int

    @classmethod
    def of(cls, pid):
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        return cls(int(status["VmRSS"].split()[0]), int(status["VmHWM"].split()[0]), int(status["Threads"]),
                   len(os.listdir(f"/proc/{pid}/fd")))


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


class Place:
    """A directory, the hostile server, and a configuration with an account for each case, one for good@, and one for
    each of `hosts`, a name by which the good server is known, too."""

    def __init__(self, cases, owner=None, hosts=()):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="sasl-entra-hostile-"))
        self.path.chmod(0o755)
        self.state = self.path / "state"
        self.state.mkdir(mode=0o700)
        self.cases, self.owner, self.hosts = cases, owner, hosts
        self.server = hostile_server.HostileServer(str(self.path), cases, hosts)
        (self.path / "ca.pem").chmod(0o644)
        # Nobody may look for a password here.
        (self.path / ".netrc").write_text("machine localhost login netrc password netrc-password\n", encoding="ascii")

    def account(self, name, port, proxy="", host="localhost"):
        proxy = f"proxy = {proxy}\n" if proxy else ""
        return (f"[account {name}]\nmatch = {name}@fabrikam.com\ntenant = fabrikam.com\nservers = smtp.test\n"
                "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
                f"token_endpoint = https://{host}:{port}/token\n{proxy}")

    def configuration(self, defaults=""):
        ports, text = self.server.ports, f"[defaults]\nca_file = {self.server.ca}\nstate_dir = {self.state}\n{defaults}"
        for case in self.cases:
            if case.proxy:
                text += self.account(case.name, ports["good"], f"{case.proxy}://127.0.0.1:{ports[case.name]}")
            else:
                text += self.account(case.name, ports[case.name])
        text += self.account("good", ports["good"])
        text += "".join(self.account(host, ports["good"], host=host) for host in self.hosts)
        path = self.path / "sasl-entra.conf"
        path.write_text(text, encoding="utf-8")
        return path

    def sign_in(self, logins):
        """Each has a refresh token, all of them belong to the owner."""
        engine = Engine(self.configuration())
        for login in logins:
            engine.sign_in(login)
        engine.end()
        self._give(self.owner.pw_uid)

    def kept(self, logins):
        """Once the owner is gone: the refresh tokens."""
        self._give(os.geteuid())
        engine = Engine(self.configuration())
        kept = {login: engine.kept(login) for login in logins}
        engine.end()
        return kept

    def _give(self, user):
        for path in (self.state, *self.state.iterdir()):
            os.chown(path, user, -1)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass
class Done:
    """How an ask ended."""
    kind: str
    seconds: float
    retry_after: int
    text: str


def settled(measure, before, seconds=10):
    """The size, once there are no more descriptors and threads than before, or the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        size = measure()
        if size.threads <= before.threads and size.descriptors <= before.descriptors:
            break
        time.sleep(0.1)
    return size


class Engine:
    """A running hostile_engine."""

    def __init__(self, configuration):
        self._process = subprocess.Popen([ENGINE, configuration], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True,
                                         env={**os.environ, "HOME": os.path.dirname(configuration)})
        self.pid, self.log, self._answers, self._changed = self._process.pid, [], {}, threading.Condition()
        for stream in (self._process.stdout, self._process.stderr):
            threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            with self._changed:
                if stream is self._process.stderr:
                    self.log.append(line.rstrip("\n"))
                else:
                    verb, login, *rest = line.rstrip("\n").split(" ", 2)
                    self._answers[verb, login] = rest[0] if rest else ""
                self._changed.notify_all()

    def _say(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _wait(self, verb, login, seconds=40):
        with self._changed:
            if not self._changed.wait_for(lambda: (verb, login) in self._answers, seconds):
                raise AssertionError(f"{verb} {login}: no answer. {self.log[-3:]}")
            return self._answers.pop((verb, login))

    def sign_in(self, login):
        self._say(f"sign-in {login} {REFRESH_TOKEN}{login}")
        self._wait("signed-in", login)

    def kept(self, login):
        self._say(f"kept {login}")
        return self._wait("kept", login)

    def ask_all(self, logins, verb="ask", milliseconds=""):
        """All at once; how each ended."""
        for login in logins:
            self._say(f"{verb} {login} {milliseconds}")
        results = {}
        for login in logins:
            kind, milliseconds, retry_after, text = self._wait("done", login).split(" ", 3)
            results[login] = Done(kind, int(milliseconds) / 1000, int(retry_after), text)
        return results

    def ask(self, login, verb="ask", milliseconds=""):
        return self.ask_all([login], verb, milliseconds)[login]

    def size(self):
        return Size.of(self.pid)

    def settled(self, before, seconds=10):
        return settled(self.size, before, seconds)

    def end(self):
        """The exit status: 0 when nothing went wrong to the end."""
        self._process.stdin.close()
        try:
            return self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
