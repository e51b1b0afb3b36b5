"""The agent's client, as the plugin has it, while one system call fails: a token, or why not and what kind of trouble."""

import os
import pwd
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_case  # noqa: E402
from crash_case import AGENT, DRIVER, OLD, PERSON, EndpointCase, figures, tap  # noqa: E402

tap.need("cryptography")
if os.geteuid() != 0:
    print("1..0 # SKIP needs root: the agent gives it up")
    sys.exit(0)
crash_case.need_inject()
USER = pwd.getpwnam("daemon")


class Client(EndpointCase):
    def setUp(self):
        super().setUp()
        (self.place / "run").mkdir(mode=0o755)
        self.user, self.socket = USER.pw_uid, str(self.place / "run" / "agent.sock")
        os.chown(self.state, USER.pw_uid, USER.pw_gid)
        self.assertEqual(self.plain("write", OLD).step("write")[0], "ok")
        self.agent = subprocess.Popen((AGENT, "--socket", f"{self.socket},games,0666", "--user", USER.pw_name,
                                       "--config", str(self.config)), stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end_agent)
        while "listening at" not in (line := self.agent.stderr.readline()):
            self.assertNotEqual(line, "", "the agent has ended")

    def end_agent(self):
        self.agent.terminate()
        self.agent.wait(20)
        self.agent.stderr.close()

    def ask(self, *wanted):
        return self.inject((DRIVER, self.socket, PERSON, "client"), *wanted, begin=self.place / "run")

    def test_one_call_fails(self):
        """each call fails once: "no agent" and "again" are told apart, with a sentence that names the socket"""
        self.each_call_fails("newfstatat", 12)

    def test_one_call_fails_on_the_long_way(self):
        """so too where the directories are walked by their descriptors, since others can write to one"""
        os.chmod(self.place / "run", 0o1777)
        self.each_call_fails("openat", 16)

    def each_call_fails(self, way, least):
        calls = self.ask().calls
        self.assertEqual(self.ask().step("client")[0], "ok")
        self.assertEqual({way, "socket", "connect", "getsockopt", "sendto", "poll", "recvfrom"} -
                         {call.name for call in calls}, set())
        tried = 0
        for call in calls:
            for error in call.errors():
                with self.about(call, error):
                    run = self.ask("--at", str(call.number), "--fail", error)
                    self.assertEqual((run.code, run.err), (0, ""))
                    found, text = run.step("client")
                    if error == "EINTR" or call.name in ("close", "getrandom") or found == "ok":
                        self.assertEqual(found, "ok", text)
                        continue
                    self.assert_sentence(text, error)
                    self.assertIn(self.socket, text)
                    self.assertEqual(found, "absent" if error in ("EACCES", "ECONNREFUSED") else "again", text)
                tried += 1
        self.assertGreaterEqual(tried, least)
        figures.add("a system call fails in the agent's client", "tests/crash/test_client.py", injected=tried,
                    survived=tried)
        self.assertEqual(self.ask().step("client")[0], "ok")


if __name__ == "__main__":
    sys.exit(crash_case.main())
