"""What the tests of failing and last system calls share: a place, a program run under tests/crash/inject."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("top_builddir") or SOURCE
for room in ("tenant", "reliability"):
    sys.path.insert(0, os.path.join(SOURCE, "tests", room))

import figures  # noqa: E402, F401
import tap  # noqa: E402

LONG = os.environ.get("SE_LONG") == "1"
INJECT, DRIVER = (os.path.join(BUILD, "tests", "crash", name) for name in ("inject", "driver"))
AGENT, TOOL = os.path.join(BUILD, "sasl-entrad"), os.path.join(BUILD, "sasl-entra")
PERSON = "anna@fabrikam.com"
OLD = "refresh-old-" + "r" * 100  # as the endpoint has not given any

# What a call may say. A close that fails has closed all the same, which cannot be injected: whatever else the
# descriptor holds, a lock or a connection, would stay; so that only files are let fail.
ERRORS = {
    "openat": ("EMFILE", "EIO", "ENOSPC", "EACCES"), "newfstatat": ("EIO", "EACCES"), "fstat": ("EIO",),
    "statx": ("EIO",), "read": ("EIO", "EINTR"), "pread64": ("EIO", "EINTR"), "write": ("ENOSPC", "EIO", "EINTR"),
    "writev": ("ENOSPC",), "fsync": ("EIO", "ENOSPC", "EINTR"), "close": ("EIO", "EINTR"),
    "renameat": ("EIO", "ENOSPC", "EACCES"), "rename": ("EIO",), "unlinkat": ("EIO", "EACCES"), "unlink": ("EIO",),
    "linkat": ("EIO", "ENOSPC"), "flock": ("ENOLCK", "EINTR"), "fchmod": ("EPERM", "EIO"), "fchown": ("EPERM",),
    "mkdirat": ("ENOSPC",), "mkdir": ("ENOSPC",), "getdents64": ("EIO",), "getrandom": ("ENOSYS", "EINTR"),
    "fcntl": ("ENOMEM",), "socket": ("EMFILE", "ENOBUFS"), "socketpair": ("EMFILE",), "pipe2": ("EMFILE",),
    "bind": ("EADDRINUSE", "EACCES"), "listen": ("EADDRINUSE",), "connect": ("ECONNREFUSED", "ENETUNREACH", "EINTR"),
    "accept4": ("EMFILE", "ENFILE", "ECONNABORTED", "EINTR", "ENOMEM"), "sendto": ("ECONNRESET", "EINTR", "ENOBUFS"),
    "recvfrom": ("ECONNRESET", "EINTR", "ENOMEM"), "sendmsg": ("ENOBUFS",), "recvmsg": ("ENOMEM",),
    "getsockopt": ("ENOMEM",), "setsockopt": ("ENOMEM",), "poll": ("ENOMEM", "EINTR"), "ppoll": ("ENOMEM",),
    "readlinkat": ("EIO",), "fchownat": ("EPERM",), "fchmodat": ("EPERM",), "stat": ("EIO",), "lstat": ("EIO",),
}
OPERATOR_MUST_ACT = ("EACCES", "EPERM", "EROFS", "ELOOP", "ENOLCK")


class Call:
    def __init__(self, line):
        number, self.name, self.path, self.other, data = line.split("\t")
        self.number, self.data = int(number), bytes.fromhex(data)

    @property
    def flags(self):
        return int(self.other, 16)

    def errors(self):
        """The errnos that this call is tried with, and "short" for half a write."""
        if self.name == "close" and (not self.path.startswith("/") or self.path.endswith(".lock")):
            return ()
        # No kernel refuses to make a socket of its own non-blocking, and libcurl does not look.
        if self.name == "fcntl" and self.path.startswith("socket:"):
            return ()
        found = ERRORS[self.name]
        if self.name == "openat" and not self.flags & os.O_CREAT:
            found = tuple(error for error in found if error != "ENOSPC")
        return found + ("short",) if self.name == "write" and self.path.startswith("/") else found

    @property
    def kind(self):
        """What of the path is the same each time: not the number of a socket, nor a temporary file's."""
        if self.path.startswith("/"):
            return re.sub(r"\.[0-9a-f]{16}$", ".", self.path)
        return self.path.split(":")[0]

    def __str__(self):
        return f"call {self.number}, {self.name} {self.path}"


class Run:
    """How a program under injection ended: `code` is negative for a signal."""

    def __init__(self, code, out, err, log):
        self.code, self.out, self.err = code, out, err
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        self.calls = [Call(line) for line in lines if "\t" in line]
        self.said = [tuple(line.split("\t", 2)) for line in out.splitlines() if line.count("\t") == 2]

    def step(self, name):
        """(class, text) of the last step of that name; None where it did not come to that."""
        found = [said[1:] for said in self.said if said[0] == name]
        return found[-1] if found else None


def where(calls, call):
    """The options that find this call again where others, of the network, come more or less often."""
    same = [other for other in calls if other.name == call.name and call.kind in other.path]
    return "--call", call.name, "--path", call.kind, "--at", str(same.index(call) + 1)


def need_inject():
    """Where the kernel, or whoever contains us, does not let calls be watched, nothing can be shown."""
    result = subprocess.run([INJECT, "--under", "/", "--", "/bin/true"], capture_output=True, text=True, check=False)
    if result.returncode == 77:
        print(f"1..0 # SKIP {result.stderr.strip()}")
        sys.exit(0)


def environment():
    """Under a sanitizer: a finding has its own exit code, and does not look like one of ours."""
    found = dict(os.environ)
    options = found.get("ASAN_OPTIONS")
    found["ASAN_OPTIONS"] = (options + ":" if options else "") + "exitcode=99:abort_on_error=0"
    return found


class CrashCase(unittest.TestCase):
    """Each test has a directory, and in it a configuration with one person's account."""

    user = None  # whose the state is, where not ours

    def setUp(self):
        # Not below /tmp: that one is everybody's, and watched calls would be other programs' too.
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="sasl-entra-crash-"))
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.place.chmod(0o755)
        self._made = {}
        self.state, self.log = self.place / "state", self.place / "calls"
        self.state.mkdir(mode=0o700)
        self.config = self.write_config()

    def write_config(self, endpoint="https://127.0.0.1:9/token/x", ca=""):
        path = self.place / "sasl-entra.conf"
        path.write_text(f"[defaults]\nstate_dir = {self.state}\n{ca}\n[account person]\nmatch = *@fabrikam.com\n"
                        "tenant = fabrikam.com\nclient_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
                        f"servers = smtp.test\ntoken_endpoint = {endpoint}\n", encoding="utf-8")
        return path

    def driver(self, *verb):
        return (DRIVER, str(self.config), PERSON, *verb)

    def options(self, *wanted, begin=None):
        begin = ("--begin", str(begin)) if begin else ()
        return (INJECT, "--under", str(self.place), "--log", str(self.log), *begin, *wanted, "--")

    def inject(self, program, *wanted, begin=None, stdin="", timeout=60):
        """Run under injection; a signal that was not asked for, or a sanitizer's word, fails the test."""
        self.log.unlink(missing_ok=True)
        result = subprocess.run([*self.options(*wanted, begin=begin), *program], input=stdin, capture_output=True,
                                text=True, timeout=timeout, check=False, env=environment())
        code = result.returncode if result.returncode < 128 else 128 - result.returncode
        run = Run(code, result.stdout, result.stderr, self.log)
        self.assert_sound(run, killed="--kill" in wanted)
        return run

    def assert_sound(self, run, killed=False):
        if not (killed and run.code == -signal.SIGKILL):
            self.assertGreaterEqual(run.code, 0, run.err)
        for word in ("AddressSanitizer", "LeakSanitizer", "runtime error", "Assertion"):
            self.assertNotIn(word, run.err)
        self.assertNotIn(run.code, (99, 127, 134), run.err)

    def plain(self, *verb):
        """The driver in a fresh process, with nothing injected."""
        result = subprocess.run(self.driver(*verb), capture_output=True, text=True, timeout=60, check=False,
                                env=environment(), user=self.user)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return Run(0, result.stdout, result.stderr, pathlib.Path("/nonexistent"))

    def kept(self):
        """The refresh token that a fresh process reads; None where there is no state. The lock is free."""
        run = self.plain("read")
        self.assertEqual(run.step("lock")[0], "ok", run.out)
        if run.step("read")[0] == "absent":
            return None
        self.assertEqual(run.step("read")[0], "ok", run.out)
        return run.step("read")[1]

    def leftovers(self):
        return [path.name for path in self.state.iterdir() if path.name.startswith(".")]

    def put(self, token):
        """A state with that token and nothing else in the directory; made once, and copied then."""
        for path in self.state.iterdir():
            path.unlink()
        if token is not None and token not in self._made:
            self.assertEqual(self.plain("write", token).step("write"), ("ok", token))
            self._made[token] = {path.name: path.read_bytes() for path in self.state.iterdir()}
        for name, content in self._made.get(token, {}).items():
            (self.state / name).write_bytes(content)
            (self.state / name).chmod(0o600)

    def kept_before(self, token):
        """The same as kept(), and then a write in that fresh process works and sweeps what lies about."""
        run = self.plain("write", token)
        self.assertEqual((run.step("lock")[0], run.step("write")), ("ok", ("ok", token)), run.out)
        self.assertEqual(self.leftovers(), [])
        return None if run.step("read")[0] == "absent" else run.step("read")[1]

    @contextlib.contextmanager
    def about(self, call, error=""):
        """Names the call in whatever fails."""
        try:
            yield
        except (AssertionError, subprocess.TimeoutExpired) as problem:
            raise AssertionError(f"{call} {error}: {problem}") from problem

    def assert_sentence(self, text, error):
        """Where, and in words: a person must be able to act on it."""
        self.assertGreater(len(text), 25, text)
        self.assertRegex(text, "[a-z]+ [a-z]+", text)
        self.assertNotIn("rrrrrrrr", text)

    def assert_class(self, found, error):
        wanted = ("config", "absent", "denied") if error in OPERATOR_MUST_ACT else ("again", "memory")
        self.assertIn(found, wanted)


class FaultServer:
    """tests/faults/fault_server.py, here only as an endpoint that numbers what it gives."""

    def __init__(self, directory):
        directory.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", os.path.join(SOURCE, "tests", "faults", "fault_server.py"), str(directory)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self._process.stdout.readline())["https"]
        self.ca = directory / "ca.pem"

    def say(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def stop(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def number_of(token):
    """Of an access token or a refresh token of the endpoint; 0: the old one."""
    return int(re.match(r"(?:access|refresh)-x-(\d+)-", token)[1]) if token != OLD else 0


class EndpointCase(CrashCase):
    """With a token endpoint, which replaces the refresh token each time."""

    def setUp(self):
        super().setUp()
        self.server = FaultServer(self.place / "server")
        self.addCleanup(self.server.stop)
        self.server.say('answer x {"refresh": true}')
        self.config = self.write_config(f"https://localhost:{self.server.port}/token/x",
                                        f"ca_file = {self.server.ca}")

    def hits(self):
        return int(self.server.say("hits x"))


main = tap.main
