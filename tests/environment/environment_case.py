"""What the tests of odd environments share: in a root directory of its own the plugin lies where
libsasl2 looks for it, with the engine, an agent, and programs that log in."""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for room in ("agent", "reliability"):
    sys.path.insert(0, os.path.join(HERE, "..", room))
import agent_case  # noqa: E402
import figures  # noqa: E402
import private_root  # noqa: E402
import wire  # noqa: E402, F401
from agent_case import AGENT, BUILD, GROUP, LOGIN, OTHER, SECRET, SOURCE, TOOL, USER, run  # noqa: E402, F401

SERVER = "smtp.office365.com"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
ROW = "odd environments (files, limits, clocks)"


def compiled_in(pattern):
    """A path of the plugin's, found in its file: "/..." that ends so."""
    data = pathlib.Path(BUILD, ".libs", "libsasl-entra.so").read_bytes()
    return pathlib.Path(re.search(rb"(?<=\0)(/[^\0]*" + pattern.encode() + rb")(?=\0)", data).group(1).decode())


CONFIGURATION = compiled_in(r"/etc/sasl-entra/sasl-entra\.conf")
SOCKET = compiled_in(r"/run/sasl-entra/agent\.sock")
ENGINE = compiled_in(r"/sasl-entra/engine\.so")
PLUGIN_DIRECTORY = pathlib.Path(next(path for pattern in ("*", "*/*") for path in glob.glob(f"/usr/lib{pattern}/sasl2/libplain.so"))).parent


def install():
    """Plugin and engine to where they belong, in this root directory only."""
    shutil.copy(os.path.join(BUILD, ".libs", "libsasl-entra.so"), PLUGIN_DIRECTORY)
    ENGINE.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(os.path.join(BUILD, ".libs", "engine.so"), ENGINE)
    CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)


class Outcome:
    """What one run of a program left: its lines, its exit status (negative: a signal), its complaints."""

    def __init__(self, code, lines, errors):
        self.code, self.lines, self.errors = code, lines, errors

    def __repr__(self):
        return f"exit {self.code}, {self.lines}, {self.errors}"

    @property
    def good(self):
        return sum(line.startswith("ok ") for line in self.lines)

    @property
    def failure(self):
        """The sentence of a login that failed."""
        return next((line for line in self.lines if line.startswith("failed ")), "")


class EnvironmentCase(agent_case.TenantCase):
    """Each test has the system's configuration, and no agent until it starts one."""

    @classmethod
    def setUpClass(cls):
        os.chdir("/")
        os.umask(0o022)
        install()
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.host_program = self.place / "odd_host"
        shutil.copy(os.path.join(BUILD, "tests", "environment", "odd_host"), self.host_program)
        self.tool_program = self.place / "sasl-entra"
        shutil.copy(TOOL, self.tool_program)
        self.state = self.directory("state", USER)
        self.system_configuration()
        self.addCleanup(self.remove_system)
        figures.add(ROW, "tests/environment", inputs=1)

    def remove_system(self):
        CONFIGURATION.unlink(missing_ok=True)
        shutil.rmtree(SOCKET.parent, ignore_errors=True)

    def system_configuration(self, extra="", **named):
        text = self.configuration(extra=extra, **named).read_text(encoding="utf-8")
        CONFIGURATION.write_text(text, encoding="utf-8")
        CONFIGURATION.chmod(0o644)
        return text

    def system_agent(self, *extra, **named):
        """The system's agent, everybody may connect."""
        agent = self.start("--user", USER.pw_name, "--socket", f"{SOCKET},{GROUP.gr_name},0666", *extra, **named)
        agent.wait_for("listening at")
        return agent

    def home(self, owner=OTHER, name="home"):
        """A home directory with a configuration of its own; the environment that leads there."""
        place = self.directory(name, owner)
        text = CONFIGURATION.read_text(encoding="utf-8")
        secret = self.write(f"{name}/secret", SECRET + "\n", owner, 0o600)
        text = re.sub(r"state_dir = .*\n", "", text)
        text = re.sub(r"client_secret_file = .*", f"client_secret_file = {secret}", text)
        self.write(f"{name}/.config/sasl-entra/sasl-entra.conf", text, owner)
        for directory in (".config", ".config/sasl-entra"):
            os.chown(place / directory, owner.pw_uid, owner.pw_gid)
        return {"PATH": PATH, "HOME": str(place)}

    # --- programs -------------------------------------------------------------------------------------

    def host(self, *options, user=OTHER, groups=(), env=None, login=LOGIN, program=None, closed=(), before=(), **named):
        """Run a host program; `closed`: descriptors that it is started without; `before`: what runs it."""
        reader, writer = os.pipe()
        command = [str(program or self.host_program), "--report", str(writer), *options, login, SERVER]
        if closed:
            redirections = " ".join(f"{fd}>&-" for fd in closed)
            command = ["sh", "-c", f'exec "$@" {redirections}', "sh", *command]
        command = [*before, *command]
        ids = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": list(groups)}
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=env or {"PATH": PATH}, pass_fds=[writer], **ids, **named) as process:
            os.close(writer)
            with os.fdopen(reader, encoding="utf-8") as lines:
                report = lines.read().splitlines()
            output, errors = process.communicate(timeout=60)
        return Outcome(process.returncode, output.splitlines() + report, errors)

    def tool(self, *arguments, user=None, env=None, **named):
        ids = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        return run(str(self.tool_program), *arguments, env=env or {"PATH": PATH}, **ids, **named)

    # --- judgements -----------------------------------------------------------------------------------

    def held(self, number=1):
        """So many oddities more were injected, and what met them went on as it should."""
        self.injected(number)
        self.survived(number)

    @staticmethod
    def injected(number=1):
        figures.add(ROW, "tests/environment", injected=number)

    @staticmethod
    def survived(number=1):
        figures.add(ROW, "tests/environment", survived=number)

    def assert_token(self, outcome, times=1):
        self.injected()
        self.assertEqual((outcome.code, outcome.good), (0, times), outcome)
        self.survived()

    def assert_refused(self, outcome, *words):
        """No token, but a sentence with these words; the program went on to its own end."""
        self.injected()
        self.assertEqual((outcome.code, outcome.good), (1, 0), outcome)
        for word in words:
            self.assertIn(word, outcome.failure)
        self.survived()

    def asks(self, path=SOCKET, **named):
        return wire.ask(str(path), LOGIN, **named)

    def assert_agent_serves(self, path=SOCKET):
        self.injected()
        answer = self.asks(path)
        self.assertEqual(answer.get("kind"), "answer", answer)
        self.survived()

    def assert_agent_refuses(self, *words, path=SOCKET, kind="config"):
        self.injected()
        answer = self.asks(path)
        self.assertEqual(answer.get("class"), kind, answer)
        for word in words:
            self.assertIn(word, answer["text"])
        self.survived()


def main(script):
    if sys.argv[1:] == ["inside"]:
        return agent_case.main()
    return private_root.enter(script, BUILD, SOURCE)
