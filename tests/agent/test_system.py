"""Tool and agent at the paths that were compiled in, in a root directory of their own."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import private_root  # noqa: E402
import wire  # noqa: E402
from agent_case import AGENT, BUILD, GROUP, LOGIN, OTHER, SOURCE, TOOL, USER, TenantCase, run  # noqa: E402

def compiled_in(program, pattern):
    return pathlib.Path(re.search(pattern, run(program, "--help").stdout).group(1))


class System(TenantCase):
    def setUp(self):
        super().setUp()
        self.config = compiled_in(AGENT, r"this configuration\s+\(default: (\S+)\)")
        self.socket_path = compiled_in(AGENT, r"systemd hands over, else\s+(\S+),")
        self.state = compiled_in(AGENT, r"Tokens are kept in (\S+)")
        for path in (self.config.parent, self.state.parent):
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
        for directory in (self.state, self.socket_path.parent):
            agent_case.shutil.rmtree(directory, ignore_errors=True)
        text = self.configuration().read_text()
        self.config.write_text(re.sub(r"state_dir = .*\n", "", text), encoding="utf-8")
        self.config.chmod(0o644)
        self.addCleanup(self.config.unlink)

    def system_agent(self, *extra):
        agent = self.start("--user", USER.pw_name, *extra)
        agent.wait_for("listening at")
        return agent

    def tool(self, *arguments, code=0, **named):
        result = run(TOOL, *arguments, **named)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def as_other(self, *groups, **environment):
        return {"user": OTHER.pw_uid, "group": OTHER.pw_gid, "extra_groups": list(groups),
                "env": {"PATH": os.environ["PATH"], **environment}}

    def test_agent(self):
        """the agent at its standard socket, 0660 of its group; the state directory is made"""
        self.system_agent()
        socket = self.socket_path.stat()
        self.assertEqual((socket.st_uid, socket.st_gid, socket.st_mode & 0o777), (0, USER.pw_gid, 0o660))
        state = self.state.stat()
        self.assertEqual((state.st_uid, state.st_gid, state.st_mode & 0o7777), (USER.pw_uid, USER.pw_gid, 0o700))
        self.assertEqual((wire.ask(str(self.socket_path), LOGIN))["kind"], "answer")
        self.assertTrue(list(self.state.glob("*.json")))

    def test_setup(self):
        """setup of the system's configuration: its owner's key, what systemd is to be told, Postfix next"""
        ca = self.write("ca.pem", pathlib.Path(self.tenant.ca).read_text(encoding="utf-8"))
        self.config.unlink()
        self.state.mkdir(mode=0o700)
        os.chown(self.state, USER.pw_uid, USER.pw_gid)
        setup = ("setup", "--non-interactive", "--no-doctor", "--tenant", "contoso.com", "--client-id",
                 "00001111-aaaa-2222-bbbb-3333cccc4444", "--authority", self.tenant.authority, "--ca-file", str(ca))
        systemd = pathlib.Path("/run/systemd/system")
        systemd.mkdir(parents=True, exist_ok=True)
        self.addCleanup(systemd.rmdir)
        said = self.tool(*setup, "--match", "*@contoso.com").stderr
        self.assertIn("\n  systemctl enable --now sasl-entrad.socket\n", said)
        self.assertIn("\n  sasl-entra setup --postfix relay --login MAILBOX@contoso.com\n", said)
        key = (self.config.parent / "relay.pem").stat()
        self.assertEqual((key.st_uid, key.st_gid, key.st_mode & 0o777), (USER.pw_uid, USER.pw_gid, 0o600))
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o644)
        self.assertNotIn("systemctl", self.tool(*setup, "--match", "*@contoso.com").stderr)
        agent = self.system_agent()
        said = self.tool(*setup, "--match", "*@contoso.net").stderr
        self.assertIn("The agent has been told to read the configuration anew.\n", said)
        self.assertNotIn("systemctl", said)
        agent.wait_for("read again")
        self.tool(*setup, "--match", "*@contoso.org", "--json")
        agent.wait_for("read again", times=2)
        self.assertNotIn("has been told", self.tool(*setup, "--match", "*@contoso.org").stderr)
        for file in self.config.parent.glob("relay.pem*"):
            file.unlink()

    def test_state_left_alone(self):
        """a state directory that exists is left as it is"""
        self.state.mkdir(mode=0o750)
        os.chown(self.state, USER.pw_uid, 0)
        self.system_agent()
        self.assertEqual((self.state.stat().st_gid, self.state.stat().st_mode & 0o7777), (0, 0o750))

    def test_through_agent(self):
        """token and refresh go through the agent, which logs the fetch; the tool logs nothing"""
        agent = self.system_agent()
        first = self.tool("token", LOGIN)
        self.assertEqual(first.stderr, "")
        agent.wait_for("new access token")
        fingerprint = json.loads(self.tool("token", LOGIN, "--format", "json").stdout)["fingerprint"]
        self.assertIn(fingerprint, agent.log)
        self.assertEqual(self.requests(), 1)
        self.assertIn(": new token ", self.tool("refresh", LOGIN).stdout)
        self.assertNotEqual(self.tool("token", "relay").stdout, first.stdout)
        self.assertEqual(self.requests(), 2)

    def test_login(self):
        """a sign-in and its end reach the agent at once"""
        self.config.write_text(self.config.read_text() + "\n[account anna]\nmatch = anna@contoso.com\n"
                               "tenant = contoso.onmicrosoft.com\nclient_id = 55556666-dddd-7777-eeee-8888ffff9999\n"
                               f"authority = {self.tenant.authority}\n")
        agent = self.system_agent()
        self.assertIn("sasl-entra login", self.tool("token", "anna@contoso.com", code=1).stderr)
        with subprocess.Popen([TOOL, "login", "anna@contoso.com", "--paste", "--json"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as login:
            url = json.loads(login.stdout.readline())["url"]
            pasted = self.tenant.control("authorize", {"url": url, "upn": "anna@contoso.com"})["location"]
            _, errors = login.communicate(pasted, timeout=20)
        self.assertEqual((login.returncode, errors), (0, ""))
        self.tool("token", "anna@contoso.com")
        self.assertEqual(agent.count("new access token"), 0)  # the one of the sign-in
        state, = self.state.glob("*.json")
        self.assertEqual(state.stat().st_uid, USER.pw_uid)
        self.assertNotIn("warning", self.tool("logout", "anna@contoso.com", "--yes").stderr)
        self.tool("token", "anna@contoso.com", code=1)

    def test_reseal(self):
        """what the agent keeps is sealed while it runs, as its owner; the agent is told, and goes on"""
        agent = self.system_agent()
        first = self.tool("token", LOGIN).stdout
        key = self.write("state.key", "0a" * 32, USER, 0o600)
        text = self.config.read_text()
        self.config.write_text(text.replace("[defaults]\n", f"[defaults]\nstate_key_file = {key}\n"))
        agent.signal(signal.SIGHUP)
        agent.wait_for("read again")
        self.assertEqual(json.loads(self.tool("reseal", "--json").stdout)["resealed"], 1)
        state, = self.state.glob("*.json")
        self.assertEqual(state.stat().st_uid, USER.pw_uid)
        self.assertIn('"sealed"', state.read_text())
        self.assertEqual(self.tool("token", LOGIN).stdout, first)
        refused = self.tool("reseal", code=1, **self.as_other())
        self.assertNotIn("warning", refused.stderr)
        self.tool("refresh", LOGIN)
        self.assertIn('"sealed"', state.read_text())
        self.assertNotIn("could not be kept", agent.log)

    def test_other_users(self):
        """a member of the group gets a token but may not refresh; a stranger gets neither"""
        self.system_agent("--socket", f"{self.socket_path},{GROUP.gr_name}")
        self.tool("token", LOGIN, **self.as_other(GROUP.gr_gid))
        refused = self.tool("refresh", LOGIN, code=1, **self.as_other(GROUP.gr_gid))
        self.assertIn("only root and the agent's own user", refused.stderr)
        stranger = self.tool("token", LOGIN, code=1, **self.as_other())
        self.assertIn("no agent answered", stranger.stderr)
        self.assertEqual(self.requests(), 1)

    def test_status(self):
        """status and refresh --all go through the agent; one who may not ask is told so, and gets no other answer"""
        agent = self.system_agent("--socket", f"{self.socket_path},{GROUP.gr_name}")
        self.assertRegex(self.tool("status").stdout, r"relay +app, secret +- +- +- +unused +-\n")
        self.assertRegex(self.tool("refresh", "--all").stdout, r"^relay: new token [0-9a-f]{8}, good for \d+ seconds\n$")
        agent.wait_for("new access token")
        row = json.loads(self.tool("status", LOGIN, "--json").stdout)["accounts"][0]
        self.assertEqual((row["state"], row["kept"]), ("ok", "file"))
        self.assertEqual(self.tool("status", "--agent").stdout, self.tool("status").stdout)
        refused = self.tool("status", code=1, **self.as_other(GROUP.gr_gid))
        self.assertEqual(refused.stdout, "")
        self.assertIn("only root and the agent's own user", refused.stderr)

    def test_without_agent(self):
        """without an agent root becomes the owner of the state, and nothing comes to belong to root"""
        self.state.mkdir(mode=0o700)
        os.chown(self.state, USER.pw_uid, USER.pw_gid)
        self.tool("token", LOGIN)
        self.tool("refresh", LOGIN)
        owners = {path.stat().st_uid for path in self.state.iterdir()}
        self.assertEqual(owners, {USER.pw_uid})

    def test_check(self):
        """check as root judges as the owner of the state"""
        self.system_agent()
        self.assertIn(f"tokens: kept in {self.state}", self.tool("check").stdout)
        os.chown(self.place / "relay.secret", 0, 0)
        self.assertIn("relay.secret", self.tool("check", code=1).stdout)

    def test_check_programs(self):
        """check warns of Sendmail, in which a token does not fit"""
        self.system_agent()
        self.assertNotIn("Sendmail", self.tool("check").stdout)
        sendmail = pathlib.Path("/usr/libexec/sendmail/sendmail")
        sendmail.parent.mkdir(parents=True, exist_ok=True)
        sendmail.write_text("#!/bin/sh\n", encoding="utf-8")
        sendmail.chmod(0o755)
        self.addCleanup(sendmail.unlink)
        self.assertIn("Sendmail is installed (/usr/libexec/sendmail/sendmail)", self.tool("check").stdout)

    def test_import(self):
        """import while the agent runs: the agent uses the new sign-in at once"""
        public = "55556666-dddd-7777-eeee-8888ffff9999"
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(f"\n[account anna]\nmatch = anna@contoso.com\ntenant = contoso.onmicrosoft.com\n"
                       f"client_id = {public}\nservices = smtp\nauthority = {self.tenant.authority}\n")
        agent = self.system_agent("--socket", f"{self.socket_path},{GROUP.gr_name}")
        self.assertEqual(wire.ask(str(self.socket_path), "anna@contoso.com")["class"], "sign in")
        for _ in range(2):
            token = self.tenant.control("mint_refresh_token", {
                "client_id": public, "upn": "anna@contoso.com",
                "scope": "https://outlook.office.com/SMTP.Send offline_access"})["refresh_token"]
            result = self.tool("import", "token", "anna@contoso.com", stdin=token)
            self.assertNotIn("could not be told", result.stderr)
            self.assertEqual(wire.ask(str(self.socket_path), "anna@contoso.com")["kind"], "answer")
        self.assertNotIn(token, agent.log)
        self.assertEqual(self.tenant.control("count?grant=refresh_token"), 2, "one for each sign-in")
        self.assertEqual({path.stat().st_uid for path in self.state.iterdir()}, {USER.pw_uid})

    def test_users_own(self):
        """a user's own configuration comes first for him, never for root; his state is his"""
        self.system_agent()
        home = self.directory("home", OTHER)
        own = home / ".config" / "sasl-entra" / "sasl-entra.conf"
        secret = home / "secret"
        own.parent.mkdir(parents=True)
        secret.write_text(agent_case.SECRET)
        secret.chmod(0o600)
        text = self.config.read_text().replace("account relay", "account mine")
        own.write_text(re.sub(r"client_secret_file = .*", f"client_secret_file = {secret}", text))
        for path in (own, own.parent, own.parent.parent, secret):
            os.chown(path, OTHER.pw_uid, OTHER.pw_gid)
        for path in (own.parent, own.parent.parent):
            path.chmod(0o700)
        text = self.tool("check", **self.as_other(HOME=str(home))).stdout
        self.assertIn("account mine", text)
        self.tool("token", LOGIN, **self.as_other(HOME=str(home)))
        files = list((home / ".local" / "state" / "sasl-entra").glob("*.json"))
        self.assertEqual([file.stat().st_uid for file in files], [OTHER.pw_uid])
        root = run(TOOL, "check", env={"PATH": os.environ["PATH"], "HOME": str(home)})
        self.assertIn("account relay", root.stdout)


if __name__ == "__main__":
    sys.exit(agent_case.main() if sys.argv[1:] == ["inside"] else
             private_root.enter(__file__, BUILD, SOURCE))
