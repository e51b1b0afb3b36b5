"""sasl-entrad: what its command line may be."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import AGENT, OTHER, USER, Case, run  # noqa: E402


class Options(Case):
    def refused(self, code, sentence, *arguments, **named):
        result = run(AGENT, *arguments, **named)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertIn(sentence, result.stderr)
        self.assertEqual(result.stdout, "")
        return result

    def test_unknown_option(self):
        """an unknown option is an error that names it"""
        result = self.refused(64, "--bogus", "--bogus")
        self.assertIn("--help", result.stderr)

    def test_argument(self):
        """an argument that is no option is an error"""
        self.refused(64, "unexpected argument 'start'", "start")

    def test_missing_value(self):
        """an option without its value is an error"""
        self.refused(64, "--user", "--user")

    def test_socket(self):
        """--socket: a relative path, an empty group, a mode that is none, the same twice, too many"""
        self.refused(64, "absolute path", "--socket", "agent.sock")
        self.refused(64, "absolute path", "--socket", "/run/directory/")
        self.refused(64, "group after the comma is empty", "--socket", "/x/s,")
        for mode in ("0990", "rw", "-1", "01777", "66x", ""):
            self.refused(64, "the mode must be octal", "--socket", f"/x/s,games,{mode}")
        self.refused(64, "given twice", "--socket", "/x/s", "--socket", "/x/s,games")
        self.refused(64, "at most 64", *sum((["--socket", f"/x/{i}"] for i in range(65)), []))

    def test_group(self):
        """--socket with a group that does not exist"""
        self.refused(73, "no group nosuchgroup", "--user", USER.pw_name, "--socket",
                     f"{self.place}/s,nosuchgroup")
        self.assertFalse((self.place / "s").exists())

    def test_config_path(self):
        """--config takes an absolute path"""
        self.refused(64, "absolute path", "--config", "some.conf")

    def test_user(self):
        """--user: needed for root, must exist, is not root, and only root can become another"""
        self.refused(64, "--user NAME")
        self.refused(67, "no such user", "--user", "nosuchuser")
        self.refused(67, "this is root", "--user", "root")
        self.refused(67, "only root", "--user", USER.pw_name, user=OTHER.pw_uid)

    def test_version(self):
        """--version names program and version, and nothing else happens"""
        result = run(AGENT, "--version", "--bogus")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"^sasl-entrad \d+\.\d+\.\d+\n$")

    def test_help(self):
        """--help lists every option, and so does the man page"""
        result = run(AGENT, "--help")
        self.assertEqual(result.returncode, 0)
        with open(os.path.join(agent_case.SOURCE, "doc", "man", "sasl-entrad.8"), encoding="utf-8") as file:
            page = file.read()
        for option in ("socket", "user", "config", "inetd", "version", "help"):
            self.assertIn(f"--{option}", result.stdout)
            self.assertIn(f".It Fl Fl {option}", page)

    def test_configuration(self):
        """a missing or broken configuration: not started, everything that is wrong is listed"""
        arguments = ("--user", USER.pw_name, "--socket", f"{self.place}/s", "--config")
        self.refused(78, "absent.conf", *arguments, f"{self.place}/absent.conf")
        broken = self.write("broken.conf", "[account a]\nclient_idd = 1\ntenannt = x\nmatch = a@b.example\n")
        result = self.refused(78, "not started", *arguments, str(broken))
        self.assertIn("broken.conf:2", result.stderr)
        self.assertIn("broken.conf:3", result.stderr)
        for line in result.stderr.splitlines():
            self.assertTrue(line.startswith("sasl-entrad: "), line)


if __name__ == "__main__":
    sys.exit(agent_case.main())
