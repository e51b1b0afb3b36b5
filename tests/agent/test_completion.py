"""Completions: what is committed is what the tool prints, and what bash, zsh and fish make of it."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import SOURCE, TOOL, Case, run  # noqa: E402

SCRIPTS = {"bash": "sasl-entra", "zsh": "_sasl-entra", "fish": "sasl-entra.fish"}

# As readline calls it: the words as COMP_WORDBREAKS parts them, the line, the cursor.
BASH = """\
set -u
source "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_CWORD=0 COMP_WORDS=(sasl-entra) COMP_TYPE=9 COMP_KEY=9
COMP_WORDBREAKS=$' \\t\\n"\\'@><=;|&(:'
_sasl_entra sasl-entra "" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""

# A shell with a terminal of its own, in which a TAB is typed; what compadd is given is written down.
ZSH = """\
zmodload zsh/zpty
inner() {
	stty -echo 2> /dev/null
	PS1= PS2=
	fpath=($PLACE $fpath)
	autoload -U compinit
	compinit -u -D
	compadd() {
		typeset -a hits
		[[ ${@[1,(i)(-|--)]} = *-(O|A|D)\\ * ]] && { builtin compadd "$@"; return $?; }
		builtin compadd -A hits "$@"
		print -rl -- $hits >> $PLACE/hits
		builtin compadd "$@"
	}
	finished() { print finished > $PLACE/finished; }
	zle -N finished
	bindkey '^I' complete-word
	bindkey '^X' finished
	print ready > $PLACE/ready
}
functions inner > $PLACE/.zshrc
print inner >> $PLACE/.zshrc
ZDOTDIR=$PLACE zpty shell zsh -d -i
wait_for() { repeat 600; do [[ -e $PLACE/$1 ]] && return; zpty -rt shell > /dev/null; sleep 0.05; done; exit 1; }
wait_for ready
zpty -wn shell "$LINE_TYPED"$'\\t\\x18'
wait_for finished
zpty -d shell
[[ ! -e $PLACE/hits ]] || cat $PLACE/hits
"""


def completions(shell):
    return os.path.join(SOURCE, "tool", "completions", SCRIPTS[shell])


class Shell:
    """What each of the three shells has to do."""

    shell = ""

    def setUp(self):
        super().setUp()
        if not shutil.which(self.shell):
            self.skipTest(f"{self.shell} is missing")
        binaries = self.directory("bin", mode=0o755)
        (binaries / "sasl-entra").symlink_to(TOOL)
        self.config = self.configuration()
        text = self.config.read_text()
        self.config.write_text(text.replace("*@contoso.com", "anna@contoso.com alerts@contoso.net *@contoso.com"))
        self.environment = dict(os.environ, PATH=f"{binaries}:{os.environ['PATH']}", HOME=str(self.place), LC_ALL="C",
                                XDG_CONFIG_HOME=str(self.place), TERM="dumb", PLACE=str(self.place))

    def complete(self, line):
        """The candidates for the last word of `sasl-entra LINE`."""
        result = self.ask(f"sasl-entra {line}")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return {word for word in result.stdout.split("\n") if word}

    def verbs(self):
        return {line.split()[0] for line in run(TOOL, "--help").stdout.split("Verbs:\n")[1].split("\n\n")[0].split("\n")
                if line.startswith("  ") and line[2] != " "}

    def test_verbs(self):
        """verbs"""
        self.assertEqual(self.complete("tok"), {"token"})
        self.assertEqual(self.complete("l"), {"login", "logout"})
        self.assertEqual(self.complete(""), self.verbs())
        self.assertEqual(self.complete("--config x tok"), {"token"})

    def test_actions(self):
        """actions"""
        self.assertEqual(self.complete("certificate "), {"new", "try", "activate", "rollback"})
        self.assertEqual(self.complete("certificate --days 3 a"), {"activate"})
        self.assertEqual(self.complete("completion "), {"bash", "zsh", "fish"})

    def test_options(self):
        """options, and the values of which there are a few"""
        self.assertEqual(self.complete("refresh --a"), {"--all"})
        self.assertEqual(self.complete("token --format "), {"raw", "xoauth2", "oauthbearer", "json"})
        self.assertEqual(self.complete("token x --format o"), {"oauthbearer"})
        self.assertEqual(self.complete("token --server "), set())

    def test_files(self):
        """files"""
        found = self.complete(f"reseal --old-key-file {self.place}/relay.s")
        self.assertEqual({os.path.basename(path) for path in found}, {"relay.secret"})

    def test_names(self):
        """labels and login names, of the configuration that is in use there"""
        given = f"--config {self.config}"
        self.assertEqual(self.complete(f"{given} token "), {"relay", "anna@contoso.com", "alerts@contoso.net"})
        self.assertEqual(self.complete(f"{given} certificate new r"), {"relay"})
        self.assertEqual(self.complete(f"status {given} an"), {"anna@contoso.com"})
        for line in ("token relay ", "check "):  # where nothing fits zsh has the options
            self.assertEqual({word for word in self.complete(f"{given} {line}") if word[0] != "-"}, set())
        self.assertEqual(self.complete("--config /nowhere token "), set())


class Bash(Shell, Case):
    shell = "bash"

    def ask(self, line):
        return run("bash", "--norc", "-c", BASH, "bash", completions("bash"), line, env=self.environment)

    def test_parted(self):
        """words that readline parts: only what follows the @ or the = is answered"""
        self.assertEqual(self.complete(f"--config {self.config} token anna@c"), {"contoso.com"})
        self.assertEqual(self.complete("token --format=o"), {"oauthbearer"})
        self.assertEqual(self.complete(f"--config={self.config} token al"), {"alerts@contoso.net"})


class Zsh(Shell, Case):
    shell = "zsh"

    def ask(self, line):
        shutil.copy(completions("zsh"), self.place)
        for name in ("hits", "finished", "ready"):
            (self.place / name).unlink(missing_ok=True)
        return run("zsh", "-f", "-c", ZSH, env=dict(self.environment, LINE_TYPED=line))


class Fish(Shell, Case):
    shell = "fish"

    def ask(self, line):
        result = run("fish", "--no-config", "-c", 'source $argv[1]; complete -C $argv[2]', completions("fish"), line,
                     env=self.environment)
        result.stdout = "\n".join(line.split("\t")[0] for line in result.stdout.split("\n"))
        return result


class Committed(Case):
    def test_committed(self):
        """what is committed is what the tool prints; else: make completions"""
        for shell in SCRIPTS:
            printed = subprocess.run([TOOL, "completion", shell], stdout=-1, check=True).stdout
            self.assertEqual(printed, pathlib.Path(completions(shell)).read_bytes(), shell)

    def test_one_shell(self):
        """one shell"""
        for arguments in ((), ("tcsh",), ("bash", "zsh")):
            result = run(TOOL, "completion", *arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn("bash, zsh or fish", result.stderr)


if __name__ == "__main__":
    sys.exit(agent_case.main())
