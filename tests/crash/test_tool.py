"""sasl-entra is killed at its system calls, or the power is cut: sign-ins and certificates are the old or the new ones."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_case  # noqa: E402
import power  # noqa: E402
from crash_case import LONG, PERSON, TOOL, CrashCase, environment, figures  # noqa: E402

crash_case.need_inject()
OLD, NEW, NEXT = ("0.AXoA-" + name + "-" + "r" * 80 for name in ("old", "new", "next"))
CHANGING = ("write", "renameat", "linkat", "unlinkat", "fchmod", "fchown")


def worth_dying_at(calls):
    """Before each call that changes something, and at the end: between them nothing can differ."""
    if LONG:
        return calls
    return [call for call in calls if call.name in CHANGING or call is calls[-1] or
            (call.name == "openat" and call.flags & os.O_CREAT)]


class ToolCase(CrashCase):
    def tool(self, *arguments, code=0, stdin=""):
        result = subprocess.run((TOOL, "--config", str(self.config), *arguments), input=stdin, capture_output=True,
                                text=True, timeout=60, check=False, env=environment())
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def killed(self, arguments, call, begin, stdin=""):
        return self.inject((TOOL, "--config", str(self.config), *arguments), "--at", str(call.number), "--kill",
                           begin=begin, stdin=stdin)

    def calls(self, arguments, begin, stdin="", data=False):
        run = self.inject((TOOL, "--config", str(self.config), *arguments), *(["--data"] if data else []),
                          begin=begin, stdin=stdin)
        self.assertEqual(run.code, 0, run.err)
        return run.calls

    def count(self, tried):
        self.assertGreater(tried, 2)
        figures.add("killed at a system call of the tool", "tests/crash/test_tool.py", injected=tried, survived=tried)


class SignIn(ToolCase):
    def each(self, arguments, stdin=""):
        self.put(OLD)
        calls = worth_dying_at(self.calls(arguments, self.state, stdin))
        for call in calls:
            self.put(OLD)
            with self.about(call, "killed"):
                self.assertEqual(self.killed(arguments, call, self.state, stdin).code, -9)
                yield call
        self.count(len(calls))

    def test_import(self):
        """import token: the old sign-in or the new one, and the next import works"""
        seen = set()
        for _ in self.each(("import", "token", PERSON), NEW):
            seen.add(self.kept())
            self.assertIn(self.kept(), (OLD, NEW))
            self.tool("import", "token", PERSON, stdin=NEXT)
            self.assertEqual((self.kept(), self.leftovers()), (NEXT, []))
        self.assertEqual(seen, {OLD, NEW})

    def test_logout(self):
        """logout: the old sign-in or none, and the next logout leaves nothing"""
        for _ in self.each(("logout", "--yes", PERSON)):
            self.assertIn(self.kept(), (OLD, None))
            self.tool("logout", "--yes", PERSON)
            self.assertIsNone(self.kept())
            self.assertEqual([path.suffix for path in self.state.iterdir()], [".lock"])


class Certificate(ToolCase):
    """Key and certificate in one file, and in two directories."""

    def setUp(self):
        super().setUp()
        self.places = {name: self.place / name for name in ("one", "certs", "keys")}
        for path in self.places.values():
            path.mkdir(mode=0o755)
        account = ("tenant = contoso.com\nclient_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
                   "credential = certificate\n")
        self.config.write_text(
            self.config.read_text(encoding="utf-8") +
            f"\n[account one]\nmatch = one@contoso.com\n{account}certificate = {self.places['one']}/relay.pem\n"
            f"\n[account two]\nmatch = two@contoso.com\n{account}certificate = {self.places['certs']}/relay.crt\n"
            f"private_key = {self.places['keys']}/relay.key\n", encoding="utf-8")

    def certificate(self, action, label, **named):
        return json.loads(self.tool("certificate", action, label, "--json", **named).stdout)["thumbprint"]

    def active(self, label):
        """The certificate in use, which belongs to the key in use: else the check says so."""
        found = json.loads(self.tool("check", "--json").stdout)
        self.assertEqual(found["errors"], 0, found)
        return {account["label"]: account for account in found["accounts"]}[label]["certificate"]["thumbprint"]

    def begin(self, label):
        return self.places["one" if label == "one" else "certs"]

    def used(self, label):
        return [self.places["one"]] if label == "one" else [self.places["certs"], self.places["keys"]]

    def save(self, label):
        shutil.rmtree(self.place / "saved", ignore_errors=True)
        for path in self.used(label):
            shutil.copytree(path, self.place / "saved" / path.name)

    def restore(self, label):
        for path in self.used(label):
            for file in path.iterdir():
                file.unlink()
            for file in (self.place / "saved" / path.name).iterdir():
                shutil.copy2(file, path / file.name)

    def prepare(self, label):
        """A certificate in use, and a next one."""
        self.certificate("new", label)
        first = self.certificate("activate", label)
        return first, self.certificate("new", label)

    def hidden(self, label):
        return [file.name for path in self.used(label) for file in path.iterdir() if file.name.startswith(".")]

    def each(self, label, action):
        self.save(label)
        calls = worth_dying_at(self.calls(("certificate", action, label), self.begin(label)))
        for call in calls:
            self.restore(label)
            with self.about(call, "killed"):
                self.assertEqual(self.killed(("certificate", action, label), call, self.begin(label)).code, -9)
                yield call
        self.count(len(calls))

    def activate(self, label):
        first, second = self.prepare(label)
        self.assertEqual(self.active(label), first)
        seen = set()
        for _ in self.each(label, "activate"):
            found = self.active(label)
            seen.add(found)
            self.assertIn(found, (first, second))
            if (self.begin(label) / ("relay.pem.new" if label == "one" else "relay.crt.new")).exists():
                self.assertEqual(self.certificate("activate", label), second)
            self.assertEqual(self.certificate("rollback", label), first)
            self.assertEqual(self.certificate("rollback", label), second)
        self.assertEqual(seen, {first, second})

    def rollback(self, label):
        first, second = self.prepare(label)
        self.certificate("activate", label)
        seen = set()
        for _ in self.each(label, "rollback"):
            seen.add(self.active(label))
            found = self.certificate("rollback", label)
            self.assertIn(found, (first, second))
            # The other one has not been lost, neither its certificate nor its key, and nothing else lies about.
            self.assertEqual({found, self.certificate("rollback", label)}, {first, second})
            self.assertEqual(self.hidden(label), [])
        self.assertEqual(seen, {first, second})

    def test_activate_one(self):
        """activate, one file: the pair in use is the old or the new one; again, and it is the new one"""
        self.both_have_one()
        self.activate("one")

    def test_activate_two(self):
        """activate, two directories: the same"""
        self.both_have_one()
        self.activate("two")

    def test_rollback_one(self):
        """rollback, one file: again, and it is at its end; neither certificate is lost"""
        self.both_have_one()
        self.rollback("one")

    def test_rollback_two(self):
        """rollback, two directories: the same"""
        self.both_have_one()
        self.rollback("two")

    def both_have_one(self):
        """So that the check of all accounts is about the one that is tried."""
        for label in ("one", "two"):
            self.certificate("new", label)
            self.certificate("activate", label)

    def cut(self, label, action, thumbprints):
        """All that a power cut may leave of the work: the pair in use is always one."""
        self.save(label)
        calls = self.calls(("certificate", action, label), self.begin(label), data=True)
        self.restore(label)
        disk, tried, seen = power.Disk(self.used(label)), 0, []
        for number, state in list(power.states_after_each(calls, disk)):
            if state in seen:
                continue
            seen.append(state)
            power.put(state, lambda name: 0o600)
            with self.about(f"after {number} calls"):
                self.assertIn(self.active(label), thumbprints)
            tried += 1
        self.assertGreater(tried, 3)
        figures.add("power cut during a change of a certificate", "tests/crash/test_tool.py", injected=tried,
                    survived=tried)

    def test_power_cut(self):
        """a power cut during activate and rollback leaves a pair, however the directories reach the disk"""
        self.both_have_one()
        for label in ("one", "two"):
            pair = self.prepare(label)
            self.cut(label, "activate", pair)
            self.restore(label)
            self.certificate("activate", label)
            self.cut(label, "rollback", pair)
            self.restore(label)


class Setup(ToolCase):
    """A secret or a certificate beside the configuration."""

    def setup_(self, *arguments):
        return ("setup", "--non-interactive", "--no-doctor", "--json", "--label", "new", "--match", "*@contoso.com",
                "--tenant", "contoso.com", "--client-id", "00001111-aaaa-2222-bbbb-3333cccc4444", "--authority",
                "https://127.0.0.1:9", "--cloud", "global", *arguments)

    def clear(self, before):
        for file in self.place.iterdir():
            if file.is_file() and file.name != "calls":
                file.unlink()
        self.config.write_text(before, encoding="utf-8")

    def shortest(self, before, arguments, stdin):
        """The calls of one run. A run waits once more or less for a child of its own, as that comes to be scheduled."""
        runs = []
        for _ in range(5):
            self.clear(before)
            runs.append(self.calls(arguments, self.place, stdin))
        return min(runs, key=len)

    def die(self, before, arguments, call, stdin):
        """For the same reason one may be at its end before that call: then it begins again."""
        for _ in range(10):
            self.clear(before)
            code = self.killed(arguments, call, self.place, stdin).code
            if code != 0:
                break
        self.assertEqual(code, -9)

    def each(self, arguments, stdin=""):
        before = self.config.read_text(encoding="utf-8")
        calls = worth_dying_at(self.shortest(before, arguments, stdin))
        after = self.config.read_text(encoding="utf-8")
        self.assertTrue(after.startswith(before))
        seen = set()
        for call in calls:
            with self.about(call, "killed"):
                self.die(before, arguments, call, stdin)
                found = self.config.read_text(encoding="utf-8")
                self.assertIn(found, (before, after))
                seen.add(found)
                self.tool(*arguments, stdin=stdin)
                self.assertEqual(self.config.read_text(encoding="utf-8"), after)
                self.assertEqual(json.loads(self.tool("check", "--json").stdout)["errors"], 0)
                self.assertEqual([path for path in self.place.iterdir() if path.name.startswith(".")], [])
                self.assertFalse(json.loads(self.tool(*arguments, stdin=stdin).stdout)["changed"])
        self.assertEqual(seen, {before, after})
        self.count(len(calls))

    def test_secret(self):
        """setup with a secret: the configuration is the old or the new one; again, and all is there"""
        self.each(self.setup_("--credential", "secret", "--secret-stdin"), "the-secret")

    def with_secret(self):
        """An account with a secret, and the setup that gives it another app and another secret."""
        secret = ("--credential", "secret", "--secret-stdin")
        self.tool(*self.setup_(*secret), stdin="the-old-secret")
        before = self.config.read_text(encoding="utf-8")
        other = list(self.setup_(*secret))
        at = other.index("--client-id") + 1
        head, _, tail = before.rpartition(other[at])
        other[at] = "55556666-dddd-7777-eeee-8888ffff9999"
        return before, head + other[at] + tail, other

    def put_secret(self, before):
        self.clear(before)
        (self.place / "new.secret").write_text("the-old-secret\n", encoding="utf-8")
        (self.place / "new.secret").chmod(0o600)

    def secrets(self):
        """What is in the account's file, and in the copy that is kept while both files change."""
        copy = self.place / ".new.secret.before"
        self.assertEqual([path.stat().st_mode & 0o777 for path in self.place.glob("*secret*")],
                         [0o600] * len(list(self.place.glob("*secret*"))))
        return ((self.place / "new.secret").read_text(encoding="utf-8").strip(),
                copy.read_text(encoding="utf-8").strip() if copy.exists() else None)

    def calls_with_secret(self, before, other):
        self.put_secret(before)
        return self.calls(other, self.place, "the-secret")

    def test_other_secret(self):
        """killed: the old secret is lost only where the configuration is the new one; again, and no copy is left"""
        before, after, other = self.with_secret()
        calls = worth_dying_at(self.calls_with_secret(before, other))
        self.assertEqual(self.config.read_text(encoding="utf-8"), after)
        seen = set()
        for call in calls:
            self.put_secret(before)
            with self.about(call, "killed"):
                if self.killed(other, call, self.place, "the-secret").code == 0:
                    continue  # a child that was waited for once less
                found = (self.config.read_text(encoding="utf-8") == after, *self.secrets())
                seen.add(found)
                self.assertIn(found, ((False, "the-old-secret", None), (False, "the-old-secret", "the-old-secret"),
                                      (False, "the-secret", "the-old-secret"), (True, "the-secret", "the-old-secret"),
                                      (True, "the-secret", None)))
                self.tool(*other, stdin="the-secret")
                self.assertEqual((self.config.read_text(encoding="utf-8"), *self.secrets()),
                                 (after, "the-secret", None))
                self.assertEqual([path for path in self.place.iterdir() if path.name.startswith(".")], [])
        self.assertGreaterEqual(len(seen), 4)  # where a call moved by one, one of them may be passed over
        self.count(len(calls))

    def test_other_secret_fails(self):
        """each call fails once: both files are what they were, or both new; a copy that stays is said"""
        before, after, other = self.with_secret()
        tried = 0
        for call in self.calls_with_secret(before, other):
            if call.name not in (*CHANGING, "fsync") or not call.path.startswith(str(self.place)):
                continue
            self.put_secret(before)
            with self.about(call, "fails"):
                run = self.inject((TOOL, "--config", str(self.config), *other), "--at", str(call.number), "--fail",
                                  "EIO", begin=self.place, stdin="the-secret")
                now, copy = self.secrets()
                self.assertEqual((self.config.read_text(encoding="utf-8"), now),
                                 (before, "the-old-secret") if run.code and copy is None else (after, "the-secret"))
                if copy is not None:
                    self.assertEqual(copy, "the-old-secret")
                    self.assertIn(f"The secret before is {self.place}/.new.secret.before.", run.err)
                tried += 1
        self.count(tried)

    def test_certificate(self):
        """setup with a certificate: the same"""
        self.each(self.setup_())


if __name__ == "__main__":
    sys.exit(crash_case.main())
