#!/usr/bin/python3
"""Hostile token endpoints and proxies: each has its bound in time and memory and its sentence, nothing is lost or sent
elsewhere, and afterwards all is as before."""

import sys
import time
from email.utils import formatdate
from unittest import TestCase

import hostile_answers as a
import hostile_wires as w
from hostile_case import Engine, Place, figures, forget_peak, REFRESH_TOKEN, tap
from hostile_cases import all_cases, Case

GOOD = "good@fabrikam.com"
TEST = "make check-hostile"
SENTENCE_MAX = 700  # bytes
ALONE_KB = 8 * 1024  # that an ask of one hostile peer may add to the engine's memory
TOGETHER_KB = 24 * 1024  # all of them at once
LATER_KB = 4 * 1024  # of all that, a second round
ONE_TRY_MS = 2500  # too little for a second try


class Together(TestCase):
    """All of them at once in one engine, then all of them behave."""

    @classmethod
    def setUpClass(cls):
        cls.cases = all_cases()
        cls.place = Place(cls.cases)
        cls.addClassCleanup(cls.place.remove)
        cls.server, cls.engine = cls.place.server, Engine(cls.place.configuration())
        cls.addClassCleanup(cls.engine.end)
        logins = [case.login for case in cls.cases]
        for login in (GOOD, *logins):
            cls.engine.sign_in(login)
        cls.engine.ask(GOOD)
        cls.before = cls.engine.size()
        cls.first = cls.engine.ask_all(logins)
        cls.during = cls.engine.settled(cls.before)
        cls.kept = {login: cls.engine.kept(login) for login in logins}
        cls.requests = {name: list(requests) for name, requests in cls.server.requests.items()}
        cls.server.behaves.update(case.name for case in cls.cases)
        cls.second = cls.engine.ask_all(logins, "refresh")
        cls.engine.ask(GOOD, "refresh")
        cls.after = cls.engine.settled(cls.before)

    def check(self, case):
        done = self.first[case.login]
        classes = case.classes if isinstance(case.classes, tuple) else (case.classes,)
        words = case.words if isinstance(case.words, tuple) else (case.words or "",)
        self.assertIn(done.kind, classes, done)
        self.assertLessEqual(done.seconds, case.seconds, done)
        self.assertTrue(any(word in done.text for word in words), done.text)
        if done.kind != "ok":
            self.check_sentence(case, done.text)
            self.assertEqual(self.kept[case.login], REFRESH_TOKEN + case.login)
        self.assertEqual(self.second[case.login].kind, "ok", self.second[case.login])
        self.assertTrue(self.second[case.login].text.startswith("real-"))

    def check_sentence(self, case, text):
        """Whose it is, where; nothing that came from there could change a terminal or a log; no secret."""
        self.assertTrue(text.startswith(f"{case.login}: "), text)
        if "Entra" not in text:  # which names the account's section
            self.assertIn("localhost:", text)
        self.assertTrue(text.isascii() and text.isprintable(), text)
        self.assertLess(len(text), SENTENCE_MAX)
        for secret in (REFRESH_TOKEN, "FORGED"):
            self.assertNotIn(secret, text)

    def test_memory(self):
        """all at once stay within their memory, and a second round takes no more"""
        self.assertLess(self.during.peak - self.before.resident, TOGETHER_KB)
        self.assertLess(self.after.peak - self.during.peak, LATER_KB)

    def test_descriptors(self):
        """no descriptor and no thread is left"""
        self.assertEqual(self.during.descriptors, self.before.descriptors)
        self.assertEqual(self.after.descriptors, self.before.descriptors)
        self.assertEqual(self.after.threads, self.before.threads)

    def test_nowhere_else(self):
        """no redirect is followed"""
        self.assertEqual(self.server.trapped, [])

    def test_nothing_sent(self):
        """who is not the endpoint, or cannot prove it, sees no request"""
        for case in self.cases:
            if (case.proxy or "handshake" in case.name or "is not to be trusted" in str(case.words) or
                    "no TLS connection" in str(case.words)):
                self.assertNotIn(case.name, self.requests)
        self.assertGreater(len(self.requests), 50)

    def test_no_credentials(self):
        """a challenge is not answered, and nothing is brought along that was not to be sent"""
        for requests in self.server.requests.values():
            self.assertTrue(all(not {"authorization", "proxy-authorization", "cookie", "upgrade"} & set(request.headers)
                                for request in requests))
        for name, requests in self.server.connects.items():
            for request in requests:
                self.assertTrue(request.line.startswith("CONNECT localhost:"), name)
                self.assertLessEqual(set(request.headers), {"host", "user-agent", "proxy-connection"}, name)
        self.assertGreater(len(self.server.connects), 10)

    def test_no_more_than_twice(self):
        """a fault is tried once more, a refusal is not"""
        for case in self.cases:
            requests = len(self.requests.get(case.name, []))
            self.assertLessEqual(requests, 2 if self.first[case.login].kind == "again" else 1, case.name)

    def test_log(self):
        """the log tells of new tokens, without a secret"""
        log = "\n".join(self.engine.log)
        self.assertIn("new access token for identity good@fabrikam.com", log)
        for secret in (REFRESH_TOKEN, "FORGED", "real-"):
            self.assertNotIn(secret, log)

    @classmethod
    def tearDownClass(cls):
        for row, proxies in (("hostile answers of a token endpoint", False), ("hostile proxy", True)):
            count = sum(bool(case.proxy) == proxies for case in cls.cases)
            survived = sum(bool(case.proxy) == proxies and cls.second[case.login].kind == "ok" for case in cls.cases)
            figures.add(row, TEST, inputs=count, injected=count, survived=survived)


def _add_cases():
    for number, case in enumerate(all_cases(), 1):
        def test(self, case=case):
            self.check(case)
        test.__doc__ = case.name
        setattr(Together, f"test_case_{number:03}", test)


_add_cases()

GREEDY = ("endless-", "gzip-", "length-exa", "chunk-huge", "body-deep", "header-long", "oversized", "large-",
          "chain-", "proxy-endless-", "socks-endless", "token-long", "endless-hello")
PATIENT = ("length-exa-silent",)


class Alone(TestCase):
    """Those that offer much, one after the other, each seen alone."""

    def test_memory(self):
        """no endless answer, large certificate or archive takes more than 8 MiB"""
        cases = [case for case in all_cases() if case.name.startswith(GREEDY) and case.name not in PATIENT]
        self.assertGreater(len(cases), 20)
        place = Place(cases)
        self.addCleanup(place.remove)
        engine = Engine(place.configuration())
        self.addCleanup(engine.end)
        for case in cases:
            engine.sign_in(case.login)
        engine.sign_in(GOOD)
        engine.ask(GOOD)
        for case in cases:
            before = engine.size()
            forget_peak(engine.pid)
            engine.ask(case.login, milliseconds=ONE_TRY_MS)
            self.assertLess(engine.size().peak - before.resident, ALONE_KB, case.name)


RETRY = [
    # name, the headers' values, what the error says at least and at most; the next ask, which is not made, may say
    # up to as much again, or five minutes, more
    ("none", (), 0, 1),
    ("zero", (b"0",), 0, 1),
    ("negative", (b"-1",), 0, 1),
    ("nothing", (b"",), 0, 1),
    ("word", (b"soon",), 0, 1),
    ("escape", (b"\x1b[2J",), 0, 1),
    ("minute", (b"60",), 55, 60),
    ("trillion", (b"1000000000000",), 3500, 3600),
    ("beyond-64-bits", (b"99999999999999999999999999",), 0, 3600),
    ("past", (b"PAST",), 0, 1),
    ("epoch", (b"Thu, 01 Jan 1970 00:00:00 GMT",), 0, 1),
    ("five-minutes", (b"SOON",), 290, 300),
    ("far-future", (b"Fri, 31 Dec 9999 23:59:59 GMT",), 3500, 3600),
    ("several", (b"120", b"120", b"120"), 115, 120),
    ("several-that-differ", (b"60", b"120"), 55, 120),
]


def _retry_after(value):
    seconds = {b"PAST": -3600, b"SOON": 300}.get(value)
    return value if seconds is None else formatdate(time.time() + seconds, usegmt=True).encode()


class RetryAfter(TestCase):
    def test_values(self):
        """Retry-After is heeded up to an hour; nonsense leaves our own pause"""
        cases = [Case(f"{name}-{status}", None, "again", None) for name, *_ in RETRY for status in (429, 503)]
        for case in cases:
            name, _, status = case.name.rpartition("-")
            values = next(values for entry, values, *_ in RETRY if entry == name)
            line = f"HTTP/1.1 {status} No".encode()
            case.does = w.answer(a.throttled(*map(_retry_after, values), status=line))
        place = Place(cases)
        self.addCleanup(place.remove)
        engine = Engine(place.configuration())
        self.addCleanup(engine.end)
        for case in cases:
            engine.sign_in(case.login)
        first = engine.ask_all([case.login for case in cases])
        again = engine.ask_all([case.login for case in cases])
        for case in cases:
            least, most = next(bounds for name, _, *bounds in RETRY if name == case.name.rpartition("-")[0])
            with self.subTest(case.name):
                self.assertEqual(first[case.login].kind, "again")
                self.assertTrue(least <= first[case.login].retry_after <= most, first[case.login])
                if least:  # asked for: neither a second try within the step, nor one by the next asker
                    self.assertEqual(len(place.server.requests[case.name]), 1)
                    self.assertIn("remembered", again[case.login].text)
                    chance = min(most, 300)  # by which it is asked again later
                    self.assertTrue(least - 5 <= again[case.login].retry_after <= most + chance, again[case.login])
                elif not most > 1:
                    self.assertGreater(len(place.server.requests[case.name]), 1)
        figures.add("hostile answers of a token endpoint", TEST, inputs=len(cases), injected=len(cases),
                    survived=sum(done.kind == "again" for done in first.values()))


def _twice(second):
    """A good answer, and on the same connection then that."""
    def serve(server, case, wire):
        with server.context("good").wrap_socket(wire, server_side=True) as secured:
            connection = w.Connection(server, case.name, secured)
            server.count(case, connection.read_request())
            second(server, case, connection)
    return serve


def _end_after(server, _case, connection):
    connection.send(server.grant())
    connection.end()


def _end_at_next(server, case, connection):
    connection.send(server.grant())
    server.count(case, connection.read_request())
    connection.end()


def _reset_at_next(server, case, connection):
    connection.send(server.grant())
    server.count(case, connection.read_request())
    connection.end(reset=True)


def _answer_before(server, _case, connection):
    """An answer to a question that nobody has asked yet."""
    connection.send(server.grant() + a.whole(a.TOKEN))
    connection.read_to_end()


def _answer_later(server, _case, connection):
    connection.send(server.grant())
    time.sleep(0.2)
    connection.send(a.whole(a.TOKEN))
    connection.read_to_end()


class KeptAlive(TestCase):
    """What a server does with a connection that is kept for the next request."""

    def test_each(self):
        """a connection that ended is made again, and an answer that came too early answers nothing"""
        cases = [Case(name, _twice(second), "ok", None) for name, second in
                 (("ends-after-answer", _end_after), ("ends-at-next-request", _end_at_next),
                  ("resets-at-next-request", _reset_at_next), ("answers-twice", _answer_before),
                  ("answers-later", _answer_later))]
        place = Place(cases)
        self.addCleanup(place.remove)
        engine = Engine(place.configuration())
        self.addCleanup(engine.end)
        logins = [case.login for case in cases]
        for login in logins:
            engine.sign_in(login)
        seen = set()
        for verb in ("ask", "refresh", "refresh"):
            for login, done in engine.ask_all(logins, verb).items():
                with self.subTest(login):
                    self.assertEqual(done.kind, "ok", done)
                    self.assertTrue(done.text.startswith("real-"), done.text)
                    self.assertNotIn(done.text, seen)
                    self.assertEqual(engine.kept(login), REFRESH_TOKEN + login)
                seen.add(done.text)
            time.sleep(0.5)
        figures.add("hostile answers of a token endpoint", TEST, inputs=len(cases), injected=len(cases),
                    survived=len(cases))


if __name__ == "__main__":
    sys.exit(tap.main())
