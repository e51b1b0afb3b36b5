"""sasl-entra setup: from nothing to an account that gets tokens, and nothing changed where nothing has to be."""

import json
import os
import pathlib
import pty
import select
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import LOGIN, OTHER, SOURCE, TOOL, USER, Case, TenantCase, run, while_locked  # noqa: E402

SECRET = "Zx8~+q/&k%=9_relay.SETUP"
APP = "00001111-aaaa-2222-bbbb-3333cccc4444"
SCANNER = "55556666-dddd-7777-eeee-8888ffff9999"
TENANT_ID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
DOMAIN = "contoso.onmicrosoft.com"
BEFORE = """# ours
[defaults]
state_dir = {state}
ca_file = {ca}

# the scanner
[account scanner]
match     = scanner@contoso.net,  other@contoso.net
tenant = contoso.onmicrosoft.com
client_id = 55556666-dddd-7777-eeee-8888ffff9999
; and its end

# the last
[account last]
match=last@contoso.net
tenant=contoso.onmicrosoft.com
client_id=55556666-dddd-7777-eeee-8888ffff9999"""


class SetupCase(TenantCase):
    def setUp(self):
        super().setUp()
        self.tenant.control("apps", {"apps": [{"client_id": APP, "certificates": None,
                                               "secrets": [{"value": SECRET}]}],
                                     "tenants": [{"id": TENANT_ID, "cloud_instance": None,
                                                  "region_sub_scope": None}]})
        self.ca = self.write("ca.pem", pathlib.Path(self.tenant.ca).read_text(encoding="utf-8"))
        self.etc = self.place / "etc"
        self.config = self.etc / "sasl-entra.conf"
        self.usual = ["--tenant", DOMAIN, "--client-id", APP, "--match", "*@contoso.com", "--authority",
                      self.tenant.authority, "--ca-file", str(self.ca)]

    def tool(self, *arguments, code=0, **named):
        result = run(TOOL, "--config", str(self.config), *arguments, **named)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for secret in (SECRET, "PRIVATE KEY"):
            self.assertNotIn(secret, result.stdout + result.stderr)
        return result

    def setup_(self, *arguments, code=0, **named):
        return self.tool("setup", "--non-interactive", "--no-doctor", *arguments, code=code, **named)

    def json(self, *arguments, **named):
        return json.loads(self.setup_("--json", *arguments, **named).stdout)

    def before(self, text=BEFORE):
        """A configuration of three sections, and a state directory whose owner reads the tokens."""
        self.etc.mkdir(mode=0o755, exist_ok=True)
        state = self.place / "state"
        if not state.exists():
            self.directory("state", USER)
        text = text.format(state=state, ca=self.ca)
        self.config.write_text(text, encoding="utf-8")
        self.config.chmod(0o644)
        return text

    def text(self):
        return self.config.read_text(encoding="utf-8")

    def tree(self):
        return {str(path): (path.read_bytes() if path.is_file() else None, path.lstat().st_mode)
                for path in self.place.rglob("*")}

    def look(self, path):
        found = path.stat()
        return found.st_uid, found.st_gid, found.st_mode & 0o777

    def register(self):
        pem = (self.etc / "relay.pem.cer").read_text(encoding="ascii")
        self.assertNotIn("PRIVATE", pem)
        self.tenant.control("apps", {"apps": [{"client_id": APP, "secrets": None, "certificates": [{"pem": pem}]}]})

    def token(self, name=LOGIN, **named):
        self.assertGreater(len(self.tool("token", name, **named).stdout), 100)


class Setup(SetupCase):
    # --- what it makes --------------------------------------------------------------------------

    def test_certificate(self):
        """from nothing: directory, configuration, key and certificate; uploaded, a token comes; again: unchanged"""
        result = self.setup_(*self.usual)
        self.assertIn(f"+match       = *@contoso.com\n+tenant      = {DOMAIN}\n", result.stderr)
        self.assertIn(f"Tenant {DOMAIN}: cloud global\n  id {TENANT_ID}\n", result.stderr)
        self.assertEqual(self.look(self.etc), (0, 0, 0o755))
        self.assertEqual(self.look(self.config), (0, 0, 0o644))
        self.assertEqual(self.look(self.etc / "relay.pem"), (0, 0, 0o600))
        self.assertEqual(self.look(self.etc / "relay.pem.cer"), (0, 0, 0o644))
        self.assertIn(str(self.etc / "relay.pem.cer"), result.stdout)
        self.register()
        self.token()
        tree = self.tree()
        again = self.setup_("--detailed-exit-code")
        self.assertIn("nothing was changed", again.stderr)
        self.assertNotIn("@@", again.stderr)
        self.assertEqual(again.stdout, result.stdout)
        self.assertFalse(self.json("--detailed-exit-code", *self.usual)["changed"])
        self.assertEqual(self.tree(), tree)

    def test_exit_codes(self):
        """0 where all went well; --detailed-exit-code: 10 where something changed, also with --dry-run"""
        self.setup_("--detailed-exit-code", "--dry-run", *self.usual, code=10)
        self.assertFalse(self.etc.exists())
        self.setup_("--detailed-exit-code", *self.usual, code=10)
        self.setup_("--detailed-exit-code", *self.usual)
        self.setup_("--match", "x@contoso.net")

    def test_dry_run(self):
        """--dry-run shows the same and changes nothing"""
        self.before()
        tree = self.tree()
        for credential in ("certificate", "secret"):
            result = self.setup_("--dry-run", *self.usual, "--credential", credential)
            self.assertIn("+[account relay]", result.stderr)
            self.assertIn("Set-CASMailbox", result.stdout)
            self.assertEqual(self.tree(), tree)
        self.assertTrue(self.json("--dry-run", *self.usual)["changed"])
        self.assertEqual(self.tree(), tree)

    def test_owner(self):
        """key and secret belong to whoever owns the tokens"""
        self.before()
        self.setup_(*self.usual)
        self.assertEqual(json.loads(self.tool("check", "--json").stdout)["errors"], 0)
        self.assertEqual(self.look(self.etc / "relay.pem"), (USER.pw_uid, USER.pw_gid, 0o600))
        self.setup_(*self.usual, "--credential", "secret", "--secret-stdin", stdin=SECRET + "\n")
        self.assertEqual(self.look(self.etc / "relay.secret"), (USER.pw_uid, USER.pw_gid, 0o600))
        self.assertEqual(self.look(self.config), (0, 0, 0o644))
        self.token()

    def test_secret(self):
        """a secret: from stdin, kept when it is the same, needed the first time"""
        secret = ("--credential", "secret", "--secret-stdin")
        self.assertIn("--secret-stdin", self.setup_(*self.usual, "--credential", "secret", code=1).stderr)
        self.assertFalse(self.etc.exists())
        self.setup_(*self.usual, *secret, stdin=SECRET + "\n")
        self.assertEqual((self.etc / "relay.secret").read_text(encoding="utf-8"), SECRET + "\n")
        self.token()
        self.assertFalse(self.json(*secret, stdin=SECRET)["changed"])
        self.assertFalse(self.json()["changed"])
        self.assertTrue(self.json(*secret, stdin="another")["changed"])
        self.assertEqual((self.etc / "relay.secret").read_text(encoding="utf-8"), "another\n")
        for wrong in ("", "two\nlines\n", "x" * 5000):
            self.setup_(*secret, stdin=wrong, code=1)
        self.assertEqual((self.etc / "relay.secret").read_text(encoding="utf-8"), "another\n")
        self.assertIn("belongs to", self.setup_("--credential", "certificate", "--secret-stdin", code=1).stderr)

    def test_other_credentials(self):
        """managed identity, federated credential: written, and the old credential's keys are taken out"""
        self.setup_(*self.usual)
        machine = self.setup_("--credential", "managed-identity", "--managed-identity-id", "system")
        self.assertNotIn("certificate", self.text())
        self.assertNotIn("client_id", self.text())
        self.assertIn("managed_identity_id = system", self.text())
        self.assertIn("New-MgServicePrincipalAppRoleAssignment", machine.stdout)
        self.assertNotIn("Upload", machine.stdout)
        federated = self.setup_("--credential", "federated", "--federated-token-file", "/run/token", *self.usual)
        self.assertIn("federated_token_file = /run/token", self.text())
        self.assertNotIn("managed", self.text())
        self.assertIn("Federated credentials", federated.stdout)
        self.assertEqual(self.json("--detailed-exit-code")["changed"], False)

    def test_person(self):
        """a person's sign-in: no credential, the redirect URI, and login is next"""
        result = self.setup_("--sign-in", "user", "--tenant", DOMAIN, "--client-id", SCANNER, "--match",
                             "scanner@contoso.com", "--identity", "anna@contoso.com", "--authority",
                             self.tenant.authority, "--ca-file", str(self.ca))
        self.assertNotIn("credential", self.text())
        for step in ("http://localhost", "Allow public client flows", "SMTP.Send", "~/Authentication/appId/" + SCANNER):
            self.assertIn(step, result.stdout)
        self.assertIn("sasl-entra login relay", result.stderr)
        self.assertNotIn("New-ServicePrincipal", result.stdout)
        self.assertFalse(self.json()["changed"])
        self.setup_("--sign-in", "app", "--client-id", APP)
        self.assertNotIn("identity", self.text())
        self.assertIn("credential = certificate", self.text())

    def test_own(self):
        """a person's own configuration: theirs alone, below their home"""
        home = self.directory("home", OTHER)
        named = {"user": OTHER.pw_uid, "group": OTHER.pw_gid, "extra_groups": [],
                 "env": {"HOME": str(home), "PATH": os.environ["PATH"]}}
        arguments = ("setup", "--non-interactive", "--no-doctor", "--tenant", DOMAIN, "--client-id", SCANNER,
                     "--match", "anna@contoso.com", "--authority", self.tenant.authority, "--ca-file", str(self.ca))
        result = run(TOOL, *arguments, **named)
        self.assertEqual(result.returncode, 0, result.stderr)
        config = home / ".config" / "sasl-entra" / "sasl-entra.conf"
        self.assertEqual(self.look(config), (OTHER.pw_uid, OTHER.pw_gid, 0o600))
        self.assertEqual(self.look(config.parent), (OTHER.pw_uid, OTHER.pw_gid, 0o700))
        self.assertNotIn("credential", config.read_text(encoding="utf-8"))
        self.assertIn("sasl-entra login anna@contoso.com", result.stderr)
        again = run(TOOL, *arguments, "--detailed-exit-code", **named)
        self.assertEqual(again.returncode, 0, again.stderr)

    # --- what was there --------------------------------------------------------------------------

    def test_others_kept(self):
        """an account is added, or changed in its place; everything else stays byte for byte; the old file is kept"""
        before = self.before()
        result = self.json(*self.usual)
        self.assertTrue(self.text().startswith(before + "\n\n[account relay]\n"))
        self.assertEqual(result["backup"], f"{self.config}.old")
        self.assertEqual(pathlib.Path(result["backup"]).read_text(encoding="utf-8"), before)
        text = self.text()
        self.setup_("--label", "SCANNER", "--match", "new@contoso.net", "--services", "smtp", "--authority",
                    self.tenant.authority)
        changed = text.replace("match     = scanner@contoso.net,  other@contoso.net", "match     = new@contoso.net")
        changed = changed.replace("8888ffff9999\n; and", "8888ffff9999\nservices = smtp\nauthority = "
                                  f"{self.tenant.authority}\n; and", 1)
        self.assertEqual(self.text(), changed)
        self.setup_("--label", "last", "--match", "last@contoso.net", "--authority", self.tenant.authority)
        self.assertEqual(self.text(), changed.replace(
            "client_id=55556666-dddd-7777-eeee-8888ffff9999\n",
            f"client_id=55556666-dddd-7777-eeee-8888ffff9999\nauthority = {self.tenant.authority}\n"))
        self.assertFalse(self.json("--label", "scanner", "--match", "new@contoso.net")["changed"])

    def test_lists(self):
        """the same login names with other commas are the same"""
        before = self.before()
        self.setup_("--label", "scanner", "--match", "scanner@contoso.net", "--match", "other@contoso.net",
                    "--authority", self.tenant.authority)
        self.assertIn("match     = scanner@contoso.net,  other@contoso.net\n", self.text())
        self.assertEqual(self.text().count("\n"), before.count("\n") + 1)

    def test_mode_kept(self):
        """owner and mode of a configuration stay, its directory's too"""
        self.before()
        for path, mode in ((self.etc, 0o750), (self.config, 0o640)):
            os.chown(path, 0, USER.pw_gid)
            path.chmod(mode)
        self.setup_(*self.usual)
        self.assertEqual(self.look(self.config), (0, USER.pw_gid, 0o640))
        self.assertEqual(self.look(self.etc)[2], 0o750)

    def test_broken(self):
        """a configuration that is not right is refused with check's words"""
        for wrong, said in (("[account x]\nmach = a@b.example\n", "unknown key; did you mean match?"),
                            ("match = x\n", "before any section"), ("[account x]\r\n", "CR LF")):
            self.before(wrong)
            tree = self.tree()
            found = self.tool("check", code=1).stdout
            result = self.setup_(*self.usual, code=1)
            self.assertIn("nothing was changed", result.stderr)
            first = result.stderr.split("sasl-entra: ", 1)[1].split("; nothing was changed")[0]
            self.assertIn(first, found)
            self.assertEqual(self.tree(), tree, said)

    def test_link(self):
        """a configuration that is a symbolic link is not replaced"""
        self.before()
        real = self.config.rename(self.etc / "real.conf")
        self.config.symlink_to(real)
        self.assertIn("symbolic link", self.setup_(*self.usual, code=1).stderr)
        self.assertTrue(self.config.is_symlink())

    def test_key_kept(self):
        """a certificate that is there is kept, one that cannot be used is said and not replaced"""
        self.setup_(*self.usual)
        pem = (self.etc / "relay.pem").read_bytes()
        self.setup_("--match", "a@contoso.com")
        self.assertEqual((self.etc / "relay.pem").read_bytes(), pem)
        (self.etc / "relay.pem").write_text("no key", encoding="ascii")
        before = self.text()
        self.assertIn("relay.pem", self.setup_("--match", "b@contoso.com", code=1).stderr)
        self.assertEqual((self.etc / "relay.pem").read_text(encoding="ascii"), "no key")
        self.assertEqual(self.text(), before)

    def test_taken_back(self):
        """a certificate that cannot be made: the configuration is what it was"""
        nowhere = ("--certificate", str(self.place / "nowhere" / "relay.pem"))
        self.assertIn("nowhere", self.setup_(*self.usual, *nowhere, code=1).stderr)
        self.assertEqual(list(self.etc.iterdir()), [])
        before = self.before()
        self.setup_(*self.usual, *nowhere, code=1)
        self.assertEqual(self.text(), before)
        self.assertEqual(self.look(self.config), (0, 0, 0o644))

    # --- what cannot be right -----------------------------------------------------------------------

    def test_two_at_once(self):
        """while another one writes it waits; what that one has written is not written over"""
        before = self.before()
        added = "# by another sasl-entra\n"
        result = while_locked(
            self.etc, [TOOL, "--config", str(self.config), "setup", "--non-interactive", "--no-doctor", *self.usual],
            lambda: self.config.write_text(before + added, encoding="utf-8"))
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertIn("changed by somebody else", result.stderr)
        self.assertEqual(self.text(), before + added)
        self.assertEqual([path.name for path in self.etc.iterdir()], ["sasl-entra.conf"])

    def test_values(self):
        """each value is judged as the configuration's parser does, with nothing written"""
        for option, value, said in (
                ("--tenant", "no tenant", "--tenant: "), ("--client-id", "relay", "--client-id: "),
                ("--match", "a b@c@d", "match"), ("--cloud", "moon", "cloud"), ("--authority", "http://x", "authority"),
                ("--services", "ftp", "services"), ("--proxy", "ftp://x", "proxy"),
                ("--ca-file", "ca.pem", "--ca-file: "),
                ("--credential", "password", "--credential: "), ("--sign-in", "robot", "--sign-in: "),
                ("--match", "", "empty"), ("--identity", "anna@contoso.com", "identity"),
                ("--client-secret-file", "/x/y", "client_secret_file"), ("--servers", "a/b", "servers"),
                ("--allow", "nobody-of-that-name", "allow")):
            result = self.setup_(*self.usual, option, value, code=1)
            self.assertIn(said, result.stderr)
            self.assertFalse(self.etc.exists(), option)

    def test_injection(self):
        """a line end, a bracket, a control character in a value or a label writes no other line"""
        for value in ("a@b.example\n[account evil]", "a@b.example\nallow = *", "a@b.example\r", "a\x01@b.example",
                      "x\ny"):
            for option in ("--match", "--tenant", "--client-id", "--identity", "--servers", "--ca-file",
                           "--certificate", "--proxy", "--allow", "--services"):
                self.setup_(*self.usual, option, value, code=1)
        for label in ("a]\n[account b", "a]", "a b", "../x", "", "x" * 65, "#a", "a\n", "ä"):
            self.assertIn("label", self.setup_(*self.usual, "--label", label, code=1).stderr)
        self.assertFalse(self.etc.exists())

    def test_missing(self):
        """what cannot be asked for has to be said; without a terminal --non-interactive too"""
        for index, name in ((0, "--tenant"), (2, "--client-id"), (4, "--match")):
            left = self.usual[:index] + self.usual[index + 2:]
            self.assertIn(f"{name} is missing", self.setup_(*left, code=2).stderr)
        self.assertIn("--managed-identity-id", self.setup_("--match", "*", "--credential", "managed-identity",
                                                           code=2).stderr)
        self.assertIn("--federated-token-file", self.setup_("--match", "*", "--credential", "federated",
                                                            code=2).stderr)
        self.assertIn("no terminal", self.tool("setup", *self.usual, code=2).stderr)
        self.assertIn("--label", self.setup_(*self.usual, "relay", code=2).stderr)

    def test_postfix_aside(self):
        """an account and Postfix are set up one after the other"""
        self.assertIn("one after the other", self.setup_(*self.usual, "--postfix", code=2).stderr)
        self.assertIn("--postfix is missing", self.setup_("--relays", "2", code=2).stderr)
        self.assertIn("--relays", self.tool("setup", "--postfix", "--relays", "x", code=2).stderr)
        self.assertFalse(self.etc.exists())

    # --- the tenant ----------------------------------------------------------------------------------

    def test_cloud(self):
        """the cloud is looked up, and written unless it is the global one; the steps are that cloud's"""
        usual = self.usual[:4] + self.usual[6:]
        for instance, part, cloud, exchange in (
                ("microsoftonline.us", "DODCON", "gcc-high", "O365USGovGCCHigh"),
                ("microsoftonline.us", "DOD", "dod", "O365USGovDoD"),
                ("partner.microsoftonline.cn", None, "china", "O365China")):
            self.tenant.control("apps", {"tenants": [{"id": TENANT_ID, "cloud_instance": instance,
                                                      "region_sub_scope": part}]})
            result = self.setup_(*usual, "--label", cloud, "--match", f"{cloud}@contoso.com")
            self.assertIn(f"cloud {cloud}", result.stderr)
            self.assertIn(f"[account {cloud}]", self.text())
            self.assertIn(f"= {cloud}\n", self.text())
            self.assertIn(f"Connect-ExchangeOnline -ExchangeEnvironmentName {exchange}", result.stdout)
            self.assertNotIn("New-ManagementScope", result.stdout)
            self.assertNotIn("entra.microsoft.com", result.stdout)
            self.assertFalse(self.json("--label", cloud)["changed"])
        refused = self.setup_(*usual, "--match", "x@contoso.com", "--cloud", "global", code=1)
        self.assertIn("is in the cloud china, and not in global", refused.stderr)

    def test_unknown_tenant(self):
        """a tenant that is not there: said with Entra's words, nothing written"""
        result = self.setup_(*self.usual, "--tenant", "fabrikam.example", code=1)
        self.assertIn("knows no tenant fabrikam.example", result.stderr)
        self.assertIn("AADSTS90002", result.stderr)
        self.assertFalse(self.etc.exists())

    def test_no_network(self):
        """a tenant that cannot be asked: again later, or with --cloud now"""
        away = [*self.usual, "--authority", "https://127.0.0.1:9"]
        self.assertIn("--cloud", self.setup_(*away, code=75).stderr)
        self.assertFalse(self.etc.exists())
        result = self.setup_(*away, "--cloud", "global")
        self.assertIn("warning: the tenant", result.stderr)
        self.assertIn("= global\n", self.text())
        for action in ({"status": 503}, {"garbage": True}, {"body": "{}"}, {"close": True},
                       {"status": 302, "headers": {"Location": "/"}}):
            self.tenant.control("fault", {"match": {"path": "openid-configuration"}, "action": action})
            self.setup_(*self.usual, "--label", "other", "--match", "x@contoso.com", code=75)

    def test_steps(self):
        """the steps name the tenant, the app, the mailbox; RBAC or the mailbox permission; IMAP where that is said"""
        text = self.setup_(*self.usual, "--match", "scanner@contoso.com").stdout
        for step in (TENANT_ID, f"$id = (Get-MgServicePrincipal -Filter \"appId eq '{APP}'\").Id",
                     f"New-ServicePrincipal -AppId {APP} -ObjectId $id", "Application SMTP.SendAsApp",
                     "Add-MailboxPermission -Identity scanner@contoso.com -User $id -AccessRights FullAccess",
                     "Set-CASMailbox scanner@contoso.com -SmtpClientAuthenticationDisabled $false",
                     f"https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/"
                     f"Credentials/appId/{APP}"):
            self.assertIn(step, text)
        for line in text.splitlines():
            self.assertTrue(len(line) <= 80 or line.startswith("      ") or str(self.etc) in line, line)
        self.assertNotIn("IMAP", text)
        text = self.setup_("--services", "smtp imap").stdout
        self.assertIn("IMAP.AccessAsApp", text)
        self.assertNotIn("New-ManagementScope", text)

    def test_steps_typed(self):
        """what the steps say can be typed, and gives the right"""
        steps = self.setup_(*self.usual, "--match", "scanner@contoso.com").stdout
        commands = [line.strip() for line in steps.splitlines() if line.startswith("      ") and "://" not in line]
        self.assertGreater(len(commands), 9)
        mailboxes = self.write("shell/mailboxes.json", json.dumps({"*": {"smtp_auth_disabled": True}}))
        shell = os.path.join(SOURCE, "tests", "tenant", "exchange_shell.py")
        result = run("/usr/bin/python3", shell, "--dir", str(mailboxes.parent), "--tenant", self.tenant.directory,
                     stdin="\n".join(commands) + "\n")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        entries = json.loads(mailboxes.read_text(encoding="utf-8"))
        self.assertEqual(entries["service_principals"], {APP: "11112222-bbbb-3333-cccc-4444dddd5555"})
        self.assertEqual(entries["scanner@contoso.com"]["apps"], [APP])
        self.assertEqual(entries["scanner@contoso.com"]["smtp_auth_disabled"], False)

    def test_steps_quoted(self):
        """a name that a shell or PowerShell reads otherwise is in quotes, or left to be filled in"""
        text = self.setup_(*self.usual, "--match", "o'brien@contoso.com").stdout
        self.assertIn("Set-CASMailbox \"o'brien@contoso.com\" -SmtpClient", text)
        self.config.unlink()
        result = self.setup_(*self.usual, "--match", "a$(reboot)@contoso.com")
        self.assertIn("Set-CASMailbox MAILBOX -SmtpClient", result.stdout)
        self.assertNotIn("$(reboot)", result.stdout)

    def test_doctor(self):
        """doctor looks at it afterwards, and its verdict is its own"""
        result = self.tool("setup", "--non-interactive", *self.usual)
        self.assertIn("Configuration", result.stdout)
        self.assertIn(f"{self.config} is right", result.stdout)
        self.assertIn("\nNext:\n", result.stderr)


class Trouble(Case):
    """What a disk and its rights do."""

    def setup_(self, *arguments, code=1, **named):
        result = run(TOOL, "--config", str(self.config), "setup", "--non-interactive", "--no-doctor", "--credential",
                     "managed-identity", "--managed-identity-id", "system", "--match", "*@contoso.com", *arguments,
                     **named)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stderr

    def test_others_directory(self):
        """a directory that somebody else may write to is not written to"""
        self.config = self.directory("theirs", OTHER, 0o755) / "sasl-entra.conf"
        self.assertIn("theirs", self.setup_())
        self.assertEqual(list(self.config.parent.iterdir()), [])

    def test_no_right(self):
        """a user without the right to write there"""
        self.config = self.directory("etc", mode=0o755) / "sasl-entra.conf"
        self.setup_(user=OTHER.pw_uid, group=OTHER.pw_gid, extra_groups=[])
        self.config = self.config.parent / "new" / "sasl-entra.conf"
        self.assertIn("cannot be made", self.setup_(user=OTHER.pw_uid, group=OTHER.pw_gid, extra_groups=[]))
        self.assertEqual(list(self.config.parent.parent.iterdir()), [])

    def test_full(self):
        """a full disk: the old configuration stays, and nothing else"""
        etc = self.directory("etc", mode=0o755)
        self.config = etc / "sasl-entra.conf"
        script = ('mount -t tmpfs -o size=16k,mode=755 tmpfs "$1" || exit 99; cd "$1"; '
                  'printf "# old\\n" > sasl-entra.conf; head -c 100000 /dev/zero > fill 2>/dev/null; shift; '
                  '"$@"; code=$?; rm fill; cat *; ls -A; exit $code')
        result = subprocess.run(
            ["unshare", "-m", "sh", "-c", script, "sh", str(etc), TOOL, "--config", str(self.config), "setup",
             "--non-interactive", "--no-doctor", "--credential", "managed-identity", "--managed-identity-id",
             "system", "--match", "*@contoso.com"], capture_output=True, text=True, check=False, timeout=60)
        if result.returncode in (99, 1) and "Operation not permitted" in result.stderr:
            raise unittest.SkipTest("no private mounts here")
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertIn("No space left", result.stderr)
        self.assertRegex(result.stdout, r"^# old\n(# old\n)?sasl-entra.conf\n(sasl-entra.conf.old\n)?$")


class OtherSecret(Case):
    """Another secret in the place of one that an account uses: both files change, or none."""

    def setUp(self):
        super().setUp()
        self.etc = self.directory("etc", mode=0o755)
        self.config, self.secret = self.etc / "sasl-entra.conf", self.etc / "relay.secret"
        self.before = self.etc / ".relay.secret.before"
        self.config.write_text("#" * 5000 + "\n", encoding="utf-8")
        self.set_up("old", APP)

    def command(self, client_id):
        return [TOOL, "--config", str(self.config), "setup", "--non-interactive", "--no-doctor", "--credential",
                "secret", "--secret-stdin", "--match", "*@contoso.com", "--tenant", DOMAIN, "--client-id", client_id,
                "--authority", "https://127.0.0.1:9", "--cloud", "global"]

    def set_up(self, secret, client_id=SCANNER, code=0):
        result = run(*self.command(client_id), stdin=secret)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stderr

    def kept(self):
        return self.secret.read_text(encoding="utf-8").rstrip("\n")

    def test_replaced(self):
        """after success there is no copy of the one before, and owner and mode are the same"""
        os.chown(self.secret, 0, USER.pw_gid)
        self.secret.chmod(0o640)
        self.set_up("new")
        self.assertEqual(self.kept(), "new")
        found = self.secret.stat()
        self.assertEqual((found.st_uid, found.st_gid, found.st_mode & 0o777, found.st_nlink),
                         (0, USER.pw_gid, 0o640, 1))
        self.assertEqual(sorted(path.name for path in self.etc.iterdir()),
                         ["relay.secret", "sasl-entra.conf", "sasl-entra.conf.old"])

    def test_full(self):
        """a disk that has room for the secret and none for the configuration: both are what they were"""
        script = ('mount -t tmpfs -o size=64k,mode=755 tmpfs "$1" || exit 99; cp -a "$2"/. "$1"; cd "$1"; shift 2; '
                  'rm sasl-entra.conf.old; head -c 100000 /dev/zero > fill 2>/dev/null; truncate -s -4096 fill; "$@"; '
                  'code=$?; cat relay.secret; grep client_id sasl-entra.conf; stat -c %h,%a relay.secret; ls -A; '
                  'exit $code')
        place = self.directory("full", mode=0o755)
        command = self.command(SCANNER)
        command[2] = str(place / "sasl-entra.conf")
        for path in (self.config, self.secret):
            path.write_text(path.read_text(encoding="utf-8").replace(str(self.etc), str(place)), encoding="utf-8")
        result = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", str(place), str(self.etc), *command],
                                input="new", capture_output=True, text=True, check=False, timeout=60)
        if result.returncode in (99, 1) and "Operation not permitted" in result.stderr:
            raise unittest.SkipTest("no private mounts here")
        self.assertEqual(result.returncode, 75, result.stderr)
        self.assertIn("sasl-entra.conf cannot be written: No space left", result.stderr)
        self.assertEqual(result.stdout.splitlines()[:3], ["old", f"client_id          = {APP}", "1,600"])
        self.assertNotIn(".before", result.stdout)

    def test_first(self):
        """the first secret of a configuration that cannot be written does not stay either"""
        self.secret.unlink()
        self.config.with_name("sasl-entra.conf.old").unlink()
        self.config.with_name("sasl-entra.conf.old").mkdir()  # where the old one cannot be kept
        text = self.config.read_bytes()
        self.set_up("new", code=1)
        self.assertFalse(self.secret.exists())
        self.assertEqual(self.config.read_bytes(), text)

    def test_cut_short(self):
        """the copy of a setup that was cut short: the same setup removes it, another secret is refused until then"""
        os.link(self.secret, self.before)
        self.secret.unlink()
        self.secret.write_text("new\n", encoding="utf-8")
        self.secret.chmod(0o600)
        said = self.set_up("third", code=1)
        self.assertIn(f"mv {self.before} {self.secret}", said)
        self.assertEqual((self.kept(), self.before.read_text(encoding="utf-8")), ("new", "old\n"))
        self.set_up("new")
        self.assertFalse(self.before.exists())
        self.assertEqual(self.kept(), "new")


class Terminal(SetupCase):
    """Somebody at a terminal."""

    def type(self, *lines, arguments=(), code=0, stop=None):
        """Answers questions one by one: (what the question ends with, what is typed)."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "dumb"
            os.execv(TOOL, [TOOL, "--config", str(self.config), "setup", "--authority", self.tenant.authority,
                            "--ca-file", str(self.ca), *arguments])
        shown, at, deadline, waiting = b"", 0, time.monotonic() + 30, list(lines)
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.05)[0]:
                try:
                    shown += os.read(terminal, 4096)
                except OSError:
                    break
            if waiting and waiting[0][0].encode() in shown[at:]:
                at, answer = len(shown), waiting.pop(0)[1]
                os.write(terminal, (answer() if callable(answer) else answer).encode())
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        text = shown.decode(errors="replace").replace("\r\n", "\n")
        self.assertEqual(os.waitstatus_to_exitcode(status), code, text)
        self.assertEqual(waiting, [], text)
        self.assertNotIn(SECRET, text)
        return text

    def test_questions(self):
        """each question says what it wants and where it is; a wrong answer is said and asked again"""
        text = self.type(("Tenant: ", "no tenant\n"), ("Tenant: ", "fabrikam.example\n"), ("Tenant: ", DOMAIN + "\n"),
                         ("Sign-in [app]: ", "\n"), ("Credential [certificate]: ", "\n"),
                         ("(client) ID: ", "relay\n"), ("(client) ID: ", APP + "\n"),
                         ("Login names: ", "*@contoso.com\n"), ("Write that? [y/N] ", "y\n"),
                         ("tried? [y/N] ", "n\n"))
        for said in ("Entra admin center", "knows no tenant fabrikam.example", f"id {TENANT_ID}", "+[account relay]",
                     "Application (client) ID", "\nNext:\n", "doctor --offline relay"):
            self.assertIn(said, text)
        for line in text.splitlines():
            self.assertTrue(len(line) <= 80 or line.startswith(("      ", "+", "---", "[", "A key", "  ", "   the"))
                            or "/" in line, line)
        self.register()
        self.token()
        text = self.type((f"Tenant [{DOMAIN}]: ", "\n"), ("Sign-in [app]: ", "\n"),
                         ("Credential [certificate]: ", "\n"),
                         (f"(client) ID [{APP}]: ", "\n"), ("Login names [*@contoso.com]: ", "\n"),
                         arguments=("--no-doctor",))
        self.assertIn("nothing was changed", text)

    def test_no(self):
        """no: nothing is written; three wrong answers, and the end of input, too"""
        answers = [("Tenant: ", DOMAIN + "\n"), ("Sign-in", "user\n"), ("(client) ID: ", SCANNER + "\n"),
                   ("Login names: ", "anna@contoso.com\n"), ("Person who signs in: ", "\n")]
        self.assertIn("not written", self.type(*answers, ("Write that?", "n\n"), code=1))
        self.assertIn("answers that cannot be right", self.type(*[("Tenant: ", "x y\n")] * 3, code=1))
        self.assertIn("no answer", self.type(("Tenant: ", "\x04"), code=1))
        self.assertFalse(self.etc.exists())
        self.type(*answers, arguments=("--yes", "--no-doctor"))
        self.assertTrue(self.config.exists())

    def test_changed_meanwhile(self):
        """what somebody else has written since it was read is not written over"""
        before = self.before()
        answers = [("Tenant: ", DOMAIN + "\n"), ("Sign-in", "user\n"), ("(client) ID: ", SCANNER + "\n"),
                   ("Login names: ", "anna@contoso.com\n"), ("Person who signs in: ", "\n")]

        def edit():
            self.config.write_text("# by somebody else\n" + before, encoding="utf-8")
            return "y\n"
        self.assertIn("changed by somebody else", self.type(*answers, ("Write that?", edit), code=75))
        self.assertEqual(self.text(), "# by somebody else\n" + before)

    def test_hidden_secret(self):
        """a secret is asked for and not shown"""
        text = self.type(("Login names: ", "*@contoso.com\n"), ("not shown): ", SECRET + "\r"),
                         ("Write that?", "y\n"), arguments=("--tenant", DOMAIN, "--client-id", APP, "--credential",
                                                            "secret", "--no-doctor"))
        self.assertIn("not its Secret ID", text)
        self.token()

    def test_fresh_answers(self):
        """managed identity and federated credential are asked for by their own questions"""
        self.type(("Tenant: ", DOMAIN + "\n"), ("Sign-in", "app\n"), ("Credential", "managed-identity\n"),
                  ("Managed identity [system]: ", "\n"), ("Login names: ", "*\n"), ("Write that?", "y\n"),
                  arguments=("--no-doctor",))
        self.assertIn("managed_identity_id = system", self.text())


agent_case.main()
