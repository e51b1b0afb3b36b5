"""The agent lives through one failing system call, wherever it comes: it answers or says why not, ends only with a
sentence and an exit code, does not spin, and loses no refresh token."""

import os
import pwd
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "agent"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_case  # noqa: E402
import wire  # noqa: E402
from crash_case import (AGENT, LONG, OLD, PERSON, EndpointCase, Run, environment, figures, number_of, tap,  # noqa: E402
                        where)

tap.need("cryptography")
if os.geteuid() != 0:
    print("1..0 # SKIP needs root: the agent gives it up")
    sys.exit(0)
crash_case.need_inject()
USER = pwd.getpwnam("daemon")
# What belongs to one client: that one may get no answer.
OF_A_CLIENT = ("accept4", "recvfrom", "sendto", "getsockopt", "setsockopt", "fcntl", "close")


class Life:
    """An agent under injection, from its start to its end, and what its clients were told."""

    def __init__(self, case, *wanted):
        case.log.unlink(missing_ok=True)
        self.socket, self.answers = str(case.place / "run" / "agent.sock"), []
        self._case, self.lines = case, []
        program = (*case.options(*wanted, begin=case.place / "run"), AGENT, "--socket", f"{self.socket},games,0666",
                   "--user", USER.pw_name, "--config", str(case.config))
        self.process = subprocess.Popen(program, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        env=environment())
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        case.addCleanup(self.end)

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def said(self, *words):
        return any(word in line for line in self.lines for word in words)

    def wait(self, *words, seconds=20):
        """True when one of the words was said, False when the agent has ended."""
        deadline = time.monotonic() + seconds
        while not self.said(*words):
            if self.process.poll() is not None:
                self._reader.join(5)
                return self.said(*words)
            if time.monotonic() > deadline:
                raise AssertionError(f"'{words}' is not in the log: {self.lines}")
            time.sleep(0.01)
        return True

    def ask(self, operation=wire.TOKEN):
        try:
            answer = wire.ask(self.socket, PERSON, operation=operation, time_left=6000,
                              server="smtp.test" if operation == wire.TOKEN else "")
        except OSError as problem:
            answer = {"kind": "no connection", "text": str(problem)}
        self.answers.append(answer)
        return answer

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        self.wait("read again", "going on with the configuration", seconds=20)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not stop: {self.lines}") from None
        self._reader.join(5)
        self.run = Run(code if code < 128 else 128 - code, "", "\n".join(self.lines), self._case.log)
        return self.run


    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()  # the agent's calls fail from then on, so that it ends as well
                self.process.wait()
        self._reader.join(5)
        self.process.stderr.close()


class Agent(EndpointCase):
    def setUp(self):
        super().setUp()
        (self.place / "run").mkdir(mode=0o755)
        self.user = USER.pw_uid
        os.chown(self.state, USER.pw_uid, USER.pw_gid)

    def prepare(self):
        self.put(OLD)
        for path in self.state.iterdir():
            os.chown(path, USER.pw_uid, USER.pw_gid)
        (self.place / "run" / "agent.sock").unlink(missing_ok=True)

    def live(self, *wanted):
        """Start, a token, a reload, a forced fetch, a token, the end."""
        self.prepare()
        life = Life(self, *wanted)
        if life.wait("listening at"):
            life.ask()
            life.reload()
            life.ask(wire.REFRESH)
            life.last = life.ask()
        life.stop()
        self.assert_sound(life.run)
        return life

    def assert_not_started(self, life):
        self.assertIn(life.run.code, range(64, 79), life.lines)
        self.assertTrue(life.lines, "nothing was said")
        self.assertGreater(len(life.lines[-1]), 35, life.lines)

    def assert_lived(self, life, call, error):
        for answer in life.answers:
            if call.name in OF_A_CLIENT and answer.get("kind") in (None, "no connection"):
                continue
            self.assertIn(answer.get("kind"), ("answer", "error"), (life.answers, life.lines))
            if answer["kind"] == "error":
                self.assertIn(answer["class"], ("again", "memory", "config", "denied"))
                self.assert_sentence(answer["text"], error)
                if error not in crash_case.OPERATOR_MUST_ACT:
                    self.assertIn(answer["class"], ("again", "memory"), answer)
        self.assertEqual(life.run.code, 0, life.lines)

    def assert_goes_on(self, life, calls, call, error):
        """The last request is answered rightly, where the failure was over by then."""
        over = life.run.calls and len(life.run.calls) > len(calls) // 3
        if life.last.get("kind") == "answer" or error in crash_case.OPERATOR_MUST_ACT:
            return
        if not over or call.name in OF_A_CLIENT:
            return
        self.assertIn("remembered", life.last.get("text", ""), (life.answers, life.lines))

    def assert_kept(self, life, before):
        given = [number_of(answer["token"]) for answer in life.answers if "token" in answer]
        kept = number_of(self.kept_before(OLD))
        self.assertIn(kept, (0, *range(before + 1, self.hits() + 1)))
        if given:
            self.assertGreaterEqual(kept, given[-1], (life.answers, life.lines))

    def tries(self, calls):
        seen = set()
        for call in calls:
            # The handler of a signal writes to a pipe of its own, which is not full, nor on a disk.
            for error in call.errors() if (call.name, call.kind) != ("write", "pipe") else ():
                kind = (call.name, error, call.kind)
                if LONG or kind not in seen:
                    seen.add(kind)
                    yield call, error

    def test_one_call_fails(self):
        """each call fails once: it starts or says why not, answers or says why not, and goes on"""
        calls = self.live().run.calls
        self.assertGreater(len(calls), 150)
        tried = 0
        for call, error in self.tries(calls):
            before = self.hits()
            with self.about(call, error):
                life = self.live(*where(calls, call), *(("--short",) if error == "short" else ("--fail", error)))
                if life.answers:
                    self.assert_lived(life, call, error)
                    self.assert_goes_on(life, calls, call, error)
                else:
                    self.assert_not_started(life)
                self.assertLess(len(life.run.calls), 3 * len(calls), "it spins")
                self.assert_kept(life, before)
            tried += 1
        figures.add("a system call fails in the agent", "tests/crash/test_agent.py", injected=tried, survived=tried)

    def test_never_a_client(self):
        """no descriptor for a client, for as long as it lives: it does not spin, and it stops when told"""
        for error in ("EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "ECONNABORTED"):
            self.prepare()
            life = Life(self, "--call", "accept4", "--at", "1", "--all", "--fail", error)
            self.assertTrue(life.wait("listening at"))
            with wire.connect(life.socket):
                time.sleep(1)
                life.stop()
            self.assertEqual(life.run.code, 0, life.lines)
            if error != "ECONNABORTED":
                self.assertTrue(life.said("could not accept a client"), life.lines)
                self.assertLess(len(life.run.calls), 120, "it spins")

    def test_never_room(self):
        """a disk that stays full: clients get their tokens, that is said once, the old refresh token is there"""
        for name in ("write", "fsync", "renameat"):
            self.prepare()
            life = Life(self, "--call", name, "--path", str(self.state), "--at", "1", "--all", "--fail", "ENOSPC")
            self.assertTrue(life.wait("listening at"))
            first, forced, second = life.ask(), life.ask(wire.REFRESH), life.ask()
            life.stop()
            self.assertEqual([answer["kind"] for answer in (first, forced, second)], ["answer"] * 3, life.answers)
            self.assertGreater(number_of(second["token"]), number_of(first["token"]))
            self.assertEqual(sum("could not be kept" in line for line in life.lines), 1, life.lines)
            self.assertEqual(self.kept(), OLD)

    def test_never_poll(self):
        """a poll that fails on and on: it ends, with a sentence, and not at once"""
        self.prepare()
        life = Life(self, "--call", "poll", "--at", "1", "--all", "--fail", "ENOMEM")
        self.assertTrue(life.wait("polling failed"))
        life.stop()
        self.assertEqual(life.run.code, 71, life.lines)
        self.assertEqual(self.kept(), OLD)


if __name__ == "__main__":
    sys.exit(crash_case.main())
