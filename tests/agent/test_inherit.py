"""sasl-entrad: sockets that systemd opened."""

import os
import signal
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import AGENT, OTHER, USER, Case, TenantCase, run  # noqa: E402

# What systemd does after fork(): the descriptors from 3 on, LISTEN_PID of who becomes the agent.
EXEC = """
import os, sys
pid, names, user, *rest = sys.argv[1:]
given = [int(fd) for fd in rest[:rest.index("--")]]
given = [os.dup2(fd, 100 + i) for i, fd in enumerate(given)]
for i, fd in enumerate(given):
    os.dup2(fd, 3 + i)
os.environ["LISTEN_FDS"] = str(len(given))
os.environ["LISTEN_PID"] = str(os.getpid()) if pid == "ours" else pid
if names:
    os.environ["LISTEN_FDNAMES"] = names
if user != "root":
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
command = rest[rest.index("--") + 1:]
os.execv(command[0], command)
"""


class InheritCase(Case):
    def listening(self, name="inherited", kind=socket.SOCK_STREAM, listen=True, mode=0o666):
        path = self.place / name
        made = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(made.close)
        made.bind(str(path))
        path.chmod(mode)
        if listen:
            made.listen()
        return made

    def command(self, sockets, *arguments, pid="ours", names="", user="root"):
        return (sys.executable, "-c", EXEC, pid, names, str(user), *(str(each.fileno()) for each in sockets), "--",
                AGENT, *arguments)

    def inherit(self, sockets, *arguments, config=None, user=USER.pw_uid, **named):
        command = self.command(sockets, "--config", str(config or self.configuration()), *arguments, user=user, **named)
        agent = self.start(*command[1:], program=command[:1], pass_fds=[each.fileno() for each in sockets])
        return agent

    def refused(self, sentence, sockets, **named):
        command = self.command(sockets, "--config", str(self.configuration()), user=USER.pw_uid, **named)
        result = run(*command, pass_fds=[each.fileno() for each in sockets])
        self.assertEqual(result.returncode, 64, result.stderr)
        self.assertIn(sentence, result.stderr)
        return result.stderr


class Inherit(InheritCase):
    def test_serves(self):
        """it serves them all, as the user it was started as, and opens none of its own"""
        sockets = [self.listening("one"), self.listening("two")]
        agent = self.inherit(sockets, names="first:second")
        agent.wait_for("listening at", times=2)
        for name in ("one", "two"):
            agent.wait_for(f"listening at {self.place}/{name}")
            self.assertEqual(wire.ask(str(self.place / name), "x@example.org")["class"], "no account")
        self.assertEqual(agent.status()["Uid"].split(), 4 * [str(USER.pw_uid)])
        self.assertEqual(agent.count("listening at"), 2)

    def test_root(self):
        """with --user root may inherit as well, and is given up"""
        agent = self.inherit([self.listening()], "--user", USER.pw_name, user="root")
        agent.wait_for("listening at")
        self.assertEqual(wire.ask(str(self.place / "inherited"), "x@example.org")["class"], "no account")
        self.assertEqual(agent.status()["Uid"].split(), 4 * [str(USER.pw_uid)])

    def test_files_stay(self):
        """at the end their files stay, and who comes meanwhile is served by the next one"""
        inherited = self.listening()
        agent = self.inherit([inherited])
        agent.wait_for("listening at")
        agent.signal(signal.SIGTERM)
        self.assertEqual(agent.exit(), 0)
        path = self.place / "inherited"
        self.assertTrue(path.is_socket())
        with wire.connect(str(path)) as client:
            client.sendall(wire.request("x@example.org"))
            self.inherit([inherited])
            self.assertEqual(wire.parse(wire.read_all(client))["class"], "no account")

    def test_written_out(self):
        """--socket is opened beside them, and one that names an inherited path is that one"""
        agent = self.inherit([self.listening()], "--user", USER.pw_name, "--socket", f"{self.place}/own",
                             "--socket", f"{self.place}/inherited", user="root")
        agent.wait_for("listening at", times=2)
        for name in ("inherited", "own"):
            self.assertEqual(wire.ask(str(self.place / name), "x@example.org")["class"], "no account")

    def test_environment(self):
        """the variables are gone from the environment, and descriptors are not handed on"""
        agent = self.inherit([self.listening()], names="name")
        agent.wait_for("listening at")
        with open(f"/proc/{agent.pid}/fdinfo/3", encoding="ascii") as file:
            flags = int(next(line for line in file if line.startswith("flags:")).split()[1], 8)
        self.assertTrue(flags & os.O_CLOEXEC)
        self.assertTrue(flags & os.O_NONBLOCK)

    def test_somebody_elses(self):
        """LISTEN_PID of another process: they are left alone"""
        agent = self.inherit([self.listening()], "--socket", f"{self.place}/own", "--user", USER.pw_name, pid="1",
                             user="root")
        agent.wait_for("listening at")
        self.assertEqual(agent.count("listening at"), 1)
        agent.wait_for(f"listening at {self.place}/own")

    def test_broken(self):
        """with a broken configuration it tells whoever asks, until SIGHUP after a correction"""
        config = self.configuration()
        good = config.read_text()
        config.write_text(good + "client_idd = 1\n")
        agent = self.inherit([self.listening()], config=config)
        agent.wait_for("whoever asks is told so")
        path = str(self.place / "inherited")
        answer = wire.ask(path, "x@example.org")
        self.assertEqual(answer["class"], "config")
        self.assertTrue(answer["text"].startswith("x@example.org: "), answer)
        self.assertIn("client_idd", answer["text"])
        config.write_text(good + "serverz = 1\n")
        agent.signal(signal.SIGHUP)
        agent.wait_for("still not usable")
        self.assertIn("serverz", wire.ask(path, "x@example.org")["text"])
        config.write_text(good)
        agent.signal(signal.SIGHUP)
        agent.wait_for("read again")
        self.assertEqual(wire.ask(path, "x@example.org")["class"], "no account")

    def test_wrong(self):
        """a descriptor that cannot be served: a sentence with its number and name, and no start"""
        network = socket.socket()
        self.addCleanup(network.close)
        network.bind(("127.0.0.1", 0))
        network.listen()
        text = self.refused("is no Unix socket", [self.listening("a"), network], names="a:web")
        self.assertIn("descriptor 4 (web)", text)
        self.refused("is no stream socket", [self.listening("b", socket.SOCK_SEQPACKET)])
        self.refused("does not listen", [self.listening("c", listen=False)])
        file = open(self.write("d", ""), encoding="ascii")  # pylint: disable=consider-using-with
        self.addCleanup(file.close)
        self.assertIn("(unnamed)", self.refused("is no socket", [file]))
        hidden = socket.socket(socket.AF_UNIX)
        self.addCleanup(hidden.close)
        hidden.bind(f"\0sasl-entra-test-{os.getpid()}")
        hidden.listen()
        self.refused("has no path", [hidden])
        self.refused("64 is the most", 65 * [self.listening("e")])

    def test_not_open(self):
        """LISTEN_FDS that counts more than there are"""
        environment = dict(os.environ, LISTEN_FDS="1")
        result = run("/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@" 3<&-', "sh", AGENT, "--config",
                     str(self.configuration()), env=environment, user=USER.pw_uid, group=USER.pw_gid)
        self.assertEqual(result.returncode, 64, result.stderr)
        self.assertIn("descriptor 3 (unnamed), inherited by LISTEN_FDS, is not open", result.stderr)


class Gate(TenantCase, InheritCase):
    def test_token(self):
        """a token by an inherited socket; its mode is the gate"""
        inherited = self.listening(mode=0o660)
        path = self.place / "inherited"
        os.chown(path, 0, agent_case.GROUP.gr_gid)
        self.inherit([inherited]).wait_for("listening at")
        member = wire.as_user(OTHER.pw_uid, OTHER.pw_gid, [agent_case.GROUP.gr_gid], wire.ask, str(path), agent_case.LOGIN)
        self.assertEqual(member["kind"], "answer", member)
        self.assertEqual(wire.as_user(OTHER.pw_uid, OTHER.pw_gid, [], wire.ask, str(path), agent_case.LOGIN),
                         "PermissionError")


if __name__ == "__main__":
    sys.exit(agent_case.main())
