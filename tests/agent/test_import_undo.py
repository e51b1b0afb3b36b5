"""sasl-entra import sasl-xoauth2 --undo after several imports: each takes back its own, and nothing is lost."""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from import_case import ANNA, BOB, CARL, PUBLIC, ImportCase  # noqa: E402

RELAY = ("\n[account relay]\nmatch = relay@contoso.com\ntenant = contoso.onmicrosoft.com\n"
         "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\ncredential = none\n")


class UndoCase(ImportCase):
    def setUp(self):
        super().setUp()
        self.journal = self.etc / "sasl-xoauth2-import"
        self.token_file(CARL)

    def take(self, *logins, **named):
        """Imports token files, without Postfix."""
        return self.tool("--conf", str(self.conf), "--apply", *(f"{self.tokens}/{login}" for login in logins), **named)

    def sign_in(self, login=ANNA):
        """A new sign-in; its refresh token."""
        token = self.tenant.control("mint_refresh_token", {
            "client_id": PUBLIC, "upn": login, "scope": "https://outlook.office.com/SMTP.Send offline_access"})[
                "refresh_token"]
        self.secrets.append(token)
        self.tool(login, what="token", stdin=token)
        return token

    def kept(self, login=ANNA):
        """The state that is kept of a sign-in; None: none is."""
        states = [json.loads(path.read_text()) for path in (self.place / "state").glob("*.json")]
        return next((state for state in states if state["key"]["identity"] == login), None)

    def edit(self, text="# a word of mine\n"):
        self.config.write_text(self.config.read_text() + text)

    def outside(self):
        """All but the journal."""
        return {path: entry for path, entry in self.all_places().items() if str(self.journal) not in path}


class Interrupted(UndoCase):
    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_second(self):
        """a second import that is killed, anywhere: --undo takes back that one, and what a person did since the first stays"""
        before = self.outside()
        self.take(ANNA)
        self.edit(RELAY)
        self.sign_in()
        between, copies = self.outside(), sorted(self.journal.iterdir())
        for call in range(1, 60):
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
        self.tool("--undo", "--replace")
        self.assertEqual(self.outside(), before)

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_undo(self):
        """an --undo that is killed, anywhere: the next one brings it to its end"""
        before = self.all_places()
        for call in range(1, 60):
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


if __name__ == "__main__":
    sys.exit(agent_case.main())
