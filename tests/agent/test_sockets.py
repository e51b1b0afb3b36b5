"""sasl-entrad: where its sockets are, whose they are, and what it refuses to replace."""

import os
import socket
import stat
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import AGENT, GROUP, OTHER, USER, Case, run  # noqa: E402


class Sockets(Case):
    def setUp(self):
        super().setUp()
        self.config = str(self.configuration())

    def begin(self, *sockets):
        arguments = sum((["--socket", str(each)] for each in sockets), [])
        agent = self.start("--user", USER.pw_name, "--config", self.config, *arguments)
        agent.wait_for("listening at", times=len(sockets))
        return agent

    def refused(self, code, sentence, *sockets):
        arguments = sum((["--socket", str(each)] for each in sockets), [])
        result = run(AGENT, "--user", USER.pw_name, "--config", self.config, *arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertIn(sentence, result.stderr)

    def leave_stale(self, path, owner=0):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        os.chown(path, owner, owner)

    def test_owner_and_mode(self):
        """several sockets: root's, the group and mode as given, else the user's group and 0660"""
        paths = [self.place / name for name in ("plain", "group", "mode", "number")]
        self.begin(paths[0], f"{paths[1]},{GROUP.gr_name}", f"{paths[2]},{GROUP.gr_name},0606", f"{paths[3]},12345,600")
        expected = [(USER.pw_gid, 0o660), (GROUP.gr_gid, 0o660), (GROUP.gr_gid, 0o606), (12345, 0o600)]
        for path, (group, mode) in zip(paths, expected):
            found = path.stat()
            self.assertTrue(stat.S_ISSOCK(found.st_mode))
            self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (0, group, mode), path)
            self.assertEqual(wire.ask(str(path), "x@example.org")["class"], "no account")

    def test_gate(self):
        """the mode is a gate: only the group comes in"""
        path = self.place / "s"
        self.begin(f"{path},{GROUP.gr_name}")
        stranger = wire.as_user(OTHER.pw_uid, OTHER.pw_gid, [], wire.ask, str(path), "x@example.org")
        member = wire.as_user(OTHER.pw_uid, OTHER.pw_gid, [GROUP.gr_gid], wire.ask, str(path), "x@example.org")
        self.assertEqual(stranger, "PermissionError")
        self.assertEqual(member["class"], "no account")

    def test_directories(self):
        """a missing directory and the one above it are made, root's and 0755; a third is not"""
        queue = self.directory("queue", mode=0o755)
        self.begin(queue / "run" / "sasl-entra" / "agent.sock")
        for path in (queue / "run", queue / "run" / "sasl-entra"):
            self.assertEqual((path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)), (0, 0o755))
        self.refused(73, "does not exist", self.place / "a" / "b" / "c" / "s")
        self.assertFalse((self.place / "a").exists())

    def test_untrusted_directory(self):
        """a directory that is a stranger's, writable by others, or a link is refused"""
        self.directory("strange", OTHER, 0o755)
        self.directory("open", mode=0o777)
        (self.place / "link").symlink_to(self.directory("real", mode=0o755))
        self.refused(73, "belongs to uid", self.place / "strange" / "s")
        self.refused(73, "can write", self.place / "open" / "s")
        self.refused(73, "link", self.place / "link" / "s")
        self.refused(73, "belongs to uid", self.place / "strange" / "deeper" / "s")
        self.assertEqual(os.listdir(self.place / "strange"), [])

    def test_something_else(self):
        """a file, a link or a stranger's socket at the path is left alone"""
        self.write("file", "precious")
        (self.place / "link").symlink_to(self.place / "target")
        self.leave_stale(self.place / "foreign", OTHER.pw_uid)
        self.refused(73, "no socket", self.place / "file")
        self.refused(73, "no socket", self.place / "link")
        self.refused(73, "belongs to uid", self.place / "foreign")
        self.assertEqual((self.place / "file").read_text(), "precious")
        self.assertTrue((self.place / "foreign").is_socket())
        self.assertFalse((self.place / "target").exists())

    def test_stale(self):
        """the socket of an agent that was killed is replaced, root's or the user's"""
        path = self.place / "s"
        for owner in (0, USER.pw_uid):
            self.leave_stale(path, owner)
            agent = self.begin(path)
            self.assertEqual(wire.ask(str(path), "x@example.org")["class"], "no account")
            agent.process.kill()
            agent.exit()
            self.assertTrue(path.is_socket())
            self.assertRaises(ConnectionRefusedError, wire.connect, str(path))
            path.unlink()

    def test_second_agent(self):
        """a second agent at the same socket is refused, the first goes on, other sockets are cleaned up"""
        path, own = self.place / "s", self.place / "own"
        self.begin(path)
        before = path.stat().st_ino
        self.refused(69, "another agent is running", own, path)
        self.assertEqual(path.stat().st_ino, before)
        self.assertFalse(own.exists())
        self.assertEqual(wire.ask(str(path), "x@example.org")["class"], "no account")

    def test_race(self):
        """of several agents that start at the same moment over a stale socket one stays"""
        path = self.place / "s"
        self.leave_stale(path)
        agents = [self.start("--user", USER.pw_name, "--config", self.config, "--socket", str(path)) for _ in range(8)]
        self.wait(lambda: sum(agent.process.poll() is None for agent in agents) == 1)
        self.wait(lambda: any(agent.count("listening at") for agent in agents))
        self.assertEqual(sorted(agent.process.poll() or 0 for agent in agents), [0] + 7 * [69])
        self.assertEqual(wire.ask(str(path), "x@example.org")["class"], "no account")

    def test_long_path(self):
        """a path that is longer than a socket address"""
        long = self.directory("/".join(["x" * 60] * 3), mode=0o755)
        for part in (long.parent.parent, long.parent, long):
            part.chmod(0o755)
        self.begin(long / "agent.sock")
        os.chdir(long)
        self.addCleanup(os.chdir, "/")
        self.assertEqual(wire.ask("agent.sock", "x@example.org")["class"], "no account")
        self.refused(69, "another agent", long / "agent.sock")
        self.refused(73, "file name of a socket", long / ("y" * 120))

    def test_own_user(self):
        """started by a user who is not root, in a directory of his"""
        own = self.directory("own", USER, 0o700)
        named = {"user": USER.pw_uid, "group": USER.pw_gid, "extra_groups": []}
        agent = self.start("--config", self.config, "--socket", str(own / "s"), **named)
        agent.wait_for("listening at")
        self.assertEqual((own / "s").stat().st_uid, USER.pw_uid)
        agent.end()
        self.assertFalse((own / "s").exists(), "he may remove it, so he does")
        self.assertEqual(agent.process.returncode, 0)


if __name__ == "__main__":
    sys.exit(agent_case.main())
