"""sasl-entra login --paste: the address that a browser ends at is pasted."""

import json
import os
import subprocess
import sys
import termios

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import login_case  # noqa: E402
from login_case import ANNA, CAROL, LoginCase, Terminal, query  # noqa: E402


class Paste(LoginCase):
    def begin(self, name=ANNA, *options):
        login = self.login(name, "--paste", "--json", *options, stdin=subprocess.PIPE)
        return login, login.event("address")["url"]

    def answer(self, login, text):
        login.send(text)
        login.process.stdin.close()
        login.process.stdin = None
        return login.exit()

    def terminal(self, *arguments):
        return Terminal("--config", str(self.config), "login", ANNA, "--paste", *arguments)

    def test_works(self):
        """the whole address, with a redirect URI without a port"""
        login, url = self.begin()
        self.assertEqual(query(url)["redirect_uri"], "http://localhost")
        location = self.sign_in(url)
        self.assertTrue(location.startswith("http://localhost/?code="))
        self.assertEqual(self.answer(login, location + "\n"), 0, login.text)
        self.assertEqual(login.event("signed_in")["person"], ANNA)
        self.token(ANNA)

    def test_query_alone(self):
        """only what is behind the question mark, and a fragment"""
        login, url = self.begin()
        self.assertEqual(self.answer(login, self.sign_in(url).partition("?")[2] + "#"), 0, login.text)

    def refused(self, words, answer, url=None, login=None):
        if login is None:
            login, url = self.begin()
        self.assertEqual(self.answer(login, answer(url) if callable(answer) else answer), 1)
        self.assertIn(words, login.text)
        self.assertEqual(login.event("error")["class"], "config")
        self.assertEqual(self.tenant.control("count?grant=authorization_code"), 0)
        self.assert_nothing_kept()

    def test_wrong(self):
        """nothing, another address, another sign-in's, a cut one, two parameters, a broken escape: refused unsent"""
        _, other = self.begin()
        self.refused("no address", "")
        self.refused("neither a code", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?x=y")
        self.refused("another sign-in", self.sign_in(other))
        self.refused("no state", lambda url: "http://localhost/?code=abc")
        self.refused("not well formed", lambda url: f"code=a&code=b&state={query(url)['state']}")
        self.refused("not well formed", lambda url: f"code=a%2&state={query(url)['state']}")
        self.refused("not well formed", lambda url: f"code=a%00b&state={query(url)['state']}")
        self.refused("its code is empty", lambda url: f"code=&state={query(url)['state']}")
        self.refused("more than", "x" * 40000)

    def test_declined(self):
        """the person declined"""
        login, url = self.begin()
        self.assertEqual(self.answer(login, self.sign_in(url, deny=True)), 1)
        self.assertIn("AADSTS65004", login.text)

    def test_somebody_else(self):
        """another person's answer: nothing kept"""
        login, url = self.begin()
        self.assertEqual(self.answer(login, self.sign_in(url, CAROL)), 1)
        self.assertIn("identity = carol@contoso.com", login.text)
        self.assert_nothing_kept()

    def test_terminal(self):
        """at a terminal: an answer of more than 4096 bytes, not shown"""
        terminal = self.terminal()
        url = terminal.wait_for(r"^  (https://\S+)\n")[1]
        terminal.wait_for("not shown")
        location = self.sign_in(url) + "&session_state=" + "x" * 6000
        terminal.type(location + "\r")
        self.assertEqual(terminal.exit(), 0, terminal.text)
        self.assertIn("has signed in", terminal.text)
        self.assertNotIn("code=1.A", terminal.text)
        self.token(ANNA)

    def test_terminal_interrupt(self):
        """at a terminal: Control-C, exit code 130, nothing kept"""
        terminal = self.terminal()
        terminal.wait_for("not shown")
        terminal.type("http://localhost/?co\x03")
        self.assertEqual(terminal.exit(), 130)
        self.assertIn("nothing was changed", terminal.text)
        self.assert_nothing_kept()

    def test_read_only(self):
        """where nothing can be written, though the lock is there already: said before anybody signs in"""
        self.mint()
        (self.place / "state").chmod(0o500)
        result = self.tool("login", ANNA, "--paste", "--json", code=1)
        self.assertEqual(json.loads(result.stdout)["event"], "error")
        self.assertIn(f"{self.place}/state", result.stderr)
        self.assertIn("make the directory belong to that user", result.stderr)
        (self.place / "state").chmod(0o700)
        login, url = self.begin()
        self.assertEqual(self.answer(login, self.sign_in(url)), 0, login.text)
        self.assertEqual(sorted(path.suffix for path in (self.place / "state").iterdir()), [".json", ".lock"])

    def test_timeout(self):
        """--timeout: its time is over, with half an address in the pipe; exit code 75, nothing kept"""
        login, _ = self.begin(ANNA, "--timeout", "1")
        login.send("http://localhost/?co")
        self.assertEqual(login.exit(5), 75)
        self.assertIn(f"within 1 seconds; sign in again: sasl-entra login {ANNA} --paste", login.text)
        self.assertEqual(login.event("error")["class"], "again")
        self.assert_nothing_kept()

    def test_timeout_in_time(self):
        """--timeout: the address comes in time"""
        login, url = self.begin(ANNA, "--timeout", "60")
        self.assertEqual(self.answer(login, self.sign_in(url)), 0, login.text)

    def test_terminal_timeout(self):
        """at a terminal: --timeout ends it, and the terminal shows again what is typed"""
        terminal = self.terminal("--timeout", "2")
        terminal.wait_for("not shown")
        self.assertFalse(termios.tcgetattr(terminal.fd)[3] & termios.ECHO)
        terminal.type("http://localhost/?co")
        self.assertEqual(terminal.exit(), 75, terminal.text)
        self.assertIn("no address has been pasted within 2 seconds", terminal.text)
        self.assertNotIn("?co", terminal.text)
        self.assertTrue(termios.tcgetattr(terminal.fd)[3] & termios.ECHO)
        self.assert_nothing_kept()

    def test_signal(self):
        """a signal while a pipe is read"""
        login, _ = self.begin()
        login.interrupt()
        self.assertEqual(login.exit(3), 130)


if __name__ == "__main__":
    sys.exit(login_case.main())
