"""sasl-entrad: the status through its socket."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import LOGIN, OTHER, USER, TenantCase  # noqa: E402


def status(path):
    """All rows, and the number of answers they came in."""
    rows, more, pages = [], "", 0
    while True:
        answer = wire.ask(path, more, operation=wire.STATUS)
        if answer.get("kind") != "answer":
            return answer, pages
        assert len(answer.get("status", "")) <= 30720 and "token" not in answer
        rows += [json.loads(line) for line in answer.get("status", "").splitlines()]
        more, pages = answer.get("more", ""), pages + 1
        if not more:
            return rows, pages


class Status(TenantCase):
    def test_who(self):
        """root and the agent's own user; another one is refused, and told nothing"""
        self.agent(config=self.configuration())
        refused, _ = wire.as_user(OTHER.pw_uid, OTHER.pw_gid, [], status, self.socket)
        self.assertEqual(refused["class"], "denied")
        self.assertIn("only root and the agent's own user", refused["text"])
        self.assertEqual(set(refused), {"kind", "class", "retry_after", "text"})
        rows, _ = wire.as_user(USER.pw_uid, USER.pw_gid, [], status, self.socket)
        self.assertEqual([row["account"] for row in rows], ["relay"])
        self.assertEqual(self.requests(), 0)

    def test_token(self):
        """the token that has just been handed out, by its fingerprint"""
        self.agent(config=self.configuration())
        self.assertEqual(status(self.socket)[0][0]["state"], "unused")
        answer = wire.ask(self.socket, LOGIN)
        row = status(self.socket)[0][0]
        self.assertEqual((row["state"], row["fingerprint"], row["kept"]), ("ok", answer["fingerprint"], "file"))
        self.assertAlmostEqual(row["seconds_left"], answer["seconds_left"], delta=5)

    def test_failure(self):
        """a failure, and that it is over"""
        self.agent(config=self.configuration())
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": {"aadsts": 7000215},
                                      "count": 1})
        wire.ask(self.socket, LOGIN)
        row = status(self.socket)[0][0]
        self.assertEqual((row["state"], row["needs"]), ("config", "config"))
        self.assertIn("AADSTS7000215", row["text"])
        wire.ask(self.socket, "relay", operation=wire.REFRESH)
        row = status(self.socket)[0][0]
        self.assertEqual((row["state"], row["needs"], row["failures"], row["text"]), ("ok", None, 0, None))

    def test_credential(self):
        """what fails before anything is asked is told as well, and not remembered"""
        self.agent(config=self.configuration())
        secret = self.place / "relay.secret"
        os.chmod(secret, 0o644)
        self.assertEqual(wire.ask(self.socket, LOGIN)["class"], "config")
        row = status(self.socket)[0][0]
        self.assertEqual((row["state"], row["needs"]), ("config", "config"))
        self.assertIn(str(secret), row["text"])
        os.chmod(secret, 0o600)
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertEqual(status(self.socket)[0][0]["state"], "ok")

    def test_cursor(self):
        """a cursor that is none: an error, and the agent goes on"""
        self.agent(config=self.configuration())
        for cursor in ("x", "1.2.3.4", "9" * 300, "0.0.0.zz"):
            self.assertEqual(wire.ask(self.socket, cursor, operation=wire.STATUS)["class"], "config")
        self.assertEqual(wire.ask(self.socket, "999999.0.0.", operation=wire.STATUS)["kind"], "answer")
        self.assertEqual(len(status(self.socket)[0]), 1)

    def test_thousand(self):
        """1,000 token keys come page by page, and a client between two pages waits for nothing"""
        secret = self.place / "relay.secret"
        more = "".join(f"[account a{i}]\nmatch = *@d{i}.example\ntenant = contoso.onmicrosoft.com\n"
                       f"client_id = 00001111-aaaa-2222-bbbb-{i:012d}\ncredential = secret\n"
                       f"client_secret_file = {secret}\nauthority = {self.tenant.authority}\n" for i in range(999))
        self.agent(config=self.configuration(extra=more))
        wire.ask(self.socket, LOGIN)
        for i in range(0, 999, 9):  # many of them are known to the agent, with an error each
            wire.ask(self.socket, f"x@d{i}.example", time_left=3000)
        began = time.monotonic()
        rows, pages = status(self.socket)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual([row["account"] for row in rows], ["relay"] + [f"a{i}" for i in range(999)])
        self.assertGreater(pages, 10)
        self.assertEqual(len({row["token_key"] for row in rows}), 1000)
        began = time.monotonic()
        page = wire.ask(self.socket, "", operation=wire.STATUS)
        self.assertLess(time.monotonic() - began, 0.5)
        self.assertTrue(page["more"])


if __name__ == "__main__":
    sys.exit(agent_case.main())
