"""A person at a terminal is told what to type next; a script is not."""

import os
import pty
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import TOOL, Case  # noqa: E402


class Next(Case):
    def at_terminal(self, *arguments, stdin=subprocess.DEVNULL):
        """stderr, which is a terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([TOOL, *arguments], stdin=stdin, stdout=subprocess.DEVNULL, stderr=theirs)
        if process.stdin:
            process.stdin.write(b"refresh-token\n")
            process.stdin.close()
        os.close(theirs)
        text = b""
        try:
            while chunk := os.read(ours, 4096):
                text += chunk
        except OSError:
            pass  # the other end is closed
        os.close(ours)
        self.assertEqual(process.wait(), 0, text)
        return text.decode().replace("\r\n", "\n")

    def test_check(self):
        """check: doctor, with the same configuration"""
        config = str(self.configuration())
        self.assertIn(f", too: sasl-entra --config {config} doctor\n", self.at_terminal("--config", config, "check"))
        self.assertEqual(agent_case.run(TOOL, "--config", config, "check").stderr, "")
        self.assertEqual(self.at_terminal("--config", config, "check", "--json"), "")

    def test_import(self):
        """import token: doctor for that name"""
        config = self.configuration()
        text = config.read_text().split("credential =")[0]
        config.write_text(text + "sign_in = user\n")
        said = self.at_terminal("--config", str(config), "import", "token", "anna@contoso.com", stdin=subprocess.PIPE)
        self.assertIn(f"works: sasl-entra --config {config} doctor anna@contoso.com\n", said)


if __name__ == "__main__":
    sys.exit(agent_case.main())
