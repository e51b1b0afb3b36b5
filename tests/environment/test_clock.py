"""A clock that jumps by a year, back and forth, under the agent, the tool and a host."""

import glob
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import environment_case  # noqa: E402
from environment_case import GROUP, LOGIN, SOCKET, USER, EnvironmentCase  # noqa: E402

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)
YEAR = 365 * 24 * 3600


class Clock(EnvironmentCase):
    """The agent's wall clock is what the file says; the other clocks are the machine's."""

    def setUp(self):
        super().setUp()
        if LIBRARY is None:
            self.fail("libfaketime is missing (package libfaketime)")
        self.ahead = self.place / "ahead"
        self.set_clock(0)
        self.faked = {"PATH": environment_case.PATH, "LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self.ahead),
                      "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
                      "NO_FAKE_STAT": "1", "FAKETIME_DISABLE_SHM": "1"}

    def set_clock(self, seconds):
        new = self.write("ahead.new", f"{seconds:+d}\n")
        new.rename(self.ahead)

    def agent(self):
        agent = self.start("--user", USER.pw_name, "--socket", f"{SOCKET},{GROUP.gr_name},0666", env=self.faked)
        agent.wait_for("listening at")
        return agent

    def kept(self):
        path, = self.state.glob("*.json")
        return json.loads(path.read_text(encoding="utf-8"))

    def test_trap_works(self):
        """the agent's clock is the one of the file"""
        self.set_clock(YEAR)
        self.agent()
        self.assert_agent_serves()
        self.assertAlmostEqual(self.kept()["obtained"], time.time() + YEAR, delta=600)

    def test_back_and_forth(self):
        """a year ahead, back, behind, and right again: each time there is a token, and its time is the true one"""
        agent = self.agent()
        self.assert_agent_serves()
        for number, seconds in enumerate((YEAR, 0, YEAR, -20 * 24 * 3600, 0), start=2):
            with self.subTest(seconds=seconds):
                self.set_clock(seconds)
                answer = self.asks()
                self.assertEqual(answer.get("kind"), "answer", answer)
                self.assertLessEqual(answer["seconds_left"], 3600)
                self.assertGreater(answer["seconds_left"], 3000)
                self.assertEqual(self.requests(), number, "a token of another time is not handed out")
                self.assertAlmostEqual(self.kept()["obtained"], time.time() + seconds, delta=600)
                self.assert_agent_serves()
                self.assertEqual(self.requests(), number, "and this one is, again")
        self.assertNotIn("could not be kept", agent.log)

    def test_behind_certificates(self):
        """a year behind, TLS refuses what is not valid yet: the sentence says so, and nothing is lost by it"""
        agent = self.agent()
        self.assert_agent_serves()
        agent.end()  # and with it the connection that it kept
        self.set_clock(-YEAR)
        self.agent()
        answer = self.asks()
        self.assertEqual(answer.get("class"), "config", answer)
        self.assertIn("clock", answer["text"])
        self.set_clock(0)
        self.assert_agent_serves()
        self.assertEqual(self.requests(), 1, "the token from before is good again")

    def test_failure(self):
        """a failure that was noted a year ahead is not remembered when the clock is right"""
        self.agent()
        self.set_clock(YEAR)
        secret = self.place / "relay.secret"
        right = secret.read_bytes()
        secret.write_text("wr0ng-Secret~42", encoding="utf-8")
        self.assertEqual(self.asks().get("class"), "config", "a wrong secret")
        asked = self.requests()
        self.assertIn("remembered", self.asks()["text"])
        self.assertEqual(self.requests(), asked)
        self.assertGreater(self.kept()["failure"]["until"], time.time() + YEAR - 600)
        self.set_clock(0)
        # The same cause: only the clock is another one.
        self.assertNotIn("remembered", self.asks()["text"])
        self.assertEqual(self.requests(), asked + 1)
        secret.write_bytes(right)
        self.assert_agent_serves()

    def test_restart(self):
        """a state of a clock ahead is found by an agent, a tool and a host whose clocks are right"""
        self.set_clock(YEAR)
        self.agent().end()
        agent = self.agent()
        self.assert_agent_serves()
        agent.end()
        self.assertGreater(self.kept()["obtained"], time.time() + YEAR - 600)
        self.set_clock(0)
        status = json.loads(self.tool("status", "--json").stdout)["accounts"][0]
        self.assertEqual(status["seconds_left"], 0, status)
        result = self.tool("token", LOGIN, "--format", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.requests(), 2)
        self.assertLessEqual(self.kept()["obtained"], time.time() + 1)
        self.agent()
        self.assert_agent_serves()
        self.assertEqual(self.requests(), 2)

    def test_host(self):
        """a host whose clock jumps between two logins"""
        environment = {**self.home(), **self.faked}
        for seconds in (0, YEAR, 0, -20 * 24 * 3600, 0):
            self.set_clock(seconds)
            self.assert_token(self.host(env=environment))
        self.assertEqual(self.requests(), 5)
        kept = list(pathlib.Path(environment["HOME"], ".local/state/sasl-entra").glob("*.json"))
        self.assertEqual(len(kept), 1)


if __name__ == "__main__":
    sys.exit(environment_case.main(__file__))
