"""What the tests of sign-ins share: accounts of people at a stand-in tenant, and a running `sasl-entra login`."""

import fcntl
import json
import os
import pathlib
import pty
import queue
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "agent"))
import agent_case  # noqa: E402
from agent_case import OTHER, TOOL, USER, TenantCase, run  # noqa: E402, F401

PUBLIC = "55556666-dddd-7777-eeee-8888ffff9999"
CONFIDENTIAL = "00001111-aaaa-2222-bbbb-3333cccc4444"
GOOGLE = "1234567890-abc.apps.googleusercontent.com"
ANNA, PASSWORD = "anna@contoso.com", "Correct-Horse+Battery&Staple"
CAROL = "carol@contoso.com"

_ACCOUNTS = """
[defaults]
state_dir = {state}
ca_file = {ca}

[account anna]
match = anna@contoso.com
identity = anna@contoso.com
services = smtp imap
tenant = contoso.onmicrosoft.com
client_id = {public}
authority = {authority}

[account scanner]
match = scanner@contoso.com
identity = Anna@Contoso.com
services = smtp imap
tenant = contoso.onmicrosoft.com
client_id = {public}
authority = {authority}

[account everyone]
match = *@contoso.com
services = smtp imap
tenant = contoso.onmicrosoft.com
client_id = {public}
authority = {authority}

[account personal]
match = someone@outlook.com
services = smtp
tenant = consumers
client_id = {public}
authority = {authority}

[account confidential]
match = secret@contoso.com
sign_in = user
identity = anna@contoso.com
services = smtp
tenant = contoso.onmicrosoft.com
client_id = {confidential}
credential = secret
client_secret_file = {place}/relay.secret
authority = {authority}

[account gina]
match = gina@gmail.com
provider = google
client_id = {google}
credential = secret
client_secret_file = {place}/google.secret
token_endpoint = {authority}/generic/token
authorization_endpoint = {authority}/generic/authorize

[account generic]
match = gina@generic.example
identity = gina@gmail.com
provider = custom
client_id = {google}
credential = secret
client_secret_file = {place}/google.secret
scope = https://mail.google.com/
servers = localhost
token_endpoint = {authority}/generic/token
authorization_endpoint = {authority}/generic/authorize?hd=example&
device_endpoint = {authority}/generic/device

[account nowhere]
match = nowhere@generic.example
provider = custom
client_id = x
scope = mail
servers = localhost
token_endpoint = {authority}/generic/token

[account robot]
match = robot@contoso.com
tenant = contoso.onmicrosoft.com
client_id = {confidential}
credential = secret
client_secret_file = {place}/relay.secret
authority = {authority}

[account handed]
match = handed@contoso.com
token_from = password
"""


class LoginCase(TenantCase):
    def setUp(self):
        super().setUp()
        self.tenant.control("apps", {
            "apps": [{"client_id": CONFIDENTIAL, "redirect_uris": ["http://localhost"]}], "consents": [],
            "policies": {}, "device": {"interval": 1}, "users": [
                {"upn": CAROL, "name": "Carol <b>&amp; Co", "oid": "33334444-cccc-4444-dddd-5555eeee6666",
                 "tenant": "aaaabbbb-0000-cccc-1111-dddd2222eeee", "password": "x"}]})
        self.directory("state", USER)
        self.write("google.secret", "GOCSPX-Desk+top/Secret=1\n", USER, 0o600)
        self.write("relay.secret", agent_case.SECRET + "\n", USER, 0o600)
        ca = self.write("ca.pem", pathlib.Path(self.tenant.ca).read_text(encoding="utf-8"))
        self.config = self.write("login.conf", self.accounts(ca))

    def accounts(self, ca):
        return _ACCOUNTS.format(state=self.place / "state", ca=ca, authority=self.tenant.authority, public=PUBLIC,
                                confidential=CONFIDENTIAL, google=GOOGLE, place=self.place)

    def states(self):
        return list((self.place / "state").glob("*.json"))

    def tool(self, *arguments, code=0, **named):
        result = run(TOOL, "--config", str(self.config), *arguments, **named)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def token(self, name, code=0):
        return self.tool("token", name, code=code)

    def login(self, *arguments, **named):
        login = Login("--config", str(self.config), "login", *arguments, **named)
        self.addCleanup(login.end)
        return login

    def sign_in(self, url, upn=ANNA, **more):
        """Where the browser ends up after the tenant's pages."""
        return self.tenant.control("authorize", {"url": url, "upn": upn, **more})["location"]

    def mint(self, name=ANNA, upn=ANNA):
        """A sign-in that is there already."""
        token = self.tenant.control("mint_refresh_token", {
            "client_id": PUBLIC, "upn": upn,
            "scope": "https://outlook.office.com/SMTP.Send https://outlook.office.com/IMAP.AccessAsUser.All "
                     "offline_access"})["refresh_token"]
        self.tool("import", "token", name, stdin=token)

    def assert_nothing_kept(self):
        self.assertEqual(self.states(), [])


class Login:
    """A running tool, not at a terminal; its lines are read as they come."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL, program=(TOOL,), environment=None):
        variables = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION")}
        variables.update(environment or {})
        self.process = subprocess.Popen([*program, *arguments], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=variables)
        self.errors, self._events = [], queue.Queue()
        self._readers = [threading.Thread(target=self._read_errors, daemon=True),
                         threading.Thread(target=self._read_events, daemon=True)]
        for reader in self._readers:
            reader.start()

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.rstrip("\n"))

    def _read_events(self):
        for line in self.process.stdout:
            self._events.put(line)

    @property
    def text(self):
        return "\n".join(self.errors)

    def event(self, kind, seconds=15):
        """The next line of --json."""
        try:
            event = json.loads(self._events.get(timeout=seconds))
        except queue.Empty:
            raise AssertionError(f"no event '{kind}'; stderr: {self.text}") from None
        if event["event"] != kind:
            raise AssertionError(f"'{event}' instead of '{kind}'")
        return event

    def url(self, seconds=10):
        """The address that a person is shown."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(r"^  (https://\S+)$", self.text, re.M)
            if found:
                return found[1]
            time.sleep(0.02)
        raise AssertionError(f"no address: {self.text}")

    def send(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def exit(self, seconds=20):
        code = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(5)
        return code

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


class Terminal:
    """The tool at a terminal of its own."""

    def __init__(self, *arguments, columns=120, **variables):
        self.shown = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **variables})
            try:
                os.execv(TOOL, [TOOL, *arguments])
            finally:
                os._exit(127)  # never a second test run
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
        self._status = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.shown += data

    @property
    def text(self):
        return self.shown.decode("utf-8", "replace").replace("\r\n", "\n")

    def wait_for(self, pattern, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = re.search(pattern, self.text, re.M)
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"'{pattern}' was not shown:\n{self.text}")

    def type(self, text):
        data = text.encode()
        for i in range(0, len(data), 1000):
            os.write(self.fd, data[i:i + 1000])

    def exit(self, seconds=20):
        deadline = time.monotonic() + seconds
        while self._status is None and time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError(f"it did not end:\n{self.text}")
        self._reader.join(2)
        return self._status


def query(url):
    """The parameters of an address, each once."""
    parsed = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return {name: values[0] if len(values) == 1 else values for name, values in parsed.items()}


main = agent_case.main
