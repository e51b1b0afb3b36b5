"""sasl-entra login with a browser that comes back to this machine, played by plain HTTP requests."""

import os
import socket
import sys
import threading
import time
import unittest.mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import login_case  # noqa: E402
from login_case import ANNA, CAROL, OTHER, PUBLIC, USER, LoginCase, query  # noqa: E402

import requests  # noqa: E402


class BadProxy:
    """A CONNECT proxy that hangs up on its first caller."""

    def __init__(self):
        self.calls, self._server = 0, socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self.calls += 1
            with client:
                if self.calls > 1:
                    self._forward(client)

    @staticmethod
    def _forward(client):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(4096)
        host, _, port = request.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=BadProxy._copy, args=(server, client), daemon=True)
            back.start()
            BadProxy._copy(client, server)
            back.join(5)

    @staticmethod
    def _copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def end(self):
        self._server.close()


class Loopback(LoginCase):
    def begin(self, name=ANNA, *options):
        login = self.login(name, "--json", *options)
        event = login.event("address")
        self.port = int(event["redirect_uri"].rpartition(":")[2])
        return login, event["url"]

    def get(self, url, **named):
        return requests.get(url, timeout=20, **named)

    def finish(self, login, url, upn=ANNA):
        """The browser's part; the last page."""
        page = self.get(self.sign_in(url, upn))
        return page, login.exit()

    def test_works(self):
        """a sign-in works for every account with the same identity; the code is in no address of the end"""
        login, url = self.begin()
        page, code = self.finish(login, url)
        self.assertEqual(code, 0, login.text)
        self.assertEqual((page.status_code, page.url), (200, f"http://localhost:{self.port}/done"))
        self.assertEqual([r.status_code for r in page.history], [303])
        self.assertIn("<h1>You are signed in</h1>", page.text)
        for word in (ANNA, "<li>anna (smtp, imap)</li>", "<li>scanner (smtp, imap)</li>"):
            self.assertIn(word, page.text)
        done = login.event("signed_in")
        self.assertEqual((done["person"], done["identity"]), (ANNA, ANNA))
        self.assertEqual(done["accounts"], ["anna", "scanner"])
        files = self.states()
        self.assertEqual(len(files), 1)
        self.assertEqual((files[0].stat().st_uid, files[0].stat().st_mode & 0o777), (USER.pw_uid, 0o600))
        before = self.tenant.control("count?grant=refresh_token")
        self.token("scanner@contoso.com")
        self.assertEqual(self.tenant.control("count?grant=refresh_token"), before)  # the access token was kept, too
        self.tool("refresh", "anna@contoso.com")

    def test_request(self):
        """what the address asks for, and what the code is redeemed with"""
        login, url = self.begin()
        asked = query(url)
        self.assertEqual(asked["client_id"], PUBLIC)
        self.assertEqual(asked["redirect_uri"], f"http://localhost:{self.port}")
        self.assertEqual(asked["scope"], "https://outlook.office.com/SMTP.Send "
                         "https://outlook.office.com/IMAP.AccessAsUser.All offline_access openid profile")
        self.assertEqual((asked["response_type"], asked["response_mode"], asked["code_challenge_method"]),
                         ("code", "query", "S256"))
        self.assertEqual((len(asked["state"]), len(asked["code_challenge"])), (43, 43))
        self.assertEqual(asked["login_hint"], ANNA)
        self.assertNotIn("prompt", asked)
        self.finish(login, url)
        login.event("signed_in")
        again, other = self.begin()
        self.assertNotEqual(query(other)["state"], asked["state"])
        self.assertNotEqual(query(other)["code_challenge"], asked["code_challenge"])
        again.interrupt()
        again.exit()

    def test_headers(self):
        """every page: no cache, no referrer, nothing loaded, nothing framed"""
        login, url = self.begin()
        pages = [self.get(f"http://127.0.0.1:{self.port}{path}", allow_redirects=False)
                 for path in ("/", "/favicon.ico", "/?code=x&state=y")]
        pages.append(self.get(self.sign_in(url), allow_redirects=False))
        pages.append(self.get(f"http://localhost:{self.port}/done"))
        self.assertEqual([page.status_code for page in pages], [400, 404, 400, 303, 200])
        for page in pages:
            policy = page.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(page.headers["Cache-Control"], "no-store")
            self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(login.exit(), 0)
        self.assertNotIn("src=", pages[-1].text)
        self.assertNotIn("href=", pages[-1].text)

    def test_not_ended_by(self):
        """a prefetch, another path, HEAD, POST, a wrong Host, a wrong state, a double parameter: none ends it"""
        login, url = self.begin()
        base = f"http://127.0.0.1:{self.port}"
        right = query(url)["state"]
        for response in (
                self.get(base + "/"), self.get(base + "/done"), requests.head(base + "/?code=x&state=" + right, timeout=5),
                requests.post(base + "/?code=x&state=" + right, data="code=x", timeout=5),
                self.get(base + "/?code=x&state=" + right, headers={"Host": f"evil.example:{self.port}"}),
                self.get(base + "/?code=x&state=" + right, headers={"Host": "localhost"}),
                self.get(base + "/?code=x&state=wrong"), self.get(base + "/?code=x"), self.get(base + "/?state=" + right),
                self.get(base + f"/?code=x&code=y&state={right}"), self.get(base + f"/?code=%00&state={right}"),
                self.get(base + f"/?code=&state={right}"), self.get(base + "/x?code=x&state=" + right)):
            self.assertGreaterEqual(response.status_code, 400)
        self.assertEqual(self.tenant.control("count?grant=authorization_code"), 0)
        page, code = self.finish(login, url)
        self.assertEqual((code, page.status_code), (0, 200), login.text)

    def test_second_answer(self):
        """a second answer gets a plain page, and changes nothing"""
        self.tenant.control("fault", {"match": {"grant": "authorization_code"}, "action": {"delay": 1}})
        login, url = self.begin()
        location = self.sign_in(url)
        first = []
        browser = threading.Thread(target=lambda: first.append(self.get(location)))
        browser.start()
        time.sleep(0.4)
        second = self.get(location, allow_redirects=False)
        self.assertEqual(second.status_code, 400)
        self.assertIn("answer already", second.text)
        browser.join()
        self.assertEqual((login.exit(), first[0].status_code), (0, 200))
        self.assertEqual(self.tenant.control("count?grant=authorization_code"), 1)

    def test_declined(self):
        """the person declines: said in the browser and here, nothing kept"""
        login, url = self.begin()
        page = self.get(self.sign_in(url, deny=True))
        self.assertEqual(login.exit(), 1)
        for text in (page.text, login.text):
            self.assertIn("AADSTS65004", text)
            self.assertIn(f"sasl-entra login {ANNA}", text)
        self.assertEqual(login.event("error")["class"], "sign in")
        self.assert_nothing_kept()

    def test_somebody_else(self):
        """another person signs in: nothing kept, and what to do"""
        login, url = self.begin()
        page, code = self.finish(login, url, CAROL)
        self.assertEqual(code, 1)
        self.assertIn(CAROL, page.text)
        for words in (f"{CAROL} signed in", "private window", f"identity = {CAROL}"):
            self.assertIn(words, login.text)
        self.assert_nothing_kept()

    def test_keeps_the_old(self):
        """a sign-in that fails leaves the one before as it is"""
        self.mint()
        before = self.states()[0].read_bytes()
        login, url = self.begin()
        self.finish(login, url, CAROL)
        self.assertEqual(self.states()[0].read_bytes(), before)

    def test_replaces(self):
        """a sign-in after the old one was revoked: tokens can be had at once"""
        self.mint()
        self.tenant.control("revoke", {"upn": ANNA})
        time.sleep(1.1)
        self.assertIn(f"sasl-entra login {ANNA}", self.token(ANNA, code=1).stderr)
        login, url = self.begin()
        self.assertEqual(self.finish(login, url)[1], 0)
        self.token(ANNA)

    def test_nobody_signed_in(self):
        """without a sign-in the sentence names the command"""
        self.assertIn(f"sasl-entra login {ANNA}", self.token(ANNA, code=1).stderr)

    def test_login_name(self):
        """an account for many people: each login name is its own sign-in"""
        login, url = self.begin(CAROL)
        self.assertEqual(query(url)["login_hint"], CAROL)
        self.assertEqual(self.finish(login, url, CAROL)[1], 0)
        done = login.event("signed_in")
        self.assertEqual((done["identity"], done["accounts"]), (CAROL, ["everyone"]))
        self.token(CAROL)
        self.token("dave@contoso.com", code=1)

    def test_personal(self):
        """a personal account, whose access token says nothing"""
        login, url = self.begin("someone@outlook.com")
        self.assertEqual(self.finish(login, url, "someone@outlook.com")[1], 0, login.text)
        self.assertEqual(login.event("signed_in")["person"], "someone@outlook.com")
        self.token("someone@outlook.com")

    def test_confidential(self):
        """an app with a secret: the secret goes with the code"""
        login, url = self.begin("confidential")
        self.assertEqual(self.finish(login, url)[1], 0, login.text)
        self.token("secret@contoso.com")

    def test_google(self):
        """Google: offline access, no word of Microsoft's, and nobody knows who signed in"""
        login, url = self.begin("gina@gmail.com")
        asked = query(url)
        self.assertEqual((asked["access_type"], asked["prompt"], asked["scope"]),
                         ("offline", "consent", "https://mail.google.com/"))
        self.assertNotIn("response_mode", asked)
        self.assertEqual(self.finish(login, url, "gina@gmail.com")[1], 0, login.text)
        self.assertIsNone(login.event("signed_in")["person"])
        self.token("gina@gmail.com")

    def test_google_declined(self):
        """Google's access_denied, which has no number"""
        login, url = self.begin("gina@gmail.com")
        self.get(self.sign_in(url, "gina@gmail.com", deny=True))
        self.assertEqual(login.exit(), 1)
        self.assertIn("Google denied the sign-in (access_denied). If the person declined", login.text)

    def test_custom(self):
        """another provider: its address keeps its query; without a refresh token nothing is kept"""
        login, url = self.begin("generic")
        asked = query(url)
        self.assertEqual(asked["hd"], "example")
        for name in ("access_type", "prompt", "response_mode"):
            self.assertNotIn(name, asked)
        self.assertEqual(self.finish(login, url, "gina@gmail.com")[1], 1)
        self.assertIn("no refresh token", login.text)
        self.assert_nothing_kept()

    def test_no_endpoint(self):
        """no authorization endpoint, an app's account, a password's, a label, an unknown name: refused before anything"""
        for name, words in (("nowhere@generic.example", "authorization_endpoint"), ("robot", "signs in as an app"),
                            ("handed@contoso.com", "token_from"), ("everyone", "give the login name"),
                            ("x@example.org", "no account")):
            self.assertIn(words, self.tool("login", name, code=1).stderr)

    def test_public_flows_off(self):
        """AADSTS7000218 names the switch; AADSTS700025 the key to remove"""
        for number, words in ((7000218, "Allow public client flows"), (700025, 'Remove "credential"')):
            self.tenant.control("fault", {"match": {"grant": "authorization_code"}, "action": {"aadsts": number}})
            login, url = self.begin()
            page, code = self.finish(login, url)
            self.assertEqual(code, 1)
            self.assertIn(f"AADSTS{number}", login.text)
            self.assertIn(words, login.text)
            self.assertIn(words.replace('"', "&quot;"), page.text)
        self.assert_nothing_kept()

    def test_network(self):
        """no HTTP answer: the code is tried once more; after an answer it is not"""
        proxy = BadProxy()
        self.addCleanup(proxy.end)
        self.config.write_text(self.config.read_text().replace("[defaults]", f"[defaults]\nproxy = {proxy.url}"))
        login, url = self.begin()
        self.assertEqual(self.finish(login, url)[1], 0, login.text)
        self.assertEqual(proxy.calls, 2)
        self.tenant.control("reset", {})
        self.tenant.control("fault", {"match": {"grant": "authorization_code"}, "action": {"status": 503}})
        login, url = self.begin()
        self.assertEqual(self.finish(login, url)[1], 75)
        self.assertEqual(self.tenant.control("count?grant=authorization_code"), 1)

    def test_interrupt(self):
        """Control-C while waiting, and while the tenant answers: nothing kept, exit code 130"""
        login, url = self.begin()
        login.interrupt()
        self.assertEqual(login.exit(2), 130)
        self.assertIn("nothing was changed", login.text)
        self.assertEqual(login.event("error")["class"], "interrupted")
        self.tenant.control("fault", {"match": {"grant": "authorization_code"}, "action": {"delay": 4}})
        login, url = self.begin()
        location = self.sign_in(url)
        browser = threading.Thread(target=lambda: self.fails(location))
        browser.start()
        time.sleep(0.5)
        login.interrupt()
        self.assertEqual(login.exit(2), 130)
        browser.join()
        self.assert_nothing_kept()

    def fails(self, location):
        with self.assertRaises(requests.RequestException):
            self.get(location)

    def test_timeout(self):
        """--timeout: ends, can be tried again, and names what the browser may have shown"""
        login, _ = self.begin(ANNA, "--timeout", "1")
        self.assertEqual(login.exit(5), 75)
        self.assertIn("http://localhost", login.text)
        self.assertEqual(login.event("error")["class"], "again")

    def test_port(self):
        """--port: that one, on both loopback addresses and on no other; refused when taken on one of them"""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        login, url = self.begin(ANNA, "--port", str(port))
        self.assertEqual(self.port, port)
        self.assertEqual(query(url)["redirect_uri"], f"http://localhost:{port}")
        for host in ("127.0.0.1", "[::1]"):
            self.assertEqual(self.get(f"http://{host}:{port}/").status_code, 400)
        with open(f"/proc/{login.process.pid}/net/tcp", encoding="ascii") as table:
            ours = [line.split()[1] for line in table if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")]
        self.assertEqual(ours, [f"0100007F:{port:04X}"])
        self.assertIn("--port", self.tool("login", ANNA, "--port", str(port), code=1).stderr)
        login.interrupt()
        login.exit()
        with socket.socket(socket.AF_INET6) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("::1", port))
            taken.listen()
            self.assertIn("in use", self.tool("login", ANNA, "--port", str(port), code=1).stderr)

    def test_same_port_again(self):
        """--port: the same one again, right after a sign-in"""
        for _ in range(2):
            login, url = self.begin(ANNA, "--port", "38473")
            self.assertEqual(self.finish(login, url)[1], 0, login.text)

    def test_slow_reader(self):
        """a browser that never fetches the last page, and a connection that says nothing, hold up nothing for long"""
        login, url = self.begin()
        with socket.create_connection(("127.0.0.1", self.port)):
            self.get(self.sign_in(url), allow_redirects=False)
            self.assertEqual(login.exit(9), 0, login.text)

    def test_hostile_answer(self):
        """a sentence from the tenant with markup in it does not become markup; a request line of 100 KiB is refused"""
        login, url = self.begin()
        state = query(url)["state"]
        base = f"http://localhost:{self.port}/"
        self.assertGreaterEqual(self.get(base + "?code=" + "x" * 100000 + "&state=" + state).status_code, 400)
        page = self.get(base, params={"error": "<script>alert(1)</script>", "state": state,
                                      "error_description": "AADSTS65004: <img src=x> Trace ID: <b> "})
        self.assertEqual(login.exit(), 1)
        self.assertNotIn("<script", page.text)
        self.assertNotIn("<img", page.text)

    def test_name_of_person(self):
        """without a label's identity known, the page chooses the person"""
        self.write("login.conf", self.config.read_text().replace("match = *@contoso.com", "match = *"))
        login, url = self.begin("mailbox")
        self.assertEqual(query(url)["prompt"], "select_account")
        self.assertNotIn("login_hint", query(url))
        login.interrupt()
        login.exit()

    def test_people(self):
        """what a person is shown: the address, the other ways, over SSH the tunnel, and at the end for whom"""
        with unittest.mock.patch.dict(os.environ, {"http_proxy": "http://127.0.0.1:9"}):
            login = self.login(ANNA, environment={"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"})
            url = login.url()
        port = query(url)["redirect_uri"].rpartition(":")[2]
        for words in (f"ssh -L {port}:localhost:{port} ", "--paste", "--device", f"Sign in as {ANNA}"):
            self.assertIn(words, login.text)
        self.get(self.sign_in(url))
        self.assertEqual(login.exit(), 0)
        self.assertIn(f"{ANNA} has signed in. Tokens can be had for: anna, scanner", login.text)
        self.assertNotIn("code=", login.text.replace("response_type=code", ""))

    def test_users_own(self):
        """a user's own configuration, on a desktop: the browser opens, with nothing of ours in it"""
        home = self.directory("home", OTHER)
        program = self.write("bin/xdg-open", f"#!/bin/sh\n{{ echo \"$1\"; ls -l /proc/self/fd; }} > {home}/asked.new\n"
                             f"mv {home}/asked.new {home}/asked\nsleep 3\n", mode=0o755)
        config = self.write("home/.config/sasl-entra/sasl-entra.conf",
                            self.config.read_text().replace(f"state_dir = {self.place}/state\n", ""))
        for path in (config, *list(config.parents)[:2]):
            os.chown(path, OTHER.pw_uid, OTHER.pw_gid)

        login = login_case.Login("login", ANNA, program=(
            "setpriv", f"--reuid={OTHER.pw_uid}", f"--regid={OTHER.pw_gid}", "--clear-groups", login_case.TOOL),
            environment={"HOME": str(home), "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": "", "DISPLAY": ":99",
                         "PATH": f"{program.parent}:{os.environ['PATH']}"})
        self.addCleanup(login.end)
        url = login.url()
        self.wait((home / "asked").exists)
        asked = (home / "asked").read_text().splitlines()
        self.assertEqual(asked[0], url)
        self.assertFalse([line for line in asked[1:] if "socket" in line or "pipe" in line or "state" in line], asked)
        self.assertIn("in the browser that opens", login.text)
        self.get(self.sign_in(url))
        self.assertEqual(login.exit(), 0, login.text)
        kept = list((home / ".local/state/sasl-entra").glob("*.json"))
        self.assertEqual([path.stat().st_uid for path in kept], [OTHER.pw_uid])


if __name__ == "__main__":
    sys.exit(login_case.main())
