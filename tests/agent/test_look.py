"""What a person at a terminal sees: 80 columns, colours only where they are wanted, nothing of it off a terminal."""

import os
import pty
import re
import subprocess
import sys
import termios

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import TOOL, Case, run  # noqa: E402

VERBS = ("login", "logout", "token", "refresh", "status", "check", "doctor", "send", "explain", "config", "setup",
         "import", "certificate", "reseal", "completion")
RELAY = "00001111-aaaa-2222-bbbb-3333cccc4444"
ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|.)")
# To be copied, and never broken: a path, an address, a command; and messages, which are one line each for
# whoever looks for them in a log.
COPIED = re.compile(r"^(sasl-entra|error|warning): |^\s{4,}\S|\S{60,}|^\s*(sasl-entra|postconf|postmap|install|chown|chmod|systemctl) ")


class Look(Case):
    def on_terminal(self, *arguments, **environment):
        """What the tool writes to a terminal of 80 columns on which nobody types."""
        ours, its = pty.openpty()
        termios.tcsetwinsize(its, (24, 80))
        process = subprocess.Popen([TOOL, *arguments], stdin=subprocess.DEVNULL, stdout=its, stderr=its,
                                   env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"},
                                        "TERM": "xterm", "LC_ALL": "C.UTF-8", **environment})
        os.close(its)
        heard = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            heard += piece
        os.close(ours)
        process.wait()
        return heard.decode("utf-8").replace("\r\n", "\n")

    def cases(self):
        config = str(self.write("sasl-entra.conf", f"[defaults]\nstate_dir = {self.place}/state\n[account relay]\n"
                                f"match = *@contoso.com\ntenant = contoso.onmicrosoft.com\nclient_id = {RELAY}\n"
                                f"credential = secret\nclient_secret_file = {self.place}/absent.secret\n"
                                "authority = https://127.0.0.1:9\n", mode=0o644))
        for verb in VERBS:
            yield (verb, "--help")
        yield ("--help",)
        yield ("explain", "--all")
        yield ("explain", "AADSTS7000222")
        yield ("explain", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.")
        for words in (("check",), ("config",), ("config", "relay"), ("status",), ("doctor", "--offline"),
                      ("doctor", "relay"), ("token", "scanner@contoso.com"), ("send", "relay", "--to", "x@contoso.com")):
            yield ("--config", config, *words)

    def test_columns(self):
        """no line of prose is wider than the terminal"""
        for words in self.cases():
            for line in ESCAPE.sub("", self.on_terminal(*words)).split("\n"):
                line = line.rsplit("\r", 1)[-1]
                if len(line) > 80 and not COPIED.search(line):
                    # One long word, which is not broken.
                    self.assertIsNotNone(re.fullmatch(r"\s*\S+", line), (words, line))

    def test_colours(self):
        """none with NO_COLOR, none on a dumb terminal, none off a terminal"""
        for words in self.cases():
            for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
                self.assertNotIn("\x1b[3", self.on_terminal(*words, **environment), (words, environment))
                self.assertNotIn("\x1b[1m", self.on_terminal(*words, **environment), (words, environment))
            result = run(TOOL, *words)
            self.assertNotIn("\x1b", result.stdout + result.stderr, words)
            self.assertNotIn("\r", result.stdout + result.stderr, words)

    def test_help_off_a_terminal(self):
        """--help stays within 80 columns wherever it goes"""
        for words in (("--help",), *((verb, "--help") for verb in VERBS)):
            for line in run(TOOL, *words).stdout.splitlines():
                self.assertTrue(len(line) <= 80 or "/" in line, (words, line))


if __name__ == "__main__":
    sys.exit(agent_case.main())
