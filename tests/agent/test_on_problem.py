"""sasl-entrad: the program of on_problem, once for each change of an account's state."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
import wire  # noqa: E402
from agent_case import LOGIN, TOOL, USER, TenantCase, run  # noqa: E402

# What it was told, what it has open, and what it gets from stdin; a file a call, complete when it has its name.
PROGRAM = """#!/bin/sh
{ env; echo "descriptors=$(ls /proc/self/fd | tr '\\n' ' ')"; echo "stdin=$(wc -c)"; echo "arguments=$#"
  echo "group=$(ps -o pgid= -p $$ | tr -d ' ') $$"; echo "directory=$(pwd)"; } > TOLD/new.$$ 2>&1
EXTRA
mv TOLD/new.$$ "TOLD/$(date +%s%N)"
echo "a line for the log" >&2
echo nowhere
"""


class OnProblem(TenantCase):
    def setUp(self):
        super().setUp()
        self.told = self.directory("told", USER)
        self.program = self.make_program()

    def make_program(self, extra="", mode=0o755, name="tell"):
        return self.write(name, PROGRAM.replace("TOLD", str(self.told)).replace("EXTRA", extra), mode=mode)

    def start_agent(self, extra="", program=None):
        config = self.configuration(extra=f"on_problem = {program or self.program}\n{extra}")
        return self.agent(config=config)

    def fault(self, **action):
        self.tenant.control("fault", {"match": {"grant": "client_credentials"}, "action": action, "count": -1})

    def calls(self, count):
        """The environments of all calls, of which there are `count`."""
        self.wait(lambda: len(self.names()) >= count)
        time.sleep(0.3)  # in which one too many would come
        names = self.names()
        self.assertEqual(len(names), count)
        return [dict(line.split("=", 1) for line in (self.told / name).read_text().splitlines()) for name in names]

    def names(self):
        return sorted(name for name in os.listdir(self.told) if not name.startswith("new"))

    def refresh(self):
        return wire.ask(self.socket, "relay", operation=wire.REFRESH, time_left=4000)

    def test_changes(self):
        """nothing while all is well, then one call when it breaks, when the class changes, and when it is over"""
        agent = self.start_agent()
        wire.ask(self.socket, LOGIN)
        self.calls(0)
        self.fault(aadsts=7000215)
        for _ in range(3):
            self.refresh()
        first = self.calls(1)[0]
        self.assertEqual((first["SASL_ENTRA_ACCOUNT"], first["SASL_ENTRA_STATE"], first["SASL_ENTRA_LOGIN"]),
                         ("relay", "config", "relay"))
        self.assertIn("AADSTS7000215", first["SASL_ENTRA_TEXT"])
        self.tenant.control("reset", {})
        self.fault(aadsts=7000112)
        for _ in range(2):
            self.refresh()
        self.assertEqual(self.calls(2)[1]["SASL_ENTRA_STATE"], "admin")
        self.tenant.control("reset", {})
        self.assertEqual(self.refresh()["kind"], "answer")
        for _ in range(3):
            wire.ask(self.socket, LOGIN)
        last = self.calls(3)[2]
        self.assertEqual((last["SASL_ENTRA_STATE"], last["SASL_ENTRA_TEXT"]), ("ok", ""))
        agent.wait_for("a line for the log")
        self.assertNotIn("nowhere", agent.log)

    def test_place(self):
        """what it finds: a clean environment, no descriptor of ours, a group of its own, no right of root's"""
        self.start_agent()
        self.fault(aadsts=7000215)
        wire.ask(self.socket, LOGIN)
        told = self.calls(1)[0]
        known = {"PATH", "PWD", "SHLVL", "_", "OLDPWD", "descriptors", "stdin", "arguments", "group", "directory"}
        self.assertEqual({name for name in told if name not in known},
                         {"SASL_ENTRA_ACCOUNT", "SASL_ENTRA_LOGIN", "SASL_ENTRA_STATE", "SASL_ENTRA_TEXT"})
        self.assertEqual(told["descriptors"].split(), ["0", "1", "2", "3"])  # 3 is the one that ls(1) reads with
        self.assertEqual((told["stdin"], told["arguments"], told["directory"]), ("0", "0", "/"))
        group, process = told["group"].split() if len(told["group"].split()) == 2 else ("x", "x")
        self.assertEqual(group, process)
        self.assertEqual(os.stat(self.told / self.names()[0]).st_uid, USER.pw_uid)

    def test_again(self):
        """what the network does is no problem for the first minutes"""
        self.start_agent()
        self.fault(status=503)
        self.assertEqual(self.refresh()["class"], "again")
        self.calls(0)

    def test_slow(self):
        """one that takes its time keeps nobody waiting, and the next change is told after it"""
        self.make_program(extra="sleep 3")
        self.start_agent()
        self.fault(aadsts=7000215)
        self.refresh()
        self.tenant.control("reset", {})
        began = time.monotonic()
        self.assertEqual(self.refresh()["kind"], "answer")
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")
        self.assertLess(time.monotonic() - began, 2)
        self.assertEqual([each["SASL_ENTRA_STATE"] for each in self.calls(2)], ["config", "ok"])

    def test_untrusted(self):
        """one that others can write is not run, once; the log says why, and check does"""
        self.make_program(mode=0o777)
        agent = self.start_agent()
        self.fault(aadsts=7000215)
        for _ in range(3):
            self.refresh()
        agent.wait_for("can be written by others, and is not run")
        self.calls(0)
        self.assertEqual(agent.count("is not run"), 1)
        result = run(TOOL, "--config", str(self.place / "agent.conf"), "check")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"on_problem: .*can be written by others")
        for mode, words in ((0o644, "may not be run"), (0o755, "0 errors")):
            self.make_program(mode=mode)
            self.assertIn(words, run(TOOL, "--config", str(self.place / "agent.conf"), "check").stdout)

    def test_absent(self):
        """one that is not there, and one that fails: a line in the log, and the agent goes on"""
        agent = self.start_agent(program=f"{self.place}/missing")
        self.fault(aadsts=7000215)
        self.refresh()
        agent.wait_for("on_problem of [account relay]")
        self.make_program(name="missing", extra="exit 3")
        self.tenant.control("reset", {})
        self.refresh()
        agent.wait_for("ended with exit code 3")
        self.assertEqual(wire.ask(self.socket, LOGIN)["kind"], "answer")

    def test_sign_in(self):
        """nobody has signed in: told once; a stranger's login name tells nobody"""
        people = ("tenant = contoso.onmicrosoft.com\nclient_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
                  f"on_problem = {self.program}\n")
        self.start_agent(extra=f"[account scanner]\nmatch = s@fabrikam.com\nidentity = anna@contoso.com\n{people}"
                               f"[account any]\nmatch = *@fabrikam.com\n{people}")
        for _ in range(3):
            self.assertEqual(wire.ask(self.socket, "s@fabrikam.com")["class"], "sign in")
            self.assertEqual(wire.ask(self.socket, "stranger@fabrikam.com")["class"], "sign in")
        told = self.calls(1)[0]
        self.assertEqual((told["SASL_ENTRA_ACCOUNT"], told["SASL_ENTRA_LOGIN"], told["SASL_ENTRA_STATE"]),
                         ("scanner", "s@fabrikam.com", "sign in"))

    def test_no_zombies(self):
        """what has ended is waited for"""
        agent = self.start_agent()
        self.fault(aadsts=7000215)
        self.refresh()
        self.calls(1)

        def children():
            text = run("ps", "-o", "stat=", "--ppid", str(agent.pid)).stdout
            return [line for line in text.splitlines() if line.strip()]
        self.wait(lambda: not children(), 5)


if __name__ == "__main__":
    sys.exit(agent_case.main())
