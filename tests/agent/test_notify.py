"""sasl-entrad: what it tells systemd."""

import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import AGENT, LOGIN, USER, TenantCase, run  # noqa: E402


class Supervisor:
    """A socket that datagrams come to, as systemd has one."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        if path[0] != "\0":
            os.chmod(path, 0o777)

    def next(self, seconds=10):
        """One message as a dictionary; none within the time is a failure."""
        self.socket.settimeout(seconds)
        text = self.socket.recv(8192).decode("ascii")
        return dict(line.split("=", 1) for line in text.splitlines())

    def until(self, name, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            message = self.next(max(deadline - time.monotonic(), 0.01))
            if name in message:
                return message

    def status(self, words, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            message = self.until("STATUS", max(deadline - time.monotonic(), 0.01))
            if words in message["STATUS"]:
                return message["STATUS"]


class Notify(TenantCase):
    def setUp(self):
        super().setUp()
        self.supervisor = self.make("notify")

    def make(self, name):
        made = Supervisor(name if name[0] == "\0" else str(self.place / name))
        self.addCleanup(made.socket.close)
        return made

    def begin(self, config=None, name=None, **variables):
        self.socket = str(self.place / "agent.sock")
        environment = dict(os.environ, NOTIFY_SOCKET=name or str(self.place / "notify"), **variables)
        return self.start("--user", USER.pw_name, "--config", str(config or self.configuration()), "--socket",
                          f"{self.socket},{agent_case.GROUP.gr_name},0666", env=environment)

    def test_life(self):
        """READY when it serves, RELOADING and READY around SIGHUP, STOPPING at the end"""
        config = self.configuration()
        agent = self.begin(config)
        message = self.supervisor.next()
        self.assertEqual(message["READY"], "1")
        self.assertEqual(message["STATUS"], "1 account")
        self.assertEqual(wire.ask(self.socket, "x@example.org")["class"], "no account")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        config.write_text(config.read_text() + "[account two]\nmatch = b@example.org\ntenant = contoso.com\n"
                          "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n")
        agent.signal(signal.SIGHUP)
        message = self.supervisor.until("RELOADING")
        self.assertTrue(before <= int(message["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
        message = self.supervisor.until("READY")
        self.assertEqual(message["STATUS"], "2 accounts")
        agent.signal(signal.SIGTERM)
        self.supervisor.until("STOPPING")
        self.assertEqual(agent.exit(), 0)

    def test_abstract(self):
        """a socket without a file"""
        name = f"sasl-entra-test-{os.getpid()}"
        supervisor = self.make("\0" + name)
        self.begin(name="@" + name)
        self.assertEqual(supervisor.next()["READY"], "1")

    def test_broken(self):
        """a reload that fails: still ready, and the status says what is wrong and where"""
        config = self.configuration()
        agent = self.begin(config)
        self.supervisor.until("READY")
        good = config.read_text()
        config.write_text(good + "client_idd = 1\n")
        agent.signal(signal.SIGHUP)
        self.supervisor.until("RELOADING")
        status = self.supervisor.until("READY")["STATUS"]
        self.assertIn("client_idd", status)
        self.assertIn("1 account; the configuration could not be read again", status)
        config.write_text(good)
        agent.signal(signal.SIGHUP)
        self.supervisor.until("RELOADING")
        self.assertEqual(self.supervisor.until("READY")["STATUS"], "1 account")

    def test_not_started(self):
        """a configuration that cannot be used: no READY, a status that says why"""
        agent = self.begin(self.write("broken.conf", "[account a]\nclient_idd = 1\n"))
        self.assertEqual(agent.exit(), 78)
        message = self.supervisor.next()
        self.assertIn("client_idd", message["STATUS"])
        self.assertNotIn("READY", message)

    def test_trouble(self):
        """a token that cannot be had is in the status, in words, until one can"""
        self.begin()
        self.supervisor.until("READY")
        secret = self.place / "relay.secret"
        secret.write_text("wrong\n")
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "error")
        self.assertIn("AADSTS7000215", self.supervisor.status(LOGIN))
        secret.write_text(agent_case.SECRET + "\n")
        self.wait(lambda: wire.ask(self.socket, LOGIN)["kind"] == "answer")
        self.assertEqual(self.supervisor.status("1 account"), "1 account")

    def test_strangers_questions(self):
        """who asks for what is not configured does not change the status"""
        self.begin()
        self.supervisor.until("READY")
        wire.ask(self.socket, "nobody@example.org")
        self.assertRaises(TimeoutError, self.supervisor.next, 0.5)

    def test_watchdog(self):
        """a sign of life at half of the time, also while a request waits; none when the loop hangs"""
        agent = self.begin(WATCHDOG_USEC="400000")
        self.supervisor.until("READY")
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"delay": 1.5}, "count": -1})
        with wire.connect(self.socket) as client:
            client.sendall(wire.request(LOGIN))
            begun = time.monotonic()
            for _ in range(6):
                self.assertEqual(self.supervisor.until("WATCHDOG", 0.4), {"WATCHDOG": "1"})
            self.assertTrue(0.9 < time.monotonic() - begun < 1.7)
            wire.read_all(client)
        agent.signal(signal.SIGSTOP)
        while True:
            try:
                self.supervisor.next(0.6)
            except TimeoutError:
                break
        agent.signal(signal.SIGCONT)
        self.supervisor.until("WATCHDOG", 1)

    def test_somebody_elses_watchdog(self):
        """WATCHDOG_PID of another process: no signs of life"""
        self.begin(WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.supervisor.until("READY")
        self.assertRaises(TimeoutError, self.supervisor.until, "WATCHDOG", 0.5)

    def test_deaf_supervisor(self):
        """a supervisor that does not read: nobody waits for it, and it hears all once it reads"""
        agent = self.begin(WATCHDOG_USEC="2000")
        agent.wait_for("listening at")
        time.sleep(0.5)  # its queue is full by now
        begun = time.monotonic()
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        for _ in range(3):
            agent.signal(signal.SIGHUP)
            time.sleep(0.05)
        agent.wait_for("read again", times=3)
        self.assertLess(time.monotonic() - begun, 3)
        self.supervisor.socket.settimeout(0)
        while True:
            try:
                self.supervisor.socket.recv(8192)
            except BlockingIOError:
                break
        self.assertEqual(self.supervisor.until("READY", 2)["READY"], "1")

    def test_nobody(self):
        """a socket that is not there, or is none, or too long: no word, and it serves"""
        for name in (f"{self.place}/absent", "relative", "", "/" + 200 * "x", str(self.write("file", ""))):
            agent = self.begin(name=name)
            agent.wait_for("listening at")
            agent.end()

    def test_environment(self):
        """nothing of it is handed on, and a supervisor hears of a refused command line nothing"""
        result = run(AGENT, "--bogus", env=dict(os.environ, NOTIFY_SOCKET=str(self.place / "notify")))
        self.assertEqual(result.returncode, 64)
        self.assertRaises(TimeoutError, self.supervisor.next, 0.1)


if __name__ == "__main__":
    sys.exit(agent_case.main())
