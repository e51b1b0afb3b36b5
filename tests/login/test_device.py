"""sasl-entra login --device: a person signs in on another device."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import login_case  # noqa: E402
from login_case import ANNA, CAROL, PUBLIC, TOOL, LoginCase, Terminal  # noqa: E402


class Device(LoginCase):
    def begin(self, name=ANNA, *options):
        login = self.login(name, "--device", "--json", *options)
        return login, login.event("device_code")

    def approve(self, event, upn=ANNA, **more):
        return self.tenant.control("device", {"user_code": event["user_code"], "upn": upn, **more})

    def polls(self):
        return self.tenant.control("count?grant=urn:ietf:params:oauth:grant-type:device_code")

    def settings(self, **device):
        self.tenant.control("apps", {"device": {"interval": 1, **device}})

    def test_works(self):
        """the code as the server sent it; after the approval tokens can be had"""
        login, event = self.begin()
        pending = self.tenant.control("device")[-1]
        self.assertEqual((event["user_code"], pending["client_id"]), (pending["user_code"], PUBLIC))
        self.assertEqual(pending["scope"].split()[-2:], ["openid", "profile"])
        self.assertEqual(event["verification_uri"], f"{self.tenant.authority}/devicelogin")
        self.assertIsNone(event["verification_uri_complete"])
        self.approve(event)
        self.assertEqual(login.exit(), 0, login.text)
        self.assertEqual(login.event("signed_in")["accounts"], ["anna", "scanner"])
        self.token("scanner@contoso.com")

    def signed_in(self):
        return json.loads(self.states()[0].read_text())["signed_in"]

    def test_told_apart(self):
        """renewals keep the time of the sign-in; the next one has a later time, in the same second, too"""
        self.mint()
        first = self.signed_in()
        self.assertAlmostEqual(first, time.time(), delta=60)
        self.tool("refresh", ANNA)
        self.assertEqual(self.signed_in(), first)
        times = [first]
        for _ in range(2):
            login, event = self.begin()
            self.approve(event)
            self.assertEqual(login.exit(), 0, login.text)
            times.append(self.signed_in())
            self.mint()
            times.append(self.signed_in())
        self.assertEqual(times, sorted(set(times)))
        self.tool("refresh", ANNA)
        self.assertEqual(self.signed_in(), times[-1])

    def test_waits(self):
        """authorization_pending and slow_down: waits, longer after slow_down"""
        login, event = self.begin()
        self.tenant.control("device", {"slow_down": 1})
        time.sleep(2.6)
        self.assertEqual(self.polls(), 1)
        self.approve(event)
        time.sleep(2)
        self.assertEqual(self.polls(), 1)
        self.assertEqual(login.exit(), 0, login.text)
        self.assertEqual(self.polls(), 2)

    def test_declined(self):
        """declined"""
        login, event = self.begin()
        self.approve(event, deny=True)
        self.assertEqual(login.exit(), 1)
        self.assertIn("declined", login.text)
        self.assert_nothing_kept()

    def test_expired(self):
        """expired at the server, and by the clock"""
        login, event = self.begin()
        self.approve(event, expire=True)
        self.assertEqual(login.exit(), 1)
        self.assertIn("expired", login.text)
        self.settings(expires_in=3)
        login, event = self.begin()
        self.assertEqual(login.exit(6), 75)
        self.assertIn(event["user_code"], login.text)
        self.settings(expires_in=900)
        login, event = self.begin(ANNA, "--timeout", "2")
        self.assertEqual(login.exit(5), 75)
        self.assert_nothing_kept()

    def test_blocked(self):
        """Conditional Access forbids device codes: the sentence names the other ways"""
        self.tenant.control("apps", {"policies": {"block_device_code": True}})
        login, event = self.begin()
        self.approve(event)
        self.assertEqual(login.exit(), 1)
        for words in ("AADSTS53003", f"sasl-entra login {ANNA} --paste", "--port"):
            self.assertIn(words, login.text)

    def test_somebody_else(self):
        """another person: nothing kept, and no word of other ways"""
        login, event = self.begin()
        self.approve(event, CAROL)
        self.assertEqual(login.exit(), 1)
        self.assertIn("identity = carol@contoso.com", login.text)
        self.assertNotIn("--paste", login.text)
        self.assert_nothing_kept()

    def test_no_endpoint(self):
        """Google gives no mail rights to devices: the other ways are named"""
        result = self.tool("login", "gina@gmail.com", "--device", code=1)
        for words in ("device_endpoint", "--paste", "--port"):
            self.assertIn(words, result.stderr)

    def test_generic(self):
        """another server: status 428 while it waits, and an address with the code in it"""
        login, event = self.begin("generic")
        self.assertIn(event["user_code"], event["verification_uri_complete"])
        time.sleep(1.5)
        self.approve(event, "gina@gmail.com")
        self.assertEqual(login.exit(), 0, login.text)
        self.token("gina@generic.example")

    def test_network(self):
        """no answer, and a fault of the server's: polls go on, less often"""
        login, event = self.begin()
        self.tenant.control("fault", {"match": {"grant": "urn:ietf:params:oauth:grant-type:device_code"},
                                      "action": {"status": 503}})
        self.tenant.control("fault", {"match": {"grant": "urn:ietf:params:oauth:grant-type:device_code"},
                                      "action": {"close": True}})
        began = time.monotonic()
        self.wait(lambda: len(self.tenant.control("requests?path=/token")) >= 2)
        self.approve(event)
        self.assertEqual(login.exit(), 0, login.text)
        self.assertGreater(time.monotonic() - began, 5)

    def test_public_flows_off(self):
        """AADSTS7000218 at the device endpoint names the switch"""
        self.tenant.control("fault", {"match": {"path": "devicecode"}, "action": {"aadsts": 7000218}})
        self.assertIn("Allow public client flows", self.tool("login", ANNA, "--device", code=1).stderr)

    def test_interrupt(self):
        """Control-C: at once, exit code 130, nothing kept"""
        login, _ = self.begin()
        time.sleep(0.3)
        login.interrupt()
        self.assertEqual(login.exit(1), 130)
        self.assert_nothing_kept()

    def lock(self):
        """Holds the lock of the one sign-in there is, until it is closed."""
        lock = open(next((self.place / "state").glob("*.lock")), encoding="ascii")
        self.addCleanup(lock.close)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def test_fetch_meanwhile(self):
        """a fetch that takes all of its time while the person signs in: the sign-in is kept after it"""
        self.mint()
        self.tenant.control("fault", {"match": {"grant": "refresh_token"}, "count": 99, "action": {"delay": 60}})
        login, event = self.begin()
        fetch = self.start("--config", str(self.config), "token", ANNA, program=(TOOL,), stdout=subprocess.DEVNULL)
        self.wait(lambda: self.tenant.control("count?grant=refresh_token"))
        self.approve(event)
        self.assertEqual(login.exit(40), 0, login.text)
        self.assertEqual(login.text.count("another process is getting a token"), 1)
        self.assertEqual(fetch.exit(1), 75, fetch.log)
        self.token(ANNA)

    def test_interrupt_at_the_end(self):
        """Control-C while it waits to keep the sign-in: at once, exit code 130, nothing kept"""
        login, event = self.begin()
        self.lock()
        self.approve(event)
        self.wait(lambda: f"{ANNA}: another process is getting a token" in login.text)
        login.interrupt()
        self.assertEqual(login.exit(1), 130)
        self.assert_nothing_kept()

    def terminal(self, name=ANNA, **named):
        return Terminal("--config", str(self.config), "login", name, "--device", **named)

    def test_terminal(self):
        """at a terminal: QR code, address, code, a countdown in one line"""
        terminal = self.terminal()
        code = terminal.wait_for(r"enter the code\n\n  (\S+)\n")[1]
        terminal.wait_for("14:5[0-8] left")
        self.assertIn("\u2580", terminal.text)
        self.assertEqual(terminal.text.count("\n", terminal.text.index("enter the code")), 4)
        self.tenant.control("device", {"user_code": code, "upn": ANNA})
        self.assertEqual(terminal.exit(), 0, terminal.text)
        self.assertRegex(terminal.text, r"Tokens can be had for: anna, scanner\nNext, .+: sasl-entra .+\n$")

    def test_qr(self):
        """the QR code is one, with its quiet zone, and says the address"""
        terminal = self.terminal("generic")
        terminal.wait_for("enter the code")
        lines = re.findall(r"\033\[38;5;16;48;5;231m(.*?)\033\[0m", terminal.text)
        self.assertTrue(all(len(line) == len(lines[0]) for line in lines))
        self.assertEqual(set("".join(lines)), set(" \u2580\u2584\u2588"))
        self.assertEqual("".join(lines[:2]).strip() + "".join(line[:4] + line[-4:] for line in lines).strip(), "")
        terminal.type("\x03")
        self.assertEqual(terminal.exit(), 130)

    def test_no_qr(self):
        """no QR code where it cannot be shown: no UTF-8, too narrow, a dumb terminal"""
        for variables in ({"LC_ALL": "C"}, {"TERM": "dumb"}, {"columns": 30}):
            terminal = self.terminal(**variables)
            terminal.wait_for("enter the code")
            self.assertNotIn("\u2580", terminal.text)
            terminal.type("\x03")
            self.assertEqual(terminal.exit(), 130)


if __name__ == "__main__":
    sys.exit(login_case.main())
