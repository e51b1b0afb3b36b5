"""sasl-entrad: clients that do not behave, while another one is served."""

import os
import pathlib
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import LOGIN, TenantCase  # noqa: E402


class Clients(TenantCase):
    def setUp(self):
        super().setUp()
        self.process = self.agent(config=self.configuration())
        self.good()
        self.before = self.process.descriptors()

    def tearDown(self):
        self.wait(lambda: self.process.descriptors() <= self.before)
        self.assertIsNone(self.process.process.poll())

    def good(self, within=1.0):
        """Another client gets its token, at once."""
        begun = time.monotonic()
        answer = wire.ask(self.socket, LOGIN)
        self.assertEqual(answer["kind"], "answer", answer.get("text"))
        self.assertLess(time.monotonic() - begun, within)
        return answer

    def ended_after(self, client):
        """Seconds until the agent ends the connection, and what it said."""
        begun = time.monotonic()
        said = wire.read_all(client)
        return time.monotonic() - begun, wire.parse(said)

    def test_answer(self):
        """the answer is a token with its lifetime, and a second one costs the tenant nothing"""
        first, second = self.good(), self.good()
        self.assertEqual(first["token"], second["token"])
        self.assertGreater(first["seconds_left"], 3000)
        self.assertEqual(len(first["fingerprint"]), 8)
        self.assertEqual(self.requests(), 1)
        self.process.wait_for(first["fingerprint"])
        self.assertNotIn(first["token"], self.process.log)

    def test_silent(self):
        """a silent one is dropped after 5 seconds"""
        with wire.connect(self.socket) as client:
            self.good()
            seconds, answer = self.ended_after(client)
        self.assertEqual(answer, {})
        self.assertTrue(4 < seconds < 7, seconds)

    def test_slow(self):
        """a byte a second: dropped after 5 seconds, however far it came"""
        with wire.connect(self.socket) as client:
            frame, begun = wire.request(LOGIN), time.monotonic()
            try:
                for i in range(12):
                    client.sendall(frame[i:i + 1])
                    self.good()
                    time.sleep(1)
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertTrue(4 < time.monotonic() - begun < 8)

    def test_pieces(self):
        """a request in pieces is a request"""
        with wire.connect(self.socket) as client:
            for byte in wire.request(LOGIN):
                client.sendall(bytes([byte]))
                time.sleep(0.005)
            self.assertEqual(wire.parse(wire.read_all(client))["kind"], "answer")

    def test_half_closed(self):
        """one that closes its sending side still gets its answer"""
        with wire.connect(self.socket) as client:
            client.sendall(wire.request(LOGIN))
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(wire.parse(wire.read_all(client))["kind"], "answer")

    def test_garbage(self):
        """garbage of many kinds is answered with an error at once"""
        good = wire.request(LOGIN)
        field = struct.pack(">BH", 3, 60000) + b"x" * 100
        bad = [b"GET / HTTP/1.0\r\n\r\n", b"\0" * 64, os.urandom(64), b"SE\x02" + good[3:], b"SE\x01\x02" + good[4:],
               b"SE\x01\x01" + struct.pack(">I", 0x7fffffff), b"SE\x01\x01\xff\xff\xff\xff", b"SE\x01\x01\0\0\0\0",
               b"SE\x01\x01" + struct.pack(">I", len(field)) + field,
               wire.request("x" * 400), wire.request(LOGIN, operation=9), wire.request("a\0b@contoso.com")]
        for data in bad:
            with wire.connect(self.socket) as client:
                client.sendall(data)
                seconds, answer = self.ended_after(client)
            self.assertEqual(answer.get("class"), "internal", data[:16])
            self.assertLess(seconds, 1)
        self.good()

    def test_much(self):
        """10 MB: cut off, and the agent does not grow"""
        memory = int(self.process.status()["VmRSS"].split()[0])
        for frame in (b"x" * 10_000_000, wire.request(LOGIN) + b"x" * 10_000_000):
            with wire.connect(self.socket) as client:
                try:
                    client.sendall(frame)
                except (BrokenPipeError, ConnectionResetError):
                    pass
            self.good()
        self.assertLess(int(self.process.status()["VmRSS"].split()[0]) - memory, 2000)

    def test_thousand(self):
        """1,000 silent ones at once: another is served, memory and descriptors stay bounded, all are dropped"""
        memory = int(self.process.status()["VmRSS"].split()[0])
        crowd = [wire.connect(self.socket) for _ in range(1000)]
        try:
            self.good(within=3.0)
            self.assertLess(self.process.descriptors(), 1200)
            self.assertLess(int(self.process.status()["VmRSS"].split()[0]) - memory, 8000)
            self.wait(lambda: self.process.descriptors() <= self.before)
        finally:
            for client in crowd:
                client.close()

    def test_full(self):
        """more than 1024: whoever comes later waits until places are free, nobody is lost"""
        crowd = [wire.connect(self.socket) for _ in range(1300)]
        try:
            self.assertLess(self.process.descriptors(), 1200)
            self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        finally:
            for client in crowd:
                client.close()

    def test_few_descriptors(self):
        """a low limit of descriptors is raised, or else fewer are served at once and nobody is lost"""
        for limit in ("256:4096", "200:200"):
            name = f"s{limit[:3]}"
            agent = self.start(f"--nofile={limit}", agent_case.AGENT, "--user", agent_case.USER.pw_name, "--config",
                               str(self.configuration()), "--socket", f"{self.place}/{name}", program=("prlimit",))
            agent.wait_for("listening at")
            crowd = [wire.connect(f"{self.place}/{name}") for _ in range(300)]
            try:
                if limit == "256:4096":
                    self.wait(lambda agent=agent: agent.descriptors() > 300, 3)
                self.assertEqual(wire.ask(f"{self.place}/{name}", LOGIN)["kind"], "answer")
            finally:
                for client in crowd:
                    client.close()
            self.assertNotIn("could not accept", agent.log)

    def test_disappearing(self):
        """ones that leave at any moment: before, in, and after the request, and while it waits"""
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"delay": 2}, "count": 1})
        other = "other@contoso.com"
        frame = wire.request(other, operation=wire.REFRESH)
        for round_ in range(60):
            client = wire.connect(self.socket)
            client.sendall(frame[:(0, 7, 12, len(frame))[round_ % 4]])
            client.close()
        waiting = threading.Thread(target=lambda: wire.ask(self.socket, LOGIN))
        waiting.start()
        waiting.join()
        self.good(within=4.0)

    def test_unread_answer(self):
        """ones that never read their answer are dropped"""
        crowd = []
        for _ in range(50):
            client = socket.socket(socket.AF_UNIX)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            client.connect(self.socket)
            client.sendall(wire.request(LOGIN))
            crowd.append(client)
        self.good()
        self.wait(lambda: self.process.descriptors() <= self.before, 4)
        for client in crowd:
            client.close()

    def test_deadline(self):
        """the answer comes before the asker's time is over, however long the tenant takes"""
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"delay": 8}, "count": -1})
        for time_left, least, most in ((3000, 1.0, 2.9), (1200, 0.3, 1.1), (0, 0.0, 0.5)):
            begun = time.monotonic()
            answer = wire.ask(self.socket, LOGIN, operation=wire.REFRESH, time_left=time_left)
            seconds = time.monotonic() - begun
            self.assertEqual(answer["class"], "again", answer)
            self.assertTrue(least <= seconds < most, f"{time_left} ms: {seconds}")
        self.good()

    def test_together(self):
        """200 at once after an expired token: one request, the same token for all"""
        self.wait(lambda: wire.ask(self.socket, LOGIN, operation=wire.REFRESH)["kind"] == "answer")
        before, answers = self.requests(), []
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"delay": 0.5}, "count": 1})
        config = pathlib.Path(self.configuration(name="fresh.conf"))
        config.write_text(config.read_text().replace("/state\n", "/fresh\n"), encoding="utf-8")
        self.directory("fresh", agent_case.USER)
        fresh = self.start("--user", agent_case.USER.pw_name, "--config", str(config), "--socket", f"{self.place}/fs")
        fresh.wait_for("listening at")
        threads = [threading.Thread(target=lambda i=i: answers.append(wire.ask(f"{self.place}/fs", f"a{i}@contoso.com")))
                   for i in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({answer["kind"] for answer in answers}, {"answer"})
        self.assertEqual(len({answer["token"] for answer in answers}), 1)
        self.assertEqual(self.requests() - before, 1)


if __name__ == "__main__":
    sys.exit(agent_case.main())
