"""sasl-entra-mechanism(7) says what the plugin's sources say: codes, messages, limits, paths, environment."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

SOURCE = pathlib.Path(os.environ.get("top_srcdir") or pathlib.Path(__file__).parents[2])
sys.path.insert(0, str(SOURCE / "tests" / "tenant"))
import tap  # noqa: E402

PAGE = SOURCE / "doc" / "man" / "sasl-entra-mechanism.7"
LITERAL = r'"(?:[^"\\]|\\.)*"'


def source(name):
    """A file without its comments."""
    return re.sub(r"/\*.*?\*/", "", (SOURCE / name).read_text(encoding="utf-8"), flags=re.S)


def numbers():
    """All constants that a message may print."""
    text = source("common/core/source.h") + source("plugin/memory.h")
    return {name: int(value) for name, value in re.findall(r"\b(SE_[A-Z_]+) = (\d+)", text)}


def messages():
    """What the plugin says, in words: the formats of its errors and log lines, their numbers filled in, each other
    argument as `~`."""
    found = set()
    for path in sorted((SOURCE / "plugin").glob("*.c")):
        text = source(f"plugin/{path.name}")
        for call in re.finditer(r"\b(?:se_error_set|se_sasl_refuse)\(.*?\);$", text, re.S | re.M):
            parts = re.findall(LITERAL, call[0])
            words = "".join(part[1:-1] for part in parts).replace('\\"', '"')
            for name in re.findall(r",\s*(SE_[A-Z_]+)(?: / 1000)?(?=[,)])", call[0]):
                if name in numbers() and "%d" in words:
                    value = numbers()[name]
                    words = words.replace("%d", str(value // 1000 if name == "SE_BUDGET_MS" else value), 1)
            if words not in ("", "%s"):  # a text that comes from elsewhere
                found.add(re.sub(r"%\w", "~", words))
    return found


class Page(unittest.TestCase):
    def setUp(self):
        self.text = PAGE.read_text(encoding="utf-8")

    def section(self, name):
        """The lines of a section or subsection."""
        match = re.search(rf"^\.S[hs] {re.escape(name)}\n(.*?)(?=^\.S[hs] |\Z)", self.text, re.M | re.S)
        self.assertIsNotNone(match, name)
        return match[1]

    def test_codes(self):
        """each class of errors, by the name that the log has, leads to the SASL code of the plugin's table"""
        names = dict(re.findall(r'case (SE_\w+):\s+return "([^"]*)"', source("common/core/error.c")))
        table = re.search(r"^se_sasl_code\(.*?^}", source("plugin/sasl_error.c"), re.M | re.S)[0]
        expected = {}
        for cases, code in re.findall(r"((?:case SE_\w+:\s+)+)return (SASL_\w+);", table):
            for case in re.findall(r"SE_\w+", cases):
                expected[names[case]] = code
        self.assertEqual(expected.pop("ok"), "SASL_OK")
        written = dict(re.findall(r"^\.It Sy (.*)\n\.Dv (SASL_\w+) :", self.section("How it ends"), re.M))
        self.assertEqual(written, expected)

    def test_other_codes(self):
        """every other code that the plugin gives back is on the page"""
        text = "".join(source(f"plugin/{name}.c") for name in ("init", "mechanism"))
        given = set(re.findall(r"(?:return|refuse\([^;]*?) ?\b(SASL_[A-Z]+)\b", text))
        self.assertGreater(len(given), 4)
        for code in given - {"SASL_OK", "SASL_CONTINUE", "SASL_INTERACT"}:
            self.assertIn(f".Dv {code}", self.text)

    def test_messages(self):
        """every message of the plugin is on the page, and the page has no other"""
        known = messages()
        self.assertGreater(len(known), 15)
        written = re.findall(r'^\.It "(.*)"$', self.section("DIAGNOSTICS"), re.M)
        self.assertGreater(len(written), 15)
        begun = {}
        for item in written:
            pattern = "".join("~+" if part in ("LOGIN", "PATH", "DIRECTORY") else re.escape(part)
                              for part in re.split(r"\b(LOGIN|PATH|DIRECTORY)\b", item))
            begun[item] = [words for words in known if re.match(pattern, words) or re.search(r"\. " + pattern, words)]
        self.assertEqual([item for item, found in begun.items() if len(found) != 1], [])
        self.assertEqual(known - {found[0] for found in begun.values()}, set())

    def test_mechanisms(self):
        """mechanisms, and the security flags with and without a configuration"""
        text = source("plugin/init.c")
        offered = set(re.findall(r'offer\(plugin, "(\w+)"', text))
        self.assertEqual(set(re.findall(r"^\.Sy (XOAUTH2|OAUTHBEARER)$", self.text, re.M)), offered)
        strong, weak = (set(re.findall(r"SASL_SEC_\w+", each)) for each in
                        re.findall(r"return (SASL_SEC_[^;]*);", text))
        taken = self.section("When its mechanisms are taken")
        without, configured = re.search(r"\.It Sy without(.*?)\.It Sy with a(.*?)\.El", taken, re.S).groups()
        self.assertEqual(set(re.findall(r"SASL_SEC_\w+", without)), weak)
        self.assertEqual(set(re.findall(r"SASL_SEC_\w+", configured)), strong)

    def test_callbacks(self):
        """what the program is asked for, and the protocols that have names"""
        text = source("plugin/prompt.c") + source("plugin/mechanism.c")
        asked = set(re.findall(r"\bSASL_CB_\w+", text)) - {"SASL_CB_LIST_END"}
        written = self.section("What the program is asked for")
        self.assertEqual(set(re.findall(r"^\.It Dv (\w+)$", written, re.M)), asked)
        services = set(re.findall(r'\{"(\w+)", "\w+"\}', text))
        self.assertEqual(set(re.search(r"^\.Pq (.*)\nand the server", written, re.M)[1].split(", ")), services)

    def test_limits(self):
        """sizes and times"""
        known, plain = numbers(), " ".join(self.text.split())
        for words in (f"login name, at most {known['SE_NAME_MAX']} bytes",
                      f"together have {known['SE_BUDGET_MS'] // 1000} seconds",
                      f"for at most {known['SE_MEMORY_MAX_S']} seconds"):
            self.assertIn(words, plain)

    def test_places(self):
        """environment variables and the sockets in a chroot and of a user"""
        text = source("plugin/choose.c")
        variables = set(re.findall(r'\benvironment\("(\w+)"\)', text))
        items = re.findall(r"^\.It Ev (.*)$", self.section("ENVIRONMENT"), re.M)
        self.assertEqual({name for item in items for name in item.split(" , ")}, variables)
        sources = self.section("Which source is asked")
        for path in (re.search(r'POSTFIX_SOCKET_PATH "(.*)"', text)[1],
                     "$XDG_RUNTIME_DIR" + re.search(r'"(/sasl-entra/agent\.sock)"', text)[1]):
            self.assertRegex(sources, rf"(?m)^\.Pa {re.escape(path)}( ,)?$")

    def test_lint(self):
        """mandoc has no complaint"""
        mandoc = os.environ.get("MANDOC") or "mandoc"
        if not shutil.which(mandoc):
            self.skipTest("there is no mandoc")
        said = subprocess.run([mandoc, "-Tlint", str(PAGE)], capture_output=True, text=True, check=False).stdout
        self.assertEqual([line for line in said.splitlines() if "referenced manual not found" not in line], [])


if __name__ == "__main__":
    tap.main()
