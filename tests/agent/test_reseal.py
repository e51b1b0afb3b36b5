"""Sealed state: sign-ins that are kept under a key, another key while the agent serves, keys that are missing."""

import hashlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import LOGIN, OTHER, SOURCE, TOOL, USER, TenantCase, run  # noqa: E402

sys.path.insert(0, os.path.join(SOURCE, "tests", "reliability"))
import figures  # noqa: E402

PUBLIC = "55556666-dddd-7777-eeee-8888ffff9999"
ANNA = "anna@contoso.com"
A, B = "0a" * 32, "B1" * 32
MANY = 150
SCOPE = "https://outlook.office.com/SMTP.Send offline_access"


def key_id(key):
    return hashlib.sha256(b"sasl-entra state key\n" + bytes.fromhex(key)).hexdigest()[:16]


class Sealed(TenantCase):
    def setUp(self):
        super().setUp()
        self.keys(A)

    @property
    def key_file(self):
        return self.place / "state.key"

    def keys(self, *lines):
        """The key file, replaced as a whole."""
        self.write("new.key", "".join(line + "\n" for line in lines), USER, 0o600).rename(self.key_file)

    def configuration(self, sealed=True, key_file=None, **named):
        extra = (f"\n[account anna]\nmatch = {ANNA}\nservices = smtp\ntenant = contoso.onmicrosoft.com\n"
                 f"client_id = {PUBLIC}\nauthority = {self.tenant.authority}\n"
                 "[account others]\nmatch = *@fabrikam.example\nservices = smtp\n"
                 f"tenant = contoso.onmicrosoft.com\nclient_id = {PUBLIC}\nauthority = {self.tenant.authority}\n")
        path = super().configuration(extra=extra, **named)
        if sealed:
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("[defaults]\n", f"[defaults]\nstate_key_file = {key_file or self.key_file}\n"),
                            encoding="utf-8")
        return path

    def tool(self, *arguments, code=0, sealed=True, **named):
        result = run(TOOL, "--config", str(self.configuration(sealed)), *arguments, **named)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def refresh_token(self, upn=ANNA):
        return self.tenant.control("mint_refresh_token", {"client_id": PUBLIC, "upn": upn, "scope": SCOPE})[
            "refresh_token"]

    def sign_in(self, sealed=True):
        token = self.refresh_token()
        self.tool("import", "token", ANNA, stdin=token, sealed=sealed)
        return token

    def files(self):
        """Of the state directory, hidden ones too, but for locks."""
        return {path.name: path.read_text(encoding="utf-8") for path in sorted((self.place / "state").iterdir())
                if path.suffix != ".lock"}

    def hers(self):
        return next(path for path in (self.place / "state").glob("*.json") if ANNA in path.read_text())

    def sealed_with(self):
        texts = [path.read_text(encoding="utf-8") for path in (self.place / "state").glob("*.json")]
        return {json.loads(text).get("sealed", {}).get("key_id") for text in texts}

    def tokens(self, *names):
        return [self.tool("token", name).stdout.strip() for name in names or (ANNA, LOGIN)]

    def test_nothing_in_clear(self):
        """no token is in any file, the account is; the same token is got again, also with another program"""
        imported, tokens = self.sign_in(), self.tokens()
        sealed = self.files()
        self.assertEqual(len(sealed), 2)
        self.assertEqual(self.sealed_with(), {key_id(A)})
        self.assertEqual(self.tokens(), tokens)
        self.tool("reseal", "--plain", "--old-key-file", str(self.key_file), sealed=False)
        plain = [json.loads(text) for text in self.files().values()]
        secrets = {state[name] for state in plain for name in ("access_token", "refresh_token") if name in state}
        self.assertEqual(len(secrets), 3)
        self.assertLess(set(tokens), secrets)
        parts = [part for secret in {*secrets, imported} for part in secret.split(".") if len(part) > 20]
        found = [part for part in parts for text in sealed.values() if part in text]
        figures.add("a sealed state directory is searched for tokens", "tests/agent/test_reseal.py", inputs=len(parts),
                    secrets=len(found))
        self.assertEqual(found, [])

    def test_plain_before(self):
        """what was kept in clear is read, sealed by the next write, or by reseal; and goes back"""
        self.sign_in(sealed=False)
        self.tool("token", LOGIN, sealed=False)
        self.assertEqual(self.sealed_with(), {None})
        before = self.tokens(LOGIN)
        self.tokens(ANNA)
        self.assertEqual(self.sealed_with(), {None, key_id(A)})
        result = self.tool("reseal", "--json")
        self.assertEqual(json.loads(result.stdout), {"changed": True, "resealed": 1, "unchanged": 1, "failed": 0})
        self.assertEqual(self.sealed_with(), {key_id(A)})
        result = self.tool("reseal", "--json")
        self.assertEqual(json.loads(result.stdout), {"changed": False, "resealed": 0, "unchanged": 2, "failed": 0})
        self.assertEqual(self.tokens(LOGIN), before)
        for path in (self.place / "state").glob("*.json"):
            self.assertEqual((path.stat().st_uid, path.stat().st_mode & 0o777), (USER.pw_uid, 0o600))
        result = self.tool("reseal")
        self.assertEqual(result.stdout, "")
        self.assertIn(f"No other key of {self.key_file} is needed", result.stderr)
        self.assertEqual(run(TOOL, "--config", str(self.configuration()), "check").returncode, 0)

    def test_left_over(self):
        """reseal removes what a crash left in clear"""
        self.sign_in()
        left = self.write(f"state/.{self.hers().name}.0123456789abcdef", "a token", USER, 0o600)
        orphan = self.write(f"state/.{'ab' * 16}.json.0123456789abcdef", "a token", USER, 0o600)
        self.tool("reseal")
        self.assertFalse(left.exists() or orphan.exists())

    def test_agent_serves_meanwhile(self):
        """a new key, reseal, and the old key's end, while the agent serves; no restart, nobody signs in again"""
        self.sign_in()
        config = self.configuration()  # not written again while the agent reads it
        agent, stop, failures, served = self.agent(config=config), threading.Event(), [], []

        def ask():
            while not stop.is_set():
                for name in (ANNA, LOGIN):
                    answer = wire.ask(self.socket, name, operation=wire.REFRESH)
                    served.append(name)
                    if answer.get("kind") != "answer":
                        failures.append(answer)

        asker = threading.Thread(target=ask)
        asker.start()
        self.addCleanup(stop.set)
        for old, new in ((A, B), (B, A), (A, B)):
            self.keys(new, old)
            self.assertEqual(run(TOOL, "--config", str(config), "reseal").returncode, 0)
            self.assertEqual(self.sealed_with(), {key_id(new)})
            self.keys(new)
            count = len(served)
            self.wait(lambda before=count: len(served) > before + 2)
        stop.set()
        asker.join(60)
        figures.add("the state's key changes while the agent serves", "tests/agent/test_reseal.py", load=len(served),
                    injected=3, survived=3 if not failures else 0)
        self.assertEqual(failures, [])
        self.assertGreater(len(served), 2)
        self.assertNotIn("could not be kept", agent.log)
        agent.end()
        self.tokens()

    def test_wrong_key(self):
        """a wrong key: a sentence with both ids, files as they were; an app goes on; with the old key all is well"""
        self.sign_in()
        self.tokens()
        before = self.files()
        self.keys(B)
        for result in (self.tool("token", ANNA, code=1), self.tool("refresh", ANNA, code=1),
                       self.tool("import", "token", ANNA, stdin=self.refresh_token(), code=1)):
            for words in (str(self.hers()), key_id(A), key_id(B), str(self.key_file), "left as it is"):
                self.assertIn(words, result.stderr)
        app = self.tool("token", LOGIN)
        self.assertEqual(len(app.stdout.split(".")), 3)
        self.assertIn("could not be kept", app.stderr)
        result = self.tool("reseal", code=1)
        self.assertEqual(result.stderr.count("put that key back"), 2)
        status = self.tool("status", "--json", code=1)
        self.assertIn("put that key back", status.stdout)
        self.assertEqual(self.files(), before)
        self.keys(A)
        self.tokens()
        self.assertEqual(self.tenant.control("count?grant=refresh_token"), 1)

    def test_lost_key(self):
        """a key file that is gone, empty or not there yet, or no key configured: nothing is lost"""
        self.sign_in()
        before = self.files()
        self.keys("")
        self.assertIn("is empty", self.tool("token", ANNA, code=1).stderr)
        self.key_file.unlink()
        self.assertIn("does not exist", self.tool("token", ANNA, code=1).stderr)
        self.assertIn("names no state_key_file", self.tool("token", ANNA, code=1, sealed=False).stderr)
        self.assertIn("names no state_key_file",
                      self.tool("import", "token", ANNA, stdin=self.refresh_token(), code=1, sealed=False).stderr)
        self.assertEqual(self.files(), before)
        self.keys(A)
        self.tokens()

    def test_agent_with_a_lost_key(self):
        """the agent keeps what it has when the key goes, says so once, and keeps it on the disk under the next one"""
        self.sign_in()
        agent = self.agent()

        def refresh():
            self.assertEqual(wire.ask(self.socket, ANNA, operation=wire.REFRESH)["kind"], "answer")

        refresh()
        self.key_file.unlink()
        for _ in range(3):
            refresh()
        self.assertEqual(agent.count("could not be kept"), 1)
        self.keys(B)
        refresh()
        self.assertEqual(self.sealed_with(), {key_id(B)})
        agent.end()
        self.tokens(ANNA)

    def test_agent_that_knows_no_key_yet(self):
        """reseal before the agent has read its configuration again: a sentence says so, SIGHUP helps, nothing is lost"""
        self.sign_in(sealed=False)
        agent = self.agent(config=self.configuration(sealed=False))
        self.assertEqual(wire.ask(self.socket, ANNA)["kind"], "answer")
        self.tool("reseal")
        sealed = self.files()
        answer = wire.ask(self.socket, ANNA, operation=wire.REFRESH)
        self.assertIn("names no state_key_file", answer["text"])
        self.assertIn("systemctl reload", answer["text"])
        self.assertEqual(self.files(), sealed)
        agent.signal(signal.SIGHUP)
        agent.wait_for("read again")
        self.assertEqual(wire.ask(self.socket, ANNA, operation=wire.REFRESH)["kind"], "answer")
        self.assertEqual(self.sealed_with(), {key_id(A)})
        agent.end()
        self.tokens(ANNA)

    def test_login_first(self):
        """login looks for the key before anybody signs in; logout needs none"""
        self.sign_in()
        self.key_file.unlink()
        self.assertIn("state_key_file", self.tool("login", ANNA, "--device", code=1).stderr)
        self.assertIn("state_key_file", self.tool("login", "new@fabrikam.example", "--device", code=1).stderr)
        self.assertEqual(self.tenant.control("count?grant=device_code"), 0)
        self.tool("logout", ANNA, "--yes")
        self.assertEqual(self.files(), {})

    def test_plain(self):
        """back to clear text: only without the key in the configuration, and with the key at hand"""
        self.sign_in()
        self.assertIn("--plain", self.tool("reseal", code=1, sealed=False).stderr)
        self.assertIn("openssl rand -hex 32", self.tool("reseal", code=1, sealed=False).stderr)
        self.assertIn("remove that line", self.tool("reseal", "--plain", code=1).stderr)
        self.assertIn("names no state_key_file", self.tool("reseal", "--plain", code=1, sealed=False).stderr)
        self.tool("reseal", "--plain", "--old-key-file", "state.key", code=2, sealed=False)
        self.tool("reseal", "NAME", code=2)
        self.assertEqual(self.sealed_with(), {key_id(A)})
        result = self.tool("reseal", "--plain", "--old-key-file", str(self.key_file), "--json", sealed=False)
        self.assertTrue(json.loads(result.stdout)["changed"])
        self.assertEqual(self.sealed_with(), {None})
        self.tool("token", ANNA, sealed=False)

    def test_old_key_file(self):
        """a key in a file of its own opens as well"""
        self.sign_in()
        old = self.write("old.key", A + "\n", USER, 0o600)
        self.keys(B)
        self.tool("reseal", code=1)
        self.tool("reseal", "--old-key-file", str(old))
        self.assertEqual(self.sealed_with(), {key_id(B)})
        old.chmod(0o644)
        self.assertIn(f"chmod 0640 {old}", self.tool("reseal", "--old-key-file", str(old), code=1).stderr)

    def many(self):
        """State files of many people, in clear: their refresh tokens by their names."""
        people = {}
        for number in range(MANY):
            person = f"person{number}@fabrikam.example"
            endpoint = f"{self.tenant.authority}/contoso.onmicrosoft.com/oauth2/v2.0/token"
            key = {"endpoint": endpoint, "client_id": PUBLIC, "scope": SCOPE, "identity": person}
            name = hashlib.sha256("\n".join(["user", *key.values()]).encode()).hexdigest()[:32]
            people[person] = hashlib.sha256(person.encode()).hexdigest()
            self.write(f"state/{name}.json", json.dumps({"version": 1, "key": key, "obtained": 1, "refresh_token":
                                                         people[person]}), USER, 0o600)
        return people

    def test_interrupted(self):
        """reseal killed at any point: each file opens, and it is begun again"""
        config = str(self.configuration())
        people, kills, chance = self.many(), 0, random.Random(5)
        for key in (A, B, A):
            old = B if key == A else A
            self.keys(key, old)
            for _ in range(4):
                with subprocess.Popen([TOOL, "--config", config, "reseal"], stderr=subprocess.DEVNULL) as process:
                    time.sleep(chance.uniform(0.005, 0.15))
                    process.kill()
                kills += process.returncode != 0
            for name, text in self.files().items():
                if name.startswith("."):  # half of one, never in clear
                    self.assertNotIn("refresh_token", text)
                else:
                    self.assertIn(json.loads(text).get("sealed", {}).get("key_id"), {None, key_id(key), key_id(old)})
            self.tool("reseal")
            self.assertEqual(self.sealed_with(), {key_id(key)})
            self.assertEqual(len(self.files()), MANY)
        self.tool("reseal", "--plain", "--old-key-file", str(self.key_file), sealed=False)
        left = {state["key"]["identity"]: state["refresh_token"] for state in map(json.loads, self.files().values())}
        figures.add("reseal is killed", "tests/agent/test_reseal.py", injected=kills, survived=kills * (left == people))
        self.assertEqual(left, people)
        self.assertGreater(kills, 0)

    def test_credential(self):
        """cred:NAME: the key that systemd gives; without it nothing is written, and a sentence says how"""
        given = self.directory("credentials", USER, 0o700)
        self.write("credentials/state-key", A + "\n", USER, 0o400)
        config = str(self.configuration(key_file="cred:state-key"))
        environment = {**os.environ, "CREDENTIALS_DIRECTORY": str(given)}
        result = run(TOOL, "--config", config, "import", "token", ANNA, stdin=self.refresh_token(), env=environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.sealed_with(), {key_id(A)})
        self.assertEqual(run(TOOL, "--config", config, "token", ANNA, env=environment).returncode, 0)
        for arguments in (("token", ANNA), ("reseal",), ("login", ANNA, "--device")):
            result = run(TOOL, "--config", config, *arguments)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertIn("systemd-run", result.stderr)
        self.assertEqual(self.sealed_with(), {key_id(A)})
        result = run(TOOL, "--config", config, "check")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("systemd-run", result.stdout)

    def test_own_configuration(self):
        """a person's own configuration, state and key, without an agent"""
        home = self.directory("home", OTHER)
        self.directory("home/.config/sasl-entra", OTHER)
        for path in (home / ".config", home / ".config" / "sasl-entra"):
            os.chown(path, OTHER.pw_uid, OTHER.pw_gid)
        key = self.write("home/state.key", A, OTHER, 0o600)
        ca = self.write("ca.pem", pathlib.Path(self.tenant.ca).read_text(encoding="utf-8"))
        self.write("home/.config/sasl-entra/sasl-entra.conf",
                   f"[defaults]\nstate_key_file = {key}\nca_file = {ca}\n[account anna]\nmatch = {ANNA}\n"
                   f"services = smtp\ntenant = contoso.onmicrosoft.com\nclient_id = {PUBLIC}\n"
                   f"authority = {self.tenant.authority}\n", OTHER)
        who = {"user": OTHER.pw_uid, "group": OTHER.pw_gid, "extra_groups": [], "env": {"HOME": str(home)}}
        token = self.refresh_token()
        result = run(TOOL, "import", "token", ANNA, stdin=token, **who)
        self.assertEqual(result.returncode, 0, result.stderr)
        path = next((home / ".local/state/sasl-entra").glob("*.json"))
        self.assertIn(key_id(A), path.read_text(encoding="utf-8"))
        self.assertNotIn(token, path.read_text(encoding="utf-8"))
        result = run(TOOL, "token", ANNA, **who)
        self.assertEqual(result.returncode, 0, result.stderr)
        result = run(TOOL, "check", **who)
        self.assertIn(f"sealed with key {key_id(A)}", result.stdout)


if __name__ == "__main__":
    sys.exit(agent_case.main())
