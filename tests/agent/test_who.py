"""sasl-entrad: who may ask for what."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import GROUP, LOGIN, OTHER, USER, TenantCase  # noqa: E402


class Who(TenantCase):
    def ask(self, user, login=LOGIN, groups=(), **named):
        return wire.as_user(user.pw_uid, user.pw_gid, list(groups), wire.ask, self.socket, login, **named)

    def test_everybody(self):
        """without `allow` whoever can connect gets the token"""
        self.agent(config=self.configuration())
        self.assertEqual(self.ask(OTHER)["kind"], "answer")

    def test_user(self):
        """`allow` with a user's name: he and root, nobody else"""
        self.agent(config=self.configuration(extra="allow = bin\n"))
        self.assertEqual(self.ask(agent_case.pwd.getpwnam("bin"))["kind"], "answer")
        refused = self.ask(OTHER)
        self.assertEqual(refused["class"], "denied")
        self.assertIn(LOGIN, refused["text"])
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertEqual(self.requests(), 1)

    def test_group(self):
        """`allow` with @group: by supplementary group, and by main group"""
        self.agent(config=self.configuration(extra=f"allow = @{GROUP.gr_name}\n"))
        self.assertEqual(self.ask(OTHER)["class"], "denied")
        self.assertEqual(self.ask(OTHER, groups=[1, GROUP.gr_gid, 33])["kind"], "answer")
        member = agent_case.pwd.getpwnam("games")
        self.assertEqual(self.ask(member)["kind"], "answer")

    def test_many_groups(self):
        """a client in more groups than are kept does no harm"""
        self.agent(config=self.configuration(extra=f"allow = @{GROUP.gr_name}\n"))
        self.assertEqual(self.ask(OTHER, groups=range(10000, 11000))["class"], "denied")
        self.assertEqual(self.ask(OTHER, groups=[GROUP.gr_gid, *range(10000, 11000)])["kind"], "answer")

    def test_server(self):
        """a server outside `servers` gets no token"""
        self.agent(config=self.configuration())
        self.assertEqual(self.ask(OTHER, server="smtp.office365.com")["kind"], "answer")
        self.assertEqual(self.ask(OTHER, server="smtp.office365.com.example")["class"], "denied")

    def test_administration(self):
        """REFRESH and REREAD: root and the agent's own user, nobody else; no token is sent back"""
        self.agent(config=self.configuration())
        for operation in (wire.REFRESH, wire.REREAD):
            refused = self.ask(OTHER, operation=operation)
            self.assertEqual(refused["class"], "denied")
            self.assertIn("only root and the agent's own user", refused["text"])
        self.assertEqual(self.requests(), 0)
        for user in (USER, agent_case.pwd.getpwnam("root")):
            answer = self.ask(user, operation=wire.REFRESH)
            self.assertEqual(answer["kind"], "answer")
            self.assertNotIn("token", answer)
            self.assertGreater(answer["seconds_left"], 3000)
        self.assertEqual(self.requests(), 2)

    def test_reread(self):
        """REREAD of a token key that is not known is no error, and says nothing about others"""
        self.agent(config=self.configuration())
        answer = self.ask(USER, login="0" * 32, operation=wire.REREAD)
        self.assertEqual(answer["kind"], "answer", answer)

    def test_log(self):
        """refusals are logged once for a user, not each time"""
        agent = self.agent(config=self.configuration(extra="allow = bin\n"))
        for _ in range(20):
            self.ask(OTHER)
            self.ask(USER, operation=wire.TOKEN)
        for user in (OTHER, USER):
            agent.wait_for(f"uid {user.pw_uid} was refused")
        self.assertEqual(agent.count("was refused"), 2, agent.log)


if __name__ == "__main__":
    sys.exit(agent_case.main())
