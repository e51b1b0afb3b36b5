"""sasl-entra import sasl-xoauth2 --undo after several imports: each takes back its own, and nothing is lost."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import TOOL, USER, run  # noqa: E402
from import_case import ANNA, BOB, CARL, PUBLIC, ImportCase  # noqa: E402

RELAY = ("\n[account relay]\nmatch = relay@contoso.com\ntenant = contoso.onmicrosoft.com\n"
         "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\ncredential = none\n")
SECTION = (f"\n[account mine]\nmatch = {ANNA}\nidentity = {ANNA}\ntenant = contoso.onmicrosoft.com\n"
           f"client_id = {PUBLIC}\nservices = smtp\nauthority = {{authority}}\nca_file = {{ca}}\n")

LONG = os.environ.get("SE_LONG") == "1"
CALLS = range(1, 60, 1 if LONG else 4)  # at which the tool is killed


class UndoCase(ImportCase):
    def setUp(self):
        super().setUp()
        self.journal = self.etc / "sasl-xoauth2-import"
        self.token_file(CARL)

    def take(self, login, *options, **named):
        """Imports a token file, without Postfix."""
        return self.tool("--conf", str(self.conf), "--apply", *options, f"{self.tokens}/{login}", **named)

    def sign_in(self, login=ANNA):
        """A new sign-in; its refresh token."""
        token = self.tenant.control("mint_refresh_token", {
            "client_id": PUBLIC, "upn": login, "scope": "https://outlook.office.com/SMTP.Send offline_access"})[
                "refresh_token"]
        self.secrets.append(token)
        self.tool(login, what="token", stdin=token)
        return token

    def kept(self, login=ANNA):
        """The refresh token that is kept."""
        return json.loads(self.state_file(login).read_text())["refresh_token"]

    def state_file(self, login=ANNA):
        return next(path for path in (self.place / "state").glob("*.json")
                    if json.loads(path.read_text())["key"]["identity"] == login)

    def edit(self, text="# a word of mine\n"):
        self.config.write_text(self.config.read_text() + text)

    def outside(self):
        """All but the journal."""
        return {path: entry for path, entry in self.all_places().items() if str(self.journal) not in path}


class Interrupted(UndoCase):
    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_second(self):
        """a second import, killed anywhere: --undo takes back that one; what a person did since the first stays"""
        before = self.outside()
        self.take(ANNA)
        self.edit(RELAY)
        self.sign_in()
        between, copies = self.outside(), sorted(self.journal.iterdir())
        for call in CALLS:
            self.assertIn(self.killed(call, "--apply", f"{self.tokens}/{BOB}").returncode, (0, -9))
            if json.loads((self.journal / "journal.json").read_text())["finished"]:
                if self.outside() == between:  # it was not begun
                    continue
                break
            self.assertIn("what was imported before it stays", self.tool("--undo").stderr)
            self.assertEqual(self.outside(), between, call)
            self.assertEqual(sorted(self.journal.iterdir()), copies)
            self.assertIn(str(self.config), self.tool("--undo", code=1).stderr)
            self.assertEqual(self.outside(), between, call)
        self.assertGreater(call, 5)
        kept = self.state_file()
        self.assertIn(f"{ANNA}: somebody has signed in since", self.tool("--undo", "--replace").stderr)
        self.assertEqual(self.outside(), {**before, str(kept): between[str(kept)]})

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_undo(self):
        """an --undo that is killed, anywhere: the next one brings it to its end"""
        before = self.all_places()
        for call in CALLS:
            self.take(ANNA)
            self.take(BOB)
            killed = self.killed(call, "--undo")
            self.assertIn(killed.returncode, (0, -9))
            if killed.returncode != 0 and self.journal.exists():
                self.tool("--undo", code=(0, 1))  # 1: only the last removal was not done
            self.assertEqual(self.all_places(), before, call)
            if killed.returncode == 0:
                break
        self.assertGreater(call, 5)

    def test_damaged(self):
        """a journal whose start is not in it: said, at once"""
        self.take(ANNA)
        path = self.journal / "journal.json"
        whole = json.loads(path.read_text())
        for start in (-1, whole["count"] + 1, 2**62):
            path.write_text(json.dumps({**whole, "start": start, "finished": 0}))
            self.assertIn("is damaged", self.tool("--undo", code=1).stderr)


class Edited(UndoCase):
    """What a person has changed is not put back over, until --replace."""

    def refused(self, sentence, path=None):
        before = self.all_places()
        error = self.tool("--undo", code=1).stderr
        self.assertIn(str(path or self.config), error)
        self.assertIn(sentence, error)
        self.assertEqual(self.all_places(), before)

    def test_before_second(self):
        """changed between two imports: refused, also when the second one has worked"""
        before = self.outside()
        self.take(ANNA)
        self.edit()
        self.take(CARL)
        self.refused("between two imports")
        self.tool("--undo", "--replace")
        self.assertEqual(self.outside(), before)

    def test_other_file(self):
        """changed before an import that is about other files: refused"""
        self.migrate("--apply")
        path = self.postfix / "sasl_passwd"
        path.write_text(path.read_text() + "# a word of mine\n")
        self.take(CARL)
        self.refused("since the import", path)

    def test_before_failure(self):
        """changed before an import that fails and takes itself back: refused"""
        self.take(ANNA)
        self.edit()
        (self.place / "state").rename(self.place / "away")
        self.assertIn("as it was before", self.take(CARL, code=1).stderr)
        (self.place / "away").rename(self.place / "state")
        self.refused("since the import")

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_before_interruption(self):
        """changed before an import that is interrupted and taken back: refused; not changed: all is taken back"""
        before = self.outside()
        for edited in (False, True):
            self.take(ANNA)
            if edited:
                self.edit()
            self.assertEqual(self.killed(5, "--apply", f"{self.tokens}/{CARL}").returncode, -9)
            self.tool("--undo")
            if edited:
                self.refused("since the import")
            else:
                self.tool("--undo")
                self.assertEqual(self.outside(), before)

    def test_not_edited(self):
        """two imports of which the first one's files are what it left: --undo takes back both"""
        before = self.all_places()
        self.take(ANNA)
        self.take(CARL)
        self.tool("--undo")
        self.assertEqual(self.all_places(), before)


class SignIns(UndoCase):
    """The import's own sign-in goes, renewed or not; another one stays."""

    def renew(self, login=ANNA):
        self.assertEqual(run(TOOL, "--config", str(self.config), "refresh", login).returncode, 0)

    def test_renewed(self):
        """renewed, its refresh token as well: it goes"""
        before = self.all_places()
        self.take(ANNA)
        first = self.kept()
        self.renew()
        self.assertNotEqual(self.kept(), first)
        self.tool("--undo")
        self.assertEqual(self.all_places(), before)

    def test_newer(self):
        """somebody has signed in since, in the same second, too, and it was renewed: it stays, and is said"""
        for renewed in (False, True):
            before = self.outside()
            self.take(ANNA)
            token = self.sign_in()
            if renewed:
                self.renew()
                token = self.kept()
            else:
                self.assertEqual(self.kept(), token)
            path = self.state_file()
            kept = self.outside()[str(path)]
            result = self.tool("--undo")
            self.assertIn(f"{ANNA}: somebody has signed in since the import; that sign-in stays, in {path}",
                          result.stderr)
            self.assertIn("Everything else is as it was", result.stderr)
            self.assertEqual(self.outside(), {**before, str(path): kept})
            path.unlink()

    def test_one_before(self):
        """one from before the import, which --replace has replaced: it is back, byte for byte"""
        self.take(ANNA)
        self.tool("--undo")
        self.edit(SECTION.format(authority=self.tenant.authority, ca=self.ca))
        self.sign_in()
        self.renew()
        before = self.outside()
        self.take(ANNA, "--replace")
        self.assertNotEqual(self.outside()[str(self.state_file())], before[str(self.state_file())])
        self.renew()
        self.assertNotIn("somebody", self.tool("--undo").stderr)
        self.assertEqual(self.outside(), before)
        self.take(ANNA, "--replace")
        self.assertEqual(run(TOOL, "--config", str(self.config), "logout", "--yes", ANNA).returncode, 0)
        self.tool("--undo")
        self.assertEqual(self.outside(), before)

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_killed(self):
        """an import that replaces one, killed anywhere, and one that comes back, killed anywhere: it is back"""
        self.edit(SECTION.format(authority=self.tenant.authority, ca=self.ca))
        self.sign_in()
        before = self.outside()
        for arguments in (("--apply", "--replace", f"{self.tokens}/{ANNA}"), ("--undo",)):
            for call in CALLS:
                if "--undo" in arguments:
                    self.take(ANNA, "--replace")
                code = self.killed(call, *arguments).returncode
                self.assertNotIn("somebody", self.tool("--undo", code=(0, 1)).stderr)
                self.assertEqual(self.outside(), before, (call, arguments))
                if code == 0:
                    break
            self.assertGreater(call, 4)

    def test_agent(self):
        """an agent that has renewed it: after the undo it has it no more, and does not write it again"""
        self.edit(SECTION.format(authority=self.tenant.authority, ca=self.ca))
        before = self.outside()
        self.take(ANNA)
        self.agent(config=self.config)
        self.assertEqual(wire.ask(self.socket, ANNA, server="smtp.office365.com")["kind"], "answer")
        self.tool("--undo")
        self.assertEqual(wire.ask(self.socket, ANNA, server="smtp.office365.com")["class"], "sign in")
        self.assertEqual(self.outside(), before)

    def test_between(self):
        """signed in between two imports that --replace: that one is back, and stays, and is said once"""
        self.take(ANNA)
        token = self.sign_in()
        self.take(ANNA, "--replace")
        self.assertNotEqual(self.kept(), token)
        self.assertEqual(self.tool("--undo").stderr.count("somebody has signed in"), 1)
        self.assertEqual(self.kept(), token)

    def test_damaged_state(self):
        """a state file that cannot be read: it stays, and is said; the rest is put back"""
        before = self.outside()
        self.take(ANNA)
        path = self.state_file()
        path.write_text("{")
        kept = self.outside()[str(path)]
        self.assertIn(f"{path} is damaged", self.tool("--undo").stderr)
        self.assertEqual(self.outside(), {**before, str(path): kept})

    def test_sealed(self):
        """sealed: the same"""
        key = self.write("state.key", "ab" * 32 + "\n", USER, 0o600)
        self.edit(f"state_key_file = {key}\n")
        before = self.outside()
        self.take(ANNA)
        self.assertIn("sealed", self.state_file().read_text())
        self.tool("--undo")
        self.assertEqual(self.outside(), before)
        self.take(ANNA)
        self.sign_in()
        path = self.state_file()
        kept = self.outside()[str(path)]
        self.assertIn(f"{ANNA}: somebody has signed in since", self.tool("--undo").stderr)
        self.assertEqual(self.outside(), {**before, str(path): kept})

    @contextlib.contextmanager
    def locked(self):
        with open(self.state_file().with_suffix(".lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock

    def test_lock(self):
        """while the agent renews it: --undo waits, and what the agent has written goes, too"""
        before = self.all_places()
        self.take(ANNA)
        path = self.state_file()
        command = (TOOL, "--config", str(self.config), "import", "sasl-xoauth2", "--undo")
        with self.locked() as lock, subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as undo:
            with self.assertRaises(subprocess.TimeoutExpired):
                undo.wait(1)
            state = json.loads(path.read_text())
            path.write_text(json.dumps({**state, "refresh_token": "1.rotated", "obtained": state["obtained"] + 9}))
            fcntl.flock(lock, fcntl.LOCK_UN)
            undo.communicate(timeout=20)
            self.assertEqual(undo.returncode, 0)
        self.assertEqual(self.all_places(), before)

    @unittest.skipUnless(LONG, "waits for 30 seconds; SE_LONG=1 does it")
    def test_lock_for_long(self):
        """somebody else has it all the time: said, and --undo goes on when it is free"""
        before = self.all_places()
        self.take(ANNA)
        path = self.state_file()
        with self.locked():
            self.assertRegex(self.tool("--undo", code=75).stderr, f"{path}: .*another process has had the lock")
            self.assertTrue(path.exists())
        self.tool("--undo")
        self.assertEqual(self.all_places(), before)

    @unittest.skipUnless(LONG, "waits 30 seconds as the one before; SE_LONG=1 does it")
    def test_kept_under_lock(self):
        """an import that cannot have the lock copies nothing, and takes back what it did"""
        self.take(ANNA)
        self.tool("--undo")
        before = self.all_places()
        lock = next((self.place / "state").glob("*.lock"))
        with open(lock, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.assertIn("as it was before", self.take(ANNA, code=75).stderr)
        self.assertEqual(self.all_places(), before)


if __name__ == "__main__":
    sys.exit(agent_case.main())
