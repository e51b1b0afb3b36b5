"""sasl-entrad: root is given up for good, and nobody else gets at the process."""

import os
import pathlib
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import USER, Case, TenantCase  # noqa: E402


class Root(Case):
    def test_ids(self):
        """all user and group ids are the user's, the groups too, and no capability is left"""
        status = self.agent().status()
        self.assertEqual(status["Uid"].split(), 4 * [str(USER.pw_uid)])
        self.assertEqual(status["Gid"].split(), 4 * [str(USER.pw_gid)])
        self.assertEqual(status["Groups"].split(), [str(gid) for gid in os.getgrouplist(USER.pw_name, USER.pw_gid)])
        for kind in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            self.assertEqual(int(status[kind], 16), 0)

    def test_no_core(self):
        """no core file, no tracing by the same user, umask 077"""
        agent = self.agent()
        limits = pathlib.Path(f"/proc/{agent.pid}/limits").read_text(encoding="ascii")
        core = next(line for line in limits.splitlines() if line.startswith("Max core"))
        self.assertEqual(core.split()[4:6], ["0", "0"])
        self.assertEqual(agent.status()["Umask"], "0077")
        memory = f"/proc/{agent.pid}/mem"
        self.assertEqual(os.stat(memory).st_uid, 0, "a process that may not be dumped is root's in /proc")
        self.assertEqual(wire.as_user(USER.pw_uid, USER.pw_gid, [], open, memory, "rb"), "PermissionError")

    def test_one_thread(self):
        """one thread, and a process that was started without secrets has none in its command line"""
        agent = self.agent()
        self.assertEqual(agent.status()["Threads"], "1")
        self.assertNotIn(agent_case.SECRET, pathlib.Path(f"/proc/{agent.pid}/cmdline").read_text(encoding="ascii"))


class Credentials(TenantCase):
    def test_reads_as_user(self):
        """credentials are read as the user: root's secret stays unread, the user's own works"""
        config = self.configuration()
        secret = self.place / "relay.secret"
        os.chown(secret, 0, 0)
        self.agent(config=config)
        self.assertEqual(wire.ask(self.socket, agent_case.LOGIN)["class"], "config")
        os.chown(secret, USER.pw_uid, USER.pw_gid)
        self.wait(lambda: wire.ask(self.socket, agent_case.LOGIN)["kind"] == "answer")

    def test_environment(self):
        """proxies and key logs of the environment are ignored"""
        keys = self.directory("keys", USER)
        environment = dict(os.environ, SSLKEYLOGFILE=str(keys / "log"), https_proxy="http://127.0.0.1:1",
                           HTTPS_PROXY="http://127.0.0.1:1", all_proxy="http://127.0.0.1:1", no_proxy="")
        config = self.configuration()
        agent = self.start("--user", USER.pw_name, "--config", str(config), "--socket", f"{self.place}/s",
                           env=environment)
        agent.wait_for("listening at")
        self.assertEqual(wire.ask(f"{self.place}/s", agent_case.LOGIN)["kind"], "answer")
        self.assertEqual(os.listdir(keys), [])

    def test_state(self):
        """what it writes is the user's and nobody else's"""
        self.agent(config=self.configuration())
        self.assertEqual(wire.ask(self.socket, agent_case.LOGIN)["kind"], "answer")
        files = [file for file in (self.place / "state").iterdir() if file.suffix == ".json"]
        self.assertEqual(len(files), 1)
        self.assertEqual((files[0].stat().st_uid, files[0].stat().st_mode & 0o777), (USER.pw_uid, 0o600))


class Own(TenantCase):
    def test_state(self):
        """a person's own agent keeps tokens where his programs look for them"""
        self.directory("home", USER, 0o755)
        config = self.configuration(name="home/.config/sasl-entra/sasl-entra.conf")
        text = config.read_text()
        config.write_text(text.replace(f"state_dir = {self.place}/state\n", ""))
        for directory in (".config", ".config/sasl-entra"):
            os.chown(self.place / "home" / directory, USER.pw_uid, USER.pw_gid)
        path = self.directory("runtime", USER, 0o755) / "agent.sock"
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.place / "home")}
        agent = self.start("--config", str(config), "--socket", str(path), env=environment, user=USER.pw_uid,
                           group=USER.pw_gid, extra_groups=[])
        agent.wait_for("listening at")
        self.assertEqual(wire.ask(str(path), agent_case.LOGIN)["kind"], "answer")
        self.assertTrue(list((self.place / "home/.local/state/sasl-entra").glob("*.json")))


if __name__ == "__main__":
    sys.exit(agent_case.main())
