"""Programs in odd places: jails, read-only and bare root directories, without a home, without a user entry."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import types

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import environment_case  # noqa: E402
from environment_case import (  # noqa: E402
    AGENT, CONFIGURATION, ENGINE, GROUP, LOGIN, OTHER, PATH, SOCKET, USER, EnvironmentCase)

NOBODY = types.SimpleNamespace(pw_uid=12345, pw_gid=12345, pw_name="12345")  # no line of /etc/passwd is his


def inside(root, path):
    """Where PATH of that root directory is seen from here."""
    return pathlib.Path(f"{root}{path}")


class PlaceCase(EnvironmentCase):
    def bare_root(self):
        """A root directory with the system's libraries, our programs and configuration, and nothing else: no /dev,
        no /proc, no /etc but passwd and group."""
        root = self.directory("bare", mode=0o755)
        for path in ("/usr", *(f"/{name}" for name in ("lib", "lib32", "lib64", "bin", "sbin"))):
            if os.path.islink(path):
                inside(root, path).symlink_to(os.readlink(path))
            elif os.path.isdir(path):
                inside(root, path).mkdir()
                subprocess.run(["mount", "--bind", path, inside(root, path)], check=True)
                self.addCleanup(subprocess.run, ["umount", inside(root, path)], check=True)
        for path in (CONFIGURATION, ENGINE, self.place / "relay.secret", self.place / "ca.pem", "/etc/passwd", "/etc/group"):
            self.copy(path, root)
        for path in (self.host_program, self.tool_program, AGENT):
            shutil.copy(path, root)
        state = inside(root, self.state)
        state.mkdir(mode=0o700)
        os.chown(state, USER.pw_uid, USER.pw_gid)
        return root

    @staticmethod
    def copy(path, root):
        target = inside(root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy2(path, target)
            status = os.stat(path)
            os.chown(target, status.st_uid, status.st_gid)

    @staticmethod
    def chroot(root, user=None):
        who = [f"--userspec={user.pw_uid}:{user.pw_gid}", "--groups="] if user else []
        return ["chroot", *who, str(root)]

    def agent_in(self, root, *before):
        agent = self.start("--user", USER.pw_name, "--socket", f"{SOCKET},{GROUP.gr_gid},0666",
                           program=(*before, *self.chroot(root), "/sasl-entrad"))
        agent.wait_for("listening at")
        return agent


class Jails(PlaceCase):
    def test_entered_later(self):
        """a host that enters an empty jail after it has loaded its plugins: the agent's socket in there is used"""
        jail = self.directory("jail", mode=0o755)
        outcome = self.host("--chroot", str(jail), user=None, cwd=jail)
        self.assert_refused(outcome, f"no agent at {SOCKET}", f"inside the chroot {jail}", f"--socket {jail}{SOCKET}")
        self.assertEqual(self.requests(), 0, "the engine is not loaded in a jail")
        inside(jail, SOCKET.parent).mkdir(parents=True)
        agent = self.start("--user", USER.pw_name, "--socket", f"{jail}{SOCKET},{GROUP.gr_name},0666")
        agent.wait_for("listening at")
        self.assert_token(self.host("--chroot", str(jail), user=None, cwd=jail))

    def test_entered_before(self):
        """a host that was started in a jail: the agent's socket in there, else it fetches by itself or says what it lacks"""
        root = self.bare_root()
        os.chown(inside(root, self.place / "relay.secret"), OTHER.pw_uid, 0)
        program = "/odd_host"
        before = self.chroot(root, OTHER)
        # In the process: no /dev, no /proc, no resolver's configuration.
        self.assert_token(self.host(user=None, program=program, before=before))
        self.assertEqual(self.requests(), 1)
        inside(root, CONFIGURATION).unlink()
        self.assert_refused(self.host(user=None, program=program, before=before), "nothing is configured for it")
        agent = self.start("--user", USER.pw_name, "--socket", f"{root}{SOCKET},{GROUP.gr_name},0666")
        agent.wait_for("listening at")
        self.assert_token(self.host(user=None, program=program, before=before))

    def test_without_engine(self):
        """a jail with the plugin and without the engine: the sentence names the file"""
        root = self.bare_root()
        inside(root, ENGINE).unlink()
        self.assert_refused(self.host(user=None, program="/odd_host", before=self.chroot(root, OTHER)),
                            str(ENGINE), "start the agent")


class BareRoot(PlaceCase):
    def test_agent(self):
        """the agent without /dev and /proc fetches and keeps tokens"""
        root = self.bare_root()
        self.agent_in(root)
        self.assert_agent_serves(inside(root, SOCKET))
        kept, = inside(root, self.state).glob("*.json")
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)

    def test_agent_without_descriptors(self):
        """the same, started without 0, 1, 2, where there is no /dev/null to put there"""
        root = self.bare_root()
        command = ["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", *self.chroot(root), "/usr/bin/env", "-i", "sh", "-c",
                   'exec "$@" 0<&- 1>&- 2>&-', "sh", "/sasl-entrad", "--user", USER.pw_name, "--socket",
                   f"{SOCKET},{GROUP.gr_gid},0666"]
        with subprocess.Popen(command) as process:
            try:
                self.wait(inside(root, SOCKET).exists)
                self.assert_agent_serves(inside(root, SOCKET))
                for fd in range(3):
                    self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{fd}"), str(root))
            finally:
                process.terminate()
        kept, = inside(root, self.state).glob("*.json")
        json.loads(kept.read_text(encoding="utf-8"))

    def test_tool(self):
        """the tool without /dev and /proc"""
        root = self.bare_root()
        result = environment_case.run(*self.chroot(root), "/sasl-entra", "token", LOGIN, env={"PATH": PATH})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertGreater(len(result.stdout), 100)
        self.held()


class ReadOnly(PlaceCase):
    # The root directory read-only, as a container has it; what comes after may be written.
    READ_ONLY = ('root=$1; shift; mount --rbind "$root" "$root" && '
                 'while [ "$1" != -- ]; do mount --bind "$root$1" "$root$1" || exit 99; shift; done; shift; '
                 'mount -o remount,bind,ro "$root" && exec "$@"')

    def read_only(self, root, *writable):
        return ("unshare", "-m", "sh", "-c", self.READ_ONLY, "sh", str(root), *map(str, writable), "--")

    def test_agent(self):
        """a read-only root directory: only state and socket directory need be writable"""
        root = self.bare_root()
        inside(root, SOCKET.parent).mkdir(parents=True)
        agent = self.agent_in(root, *self.read_only(root, self.state, SOCKET.parent))
        self.assert_agent_serves(inside(root, SOCKET))
        self.assertEqual(len(list(inside(root, self.state).glob("*.json"))), 1)
        self.assertNotIn("could not", agent.log)

    def test_state(self):
        """a read-only state directory: tokens are served from memory, and that is said once"""
        root = self.bare_root()
        inside(root, SOCKET.parent).mkdir(parents=True)
        agent = self.agent_in(root, *self.read_only(root, SOCKET.parent))
        for _ in range(3):
            self.assert_agent_serves(inside(root, SOCKET))
        answer = self.asks(inside(root, SOCKET), operation=environment_case.wire.REFRESH)
        self.assertEqual(answer["kind"], "answer")
        self.assertEqual(self.requests(), 2)
        self.assertEqual(agent.count("could not be kept"), 1, agent.log)
        self.assertIn("Read-only file system; remount that file system, or name another state_dir", agent.log)
        self.assertEqual(list(inside(root, self.state).iterdir()), [])

    def test_home(self):
        """a home directory that cannot be written: a host gets its token all the same"""
        environment = self.home()
        home = environment["HOME"]
        subprocess.run(["mount", "--bind", home, home], check=True)
        self.addCleanup(subprocess.run, ["umount", home], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", home], check=True)
        outcome = self.host("--log", env=environment)
        self.assert_token(outcome)
        self.assertIn("memory only", str(outcome.lines))


class Homes(PlaceCase):
    ENVIRONMENTS = ({}, {"HOME": ""}, {"HOME": "relative"}, {"HOME": "/root"}, {"HOME": "/nonexistent"}, {"HOME": "/"},
                    {"HOME": "relative", "XDG_STATE_HOME": "relative", "XDG_CONFIG_HOME": "relative"},
                    {"XDG_STATE_HOME": "/nonexistent", "XDG_RUNTIME_DIR": "relative"})

    def setUp(self):
        super().setUp()
        text = CONFIGURATION.read_text(encoding="utf-8")
        CONFIGURATION.write_text(environment_case.re.sub(r"state_dir = .*\n", "", text), encoding="utf-8")
        self.here = self.directory("here", NOBODY)

    def try_without_home(self, user):
        os.chown(self.place / "relay.secret", user.pw_uid, 0)
        os.chown(self.here, user.pw_uid, 0)
        for number, environment in enumerate(self.ENVIRONMENTS):
            with self.subTest(environment=environment):
                environment = {"PATH": PATH, **environment}
                self.assert_token(self.host(user=user, env=environment, cwd=self.here))
                self.assertEqual(self.requests(), 2 * number + 1)
                result = self.tool("token", LOGIN, user=user, env=environment, cwd=self.here)
                self.assertEqual((result.returncode, len(result.stderr.splitlines())), (0, 1), result.stderr)
                self.assertIn("new access token", result.stderr)
                result = self.tool("check", user=user, env=environment, cwd=self.here)
                self.assertIn("memory", result.stdout + result.stderr)
                self.assertEqual(os.listdir(self.here), [], "nothing is written to the working directory")
                self.assertFalse(os.path.exists("/nonexistent"))

    def test_none(self):
        """no home, a relative one, somebody else's, one that does not exist: tokens are got, nothing is written anywhere"""
        self.try_without_home(OTHER)

    def test_no_entry(self):
        """the same for a user without an entry in passwd"""
        self.try_without_home(NOBODY)

    def test_sign_in(self):
        """a person's sign-in has nowhere to be kept there: the sentence says what to set"""
        CONFIGURATION.write_text("[account anna]\nmatch = anna@contoso.com\ntenant = contoso.onmicrosoft.com\n"
                                 "client_id = 55556666-dddd-7777-eeee-8888ffff9999\n", encoding="utf-8")
        os.chown(self.here, OTHER.pw_uid, 0)
        for environment in self.ENVIRONMENTS:
            with self.subTest(environment=environment):
                outcome = self.host(login="anna@contoso.com", env={"PATH": PATH, **environment}, cwd=self.here)
                self.assert_refused(outcome, "a sign-in needs a state directory", "state_dir")
                self.assertEqual(os.listdir(self.here), [])


if __name__ == "__main__":
    sys.exit(environment_case.main(__file__))
