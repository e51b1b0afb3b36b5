"""sasl-entra: usage, exit codes, and that --help and the man page agree."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import SOURCE, TOOL, Case, run  # noqa: E402

VERBS = ("login", "logout", "token", "refresh", "status", "check", "doctor", "send", "explain", "config", "setup", "import",
         "certificate", "reseal", "completion")


class Tool(Case):
    def refused(self, code, sentence, *arguments, **named):
        result = run(TOOL, *arguments, **named)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertIn(sentence, result.stderr)
        self.assertEqual(result.stdout, "")

    def page(self):
        with open(os.path.join(SOURCE, "doc", "man", "sasl-entra.1"), encoding="utf-8") as file:
            return file.read()

    def test_verb(self):
        """no verb, an unknown one, an unknown option before it"""
        self.refused(2, "a verb is missing")
        self.refused(2, "there is no verb fetch", "fetch", "x")
        self.refused(2, "--bogus", "--bogus", "token", "x")
        self.refused(2, "--config", "--config")

    def test_name(self):
        """NAME: missing, two, empty, too long"""
        for verb in (("login",), ("logout",), ("token",), ("refresh",), ("import", "token")):
            self.refused(2, "NAME is missing", *verb)
            self.refused(2, "one NAME", *verb, "a@b.example", "c@d.example")
        for verb in ("status", "config"):
            self.refused(2, "one NAME", verb, "a@b.example", "c@d.example")
        self.refused(2, "NAME or --all, not both", "refresh", "x", "--all")
        self.refused(2, "NAME must have", "token", "")
        self.refused(2, "NAME must have", "refresh", "x" * 400)

    def test_options_of_verbs(self):
        """options of verbs: unknown, without value, wrong value"""
        for verb in VERBS:
            self.refused(2, f"sasl-entra {verb}: unrecognized option '--bogus'", verb, "--bogus")
        self.refused(2, "raw, xoauth2, oauthbearer or json", "token", "x", "--format", "xml")
        self.refused(2, "host name is too long", "token", "x", "--server", "x" * 300)
        self.refused(2, "too long", "token", "x", "--service", "x" * 40)
        self.refused(2, "--format", "token", "x", "--format")
        self.refused(2, "takes no NAME", "check", "x")
        for wrong in ("--watch=0", "--watch=x", "--watch=3601", "--watch=-1", "--watch=1s"):
            self.refused(2, "1 to 3600 seconds", "status", wrong)
        for two in (("--json", "--prometheus"), ("--json", "--watch"), ("--watch=2", "--prometheus")):
            self.refused(2, "only", "status", *two)
        self.refused(2, "stdout is none", "status", "--watch")
        for port in ("0", "65536", "-1", "x", "80x", ""):
            self.refused(2, "--port must be", "login", "x", "--port", port)
        self.refused(2, "--timeout must be", "login", "x", "--timeout", "3601")
        self.refused(2, "one of --paste and --device", "login", "x", "--paste", "--device")
        self.refused(2, "belong to the sign-in by a browser here", "login", "x", "--device", "--port", "80")
        self.refused(2, "say what is imported", "import")
        self.refused(2, "say what is imported", "import", "password", "x")

    def test_help(self):
        """--help of the tool and of each verb, --version"""
        result = run(TOOL, "--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for verb in VERBS:
            each = run(TOOL, verb, "--help")
            self.assertEqual((each.returncode, each.stderr), (0, ""))
            usage = re.sub(r"\n {26}", " ", each.stdout).splitlines()[0]
            self.assertTrue(usage.startswith(f"Usage: sasl-entra {verb}"))
            self.assertIn(usage.replace("Usage: sasl-entra ", "  "), re.sub(r"\n {10}", " ", result.stdout))
        version = run(TOOL, "--version")
        self.assertRegex(version.stdout, r"^sasl-entra \d+\.\d+\.\d+\n$")

    def test_verbs_in_page(self):
        """the man page has exactly the verbs of --help, with their options"""
        shown = run(TOOL, "--help").stdout.split("Verbs:\n")[1].split("\n\n")[0]
        lines = re.sub(r"\n {10}", " ", shown).splitlines()
        usages = [line.strip() for line in lines if re.match("  [a-z]", line)]
        self.assertEqual({usage.split()[0] for usage in usages}, set(VERBS))
        page = self.page()
        self.assertEqual(set(re.findall(r"^\.It Cm (\w+)", page, re.M)), set(VERBS))
        for usage in usages:
            synopsis = page.split(".Sh DESCRIPTION")[0].split(f"\n.Cm {usage.split()[0]}\n", 1)[1].split("\n.Nm")[0]
            for option in re.findall(r"--(\w+)", usage):
                self.assertIn(f"Fl Fl {option}", synopsis, usage)

    def test_exit_codes_in_page(self):
        """the man page has exactly the exit codes of --help"""
        shown = run(TOOL, "--help").stdout.split("Exit codes:\n")[1].split("\n\n")[0]
        codes = re.findall(r"^ +(\d+)  ", shown, re.M)
        section = self.page().split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
        self.assertEqual(re.findall(r"^\.It (\d+)$", section, re.M), codes)

    def test_formats_in_page(self):
        """the man page has the formats"""
        for name in ("raw", "xoauth2", "oauthbearer", "json"):
            self.assertRegex(self.page(), rf"\.Cm {name}\b|Cm .*\b{name}\b")

    def test_failures(self):
        """1 for a missing configuration and an unknown name, with a sentence"""
        self.refused(1, "absent.conf", "--config", f"{self.place}/absent.conf", "token", "x@example.org")
        config = str(self.configuration())
        self.refused(1, "x@example.org", "--config", config, "token", "x@example.org")
        self.refused(1, "x@example.org", "token", "x@example.org", "--config", config)
        os.chdir(self.place)
        self.addCleanup(os.chdir, "/")
        self.refused(1, "x@example.org", "--config", "agent.conf", "refresh", "x@example.org")

    def test_again(self):
        """75 when the same command can work later: the tenant does not answer"""
        config = str(self.configuration())
        self.refused(75, agent_case.LOGIN, "--config", config, "token", agent_case.LOGIN)

    def test_output(self):
        """a result that cannot be written is a failure"""
        config = str(self.configuration())
        with open("/dev/full", "w", encoding="ascii") as full:
            result = agent_case.subprocess.run([TOOL, "--config", config, "check"], stdout=full, stderr=-1, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"could not write", result.stderr)


if __name__ == "__main__":
    sys.exit(agent_case.main())
