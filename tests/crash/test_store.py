"""The store: each system call of its work fails once, and each is the last one of a process."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_case  # noqa: E402
from crash_case import CrashCase, figures  # noqa: E402

crash_case.need_inject()
OLD, NEW, NEXT = ("0.AXoA-" + name + "-" + "r" * 80 for name in ("old", "new", "next"))


class Failing(CrashCase):
    """No crash, no leak, the right class and a sentence, and the state is the old one or the new one, whole."""

    def each(self, before, *verb):
        """Yields (call, error, run) for each call of the driver's work and each way in which it can fail."""
        self.put(before)
        calls = self.inject(self.driver(*verb), begin=self.state).calls
        self.assertGreater(len(calls), 5)
        tried = 0
        for call in calls:
            for error in call.errors():
                self.put(before)
                wanted = ("--short",) if error == "short" else ("--fail", error)
                with self.about(call, error):
                    run = self.inject(self.driver(*verb), "--at", str(call.number), *wanted, begin=self.state)
                    self.assertEqual((run.code, run.err), (0, ""))
                    self.assertEqual([c.name for c in run.calls[:call.number]],
                                     [c.name for c in calls[:call.number]])
                    yield call, error, run
                tried += 1
        figures.add("a system call fails in the store", "tests/crash/test_store.py", injected=tried, survived=tried)

    def assert_steps(self, run, error):
        for step, found, text in run.said:
            # That there is nothing, or that somebody has the lock, needs no sentence.
            if found in ("ok", "absent") or (step, error) == ("lock", "EINTR"):
                continue
            self.assert_class(found, error)
            self.assert_sentence(text, error)

    @staticmethod
    def was_written(run):
        written = run.step("write")
        return written is not None and (written[0] == "ok" or "new content is in place" in written[1])

    def test_write(self):
        """writing over a refresh token: after a failure the old one is there, after none the new one"""
        for call, error, run in self.each(OLD, "write", NEW):
            self.assert_steps(run, error)
            if call.name in ("write", "fsync", "pread64", "renameat") and error not in ("EINTR", "short"):
                self.assertIn(run.step("write")[0], ("again", "config"), "the failure was not said")
            self.assertEqual(self.kept_before(NEXT), NEW if self.was_written(run) else OLD)

    def test_first_write(self):
        """the first token of a key: it is there when the write says so, and nothing half is"""
        for _, error, run in self.each(None, "write", NEW):
            self.assert_steps(run, error)
            self.assertEqual(self.kept_before(NEXT), NEW if self.was_written(run) else None)

    def test_interrupted(self):
        """a signal in any call of a write: it is as if there had been none"""
        self.put(OLD)
        for call in self.inject(self.driver("write", NEW), begin=self.state).calls:
            if "EINTR" not in call.errors() or call.name == "flock":
                continue
            self.put(OLD)
            with self.about(call, "EINTR"):
                run = self.inject(self.driver("write", NEW), "--at", str(call.number), "--fail", "EINTR",
                                  begin=self.state)
                self.assertEqual((run.step("write"), self.kept()), (("ok", NEW), NEW))

    def test_remove(self):
        """logging out: what was said to be gone is gone"""
        for _, error, run in self.each(OLD, "remove"):
            self.assert_steps(run, error)
            removed = run.step("remove")
            if removed and removed[0] == "ok":
                self.assertIsNone(self.kept())
            elif not removed or "may not last" not in removed[1]:
                self.assertEqual(self.kept(), OLD)

    def test_read(self):
        """reading and listing: a failure is said, never taken for a state that is not there"""
        for call, error, run in self.each(OLD, "read"):
            self.assert_steps(run, error)
            if run.step("read"):
                self.assertNotEqual(run.step("read")[0], "absent")
            self.assertEqual(self.kept(), OLD)
        for call, error, run in self.each(OLD, "list"):
            self.assert_steps(run, error)
            self.assertEqual(self.kept(), OLD)

    def test_full_disk(self):
        """a disk that is full from some write on, and stays so: the old token stays, and the next write works"""
        for call in ("write", "fsync", "openat"):
            for number in range(1, 3):
                self.put(OLD)
                run = self.inject(self.driver("write", NEW), "--call", call, "--path", "json", "--at", str(number),
                                  "--all", "--fail", "ENOSPC", begin=self.state)
                written = run.step("write")
                if written is None or written[0] == "ok":
                    continue
                self.assertEqual(written[0], "again")
                self.assertIn("No space left on device", written[1])
                if "cannot be opened" not in written[1]:  # to look at what is there: no full disk says that
                    self.assertIn("make room on that file system", written[1])
                self.assertEqual(self.kept(), OLD)
        self.assertEqual(self.plain("write", NEXT).step("write")[0], "ok")
        self.assertEqual((self.kept(), self.leftovers()), (NEXT, []))


class Sealed(Failing):
    """The same where state files are sealed: the key may fail to be read as well."""

    test_first_write = test_interrupted = test_remove = test_full_disk = None

    def setUp(self):
        super().setUp()
        key = self.place / "state.key"
        key.write_text("5e" * 32 + "\n", encoding="ascii")
        key.chmod(0o600)
        self.config = self.write_config(ca=f"state_key_file = {key}\n")

    def put(self, token):
        super().put(token)
        for path in self.state.glob("*.json"):
            self.assertNotIn(OLD, path.read_text(encoding="utf-8"))


class Killed(CrashCase):
    """A process that is killed before its N-th system call, for each N: which is after the one before it, too."""

    def each(self, before, *verb):
        self.put(before)
        calls = self.inject(self.driver(*verb), begin=self.state).calls
        for call in calls:
            self.put(before)
            with self.about(call, "killed"):
                run = self.inject(self.driver(*verb), "--at", str(call.number), "--kill", begin=self.state)
                self.assertEqual(run.code, -9)
                yield call, run
        figures.add("killed at a system call of a state write", "tests/crash/test_store.py", injected=len(calls),
                    survived=len(calls))

    def test_write(self):
        """a write over a refresh token: the old one or the new one, the new one once that was said"""
        seen = set()
        for _, run in self.each(OLD, "write", NEW):
            kept = self.kept_before(NEXT)
            seen.add(kept)
            self.assertIn(kept, (NEW,) if run.step("write") else (OLD, NEW))
        self.assertEqual(seen, {OLD, NEW})

    def test_first_write(self):
        """the first one: none or the new one"""
        for _, run in self.each(None, "write", NEW):
            self.assertIn(self.kept_before(NEXT), (NEW,) if run.step("write") else (None, NEW))

    def test_remove(self):
        """logging out: the old one or none, and logging out again leaves nothing"""
        for _, run in self.each(OLD, "remove"):
            self.assertIn(self.kept(), (None,) if run.step("remove") else (OLD, None))
            self.assertIn(self.plain("remove").step("remove")[0], ("ok", "absent"))
            self.assertIsNone(self.kept())
            self.assertEqual([path.suffix for path in self.state.iterdir()], [".lock"])

    def test_killed_again(self):
        """what a killed write left does not stay for ever: the next one sweeps it, killed or not"""
        for call, _ in self.each(OLD, "write", NEW):
            self.inject(self.driver("write", NEXT), "--at", str(call.number), "--kill", begin=self.state)
            self.assertIn(self.kept(), (OLD, NEW, NEXT))
            self.plain("remove")
            self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    sys.exit(crash_case.main())
