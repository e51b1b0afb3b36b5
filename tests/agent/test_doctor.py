"""sasl-entra doctor: what it shows, a person's token, and that the manual page has every check. Each check and its fix:
tests/hosts/doctor.sh."""

import glob
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import LOGIN, OTHER, SOURCE, TOOL, USER, TenantCase, run  # noqa: E402

APP = "00001111-aaaa-2222-bbbb-3333cccc4444"
PUBLIC = "55556666-dddd-7777-eeee-8888ffff9999"
ANNA = "anna@contoso.com"
OTHERS = ("plugin", "postfix", "server", "imap")  # of the machine that the test runs on, or looked at elsewhere


class Doctor(TenantCase):
    def configuration(self, extra="", **named):
        return super().configuration(extra="servers = localhost\n" + extra, **named)

    def doctor(self, config, *arguments, **named):
        result = run(TOOL, "--config", str(config), "doctor", "--json", *arguments, **named)
        self.assertNotIn(agent_case.SECRET, result.stdout + result.stderr)
        self.assertNotIn("eyJ", result.stdout + result.stderr)  # no token, that is
        value = json.loads(result.stdout)
        checks = [check for check in value["checks"] if not check["id"].startswith(OTHERS)]
        self.assertEqual(value["problems"], sum(check["verdict"] == "problem" for check in value["checks"]))
        self.assertEqual(result.returncode, int(value["problems"] > 0))
        for check in value["checks"]:
            self.assertEqual(check["fix"] is not None, check["verdict"] in ("warning", "problem"), check)
        return checks

    def complaints(self, checks):
        return sorted({(check["id"], check["verdict"]) for check in checks if check["verdict"] != "ok"})

    def one(self, checks, name):
        found = [check for check in checks if check["id"] == name]
        self.assertEqual(len(found), 1, checks)
        return found[0]

    def persons(self, extra="", upn=ANNA, name="anna.conf"):
        """A configuration with one person, who has signed in."""
        config = self.configuration(name=name)
        config.write_text(config.read_text().split("[account")[0] + "[account anna]\n"
                          f"match = {ANNA}\nsign_in = user\nservices = smtp\ntenant = contoso.onmicrosoft.com\n"
                          f"client_id = {PUBLIC}\nauthority = {self.tenant.authority}\nservers = localhost\n{extra}")
        token = self.tenant.control("mint_refresh_token", {
            "client_id": PUBLIC, "upn": upn, "scope": "https://outlook.office.com/SMTP.Send offline_access"})
        result = run(TOOL, "--config", str(config), "import", "token", "anna" if "identity" in extra else ANNA,
                     stdin=token["refresh_token"])
        self.assertEqual(result.returncode, 0, result.stderr)
        return config

    def test_clean(self):
        """an account that is right: each section, no complaint; the token is a new one each time"""
        config = self.configuration()
        checks = self.doctor(config, LOGIN)
        self.assertEqual(self.complaints(checks), [("agent", "left out")])
        names = {check["id"] for check in checks}
        self.assertLessEqual({"configuration", "account", "credential", "state-directory", "network-names",
                              "network-tls", "network-tenant", "network-clock", "token", "token-audience",
                              "token-permissions", "token-tenant", "token-user", "token-lifetime"}, names)
        before = self.requests()
        self.doctor(config)
        self.assertEqual(self.requests(), before + 1)
        for file in (self.place / "state").iterdir():  # root went back, and left nothing of his
            self.assertEqual(file.stat().st_uid, USER.pw_uid)

    def test_shown(self):
        """for people: a heading, a line a check, the total; JSON says the same"""
        text = run(TOOL, "--config", str(self.configuration()), "doctor", LOGIN).stdout
        self.assertEqual(re.findall(r"^([A-Z]\w+)$", text, re.M)[1:5], ["Configuration", "Agent", "Network", "Token"])
        self.assertRegex(text, r"(?m)^ok        \S.*\btoken, good for \d+ seconds$")
        self.assertRegex(text, r"\n\d+ problems?, \d+ warnings?, \d+ ok\n$")

    def test_offline(self):
        """--offline asks nobody"""
        before = self.requests()
        checks = self.doctor(self.configuration(), "--offline", LOGIN)
        self.assertEqual(self.requests(), before)
        self.assertFalse([check for check in checks if check["section"] in ("Network", "Token", "Server")])

    def test_credential_of_service(self):
        """a credential that only the service has been given is no problem"""
        config = self.configuration()
        config.write_text(re.sub("client_secret_file = .*", "client_secret_file = cred:contoso.secret", config.read_text()))
        check = self.one(self.doctor(config, "--offline"), "credential")
        self.assertEqual(check["verdict"], "left out")
        self.assertIn("cred:contoso.secret", check["text"])

    def test_many(self):
        """accounts that share a token: one request; one that has none does not spoil the other"""
        config = self.configuration(extra="services = smtp\n")
        second = config.read_text().split("[account relay]")[1].replace("*@contoso.com", "*@fabrikam.example")
        config.write_text(config.read_text() + "\n[account second]" + second +
                          f"\n[account anna]\nmatch = anna@other.example\ntenant = contoso.onmicrosoft.com\n"
                          f"client_id = {PUBLIC}\nauthority = {self.tenant.authority}\nservers = localhost\n")
        checks = self.doctor(config)
        self.assertEqual(self.requests(), 1)
        self.assertEqual([check["verdict"] for check in checks if check["id"] == "token"], ["ok", "problem"])
        self.assertIn("sasl-entra login anna@other.example", next(
            check["fix"] for check in checks if check["verdict"] == "problem"))

    def test_person(self):
        """a person's token: whose, what it permits; a shared mailbox; somebody else's sign-in"""
        checks = self.doctor(self.persons(), ANNA)
        self.assertEqual(self.complaints(checks), [("agent", "left out")])
        self.assertIn(f"{ANNA} signed in", self.one(checks, "token-user")["text"])
        self.assertIn("SMTP.Send", self.one(checks, "token-permissions")["text"])
        shared = self.persons("sasl_user = shared@contoso.com\n")
        self.assertIn("Full Access", self.one(self.doctor(shared, ANNA), "token-user")["text"])
        alias = self.persons("identity = a.nother@contoso.com\n", name="alias.conf")
        checks = self.doctor(alias, ANNA)
        self.assertEqual(self.complaints(checks), [("agent", "left out"), ("token-user", "warning")])
        self.assertIn(f"sasl-entra login {ANNA}", self.one(checks, "token-user")["fix"])

    def test_permission_of_service(self):
        """a service that is asked for and not permitted"""
        checks = self.doctor(self.configuration(extra="services = smtp imap\n"), LOGIN)
        self.assertEqual(self.complaints(checks), [("agent", "left out"), ("token-permissions", "problem")])
        self.assertIn("IMAP.AccessAsApp", self.one(checks, "token-permissions")["fix"])

    def test_imap_without_roles(self):
        """RBAC for Applications is for sending: an app that reads needs the permission in the token"""
        self.tenant.control("apps", {"apps": [{"client_id": APP, "roles": []}]})
        self.addCleanup(self.tenant.control, "apps", {"apps": [{"client_id": APP, "roles": ["SMTP.SendAsApp"]}]})
        check = self.one(self.doctor(self.configuration(extra="services = imap\n"), LOGIN), "token-permissions")
        self.assertEqual((check["section"], check["verdict"]), ("Token", "problem"))
        self.assertIn("IMAP.AccessAsApp", check["fix"])
        self.assertNotIn("RBAC", check["fix"])

    def test_no_root(self):
        """a user looks at what is his own; at what is not he is told what is wrong"""
        checks = self.doctor(self.configuration(owner=OTHER), LOGIN, user=OTHER.pw_uid, group=OTHER.pw_gid,
                             extra_groups=[], env={"PATH": os.environ["PATH"]})
        self.assertEqual([c for c in self.complaints(checks) if c[0] != "agent"], [])
        checks = self.doctor(self.configuration(name="other.conf"), LOGIN, user=OTHER.pw_uid, group=OTHER.pw_gid,
                             extra_groups=[], env={"PATH": os.environ["PATH"]})
        self.assertIn(("credential", "problem"), self.complaints(checks))

    def test_page(self):
        """the manual page has every check"""
        page = pathlib.Path(SOURCE, "doc", "man", "sasl-entra.1").read_text(encoding="utf-8")
        section = page.split(".Ss Checks of doctor\n")[1].split("\n.Ss ")[0]
        listed = re.findall(r"^\.It Li ([a-z-]+)$", section, re.M)
        self.assertEqual(len(listed), len(set(listed)))
        text = "".join(pathlib.Path(file).read_text(encoding="utf-8")
                       for pattern in ("doctor_*.c", "check*.c", "mail_*.c", "postfix_*.c")
                       for file in glob.glob(os.path.join(SOURCE, "tool", pattern))
                       if not file.endswith("checkup_ids.c"))
        table = pathlib.Path(SOURCE, "tool", "checkup_ids.c").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r'^\t"([a-z-]+)",$', table, re.M), listed)
        said = set(re.findall(r"se_checkup_(?:add|fine|left_out)\(\s*[^,()]+(?:\(\))?,\s*\"([a-z-]+)\"", text))
        said |= set(re.findall(r"findings(?:\.|->)id = \"([a-z-]+)\"", text))
        self.assertGreater(len(said), 25)
        self.assertEqual(said - set(listed), set(), "not in the page")
        self.assertEqual({name for name in listed if f'"{name}"' not in text}, set(), "not in the sources")


if __name__ == "__main__":
    sys.exit(agent_case.main())
