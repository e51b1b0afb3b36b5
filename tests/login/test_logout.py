"""sasl-entra logout."""

import fcntl
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import login_case  # noqa: E402
import wire  # noqa: E402
from login_case import ANNA, TOOL, Login, LoginCase, Terminal, run  # noqa: E402


class Logout(LoginCase):
    def test_works(self):
        """the sign-in is gone, with what a crash left of it; the lock stays"""
        self.mint()
        self.token(ANNA)
        name = self.states()[0].name
        (self.place / "state" / f".{name}.0123456789abcdef").write_text("left")
        result = self.tool("logout", "scanner@contoso.com", "--yes")
        self.assertIn(f"{ANNA}: the sign-in is forgotten", result.stderr)
        self.assertIn("mysignins.microsoft.com", result.stderr)
        self.assertEqual([path.suffix for path in (self.place / "state").iterdir()], [".lock"])
        self.assertIn(f"sasl-entra login {ANNA}", self.token(ANNA, code=1).stderr)

    def test_json(self):
        """--json: changed, and unchanged where nothing was kept"""
        self.mint()
        for changed in (True, False):
            result = self.tool("logout", ANNA, "--yes", "--json")
            self.assertEqual(json.loads(result.stdout), {"changed": changed, "accounts": ["anna", "scanner"]})

    def test_app(self):
        """an app: its token is forgotten, and the next one fetched"""
        self.token("robot@contoso.com")
        self.assertEqual(len(self.states()), 1)
        self.assertIn("credential is still there", self.tool("logout", "robot", "--yes").stderr)
        self.assert_nothing_kept()
        self.token("robot@contoso.com")

    def test_fetch_meanwhile(self):
        """waits for a fetch that takes all of its time, and says so"""
        self.mint()
        with open(next((self.place / "state").glob("*.lock")), encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            logout = Login("--config", str(self.config), "logout", ANNA, "--yes")
            self.addCleanup(logout.end)
            time.sleep(20 if os.environ.get("SE_LONG") == "1" else 2)
        self.assertEqual(logout.exit(), 0, logout.text)
        self.assertEqual(logout.text.count(f"{ANNA}: another process is getting a token"), 1)
        self.assert_nothing_kept()

    def test_agent(self):
        """an agent forgets what it has in memory"""
        self.mint()
        self.agent(config=self.config)
        self.assertEqual(wire.ask(self.socket, ANNA, server="smtp.office365.com")["kind"], "answer")
        self.tool("logout", ANNA, "--yes")
        self.assertEqual(wire.ask(self.socket, ANNA, server="smtp.office365.com")["class"], "sign in")
        self.mint()
        self.assertEqual(wire.ask(self.socket, ANNA, server="smtp.office365.com")["kind"], "answer")

    def test_asks(self):
        """at a terminal: names the person and the accounts, and only y does it"""
        self.mint()
        for key, kept in (("n", 1), ("", 1), ("y", 0)):
            terminal = Terminal("--config", str(self.config), "logout", ANNA)
            terminal.wait_for(f"sign-in of {ANNA}, used by: anna, scanner")
            terminal.type(key + "\r")
            self.assertEqual(terminal.exit(), kept)
            self.assertEqual(len(self.states()), kept)

    def test_refused(self):
        """without a terminal and without --yes; an unknown name; a password's account; a stranger"""
        self.mint()
        self.assertIn("--yes", self.tool("logout", ANNA, code=2).stderr)
        self.tool("logout", "x@example.org", "--yes", code=1)
        self.tool("logout", "handed@contoso.com", "--yes", code=1)
        result = run(TOOL, "--config", str(self.config), "logout", ANNA, "--yes", user=65534, group=65534,
                     extra_groups=[])
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(self.states()), 1)


if __name__ == "__main__":
    sys.exit(login_case.main())
