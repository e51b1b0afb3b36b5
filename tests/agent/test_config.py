"""sasl-entra config: the configuration that is in effect, and where each value comes from."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import TOOL, Case, run  # noqa: E402

FILE = """\
[account anna]
match = anna@contoso.com, "quoted"
# a comment
client_id = 55556666-dddd-7777-eeee-8888ffff9999
tenant = contoso.onmicrosoft.com
timeout = 15

[defaults]
state_dir = {state}
timeout = 12
services = imap

[account google]
match = *@gmail.com
provider = google
client_id = 1234.apps.googleusercontent.com
credential = secret
client_secret_file = {secret}

[account relay]
match = *@contoso.com
tenant = contoso.onmicrosoft.com
client_id = 00001111-aaaa-2222-bbbb-3333cccc4444
credential = secret
client_secret_file = {secret}
cloud = gcc-high
allow = daemon, @games

[account app]
match = *
token_from = password
"""


class Config(Case):
    def setUp(self):
        super().setUp()
        self.secret = self.write("relay.secret", agent_case.SECRET + "\n", mode=0o600)
        text = FILE.replace(', "quoted"', "").format(state=self.directory("state"), secret=self.secret)
        self.path = self.write("c.conf", text)
        self.lines = text.splitlines()

    def show(self, *arguments, path=None, code=0):
        result = run(TOOL, "--config", str(path or self.path), "config", *arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertNotIn(agent_case.SECRET, result.stdout + result.stderr)
        return result.stdout if code == 0 else result.stderr

    def value(self, *arguments):
        return json.loads(self.show(*arguments, "--json"))

    def settings(self, label, **named):
        found = [account for account in self.value(**named)["accounts"] if account["account"] == label]
        self.assertEqual(len(found), 1)
        return found[0]["settings"]

    def test_round_trip(self):
        """what is printed is a configuration again, with the same values"""
        copy = self.write("copy.conf", self.show())

        def without_lines(value):
            return [(account["account"], {key: (one["value"], one["from"]) for key, one in account["settings"].items()})
                    for account in value["accounts"]]

        self.assertEqual(without_lines(json.loads(self.show("--json", path=copy))), without_lines(self.value()))
        result = run(TOOL, "--config", str(copy), "check")
        self.assertIn("0 errors, 0 warnings", result.stdout)

    def test_lines(self):
        """each value that is written, with its line; an account's own before that of [defaults]"""
        value = self.value()
        written = 0
        for account in value["accounts"]:
            for key, one in account["settings"].items():
                if one["line"] is not None:
                    written += 1
                    self.assertEqual(self.lines[one["line"] - 1], f"{key} = {one['value']}")
                    self.assertIn(one["from"], ("account", "defaults"))
        self.assertGreater(written, 15)
        self.assertEqual(self.settings("anna")["timeout"], {"value": "15", "from": "account", "line": 6})
        self.assertEqual(self.settings("relay")["timeout"], {"value": "12", "from": "defaults", "line": 10})
        self.assertEqual(value["defaults"]["state_dir"]["line"], 9)
        text = self.show()
        self.assertIn(f"# {self.path}:4-6\nclient_id = 55556666", text)
        self.assertIn(f"# [defaults], {self.path}:10\n#timeout = 12\n", text)

    def test_presets(self):
        """presets of clouds and providers, what follows, and defaults, named as such"""
        relay, google, anna = self.settings("relay"), self.settings("google"), self.settings("anna")

        def is_from(settings, key, origin, value):
            self.assertEqual((settings[key]["from"], settings[key]["line"]), (origin, None), key)
            self.assertIn(value, settings[key]["value"])

        is_from(relay, "authority", "cloud", "https://login.microsoftonline.us")
        is_from(relay, "servers", "cloud", "smtp.office365.us")
        is_from(relay, "scope", "cloud", "https://outlook.office365.us/.default")
        is_from(relay, "token_endpoint", "derived", "microsoftonline.us/contoso.onmicrosoft.com/oauth2/v2.0/token")
        is_from(relay, "sign_in", "derived", "app")
        is_from(relay, "min_lifetime", "default", "300")
        self.assertNotIn("device_endpoint", relay)
        is_from(google, "token_endpoint", "provider", "https://oauth2.googleapis.com/token")
        is_from(google, "servers", "provider", "smtp.gmail.com")
        is_from(google, "scope", "provider", "https://mail.google.com/")
        self.assertNotIn("cloud", google)
        is_from(anna, "cloud", "default", "global")
        is_from(anna, "scope", "derived", "IMAP.AccessAsUser.All offline_access")
        is_from(anna, "device_endpoint", "derived", "/oauth2/v2.0/devicecode")
        self.assertNotIn("token_endpoint", self.settings("app"))

    def test_environment(self):
        """values of Azure's workload identity webhook"""
        path = self.write("e.conf", "[account pod]\nmatch = *\ncredential = federated\nfederated_token_file = env\n")
        environment = dict(os.environ, AZURE_TENANT_ID="contoso.onmicrosoft.com", AZURE_FEDERATED_TOKEN_FILE="/t",
                           AZURE_CLIENT_ID="00001111-aaaa-2222-bbbb-3333cccc4444")
        result = run(TOOL, "--config", str(path), "config", env=environment)
        self.assertIn("# from the environment of this process\n#tenant = contoso.onmicrosoft.com\n", result.stdout)
        text = re.sub(r"\n# ", " ", self.show(path=path))
        self.assertIn("not usable in this process: it has federated_token_file = env, but", text)

    def test_name(self):
        """NAME: the account alone, and which pattern of its match fits"""
        for name, label, pattern in (("Anna@contoso.com", "anna", "anna@contoso.com"),
                                     ("bob@CONTOSO.com", "relay", "*@contoso.com"), ("x@y.example", "app", "*"),
                                     ("relay", "relay", None)):
            value = self.value(name)
            self.assertEqual([account["account"] for account in value["accounts"]], [label])
            self.assertEqual(value["accounts"][0]["pattern"], pattern)
            text = self.show(name)
            self.assertEqual(re.findall(r"^\[account (.*)\]$", text, re.M), [label])
            self.assertEqual(f"served by [account {label}]" in text, pattern is not None)
        self.path.write_text(self.path.read_text().replace("match = *\n", "match = *@y.example\n"))
        self.assertIn("z@z.example", self.show("z@z.example", code=1))

    def test_names(self):
        """--names: what NAME may be"""
        self.assertEqual(self.show("--names").split(), ["anna", "anna@contoso.com", "google", "relay", "app"])
        self.assertIn("--names", self.show("relay", "--names", code=2))

    def test_socket(self):
        """where mail programs ask: nobody reads a file that is named by --config; a user's own"""
        self.assertIn("Mail programs do not read this file", self.show())
        self.assertIsNone(self.value()["socket"])
        home = self.directory("home/.config/sasl-entra", agent_case.OTHER, 0o755)
        own = self.write("home/.config/sasl-entra/sasl-entra.conf", "[account a]\nmatch = *\ntoken_from = password\n",
                         agent_case.OTHER)
        environment = dict(os.environ, HOME=str(self.place / "home"), XDG_RUNTIME_DIR=str(self.place))
        environment.pop("XDG_CONFIG_HOME", None)
        result = run(TOOL, "config", "--json", env=environment, user=agent_case.OTHER.pw_uid,
                     group=agent_case.OTHER.pw_gid, extra_groups=[])
        value = json.loads(result.stdout)
        self.assertEqual((value["configuration"], value["socket"], value["agent"]),
                         (str(own), f"{self.place}/sasl-entra/agent.sock", False))
        self.assertEqual(home, own.parent)

    def test_width(self):
        """only values, which are there to be copied, and paths are wider than 80 columns"""
        for line in self.show().splitlines():
            if len(line) > 80:
                self.assertTrue(re.match("[a-z_]+ = ", line) or "/" in line, line)
                self.assertNotIn("servers", line)

    def test_who(self):
        """who may ask"""
        self.assertIn("allow = daemon, @games\n", self.show("relay"))
        self.assertIn("root and these may ask", re.sub(r"\n# ", " ", self.show("relay")))
        self.assertIn("no allow:", self.show("anna"))

    def test_broken(self):
        """a broken configuration is an error with its line"""
        self.path.write_text("[account a]\nmatchh = x\n")
        self.assertIn("c.conf:2: matchh", self.show(code=1))


if __name__ == "__main__":
    sys.exit(agent_case.main())
