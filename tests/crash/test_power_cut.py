"""The power is cut during a write of the state: only what was synced is there, and the tokens are."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_case  # noqa: E402
import power  # noqa: E402
from crash_case import CrashCase, figures  # noqa: E402

crash_case.need_inject()
OLD, NEW = ("0.AXoA-" + name + "-" + "r" * 80 for name in ("old", "new"))


class PowerCut(CrashCase):
    def record(self, before, *verb):
        """The calls of the work, and the number of calls after which it had said that it was done."""
        self.put(before)
        run = self.inject(self.driver(*verb), "--data", begin=self.state)
        calls = run.calls
        self.put(before)
        unlocking = [call.number for call in calls if call.name == "close" and call.path.endswith(".lock")]
        self.assertEqual(len(unlocking), 1)
        return calls, unlocking[0] - 1

    def found(self, calls, drop=lambda call: False):
        """(number, token that is read, state) of each state of the disk; what cannot be read is "unreadable"."""
        disk = power.Disk([self.state], drop)
        for number, state in list(power.states_after_each(calls, disk)):
            power.put(state, lambda name: 0o600)
            read = self.plain("read").step("read")
            yield number, None if read[0] == "absent" else read[1] if read[0] == "ok" else "unreadable", state

    def count(self, tried):
        self.assertGreater(tried, 20)
        figures.add("power cut during a state write", "tests/crash/test_power_cut.py", injected=tried, survived=tried)

    def test_write(self):
        """over a refresh token: the old one or the new one, the new one once the write has ended"""
        calls, done = self.record(OLD, "write", NEW)
        tried, seen = 0, set()
        for number, token, state in self.found(calls):
            self.assertIn(token, (NEW,) if number >= done else (OLD, NEW), f"after {number} calls: {state}")
            tried += 1
            seen.add(token)
        self.assertEqual(seen, {OLD, NEW})
        self.count(tried)

    def test_first_write(self):
        """the first one: none or the new one"""
        calls, done = self.record(None, "write", NEW)
        tried = 0
        for number, token, state in self.found(calls):
            self.assertIn(token, (NEW,) if number >= done else (None, NEW), f"after {number} calls: {state}")
            tried += 1
        self.count(tried)

    def test_remove(self):
        """logging out: the old one or none, none once that has ended"""
        calls, done = self.record(OLD, "remove")
        for number, token, state in self.found(calls):
            self.assertIn(token, (None,) if number >= done else (OLD, None), f"after {number} calls: {state}")

    def test_leftovers(self):
        """what a crash before has left stays out of the way"""
        calls, done = self.record(OLD, "write", NEW)
        torn = [state for number, token, state in self.found(calls[:done - 3]) if any(
            name.startswith(".") for name in state[str(self.state)])]
        self.assertGreater(len(torn), 5)
        for state in torn:
            power.put(state, lambda name: 0o600)
            self.assertIn(self.kept_before(NEW), (OLD, NEW))

    def lost(self, drop):
        """How many states of a disk that ignores some call have neither token, or the old one at the end."""
        calls, done = self.record(OLD, "write", NEW)
        bad = 0
        for number, token, _ in self.found(calls, drop):
            bad += token not in ((NEW,) if number >= done else (OLD, NEW))
        return bad

    def test_can_fail(self):
        """a disk that ignores the sync of the file, or of the directory, is found out"""
        self.assertGreater(self.lost(lambda call: call.name == "fsync" and call.path != str(self.state)), 0)
        self.assertGreater(self.lost(lambda call: call.name == "fsync" and call.path == str(self.state)), 0)
        self.assertEqual(self.lost(lambda call: False), 0)


if __name__ == "__main__":
    sys.exit(crash_case.main())
