"""The engine fetches for a person whose refresh token is replaced each time, while one system call fails: the token
that the endpoint gave is used and kept, or the old one still is there."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_case  # noqa: E402
from crash_case import LONG, OLD, EndpointCase, figures, number_of, tap, where  # noqa: E402

tap.need("cryptography")
crash_case.need_inject()


class Engine(EndpointCase):
    def ask(self, *wanted):
        return self.inject(self.driver("ask", "2"), *wanted, begin=self.config)

    def tries(self, calls):
        """(call, error) of all; but for what is no file of ours, in the short form, once a kind of call."""
        seen = set()
        for call in calls:
            ours = call.path.startswith(str(self.state)) or call.path == str(self.config)
            for error in call.errors():
                kind = (call.name, error, None if ours or call.path[:1] == "/" else call.path.split(":")[0])
                if LONG or ours or kind not in seen:
                    seen.add(kind)
                    yield call, error

    def assert_kept(self, run, handed_out):
        """Whose access token was given out, his refresh token is kept; else the old one, or one on its way to us."""
        given = [number_of(text) for step, found, text in run.said if (step, found) == ("ask", "ok")]
        kept = number_of(self.kept_before(OLD))
        if given:
            self.assertEqual(kept, given[-1], run.out)
        else:
            self.assertIn(kept, (0, *handed_out), run.out)
            self.assertTrue(run.step("ask") or run.step("load"), run.out)

    def assert_answers(self, run, error):
        for step, found, text in run.said:
            if found != "ok" and step in ("ask", "load"):
                self.assert_sentence(text, error)
                self.assertNotIn(found, ("internal", "sign in", "no account"), text)
                if error not in crash_case.OPERATOR_MUST_ACT:
                    self.assertIn(found, ("again", "memory"), text)

    def test_one_call_fails(self):
        """each call fails once: a token or a sentence, no refresh token lost, and the second ask is answered"""
        self.put(OLD)
        calls = self.ask().calls
        self.assertGreater(len(calls), 60)
        tried, last = 0, int(number_of(self.plain("read").step("read")[1]))
        for call, error in self.tries(calls):
            self.put(OLD)
            with self.about(call, error):
                run = self.ask(*where(calls, call), *(("--short",) if error == "short" else ("--fail", error)))
                self.assertEqual((run.code, run.err), (0, ""))
                self.assert_answers(run, error)
                hits = self.hits()
                self.assert_kept(run, range(last + 1, hits + 1))
                self.assert_goes_on(run, error)
                last = hits
            tried += 1
        figures.add("a system call fails in the engine", "tests/crash/test_engine.py", injected=tried, survived=tried)

    def assert_goes_on(self, run, error):
        """When the failure is over: a token, unless the endpoint is not to be asked again so soon, or an operator
        has to change something, and to say that he has."""
        if error not in crash_case.OPERATOR_MUST_ACT and run.step("ask") and run.step("ask")[0] != "ok":
            self.assertIn("remembered", run.step("ask")[1])

    def test_never_room(self):
        """a disk that stays full: tokens are used all the same, that is said once, the old refresh token stays"""
        for call in ("write", "fsync", "renameat"):
            self.put(OLD)
            run = self.ask("--call", call, "--path", str(self.state), "--at", "1", "--all", "--fail", "ENOSPC")
            self.assertEqual([found for step, found, _ in run.said if step == "ask"], ["ok", "ok"])
            warnings = [text for step, _, text in run.said if step == "warning"]
            self.assertEqual(len(warnings), 1, run.out)
            self.assertIn("could not be kept, and lives in memory until that works", warnings[0])
            # The rename itself may have failed only in being made sure.
            self.assertEqual(self.kept(), OLD)

    def test_killed(self):
        """killed at each call: the old refresh token, or the one that the endpoint gave"""
        def ours(call):
            return call.path.startswith(str(self.state))

        self.put(OLD)
        calls = self.ask().calls
        chosen = [call for call in calls if LONG or ours(call)]
        for call in chosen:
            self.put(OLD)
            before = self.hits()
            with self.about(call, "killed"):
                # Of the network there may be fewer this time.
                self.assertIn(self.ask(*where(calls, call), "--kill").code, (-9,) if ours(call) else (-9, 0))
                self.assertIn(number_of(self.kept_before(OLD)),
                              (0, *range(before + 1, self.hits() + 1)))
        figures.add("killed at a system call of a state write", "tests/crash/test_engine.py", injected=len(chosen),
                    survived=len(chosen))


if __name__ == "__main__":
    sys.exit(crash_case.main())
