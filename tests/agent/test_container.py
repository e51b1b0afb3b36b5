"""sasl-entrad as a container has it: process 1, no root, a root directory that nobody can write to."""

import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import AGENT, LOGIN, USER, Agent, TenantCase  # noqa: E402

# Everything is read-only but two mounts; `exec`, so that the agent is process 1 of its namespace.
INSIDE = """
set -e
place=$1 writable=$2 user=$3
shift 3
mount --make-rprivate /
mount -t tmpfs -o mode=755,uid=$user tmpfs "$place/run"
[ "$writable" = no ] || mount -t tmpfs -o mode=700,uid=$user tmpfs "$place/state"
mount --bind / / && mount -o remount,bind,ro /
mount -t proc proc /proc
exec setpriv --reuid "$user" --regid "$user" --clear-groups --bounding-set=-all --no-new-privs "$@"
"""


class Container(TenantCase):
    def setUp(self):
        super().setUp()
        self.config = self.configuration()
        self.directory("run", mode=0o755)

    def begin(self, writable="yes"):
        unshare = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", INSIDE, "sh", str(self.place),
                   writable, str(USER.pw_uid))
        agent = Agent("--config", str(self.config), "--socket", f"{self.place}/run/agent.sock", program=(*unshare, AGENT))
        self.addCleanup(agent.end)
        agent.wait_for("listening at")
        found = subprocess.run(("pgrep", "-P", str(agent.pid)), capture_output=True, text=True, check=True)
        self.inside = int(found.stdout)
        self.addCleanup(self.stop)  # before the one above: the namespace's end does not reach another user's process
        self.socket = f"/proc/{self.inside}/root{self.place}/run/agent.sock"
        return agent

    def stop(self):
        try:
            os.kill(self.inside, signal.SIGTERM)
        except ProcessLookupError:
            pass

    def test_life(self):
        """it serves, reloads on SIGHUP, and ends with 0 on SIGTERM, at once"""
        agent = self.begin()
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        os.kill(self.inside, signal.SIGHUP)
        agent.wait_for("read again")
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertEqual(self.requests(), 1)
        begun = time.monotonic()
        os.kill(self.inside, signal.SIGTERM)
        self.assertEqual(agent.exit(), 0)
        self.assertLess(time.monotonic() - begun, 1)
        self.assertEqual(agent.count("warning"), 0, agent.log)

    def test_nothing_writable(self):
        """without a state directory that it can write to it says so once, and serves from memory"""
        agent = self.begin(writable="no")
        for _ in range(3):
            self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertEqual(self.requests(), 1)
        agent.wait_for("warning")
        self.assertEqual(agent.count("warning"), 1, agent.log)


if __name__ == "__main__":
    sys.exit(agent_case.main())
