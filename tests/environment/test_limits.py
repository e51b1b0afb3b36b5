"""Processes that are short of something, were started without descriptors, or are full of signals."""

import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import environment_case  # noqa: E402
from environment_case import AGENT, GROUP, LOGIN, OTHER, PATH, SOCKET, USER, EnvironmentCase, run  # noqa: E402

CHATTER = b"what a host prints"


class Descriptors(EnvironmentCase):
    CLOSED = ((0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2))

    def kept(self, place):
        """All that lies in a state directory, as bytes."""
        return b"".join(path.read_bytes() for path in pathlib.Path(place).rglob("*") if path.is_file())

    def assert_untouched(self, place):
        files = [path for path in pathlib.Path(place).rglob("*.json")]
        self.assertTrue(files)
        for path in files:
            json.loads(path.read_text(encoding="utf-8"))
        self.assertNotIn(CHATTER, self.kept(place))

    def test_host_inprocess(self):
        """an in-process host without 0, 1, 2 that prints all the same: neither its state nor its sockets get that"""
        for closed in self.CLOSED:
            with self.subTest(closed=closed):
                environment = self.home(name="home" + "".join(map(str, closed)))
                calls = self.place / "calls"
                outcome = self.host("--chatter", "--times", "3", closed=closed, user=None, before=(
                    "strace", "-f", "-y", "-u", OTHER.pw_name, "-o", str(calls), "-e", "trace=write,sendto,sendmsg,openat,socket"),
                    env=environment)
                self.assert_token(outcome, 3)
                self.assert_untouched(environment["HOME"] + "/.local/state/sasl-entra")
                text = calls.read_text(encoding="utf-8", errors="replace")
                for fd in closed:
                    if fd:
                        written = re.findall(rf"write\({fd}(?:<[^>]*>+)?, \"what a host.* = (-?\d+)", text)
                        self.assertEqual(set(written), {"-1"}, [line for line in text.splitlines() if "what a" in line])
                # Nothing that holds a token is written to one of the three.
                self.assertIsNone(re.search(r"(?:write|sendto)\([012](?:<[^>]*>+)?, \"(?!what a host|ok )", text))

    def test_host_agent(self):
        """the same with the agent: its socket is none of the three"""
        self.system_agent()
        for closed in self.CLOSED:
            with self.subTest(closed=closed):
                self.assert_token(self.host("--chatter", "--times", "3", closed=closed), 3)

    def agent_without(self, closed, *before, **named):
        redirections = " ".join(f"{fd}>&-" for fd in closed)
        agent = environment_case.agent_case.Agent(
            "-c", f'exec {" ".join(before)} "$@" {redirections}', "sh", AGENT, "--user", USER.pw_name, "--socket",
            f"{SOCKET},{GROUP.gr_name},0666", program=("sh",), **named)
        self.addCleanup(agent.end)
        self.wait(lambda: SOCKET.exists() and self.can_connect())
        return agent

    def can_connect(self):
        try:
            environment_case.wire.connect(str(SOCKET)).close()
        except OSError:
            return False
        return True

    def test_agent(self):
        """an agent without 0, 1, 2: its log goes nowhere, least of all into its state or to a client"""
        for closed in self.CLOSED:
            with self.subTest(closed=closed):
                agent = self.agent_without(closed)
                self.assert_agent_serves()
                for fd in closed:
                    self.assertEqual(os.readlink(f"/proc/{agent.pid}/fd/{fd}"), "/dev/null")
                agent.end()
                self.assert_untouched(self.state)
                self.assertNotIn(b"sasl-entrad", self.kept(self.state))
                for path in self.state.iterdir():
                    path.unlink()

    def test_tool(self):
        """the tool without 0, 1, 2: a token is not printed into a file that it opened, and it says that it failed"""
        for closed in self.CLOSED:
            with self.subTest(closed=closed):
                redirections = " ".join(f"{fd}>&-" for fd in closed)
                result = run("sh", "-c", f'exec "$@" {redirections}', "sh", str(self.tool_program), "--config",
                             str(environment_case.CONFIGURATION), "token", LOGIN, env={"PATH": PATH})
                self.assertEqual(result.returncode == 0, 1 not in closed, result)
                self.assert_untouched(self.state)
                kept = json.loads(next(self.state.glob("*.json")).read_text(encoding="utf-8"))
                if 1 not in closed:
                    self.assertEqual(result.stdout.strip(), kept["access_token"])
                self.assertEqual(self.kept(self.state).count(kept["access_token"].encode()), 1)
                self.held()


class Umask(EnvironmentCase):
    def modes(self, place):
        found = {path.relative_to(place): path.stat().st_mode & 0o7777 for path in pathlib.Path(place).rglob("*")}
        return ({mode for path, mode in found.items() if path.suffix in (".json", ".lock")},
                {mode for path, mode in found.items() if (pathlib.Path(place) / path).is_dir()})

    def test_host(self):
        """state files 0600 and directories 0700, whatever the host's umask; the next process can use them"""
        for mask in ("0000", "0022", "0077", "0277", "0777"):
            with self.subTest(mask=mask):
                environment = self.home(name=f"home{mask}")
                home = pathlib.Path(environment["HOME"])
                for _ in range(2):
                    outcome = self.host("--log", "--umask", mask, env=environment)
                    self.assert_token(outcome)
                    self.assertNotIn("could not be kept", str(outcome.lines))
                self.assertEqual(self.modes(home / ".local"), ({0o600}, {0o700}))
        self.assertEqual(self.requests(), 5, "the second of each took what the first had kept")

    def test_agent(self):
        """the agent's files likewise, and its sockets as the option says"""
        for mask in (0, 0o777):
            with self.subTest(mask=oct(mask)):
                agent = self.start("--user", USER.pw_name, "--socket", f"{SOCKET},{GROUP.gr_name},0666", umask=mask)
                agent.wait_for("listening at")
                self.assert_agent_serves()
                self.assertEqual(self.modes(self.state), ({0o600}, set()))
                self.assertEqual(SOCKET.stat().st_mode & 0o777, 0o666)
                self.assertEqual(SOCKET.parent.stat().st_mode & 0o777, 0o755)
                agent.end()
                self.remove_sockets()

    def remove_sockets(self):
        environment_case.shutil.rmtree(SOCKET.parent, ignore_errors=True)

    def test_certificate(self):
        """a new certificate may be read by everybody, its key by its user"""
        text = environment_case.CONFIGURATION.read_text(encoding="utf-8")
        text = re.sub(r"client_secret_file = .*", f"certificate = {self.place}/c.pem\nprivate_key = {self.place}/k.pem",
                      text.replace("credential = secret", "credential = certificate"))
        environment_case.CONFIGURATION.write_text(text, encoding="utf-8")
        for mask in (0, 0o077, 0o777):
            for path in self.place.glob("*.pem.new*"):
                path.unlink()
            result = self.tool("certificate", "new", "relay", umask=mask)
            self.assertEqual(result.returncode, 0, result.stderr)
            modes = {path.name: path.stat().st_mode & 0o777 for path in self.place.glob("*.pem.new*")}
            self.assertTrue(modes)
            for name, mode in modes.items():
                self.assertEqual(mode & 0o022, 0, name)
                if name.startswith("k."):
                    self.assertIn(mode, (0o600, 0o640))
            self.held()


class Limits(EnvironmentCase):
    def test_files_of_host(self):
        """a host with 4 to 24 descriptors gets a token or a sentence, in the process and by the agent"""
        environment = self.home()
        codes = set()
        for limit in range(4, 25):
            outcome = self.host("--limit", f"nofile={limit}", env=environment)
            codes.add(self.assert_token_or_sentence(outcome))
        self.assertEqual(codes, {"ok", "failed"})
        self.system_agent()
        codes = set()
        for limit in range(3, 16):
            codes.add(self.assert_token_or_sentence(self.host("--limit", f"nofile={limit}")))
        self.assertEqual(codes, {"ok", "failed"})

    def assert_token_or_sentence(self, outcome):
        self.assertIn(outcome.code, (0, 1), outcome)
        if outcome.good == 0:
            self.assertRegex(outcome.failure, r"failed -\d+ .{20}")
        self.held()
        return outcome.lines[-1].split()[0]

    def test_files_of_agent(self):
        """an agent with few descriptors serves, or ends with a sentence"""
        ends = set()
        for limit in (3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32):
            agent = self.start("--user", USER.pw_name, "--socket", f"{SOCKET},{GROUP.gr_name},0666",
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))  # noqa: B023
            try:
                agent.wait_for("listening at", 5)
            except AssertionError:
                self.assertGreater(agent.exit(), 0, agent.log)  # no signal
                if limit > 4:  # with less there is no program yet
                    self.assertIn("sasl-entrad: ", agent.log)
                ends.add("ended")
                self.held()
                continue
            answer = self.asks()
            self.assertIn(answer.get("kind"), ("answer", "error"), (limit, answer, agent.log))
            ends.add(answer["kind"])
            agent.end()
            self.assertEqual(agent.process.returncode, 0, agent.log)
            self.held()
        self.assertLessEqual({"ended", "answer"}, ends)

    def test_sizes(self):
        """a host that may write 0 or 100 bytes a file gets its token and is not killed; what was kept stays"""
        environment = self.home()
        kept = pathlib.Path(environment["HOME"], ".local/state/sasl-entra")
        for size in (0, 100):
            outcome = self.host("--log", "--limit", f"fsize={size}", env=environment)
            self.assert_token(outcome)
            self.assertIn("could not be kept", str(outcome.lines))
        self.assert_token(self.host(env=environment))
        before = {path.name: path.read_bytes() for path in kept.glob("*.json")}
        self.assertEqual(len(before), 1)
        self.tenant.control("apps", {"apps": [{"client_id": "00001111-aaaa-2222-bbbb-3333cccc4444", "token_lifetime": 3600}]})
        self.assert_token(self.host("--limit", "fsize=10", env=environment))
        self.assertEqual({path.name: path.read_bytes() for path in kept.glob("*.json")}, before)
        self.assertEqual(list(kept.glob(".*")), [])

    def test_sizes_of_agent(self):
        """the agent that may write nothing, not even to its log's file, goes on"""
        log = self.place / "log"
        log.write_bytes(b"x" * 200)
        with open(log, "ab") as file:
            process = subprocess.Popen([AGENT, "--user", USER.pw_name, "--socket", f"{SOCKET},{GROUP.gr_name},0666"],
                                       stdin=subprocess.DEVNULL, stderr=file,
                                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.wait(SOCKET.exists)
        for _ in range(3):
            self.assert_agent_serves()
        self.assertEqual(self.requests(), 1)
        self.assertIsNone(process.poll())
        self.assertEqual(log.stat().st_size, 200)

    def test_sizes_of_tool(self):
        """a new certificate that may not be written: a sentence, and nothing of it is left"""
        configuration = environment_case.CONFIGURATION
        text = re.sub(r"client_secret_file = .*", f"certificate = {self.place}/c.pem",
                      configuration.read_text(encoding="utf-8").replace("credential = secret", "credential = certificate"))
        configuration.write_text(text, encoding="utf-8")
        result = self.tool("certificate", "new", "relay",
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        self.assertEqual(result.returncode, 1, result)
        self.assertIn("File too large", result.stderr)
        self.assertEqual([path.name for path in self.place.iterdir() if "pem" in path.name and path.name != "ca.pem"
                          or path.name.startswith(".")], [])
        self.held()

    def test_memory(self):
        """a host whose memory ends at some point gets a token or a sentence, and does not crash"""
        environment = self.home()
        codes = set()
        for megabytes in (12, 16, 20, 24, 28, 32, 36, 40, 48, 64, 96, 256):
            outcome = self.host("--limit", f"as={megabytes << 20}", env=environment)
            codes.add(self.assert_token_or_sentence(outcome))
        self.assertEqual(codes, {"ok", "failed"})

    def test_processes(self):
        """a user who may have no more processes: no thread looks names up; a sentence, or a token all the same"""
        environment = self.home()
        for limit in (0, 1):
            self.assert_token_or_sentence(self.host("--limit", f"nproc={limit}", env=environment))
        # libcurl knows localhost by itself; any other name takes a thread.
        self.system_configuration(authority="https://entra.invalid")
        self.assert_refused(self.host("--limit", "nproc=0", env=self.home(name="threadless")), "entra.invalid", "thread",
                            "ulimit -u")
        self.system_configuration()
        self.system_agent()
        self.assert_token(self.host("--limit", "nproc=0"))

    def test_stack(self):
        """a small stack"""
        environment = self.home()
        for size in (128, 256):
            self.assert_token(self.host("--limit", f"stack={size << 10}", env=environment))


class Signals(EnvironmentCase):
    def test_storm(self):
        """a signal each millisecond, whose handler does not restart: every login works, in the process and by the agent"""
        environment = self.home()
        self.assert_token(self.host("--storm", "1", "--times", "5", env=environment), 5)
        self.system_agent()
        self.assert_token(self.host("--storm", "1", "--times", "50"), 50)

    def test_ignored_children(self):
        """SIGCHLD ignored, and every signal blocked"""
        environment = self.home()
        self.assert_token(self.host("--ignore-children", "--block", "--times", "3", env=environment), 3)
        self.system_agent()
        self.assert_token(self.host("--ignore-children", "--block", "--times", "3"), 3)

    def test_peer_vanishes(self):
        """an agent that hangs up at once or in the middle of an answer: no SIGPIPE kills the host"""
        SOCKET.parent.mkdir(parents=True, exist_ok=True)
        for answer in (b"", b"SE\x01", b"SE\x01\x02\0\0\0\xff"):
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(SOCKET))
                SOCKET.chmod(0o666)
                server.listen()
                thread = threading.Thread(target=self.hang_up, args=(server, answer))
                thread.start()
                outcome = self.host()
                thread.join()
                self.assert_refused(outcome, "the agent at ")
            SOCKET.unlink()

    @staticmethod
    def hang_up(server, answer):
        client, _ = server.accept()
        client.sendall(answer)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()


if __name__ == "__main__":
    sys.exit(environment_case.main(__file__))
