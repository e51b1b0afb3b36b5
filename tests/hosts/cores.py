#!/usr/bin/python3
"""A core of each kind of process that secrets pass through, and the copies of them that it holds.

The table of doc/internals/secrets.md says how many may be there.
"""

import base64
import json
import os
import pathlib
import re
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = pathlib.Path(os.environ.get("top_srcdir") or os.path.join(HERE, "..", ".."))
sys.path[:0] = [str(SOURCE / "tests" / "hosts" / "lib"), str(SOURCE / "tests" / "tenant")]

import tap  # noqa: E402

tap.need("cryptography", "jwt", "requests")
for needed in ("SE_STAGE", "top_builddir"):
    if needed not in os.environ:
        print(f"Bail out! {needed} is not set: run this by `make check-hosts`")
        sys.exit(1)
if os.geteuid() != 0:
    print("1..0 # SKIP needs root: it takes cores of other users' processes")
    sys.exit(0)

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

import core_search  # noqa: E402
from assertion_case import Credential  # noqa: E402
from standins import TenantStandIn  # noqa: E402

STAGE = pathlib.Path(os.environ["SE_STAGE"])
TOOL, AGENT = STAGE / "bin" / "sasl-entra", STAGE / "sbin" / "sasl-entrad"
HOST = os.path.join(os.environ["top_builddir"], "tests", "hosts", "sasl_client")
ETC, SOCKET = STAGE / "etc" / "sasl-entra", STAGE / "run" / "sasl-entra" / "agent.sock"
STATE = STAGE / "var" / "lib" / "sasl-entra"
AGENT_USER = "daemon"

RELAY, PUBLIC = "00001111-aaaa-2222-bbbb-3333cccc4444", "55556666-dddd-7777-eeee-8888ffff9999"
SCOPES = "https://outlook.office.com/SMTP.Send offline_access"
# As long as Entra's own; what a form must encode stands at its beginning.
CLIENT_SECRET = "Zx8~+q&%=" + secrets.token_hex(16)[:31]
KEY_PASSWORD = "p~12+w" + secrets.token_hex(12)
STATE_KEY = secrets.token_hex(32)
WITH_SECRET, WITH_KEY, PERSON = "secret@contoso.com", "certificate@contoso.com", "anna@contoso.com"
WITH_LOCKED_KEY, WITH_FOREIGN_TOKEN = "locked@contoso.com", "federated@contoso.com"
APPS = (WITH_SECRET, WITH_KEY, WITH_LOCKED_KEY, WITH_FOREIGN_TOKEN)
ISSUER = {"issuer": "https://cluster.test/", "subject": "system:serviceaccount:mail:relay",
          "audience": "api://AzureADTokenExchange"}

# Holds what it is given, and says so.
_HOLDER = """import json, sys
held = [bytes.fromhex(text) for text in json.loads(sys.stdin.readline())]
print("held", flush=True)
sys.stdin.readline()
"""
_APP = """[account {label}]
match = {label}@contoso.com
tenant = contoso.onmicrosoft.com
client_id = {relay}
servers = localhost
authority = {authority}
credential = {credential}
"""
_PERSON = """[account anna]
match = anna@contoso.com
identity = anna@contoso.com
services = smtp
tenant = contoso.onmicrosoft.com
client_id = {public}
servers = localhost
authority = {authority}
"""


def configuration(authority):
    credentials = {
        "secret": f"secret\nclient_secret_file = {ETC}/relay.secret",
        "certificate": f"certificate\ncertificate = {ETC}/relay.pem",
        "locked": f"certificate\ncertificate = {ETC}/relay.cer\nprivate_key = {ETC}/locked.key\n"
                  f"private_key_password_file = {ETC}/password",
        "federated": f"federated\nfederated_token_file = {ETC}/federated",
    }
    apps = [_APP.format(label=label, relay=RELAY, authority=authority, credential=credential)
            for label, credential in credentials.items()]
    return "\n".join([f"[defaults]\nstate_dir = {STATE}\nstate_key_file = {ETC}/state.key\nca_file = {ETC}/ca.pem\n", *apps,
                      _PERSON.format(public=PUBLIC, authority=authority)])


class Cores(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if ETC.exists() and not (ETC / ".tests").exists():
            raise RuntimeError(f"{ETC} is not of these tests")
        cls.addClassCleanup(cls.clean)
        cls.clean()
        cls.tenant = TenantStandIn()
        cls.addClassCleanup(cls.tenant.stop)
        cls.credential = Credential()
        cls.tenant.control("apps", {"device": {"interval": 1}, "apps": [
            {"client_id": RELAY, "secrets": [{"value": CLIENT_SECRET}],
             "certificates": [{"pem": cls.credential.certificate}], "federated": [ISSUER]}]})

    @staticmethod
    def clean():
        for directory in (ETC, STAGE / "run", STAGE / "var"):
            shutil.rmtree(directory, ignore_errors=True)

    def setUp(self):
        self.clean()
        self.addCleanup(self.clean)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="sasl-entra-"))
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.tenant.control("reset", {})
        ETC.mkdir(parents=True)
        (ETC / ".tests").touch()
        self.write("ca.pem", pathlib.Path(self.tenant.ca).read_text(encoding="utf-8"), 0o644)
        self.write("relay.secret", CLIENT_SECRET + "\n")
        self.write("relay.pem", self.credential.private_key + self.credential.certificate)
        self.write("relay.cer", self.credential.certificate)
        self.write("locked.key", self.credential.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(KEY_PASSWORD.encode())).decode())
        self.write("password", KEY_PASSWORD + "\n")
        self.write("state.key", STATE_KEY + "\n")
        self.write("federated", self.tenant.control("mint_federated", ISSUER)["token"] + "\n")
        self.write("sasl-entra.conf", configuration(self.tenant.authority), 0o644)
        self.state_of("root")
        # Set where a careless library would write the keys of its TLS connections.
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_") and k.lower() not in (
            "http_proxy", "https_proxy", "all_proxy")}
        self.key_log = self.work / "keylog"
        self.environment.update(SSLKEYLOGFILE=str(self.key_log), SASL_PATH=str(STAGE / "lib" / "sasl2"))

    @staticmethod
    def write(name, text, mode=0o600):
        path = ETC / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    @staticmethod
    def state_of(user):
        STATE.mkdir(parents=True, exist_ok=True)
        STATE.chmod(0o700)
        shutil.chown(STATE, user)

    # --- the secrets --------------------------------------------------------------------------------

    @staticmethod
    def opened(path):
        """What a state file seals."""
        file = json.loads(path.read_text(encoding="utf-8"))
        key, sealed = file["key"], file["sealed"]
        kind, holder = ("app", "credential") if "credential" in key else ("user", "identity")
        lines = ("sasl-entra state 2", kind, key["endpoint"], key["client_id"], key["scope"], key[holder])
        nonce, text = (base64.urlsafe_b64decode(sealed[name] + "==") for name in ("nonce", "text"))
        return json.loads(AESGCM(bytes.fromhex(STATE_KEY)).decrypt(nonce, text, "\n".join(lines).encode()))

    def kept(self, name):
        """What the state files have under that name."""
        states = [self.opened(path) for path in STATE.glob("*.json")]
        return {state[name] for state in states if name in state}

    def known(self, *new_keys):
        """All secrets so far, by column."""
        sent = {}
        for name, value in self.tenant.control("credentials"):
            sent.setdefault(name, set()).add(value)
        return {
            "client secret": {CLIENT_SECRET},
            "private key": {self.credential.private_key, *new_keys},
            "key password": {KEY_PASSWORD},
            "state key": {STATE_KEY, bytes.fromhex(STATE_KEY)},
            "client assertion": sent.get("client_assertion", set()),
            "refresh token": sent.get("refresh_token", set()) | self.kept("refresh_token"),
            "access token": self.kept("access_token"),
            "codes": set().union(*(sent.get(name, set()) for name in ("code", "code_verifier", "device_code"))),
        }

    def judge(self, process, core, there, *new_keys):
        """`there`: the columns that must have something to look for."""
        known = self.known(*new_keys)
        for column in there:
            self.assertTrue(known[column], f"there is no {column} to look for")
        found, beyond = core_search.judge(core, process, "make check-hosts", known)
        os.unlink(core)
        self.assertEqual(beyond, {}, f"{process}: more than {core_search.TABLE.name} allows")
        return found

    def no_secret_in_proc(self, *pids):
        """Neither in arguments nor in the environment of a process."""
        secrets_known = [s for column in self.known().values() for s in column]
        for pid in pids:
            for name in ("cmdline", "environ"):
                data = pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
                self.assertTrue(data)
                for secret in secrets_known:
                    self.assertEqual(core_search.copies(data, secret), 0, f"/proc/{pid}/{name}")

    # --- processes ----------------------------------------------------------------------------------

    def tool(self, *arguments, stdin=""):
        done = subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False,
                              env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def wait_for(self, what):
        deadline = time.monotonic() + 10
        while not what():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def start(self, *command, **named):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   env=self.environment, **named)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def start_agent(self):
        self.state_of(AGENT_USER)
        for path in ETC.iterdir():
            shutil.chown(path, AGENT_USER)
        log = open(self.work / "agent.log", "wb")
        self.addCleanup(log.close)
        agent = self.start(AGENT, "--user", AGENT_USER, "--socket", f"{SOCKET},root,0660", stderr=log)
        self.wait_for(lambda: b"listening at" in (self.work / "agent.log").read_bytes())
        return agent

    def refresh_token(self):
        return self.tenant.control("mint_refresh_token", {"client_id": PUBLIC, "upn": PERSON, "scope": SCOPES})[
            "refresh_token"]

    def sign_in(self):
        self.tool("import", "token", PERSON, stdin=self.refresh_token() + "\n")

    def core(self, process):
        return core_search.take(process.pid, str(self.work / "core"))

    def host(self, login, kind, *there):
        """A program that logs in: a core while it does, and one when it has."""
        host = self.start(HOST, "--hold", login, "localhost")
        self.assertRegex(host.stdout.readline(), "^ok ")
        self.no_secret_in_proc(host.pid)
        found = self.judge(f"{kind}, in a login", self.core(host), there)
        self.assertGreater(found["access token"], 0, "what must be there is not found")
        host.stdin.write("\n")
        host.stdin.flush()
        self.assertEqual(host.stdout.readline(), "over\n")
        self.judge(f"{kind}, afterwards", self.core(host), there)
        host.stdin.write("\n")
        host.stdin.flush()
        self.assertEqual(host.wait(10), 0)

    def tool_to_its_end(self, *arguments, stdin="", play=None):
        """The tool, and a core from just before it is gone."""
        core = str(self.work / "core.tool")
        command = ["gdb", "-q", "-batch", "-nx", "-ex", "set debuginfod enabled off", "-ex", "catch syscall exit_group",
                   "-ex", "run", "-ex", f"gcore {core}", "-ex", "continue", "--args", str(TOOL), *arguments]
        gdb = self.start(*command, stderr=subprocess.PIPE)
        if play:
            play(gdb)
        output, errors = gdb.communicate(stdin, timeout=60)
        self.assertTrue("exited normally" in output, errors)  # the output may be a token
        return core

    # --- tests --------------------------------------------------------------------------------------

    def test_agent(self):
        """the agent, and programs that get their tokens there"""
        agent = self.start_agent()
        self.sign_in()
        self.tool("token", PERSON)
        self.tool("refresh", PERSON)
        for login in APPS:
            self.tool("token", login)
        everything = ("client assertion", "refresh token", "access token")
        self.host(WITH_SECRET, "host with agent", *everything)
        self.host(WITH_KEY, "host with agent", *everything)
        self.host(PERSON, "host with agent", *everything)
        self.no_secret_in_proc(agent.pid)
        self.judge("agent", self.core(agent), everything)
        (STATE / "another").mkdir()  # whatever changes there, the last answer stands no more
        time.sleep(1)
        self.assertEqual(self.judge("agent", self.core(agent), everything)["access token"], 1)
        self.assertFalse(self.key_log.exists(), "the agent heeds SSLKEYLOGFILE")

    def test_engine(self):
        """programs with the engine inside, one for each kind of account"""
        self.sign_in()
        self.host(WITH_SECRET, "host with engine", "access token")
        self.host(WITH_KEY, "host with engine", "client assertion", "access token")
        self.host(WITH_LOCKED_KEY, "host with engine", "client assertion", "access token")
        self.host(WITH_FOREIGN_TOKEN, "host with engine", "client assertion", "access token")
        self.host(PERSON, "host with engine", "refresh token", "access token")
        # libcurl opens it, whoever uses libcurl; the environment is the host's.
        self.assertEqual(self.key_log.stat().st_size, 0, "a host's engine heeds SSLKEYLOGFILE")

    def judge_tool(self, core, there, *new_keys):
        self.judge("tool, at its end", core, there, *new_keys)
        self.assertFalse(self.key_log.exists(), "the tool heeds SSLKEYLOGFILE")

    def test_tool_token(self):
        """the tool: token, for each kind of account, and refresh"""
        self.sign_in()
        for login in APPS:
            self.judge_tool(self.tool_to_its_end("token", login), ["access token"])
        self.judge_tool(self.tool_to_its_end("token", PERSON), ["access token", "refresh token"])
        self.judge_tool(self.tool_to_its_end("refresh", PERSON), ["access token", "refresh token"])

    def test_tool_import(self):
        """the tool: import token"""
        self.judge_tool(self.tool_to_its_end("import", "token", PERSON, stdin=self.refresh_token() + "\n"),
                        ["refresh token"])

    def test_tool_certificate(self):
        """the tool: certificate new, try and activate"""
        core = self.tool_to_its_end("certificate", "new", WITH_KEY)
        key = (ETC / "relay.pem.new").read_text(encoding="ascii")
        self.judge_tool(core, [], key)
        self.tenant.control("apps", {"apps": [{"client_id": RELAY, "certificates": [
            {"pem": self.credential.certificate},
            {"pem": (ETC / "relay.pem.new.cer").read_text(encoding="ascii")}]}]})
        self.judge_tool(self.tool_to_its_end("certificate", "try", WITH_KEY), ["client assertion"], key)
        self.judge_tool(self.tool_to_its_end("certificate", "activate", WITH_KEY), ["client assertion"], key)

    def event(self, gdb, kind):
        """The next line of --json among gdb's own."""
        for line in gdb.stdout:
            if line.startswith("{"):
                event = json.loads(line)
                self.assertEqual(event["event"], kind, event)
                return event
        self.fail(f"no event '{kind}': {gdb.stderr.read()}")

    def log_in(self, play, *options):
        core = self.tool_to_its_end("login", PERSON, "--json", *options, play=play)
        self.judge_tool(core, ["codes", "refresh token", "access token"])

    def approve(self, gdb):
        """Where the browser ends when the person has signed in."""
        return self.tenant.control("authorize", {"url": self.event(gdb, "address")["url"], "upn": PERSON})["location"]

    def test_tool_device(self):
        """the tool: login with a device's code"""
        self.log_in(lambda gdb: self.tenant.control(
            "device", {"user_code": self.event(gdb, "device_code")["user_code"], "upn": PERSON}), "--device")

    def test_tool_browser(self):
        """the tool: login with a browser, which comes back to the tool"""
        self.log_in(lambda gdb: self.tenant.new_session().get(self.approve(gdb), timeout=20), "--no-browser")

    def test_tool_paste(self):
        """the tool: login with an address that is pasted"""
        self.log_in(lambda gdb: gdb.stdin.write(self.approve(gdb) + "\n"), "--paste")

    def test_search(self):
        """the search finds each kind of secret in each of its forms"""
        numbers = self.credential.key.private_numbers()
        here = {
            "client secret": CLIENT_SECRET.encode(),
            "private key": self.credential.private_key.encode(),
            "key password": base64.b64encode(b"x" + KEY_PASSWORD.encode() + b"yz"),
            "state key": STATE_KEY.encode() + bytes.fromhex(STATE_KEY),
        }
        holder = self.start(sys.executable, "-c", _HOLDER)
        holder.stdin.write(json.dumps([data.hex() for data in here.values()]) + "\n")
        holder.stdin.flush()
        self.assertEqual(holder.stdout.readline(), "held\n")
        data = core_search.memory(self.core(holder))
        for column in here:
            for secret in self.known()[column]:
                self.assertGreater(core_search.copies(data, secret), 0, column)
        for order in ("big", "little"):
            number = numbers.p.to_bytes(128, order)
            self.assertEqual(core_search.copies(b"before" + number[16:-16] + b"after", self.credential.private_key), 1)

    # --- no cores -----------------------------------------------------------------------------------

    def start_unlimited(self, *command):
        process = self.start(*command, cwd=self.work, stderr=subprocess.DEVNULL, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
        limits = pathlib.Path(f"/proc/{process.pid}/limits")
        self.wait_for(lambda: re.search(r"Max core file size +0 +0 ", limits.read_text(encoding="ascii")))
        return process

    def test_no_core(self):
        """agent and tool leave no core, and nobody of their user may look into them"""
        # Neither of these two becomes another user, which is tests/unit/tool_identity's matter.
        tool = self.start_unlimited(TOOL, "import", "token", PERSON)
        self.work.chmod(0o755)
        (self.work / "own").mkdir()
        shutil.chown(self.work / "own", AGENT_USER)
        agent = self.start_unlimited("setpriv", "--reuid", AGENT_USER, "--regid", AGENT_USER, "--clear-groups", AGENT,
                                     "--socket", self.work / "own" / "agent.sock")
        # The kernel gives to root what belongs to a process that must not be dumped.
        self.wait_for(lambda: os.stat(f"/proc/{agent.pid}/mem").st_uid == 0)
        # The tool runs as root here, so that it is asked.
        asked = subprocess.run(["gdb", "-q", "-batch", "-nx", "-p", str(tool.pid), "-ex", "print (int)prctl(3)"],
                               capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("$1 = 0", asked.stdout)
        for process in (agent, tool):
            process.send_signal(signal.SIGSEGV)
            _, status = os.waitpid(process.pid, 0)
            self.assertEqual((os.WTERMSIG(status), os.WCOREDUMP(status)), (signal.SIGSEGV, False))
        self.assertEqual(list(self.work.glob("core*")), [])


if __name__ == "__main__":
    sys.exit(tap.main())
