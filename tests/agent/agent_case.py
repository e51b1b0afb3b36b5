"""What the agent's and the tool's tests share: a private directory, a tenant, a running agent."""

import fcntl
import grp
import json
import os
import pathlib
import pty
import pwd
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

SOURCE = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("top_builddir") or SOURCE
sys.path.insert(0, os.path.join(SOURCE, "tests", "tenant"))

import tap  # noqa: E402

tap.need("jwt", "cryptography", "requests")
if os.geteuid() != 0:
    print("1..0 # SKIP needs root: it tries other users")
    sys.exit(0)

import standins  # noqa: E402
import wire  # noqa: E402, F401

AGENT = os.path.join(BUILD, "sasl-entrad")
TOOL = os.path.join(BUILD, "sasl-entra")
USER, OTHER = pwd.getpwnam("daemon"), pwd.getpwnam("nobody")  # every Debian has them
GROUP = grp.getgrnam("games")
SECRET = "Zx8~+q/&k%=e 9=_relay.SECRET"
LOGIN = "relay@contoso.com"
ANNA, PUBLIC = "anna@contoso.com", "55556666-dddd-7777-eeee-8888ffff9999"  # a person, and an app for people


def holds(pid, directory):
    """Whether a process has that directory open."""
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") == str(directory) for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def while_locked(directory, command, act, **named):
    """Runs a command that has to wait for the directory's lock; meanwhile `act` is done. Its outcome."""
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **named) as process:
            while process.poll() is None and not holds(process.pid, directory):
                time.sleep(0.01)
            act()
            fcntl.flock(lock, fcntl.LOCK_UN)
            out, err = process.communicate(timeout=60)
            return subprocess.CompletedProcess(command, process.returncode, out, err)
    finally:
        os.close(lock)


def on_terminal(columns, *command, **named):
    """What a command shows on a terminal of that width: a list of lines."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = b""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=end, stderr=subprocess.DEVNULL, **named) as process:
        os.close(end)
        try:
            while piece := os.read(terminal, 4096):
                shown += piece
        except OSError:  # nobody has the other end any more
            pass
        process.wait(60)
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n").splitlines()


def run(*command, stdin="", **named):
    named["input" if isinstance(stdin, str) else "stdin"] = stdin
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **named)


class Case(unittest.TestCase):
    """Each test has a directory that everybody may enter and only root may change."""

    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="sasl-entra-"))
        self.place.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)

    def write(self, name, text, owner=None, mode=0o644):
        path = self.place / name
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if owner:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        path.chmod(mode)
        return path

    def directory(self, name, owner=None, mode=0o700):
        path = self.place / name
        path.mkdir(mode=0o755, parents=True)
        if owner:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        path.chmod(mode)
        return path

    def wait(self, what, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if what():
                return
            time.sleep(0.02)
        self.fail("waited in vain")

    def start(self, *arguments, **named):
        agent = Agent(*arguments, **named)
        self.addCleanup(agent.end)
        return agent

    def configuration(self, authority="https://127.0.0.1:9", ca=None, extra="", owner=USER, name="agent.conf"):
        """One app-only account for everybody at contoso.com, its secret, its state directory."""
        state = self.place / "state"
        if not state.exists():
            self.directory("state", owner)
        secret = self.write("relay.secret", SECRET + "\n", owner, 0o600)
        ca_file = f"ca_file = {ca}\n" if ca else ""
        return self.write(name, f"[defaults]\nstate_dir = {state}\n{ca_file}\n[account relay]\n"
                          "match = *@contoso.com\ntenant = contoso.onmicrosoft.com\n"
                          "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\ncredential = secret\n"
                          f"client_secret_file = {secret}\nauthority = {authority}\n{extra}")

    def agent(self, *extra, config=None, user=USER):
        """An agent at self.socket, everybody may connect."""
        self.socket = str(self.place / "run" / "agent.sock")
        config = config or self.configuration()
        agent = self.start("--socket", f"{self.socket},{GROUP.gr_name},0666", "--user", user.pw_name, "--config",
                           str(config), *extra)
        agent.wait_for("listening at")
        return agent


class TenantCase(Case):
    """The same with a tenant that answers."""

    @classmethod
    def setUpClass(cls):
        cls.tenant = standins.TenantStandIn()
        os.chmod(cls.tenant.directory, 0o755)  # for ca.pem

    @classmethod
    def tearDownClass(cls):
        cls.tenant.stop()

    def setUp(self):
        super().setUp()
        self.tenant.control("reset", {})
        self.tenant.control("apps", {"apps": [{"client_id": "00001111-aaaa-2222-bbbb-3333cccc4444",
                                               "token_lifetime": 3600}]})

    def configuration(self, authority=None, ca=None, **named):
        ca = self.write("ca.pem", pathlib.Path(self.tenant.ca).read_text(encoding="utf-8"))
        return super().configuration(authority or self.tenant.authority, ca, **named)

    def requests(self):
        return self.tenant.control("count?grant=client_credentials")

    def signed_in(self):
        """A configuration with a person's account as well, who has signed in; and the refresh token."""
        config = self.configuration(extra=f"\n[account anna]\nmatch = {ANNA}\nservices = smtp\nclient_id = {PUBLIC}\n"
                                    "tenant = contoso.onmicrosoft.com\n" f"authority = {self.tenant.authority}\n")
        token = self.tenant.control("mint_refresh_token", {
            "client_id": PUBLIC, "upn": ANNA, "scope": "https://outlook.office.com/SMTP.Send offline_access"})["refresh_token"]
        result = run(TOOL, "--config", str(config), "import", "token", ANNA, stdin=token)
        self.assertEqual(result.returncode, 0, result.stderr)
        return config, token

    def kept_refresh_token(self):
        """That of the one state file that has one."""
        states = [json.loads(file.read_text()) for file in (self.place / "state").glob("*.json")]
        return [state["refresh_token"] for state in states if "refresh_token" in state][0]


class Agent:
    """A running sasl-entrad; its log is read as it comes."""

    def __init__(self, *arguments, program=(AGENT,), **named):
        self.process = subprocess.Popen([*program, *arguments], stderr=subprocess.PIPE, text=True,
                                        stdin=subprocess.DEVNULL, **named)
        self.pid, self.lines = self.process.pid, []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    @property
    def log(self):
        return "\n".join(self.lines)

    def count(self, text):
        return sum(text in line for line in self.lines)

    def wait_for(self, text, seconds=10, times=1):
        deadline = time.monotonic() + seconds
        while self.count(text) < times:
            if time.monotonic() > deadline or (self.process.poll() is not None and not self._reader.is_alive()):
                raise AssertionError(f"'{text}' is not in the agent's log:\n{self.log}")
            time.sleep(0.02)

    def signal(self, number):
        self.process.send_signal(number)

    def exit(self, seconds=10):
        """Wait for the end; the exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def end(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        self.process.stderr.close()

    def status(self):
        """/proc/PID/status as a dictionary."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


main = tap.main
