#!/usr/bin/env python3
"""What one use costs, in numbers that no clock has a part in, is within the budgets of table.txt: objects and
memory of a program that only loads the plugin, system calls and instructions of a login, token requests, sizes.

Each value is printed, "# budget NAME VALUE UNIT LIMIT", whether or not it is within the limit."""

import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "environment"))
import environment_case  # noqa: E402
from environment_case import AGENT, BUILD, GROUP, OTHER, PATH, TOOL, USER, EnvironmentCase  # noqa: E402

import budgets  # noqa: E402
import wire  # noqa: E402

TABLE = budgets.table()
PLUGIN, ENGINE, NOTHING = (os.path.join(BUILD, place, ".libs", name) for place, name in (
    ("", "libsasl-entra.so"), ("", "engine.so"), ("tests/bench", "nothing.so")))
NAMES = ("anna@contoso.com", "otto@contoso.com")
# None comes twice, so that none is answered from the plugin's memory: each login asks the agent.
MANY = [f"sender{number}@contoso.com" for number in range(1010)]
# Each directory on the way to the agent's socket is looked at: the costs are those of the usual way, wherever
# this tree is to be installed.
SOCKET = pathlib.Path("/run/sasl-entra/agent.sock")
# libc takes other loops on other processors, some of which count a whole copy as one instruction or as one a
# byte: under callgrind it is to take the ones that every x86-64 has.
PLAIN_LOOPS = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-ERMS,-FSRM,-AVX,-AVX2,-AVX2_Usable,-AVX512F,-AVX512VL,-EVEX"}
CALLGRIND = ("valgrind", "--tool=callgrind", "--vgdb=no", "--callgrind-out-file=/dev/null")
SANITIZED = b"__asan_" in pathlib.Path(PLUGIN).read_bytes() or b"__tsan_" in pathlib.Path(PLUGIN).read_bytes()
OPTIMISED = any(line.startswith("CFLAGS =") and "-O2" in line
                for line in pathlib.Path(BUILD, "Makefile").read_text(encoding="utf-8").splitlines())


def need(*programs):
    for program in programs:
        if not shutil.which(program, path=PATH):
            raise environment_case.agent_case.unittest.SkipTest(f"there is no {program}")


class BudgetCase(EnvironmentCase):
    """Programs that find our plugin alone, or one that does nothing."""

    def setUp(self):
        if SANITIZED:
            self.skipTest("a sanitizer has costs of its own")
        super().setUp()
        self.usual_file_system()
        self.subject = self.place / "subject"
        shutil.copy(os.path.join(BUILD, "tests", "budget", "subject"), self.subject)
        self.ours, self.theirs = (self.plugins(name, file) for name, file in (("ours", PLUGIN), ("theirs", NOTHING)))

    def usual_file_system(self):
        """For the state directory, instead of the layers of which this environment is made: no inotify there."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=700,uid={USER.pw_uid},gid={USER.pw_gid}", "tmpfs",
                        str(self.state)], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.state)], check=True)

    def plugins(self, name, file):
        directory = self.directory(name, mode=0o755)
        there = str(environment_case.SOCKET).encode() + b"\0"
        data = pathlib.Path(file).read_bytes().replace(there, str(SOCKET).encode().ljust(len(there), b"\0"))
        pathlib.Path(shutil.copy(file, directory)).write_bytes(data)
        return str(directory)

    def usual_agent(self, **named):
        """An agent at the usual socket, everybody may connect."""
        agent = self.start("--user", USER.pw_name, "--socket", f"{SOCKET},{GROUP.gr_name},0666", **named)
        self.addCleanup(shutil.rmtree, SOCKET.parent, ignore_errors=True)
        agent.wait_for("listening at", seconds=30)
        return agent

    def within(self, name, value):
        budget = TABLE[name]
        print(f"# budget {name} {value} {budget.unit} {budget.limit}", flush=True)
        self.assertLessEqual(value, budget.limit, f"{budget.what}: {value} {budget.unit}; the budget {name} has "
                             f"{budget.limit}, and {budget.measured} when it was set")

    def subject_run(self, *arguments, before=(), plugins=None, user=OTHER, env=None):
        ids = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        done = subprocess.run([*before, str(self.subject), *map(str, arguments)], capture_output=True, text=True,
                              env={**(env or {"PATH": PATH}), "SASL_PATH": plugins or self.ours}, timeout=120,
                              check=False, **ids)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    # --- ways to measure --------------------------------------------------------------------------------

    def calls(self, *arguments, **named):
        """The calls of sasl_client_init(), then those of each login."""
        trace = self.write("trace", "", OTHER)
        trace.write_text("")
        self.subject_run(*arguments, before=("strace", "-f", "-o", str(trace)), **named)
        return budgets.Calls(trace).between_marks()

    def instructions(self, *names, times=1, **named):
        """Of the logins, by callgrind."""
        done = self.subject_run("auth", times, *names, before=(
            *CALLGRIND, "--toggle-collect=auth"), env={"PATH": PATH, **PLAIN_LOOPS}, **named)
        return budgets.collected(done.stderr)


class TestLoad(BudgetCase):
    def loaded(self, plugins, **named):
        """(objects, kB of private memory): the least of some runs, because addresses differ."""
        runs = [dict(line.split() for line in self.subject_run("load", plugins=plugins, **named).stdout.splitlines())
                for _ in range(7)]
        return [min(int(run[what]) for run in runs) for what in ("objects", "private")]

    def test_objects_and_memory(self):
        """a program that only loads the plugin has one object more, and hardly more memory"""
        nothing = self.loaded(str(self.directory("nothing", mode=0o755)))
        theirs = self.loaded(self.theirs)
        self.assertEqual(theirs[0] - nothing[0], 1, "the object of the plugin that does nothing")
        for who, named in (("user", {"env": self.home()}), ("root", {"user": None})):
            with self.subTest(who):
                objects, private = self.loaded(self.ours, **named)
                self.within(f"load.objects.{who}", objects - nothing[0])
                self.within(f"load.private.{who}", private - theirs[1])

    def test_calls(self):
        """sasl_client_init makes few system calls more than with a plugin that does nothing"""
        need("strace")
        theirs = self.calls("load", plugins=self.theirs)[0]
        for who, named in (("user", {"env": self.home()}), ("root", {"user": None})):
            with self.subTest(who):
                ours = self.calls("load", **named)[0]
                print(f"# sasl_client_init: {budgets.say_calls(ours)}")
                self.within(f"load.calls.{who}", len(ours) - len(theirs))
        environment_case.CONFIGURATION.unlink()
        ours = self.calls("load", env={"PATH": PATH, "HOME": "/nonexistent"})[0]
        self.within("load.calls.unconfigured", len(ours) - len(theirs))


class TestLogin(BudgetCase):
    def test_calls_agent(self):
        """a login through the agent makes few system calls, and one from the plugin's memory hardly any"""
        need("strace")
        self.usual_agent()
        self.subject_run("auth", 1, *NAMES)  # the agent has the token
        _, first, other, again = self.calls("auth", 3, NAMES[0], NAMES[1], NAMES[1])
        print(f"# through the agent: {budgets.say_calls(first)}")
        print(f"# from memory: {budgets.say_calls(again)}")
        self.within("login.agent.first.calls", len(first))
        self.within("login.agent.calls", len(other))
        self.within("login.memory.calls", len(again))

    def test_calls_in_process(self):
        """a login that gets its token itself makes a bounded number of system calls"""
        need("strace")
        home = self.home()
        _, cold, other = self.calls("auth", 2, *NAMES, env=home)
        print(f"# in the process, cold: {budgets.say_calls(cold)}")
        print(f"# in the process, from the engine: {budgets.say_calls(other)}")
        self.assertEqual(self.requests(), 1)
        self.within("login.cold.calls", len(cold))
        self.within("login.engine.calls", len(other))

    def test_instructions(self):
        """a login through the agent and one from memory take few instructions"""
        need("valgrind")
        if not OPTIMISED:
            self.skipTest("not built with -O2")
        self.usual_agent()
        self.subject_run("auth", 1, *NAMES)
        first = self.instructions(*NAMES)
        self.within("login.agent.first.instructions", first)
        self.within("login.agent.instructions", (self.instructions(*MANY, times=11) - first) // 10)
        self.within("login.memory.instructions", (self.instructions(NAMES[0], times=11) - first) // 10)

    def test_requests(self):
        """processes that log in at once ask the tenant once"""
        self.usual_agent()
        command = [str(self.subject), "auth", "20", *(f"sender{n}@contoso.com" for n in range(20))]
        processes = [subprocess.Popen(command, env={"PATH": PATH, "SASL_PATH": self.ours}, user=OTHER.pw_uid,
                                      group=OTHER.pw_gid, extra_groups=[]) for _ in range(10)]
        self.assertEqual([process.wait(60) for process in processes], [0] * 10)
        self.within("token.requests", self.requests())


class TestAgent(BudgetCase):
    def test_calls(self):
        """the agent makes few system calls a request"""
        need("strace")
        agent = self.usual_agent()
        self.subject_run("auth", 2, *NAMES)
        time.sleep(6)  # libcurl has its connection to the tenant to look after for some seconds
        calls = self.calls_of(agent, lambda: self.subject_run("auth", 50, *MANY))
        print(f"# 50 requests: {budgets.say_calls(calls)}")
        self.within("agent.calls", round(len(calls) / 50))
        calls = self.calls_of(agent, self.change_state)
        print(f"# a change in the state directory: {budgets.say_calls(calls)}")
        self.within("agent.calls.change", len(calls))

    def calls_of(self, agent, work):
        """Those that the agent makes meanwhile."""
        trace = self.place / "agent-trace"
        with subprocess.Popen(["strace", "-f", "-q", "-o", str(trace), "-p", str(agent.pid)]) as strace:
            self.wait(lambda: "TracerPid:\t0" not in pathlib.Path(f"/proc/{agent.pid}/status").read_text())
            work()
            strace.terminate()
        return budgets.Calls(trace).all()

    def change_state(self):
        """As another program does that keeps a token; and then nobody asks."""
        (self.state / "other.json").mkdir()
        time.sleep(1)

    def agent_instructions(self, ask):
        """Of a request: of an agent's life with 1,010 of them, without those of one with ten."""
        lives = []
        for times in (10, 1010):
            agent = self.usual_agent(program=(*CALLGRIND, AGENT), env={"PATH": PATH, **PLAIN_LOOPS})
            ask(times)
            agent.end()
            lives.append(budgets.collected(agent.log))
        return (lives[1] - lives[0]) // 1000

    def ask_the_same(self, times):
        for _ in range(times):
            self.assertIn("token", wire.ask(str(SOCKET), NAMES[0], server="smtp.office365.com"))

    def test_instructions(self):
        """the agent takes few instructions a request"""
        need("valgrind")
        if not OPTIMISED:
            self.skipTest("not built with -O2")
        agent = self.usual_agent()
        self.subject_run("auth", 1, *NAMES)  # so that the token lies in the state directory of both
        agent.end()
        self.within("agent.instructions",
                    self.agent_instructions(lambda times: self.subject_run("auth", times, *MANY)))
        self.within("agent.instructions.same", self.agent_instructions(self.ask_the_same))
        self.assertEqual(self.requests(), 1)


class TestSize(BudgetCase):
    def test_sizes(self):
        """what is installed is small"""
        need("strip")
        if not OPTIMISED or platform.machine() != "x86_64":
            self.skipTest("other programs than those of the table")
        for name, file in (("plugin", PLUGIN), ("engine", ENGINE), ("agent", AGENT), ("tool", TOOL)):
            with self.subTest(name):
                self.within(f"size.{name}", budgets.stripped_size(file, str(self.place)))


class TestTable(environment_case.agent_case.unittest.TestCase):
    def test_margins(self):
        """each budget has its test, and a margin of a quarter at the most"""
        source = pathlib.Path(__file__).read_text(encoding="utf-8")
        for budget in TABLE.values():
            with self.subTest(budget.name):
                self.assertTrue(budget.name in source or budget.name.rsplit(".", 1)[0] + ".{" in source)
                self.assertLessEqual(budget.measured, budget.limit)
                self.assertLessEqual(budget.limit, max(budget.measured + 1, budget.measured * 1.25))


if __name__ == "__main__":
    sys.exit(environment_case.main(__file__))
