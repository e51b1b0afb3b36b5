"""client_secret_command and state_key_command: a password store of one's own, for one's own agent and tool."""

import json
import os
import re
import shutil
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import LOGIN, SECRET, TOOL, USER, TenantCase, run, wire  # noqa: E402

AS_USER = {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": []}


class Command(TenantCase):
    def setUp(self):
        super().setUp()
        self.home = self.directory("home", USER, 0o755)
        self.noted = self.write("noted", "", USER)
        self.stored = self.write("stored", f"{SECRET}\nuser: relay\nurl: portal\n", USER, 0o600)
        self.environment = {"HOME": str(self.home), "PATH": f"{self.place}/bin:/usr/bin:/bin", "KEYRING": "unlocked"}

    def program(self, text, name="pass"):
        """A program in $PATH that notes how it was called."""
        return self.write(f"bin/{name}", "#!/bin/sh\n"
                          f"{{ echo \"pid $$\"; echo \"arguments $*\"; env; echo \"stdin $(wc -c)\"; }} >> {self.noted}\n"
                          f"{text}\n", mode=0o755)

    def own(self, command="pass show mail/relay", more=""):
        """The user's own configuration, where his agent and tool look for it."""
        text = self.configuration().read_text()
        secret = self.place / "relay.secret"
        text = text.replace(f"client_secret_file = {secret}", f"client_secret_command = {command}")
        secret.unlink()
        path = self.write("home/.config/sasl-entra/sasl-entra.conf", text + more, USER)
        for directory in (path.parent, path.parent.parent):
            os.chown(directory, USER.pw_uid, USER.pw_gid)
        return path

    def token(self, code=0, **named):
        result = run(TOOL, "token", LOGIN, env=self.environment, **{**AS_USER, **named})
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertNotIn(SECRET, result.stdout + result.stderr)
        return result.stdout if code == 0 else result.stderr

    def own_agent(self):
        self.socket = str(self.directory("run", USER) / "agent.sock")
        config = self.home / ".config/sasl-entra/sasl-entra.conf"
        agent = self.start("--socket", self.socket, "--config", str(config), env=self.environment, **AS_USER)
        agent.wait_for("listening at")
        return agent

    def is_gone(self, pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    def group(self, number):
        """The processes of that group; what is dead and not waited for is none of ours."""
        found = run("ps", "-eo", "pgid=,stat=").stdout.splitlines()
        return [line for line in found if line.split()[0] == str(number) and line.split()[1][0] != "Z"]

    def pid(self):
        self.wait(lambda: "stdin" in self.noted.read_text())
        return int(self.noted.read_text().split()[1])

    def test_tool(self):
        """the first line is the secret, whatever follows; nothing on stdin, the user's environment, no secret in it"""
        self.program(f"cat {self.stored}")
        self.own()
        self.assertEqual(self.token().count("."), 2)
        noted = self.noted.read_text()
        self.assertIn("arguments show mail/relay\n", noted)
        self.assertIn("stdin 0\n", noted)
        self.assertIn("KEYRING=unlocked\n", noted)
        self.assertNotIn(SECRET, noted)
        self.token()
        self.assertEqual(self.noted.read_text(), noted)  # the token is kept

    def test_line_ends(self):
        """no line end, or that of another system"""
        for ending in ("", "\\r\\n"):
            self.program(f"printf '%s{ending}' \"$(head -1 {self.stored})\"")
            self.own()
            self.token()
            result = run(TOOL, "refresh", LOGIN, env=self.environment, **AS_USER)
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_agent(self):
        """the user's own agent; it logs no secret"""
        self.program(f"cat {self.stored}; echo {SECRET[:4]}stderr >&2")
        self.own()
        agent = self.own_agent()
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertNotIn(SECRET[:4], agent.log)
        self.assertEqual(self.requests(), 1)

    def test_hung(self):
        """a program that hangs holds up nobody else, and is killed with what it has started"""
        self.program("sleep 1000 & wait")
        self.program(f"cat {self.stored}", "other")
        self.own("pass", "\n[account other]\nmatch = other@example.org\ntenant = contoso.onmicrosoft.com\n"
                 "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\ncredential = secret\n"
                 f"client_secret_command = other\nauthority = {self.tenant.authority}\n")
        self.own_agent()
        answers = []
        asker = threading.Thread(target=lambda: answers.append(wire.ask(self.socket, LOGIN)))
        asker.start()
        pid = self.pid()
        self.assertEqual(wire.ask(self.socket, "other@example.org")["kind"], "answer")
        self.assertFalse(self.is_gone(pid) or answers)
        asker.join()
        self.assertEqual((answers[0]["kind"], answers[0]["class"]), ("error", "again"))
        self.assertIn("did not end within 10 seconds and was killed", answers[0]["text"])
        failures = [json.loads(file.read_text()).get("failure") for file in (self.place / "state").glob("*.json")]
        self.assertEqual([failure["until"] - failure["since"] for failure in failures if failure], [1])
        self.assertTrue(self.is_gone(pid))
        self.wait(lambda: not self.group(pid))

    def test_not_killed(self):
        """a setuid program that has become root cannot be killed: said, held up for by nobody, and no zombie later"""
        if os.statvfs(self.place).f_flag & os.ST_NOSUID:
            self.skipTest(f"{self.place} is on a file system without setuid")
        program = self.place / "setpriv"
        shutil.copyfile(shutil.which("setpriv"), program)
        program.chmod(0o4755)
        self.own(f"{program} --reuid=0 sleep 60", "\n[account other]\nmatch = other@example.org\n"
                 "tenant = contoso.onmicrosoft.com\nclient_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
                 f"credential = secret\nclient_secret_command = other\nauthority = {self.tenant.authority}\n")
        self.program(f"cat {self.stored}", "other")
        agent = self.own_agent()
        answer = wire.ask(self.socket, LOGIN)
        found = re.search(r"could not be killed \(Operation not permitted\), so that it runs on as process (\d+)",
                          answer["text"])
        self.assertTrue(found, answer["text"])
        pid = int(found[1])
        try:
            self.assertEqual(wire.ask(self.socket, "other@example.org")["kind"], "answer")
            self.assertFalse(self.is_gone(pid))
        finally:
            os.kill(pid, signal.SIGKILL)
        self.wait(lambda: self.is_gone(pid))  # nobody has asked again
        self.assertIsNone(agent.process.poll())

    def test_ended(self):
        """an agent that ends leaves no program behind"""
        self.program("sleep 1000 & wait")
        self.own()
        agent = self.own_agent()
        with wire.connect(self.socket) as client:
            client.sendall(wire.request(LOGIN))
            pid = self.pid()
            agent.end()
        self.wait(lambda: self.is_gone(pid))

    def test_failures(self):
        """a program that fails, is ended, prints nothing, too much, or no secret: said without what it printed"""
        self.own()
        for text, sentence in ((f"echo '{SECRET}'; exit 3", "failed with exit code 3; type the command"),
                               ("kill -KILL $$", "was ended by signal 9"), ("", "printed nothing"),
                               (f"echo; cat {self.stored}", "an empty line first"),
                               (f"yes '{SECRET}'", "printed more than 65536 bytes"),
                               (f"head -c 5000 /dev/zero | tr '\\0' x; cat {self.stored}", "longer than 4096 bytes"),
                               (f"printf '{SECRET}\\t\\n'".replace("%", "%%"), "has control characters")):
            path = self.program(text)
            said = self.token(1)
            self.assertIn(sentence, said)
            self.assertIn(str(path), said)
        self.assertEqual(self.requests(), 0)

    def runs(self):
        return self.noted.read_text().count("arguments ")

    def test_remembered(self):
        """one that fails is not run for each ask, neither by the agent nor by the tool, until something changes"""
        self.program("exit 3")
        path = self.own()
        self.own_agent()
        self.assertNotIn("[remembered", wire.ask(self.socket, LOGIN)["text"])
        for _ in range(3):
            answer = wire.ask(self.socket, LOGIN)
            self.assertEqual((answer["kind"], answer["class"]), ("error", "config"))
            self.assertIn("failed with exit code 3", answer["text"])
            self.assertIn("[remembered; asked again in ", answer["text"])
        self.assertIn("[remembered", self.token(1))
        self.assertEqual(self.runs(), 1)
        self.assertNotIn("[remembered", wire.ask(self.socket, LOGIN, operation=wire.REFRESH)["text"])
        self.assertEqual(self.runs(), 2)
        result = run(TOOL, "refresh", LOGIN, env=self.environment, **AS_USER)
        self.assertIn("failed with exit code 3", result.stderr)
        self.assertEqual(self.runs(), 3)
        path.write_text(path.read_text().replace("mail/relay", "mail/other"))
        self.assertNotIn("[remembered", self.token(1))
        self.assertEqual(self.runs(), 4)
        self.program(f"cat {self.stored}")  # whoever corrects it does not wait
        self.token()
        self.assertEqual(self.runs(), 5)

    def test_reload(self):
        """what is configured anew is tried at once"""
        self.program("exit 3")
        path = self.own()
        agent = self.own_agent()
        wire.ask(self.socket, LOGIN)
        path.write_text(path.read_text().replace("mail/relay", "mail/other"))
        agent.signal(signal.SIGHUP)
        self.wait(lambda: "[remembered" not in wire.ask(self.socket, LOGIN)["text"])
        self.assertEqual(self.runs(), 2)
        self.assertIn("[remembered", wire.ask(self.socket, LOGIN)["text"])

    def test_program(self):
        """a program that is not there, or that others may write"""
        path = self.own("pass")
        self.assertIn("there is no program pass in $PATH", self.token(1))
        self.program(f"cat {self.stored}").chmod(0o757)
        self.assertIn("can be written by others", self.token(1))
        result = run(TOOL, "check", env=self.environment, **AS_USER)
        self.assertIn(f"{path}:10: [account relay] client_secret_command: {self.place}/bin/pass can be written",
                      result.stdout)
        self.assertEqual(self.noted.read_text(), "")

    def test_state_key(self):
        """state_key_command: what is kept is sealed with what it prints; run once by an agent, and nothing without it"""
        self.program(f"cat {self.stored}")
        self.write("key", "0a" * 32 + "\n", USER, 0o600)
        program = self.program(f"cat {self.place}/key", "key")
        path = self.own()
        path.write_text(path.read_text().replace("[defaults]\n", "[defaults]\nstate_key_command = key\n"))
        self.token()
        kept = [file.read_text() for file in (self.place / "state").glob("*.json")]
        self.assertEqual(len(kept), 1)
        self.assertIn('"sealed"', kept[0])
        result = run(TOOL, "check", env=self.environment, **AS_USER)
        self.assertIn("sealed with key", result.stdout)
        self.noted.write_text("")
        agent = self.own_agent()
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertEqual(wire.ask(self.socket, LOGIN, operation=wire.REFRESH)["kind"], "answer")
        self.assertEqual(self.noted.read_text().count("arguments \n"), 1)
        self.assertNotIn("0a0a", agent.log)
        program.write_text(f"#!/bin/sh\necho {'0a' * 31}\n")
        result = run(TOOL, "check", env=self.environment, **AS_USER)
        self.assertIn("a key is a line of 64 hexadecimal digits", result.stdout)
        self.assertNotIn("0a0a", result.stdout)

    def test_refused(self):
        """never as root, nor for what is no user's own configuration"""
        self.program(f"cat {self.stored}")
        path = self.write("other.conf", self.own().read_text())
        self.assertIn("never inside a mail program", run(TOOL, "--config", str(path), "token", LOGIN).stderr)
        self.agent(config=path)
        self.assertIn("only for a user's own configuration", wire.ask(self.socket, LOGIN)["text"])
        self.assertEqual(self.noted.read_text(), "")


if __name__ == "__main__":
    sys.exit(agent_case.main())
