"""sasl-entrad: SIGHUP, SIGTERM, SIGINT, SIGPIPE."""

import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import ANNA, LOGIN, TenantCase  # noqa: E402


class Signals(TenantCase):
    def slow_tenant(self, seconds):
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"delay": seconds},
                                      "count": -1})

    def ask_behind(self, **named):
        """A request that waits; its answer and duration come into the list."""
        result = []

        def ask():
            begun = time.monotonic()
            try:
                answer = wire.ask(self.socket, LOGIN, **named)
            except OSError as problem:
                answer = {"kind": type(problem).__name__}
            result.extend([answer, time.monotonic() - begun])

        thread = threading.Thread(target=ask)
        thread.start()
        self.addCleanup(thread.join)
        return thread, result

    def test_reload(self):
        """SIGHUP: the new configuration is in force, and the token is not fetched again"""
        config = self.configuration()
        agent = self.agent(config=config)
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertEqual(wire.ask(self.socket, "new@example.org")["class"], "no account")
        config.write_text(config.read_text().replace("*@contoso.com", "*@contoso.com, new@example.org"))
        agent.signal(signal.SIGHUP)
        agent.wait_for("read again")
        self.assertEqual(wire.ask(self.socket, "new@example.org")["kind"], "answer")
        self.assertEqual(self.requests(), 1)

    def test_broken(self):
        """SIGHUP with a broken or missing file: everything wrong is logged, the old one stays in force"""
        config = self.configuration()
        agent = self.agent(config=config)
        good = config.read_text()
        config.write_text(good + "client_idd = 1\nserverz = x\n")
        agent.signal(signal.SIGHUP)
        agent.wait_for("going on with the configuration")
        for key in ("client_idd", "serverz"):
            self.assertEqual(agent.count(key), 1)
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        config.unlink()
        agent.signal(signal.SIGHUP)
        agent.wait_for("going on with the configuration", times=2)
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        config.write_text(good)
        agent.signal(signal.SIGHUP)
        agent.wait_for("read again")

    def test_reload_while_waiting(self):
        """SIGHUP while a request waits: it is answered"""
        agent = self.agent(config=self.configuration())
        self.slow_tenant(2)
        thread, result = self.ask_behind()
        self.wait(lambda: self.requests() == 1)
        agent.signal(signal.SIGHUP)
        agent.wait_for("read again")
        thread.join()
        self.assertEqual(result[0]["kind"], "answer", result)

    def test_stop(self):
        """SIGTERM and SIGINT: ended at once with 0 when nobody waits"""
        for number in (signal.SIGTERM, signal.SIGINT):
            agent = self.agent(config=self.configuration())
            begun = time.monotonic()
            agent.signal(number)
            self.assertEqual(agent.exit(), 0)
            self.assertLess(time.monotonic() - begun, 1)

    def test_stop_while_waiting(self):
        """SIGTERM while a request waits: it is answered, nobody new is let in, then 0"""
        agent = self.agent(config=self.configuration())
        self.slow_tenant(2)
        thread, result = self.ask_behind()
        self.wait(lambda: self.requests() == 1)
        agent.signal(signal.SIGTERM)
        agent.wait_for("stopping; 1 clients")
        self.assertRaises(ConnectionRefusedError, wire.connect, self.socket)
        self.assertEqual(agent.exit(), 0)
        thread.join()
        self.assertEqual(result[0]["kind"], "answer", result)

    def test_stop_takes_5_seconds(self):
        """SIGTERM while the tenant hangs: 5 seconds, an error for who waits, then 0"""
        agent = self.agent(config=self.configuration())
        self.slow_tenant(20)
        thread, result = self.ask_behind()
        self.wait(lambda: self.requests() == 1)
        begun = time.monotonic()
        agent.signal(signal.SIGTERM)
        agent.signal(signal.SIGTERM)
        self.assertEqual(agent.exit(), 0)
        self.assertTrue(4.5 < time.monotonic() - begun < 6.5)
        thread.join()
        self.assertEqual(result[0]["class"], "again", result)
        self.assertIn("stopped", result[0]["text"])

    def test_stop_while_a_sign_in_is_renewed(self):
        """SIGTERM while a refresh token is exchanged and nobody waits: what replaces it is kept first"""
        config, token = self.signed_in()
        agent = self.agent(config=config)
        self.tenant.control("fault", {"match": {"grant": "refresh_token"}, "action": {"delay": 2}, "count": -1})
        with wire.connect(self.socket) as client:
            client.sendall(wire.request(ANNA))
            self.wait(lambda: self.tenant.control("count?grant=refresh_token") == 1)
        agent.signal(signal.SIGTERM)
        agent.wait_for("is kept first")
        self.assertEqual(agent.exit(10), 0)
        self.assertNotEqual(self.kept_refresh_token(), token)

    def test_silent_client_does_not_keep_it(self):
        """SIGTERM while a client says nothing: ended within its 5 seconds"""
        agent = self.agent(config=self.configuration())
        with wire.connect(self.socket):
            agent.signal(signal.SIGTERM)
            self.assertEqual(agent.exit(7), 0)

    def test_during_start(self):
        """SIGTERM at any moment of the start ends it"""
        config = self.configuration()
        for i in range(20):
            agent = self.start("--user", agent_case.USER.pw_name, "--config", str(config), "--socket",
                               f"{self.place}/s")
            time.sleep(i * 0.002)
            agent.signal(signal.SIGTERM)
            self.assertIn(agent.exit(), (0, -signal.SIGTERM))

    def test_pipe(self):
        """SIGPIPE is ignored"""
        ignored = int(self.agent(config=self.configuration()).status()["SigIgn"], 16)
        self.assertTrue(ignored >> (signal.SIGPIPE - 1) & 1)


if __name__ == "__main__":
    sys.exit(agent_case.main())
