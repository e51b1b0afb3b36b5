"""sasl-entra import sasl-xoauth2: there, and back byte for byte."""

import json
import os
import resource
import shutil
import stat
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import TOOL, USER, on_terminal, run, while_locked  # noqa: E402
from import_case import (ANNA, BOB, CARL, PUBLIC, SHOP, SHOP_PASSWORD, ImportCase, tree)  # noqa: E402


class ImportSaslXoauth2(ImportCase):
    def test_dry_run(self):
        """without --apply: what would change is shown, what is not taken is named, nothing changes"""
        before = self.all_places()
        result = self.migrate()
        self.assertEqual(self.all_places(), before)
        for text in ("+[account anna]", f"+match              = {ANNA}, {BOB}", f"+client_id          = {PUBLIC}",
                     f"-{BOB} {BOB}:{self.tokens}/{BOB}", f"+{BOB} {BOB}:oauth", "libsasl-xoauth2.so: moved away",
                     "log_full_trace_on_failure is not taken", "refresh_window is not taken"):
            self.assertIn(text, result.stdout)
        self.assertIn("--apply", result.stderr)

    def test_terminal(self):
        """on a terminal what was found is broken at its width; elsewhere it is one line"""
        line = next(line for line in self.migrate().stdout.splitlines() if "log_full_trace_on_failure" in line)
        self.assertGreater(len(line), 50)
        shown = on_terminal(50, TOOL, "--config", str(self.config), "import", "sasl-xoauth2",
                            f"--postfix={self.postfix}", "--conf", str(self.conf),
                            env={**os.environ, "SASL_PATH": str(self.plugins)})
        self.assertNotIn(line, shown)
        self.assertIn(" ".join(line.split()), " ".join(" ".join(shown).split()))

    def test_works(self):
        """--apply: tokens are fetched, the map has placeholders, the plugin is away; --undo: all as before"""
        before = self.all_places()
        self.assertIn(f"{ANNA}: works", self.migrate("--apply").stderr)
        self.assertEqual(run(TOOL, "--config", str(self.config), "check").returncode, 0)
        self.assertTrue(self.config.read_text().startswith("# mine\n"))
        self.assertEqual(self.map_has("[smtp.office365.com]:587"), f"{ANNA}:oauth")
        self.assertEqual(self.map_has(BOB), f"{BOB}:oauth")
        self.assertEqual(self.map_has("[mx.example.net]:587"), f"{SHOP}:{SHOP_PASSWORD}")
        self.assertEqual(list(self.plugins.iterdir()), [])
        for login in (ANNA, BOB):
            self.assertEqual(tree(self.tokens)[f"{self.tokens}/{login}"], before[f"{self.tokens}/{login}"])
            token = run(TOOL, "--config", str(self.config), "token", login).stdout
            self.assertEqual(len(token.split(".")), 3)
        journal = self.etc / "sasl-xoauth2-import"
        self.assertEqual(stat.S_IMODE(journal.stat().st_mode), 0o700)
        self.tool("--undo")
        self.assertEqual(self.all_places(), before)

    def test_again(self):
        """a second --apply has nothing to do, a second --undo neither"""
        self.migrate("--apply")
        after = self.all_places()
        self.assertIn("Nothing to import", self.migrate("--apply").stderr)
        self.assertEqual(self.all_places(), after)
        self.tool("--undo")
        self.assertIn("no import to take back", self.tool("--undo", code=1).stderr)

    def test_second_instance(self):
        """another Postfix later: what fails then takes back only itself; --undo takes back both"""
        before = self.all_places()
        self.write_postfix(ANNA)
        self.migrate("--apply")
        between = self.all_places()
        other = shutil.copytree(self.postfix, self.place / "postfix2")
        passwd = other / "sasl_passwd"
        (other / "main.cf").write_text((self.postfix / "main.cf").read_text().replace(str(self.postfix), str(other)))
        passwd.write_text(f"{BOB} {BOB}:{self.tokens}/{BOB}\n")
        second = (f"--postfix={other}", "--conf", str(self.conf), "--apply")
        (other / "sasl_passwd.db").unlink()
        (other / "sasl_passwd.db").mkdir()
        self.assertIn("as it was before", self.tool(*second, code=1).stderr)
        changed = {path for path, entry in self.all_places().items() if between.get(path) != entry}
        self.assertEqual(changed, {f"{self.etc}/sasl-xoauth2-import/journal.json",
                                   *(path for path in changed if path not in between)})
        (other / "sasl_passwd.db").rmdir()
        self.tool(*second)
        self.tool("--undo")
        self.assertEqual(passwd.read_text(), f"{BOB} {BOB}:{self.tokens}/{BOB}\n")
        self.write_postfix(ANNA, BOB)
        after = self.all_places()
        for path in ("etc/sasl-entra.conf", "sasl2/libsasl-xoauth2.so"):
            self.assertEqual(after[str(self.place / path)], before[str(self.place / path)])
        self.assertFalse(list((self.place / "state").glob("*.json")))

    def test_json(self):
        """--json: changed, accounts, findings"""
        for arguments, changed in (((), False), (("--apply",), True), (("--apply",), False)):
            result = json.loads(self.migrate("--json", *arguments).stdout)
            self.assertEqual(result["changed"], changed)
        self.assertEqual(result["accounts"], [])

    def test_json_says_what_became_of_it(self):
        """--json: nothing is said to be changed where it failed; --undo says it, too"""
        self.write("postfix/main.cf", "compatibility_level = 3.6\n"
                   f"smtp_sasl_password_maps = hash:{self.postfix}/sasl_passwd\nqueue_directory = {self.queue}\n")
        (self.postfix / "sasl_passwd.db").unlink()
        (self.postfix / "sasl_passwd.db").mkdir()
        result = self.migrate("--apply", "--json", code=1)
        self.assertEqual(result.stdout, "")
        self.assertIn("Everything is as it was before", result.stderr)
        (self.postfix / "sasl_passwd.db").rmdir()
        self.assertTrue(json.loads(self.migrate("--apply", "--json").stdout)["changed"])
        self.assertEqual(json.loads(self.tool("--undo", "--json").stdout), {"changed": True})

    def test_two_at_once(self):
        """while another one writes it waits, and reads what that one has written"""
        result = while_locked(
            self.etc, [TOOL, "--config", str(self.config), "import", "sasl-xoauth2", f"--postfix={self.postfix}",
                       "--conf", str(self.conf), "--apply"],
            lambda: self.config.write_text(self.config.read_text() + "# by another sasl-entra\n"),
            env={**os.environ, "SASL_PATH": str(self.plugins)})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("# by another sasl-entra\n", self.config.read_text())
        self.assertIn("[account anna]", self.config.read_text())

    def test_interrupted(self):
        """an import that was interrupted is not begun anew before it is taken back"""
        places = (self.etc, self.plugins, self.place / "state")
        before = tree(*places)
        self.migrate("--apply")
        journal = self.etc / "sasl-xoauth2-import" / "journal.json"
        text = json.loads(journal.read_text())
        journal.write_text(json.dumps({**text, "finished": 0}))
        self.token_file(CARL)
        self.write_postfix(ANNA, CARL)
        self.assertIn("begun and interrupted", self.migrate("--apply", code=1).stderr)
        self.config.write_text(self.config.read_text() + "# half done\n")
        self.tool("--undo")
        self.assertEqual(tree(*places), before)
        self.assertIn(f"{BOB}:{self.tokens}/{BOB}", (self.postfix / "sasl_passwd").read_text())

    def test_shared_registration(self):
        """login names of one registration and one relay share a section; a secret goes into a file of its own"""
        secret = "A~secret.of+the/client"
        self.secrets.append(secret)
        settings = json.loads(self.conf.read_text())
        self.conf.write_text(json.dumps({**settings, "client_secret": secret}))
        self.write_postfix(BOB, CARL)
        self.token_file(CARL)
        before = self.all_places()
        self.assertIn(f"match              = {BOB}, {CARL}", self.migrate().stdout)
        self.migrate("--apply", code=1)  # a public client has no secret: no token
        path = self.etc / "bob.secret"
        self.assertEqual((path.read_text(), path.stat().st_mode & 0o777, path.stat().st_gid), (secret, 0o640, USER.pw_gid))
        self.tool("--undo")
        self.assertEqual(self.all_places(), before)

    def test_chroot(self):
        """a path that is in the queue directory is found there"""
        inside = self.queue / str(self.tokens)[1:] / ANNA
        inside.parent.mkdir(parents=True)
        (self.tokens / ANNA).rename(inside)
        self.assertIn(f"from {inside}", self.migrate("--apply").stdout)

    def test_files(self):
        """token files, or their directory, without Postfix"""
        result = self.tool("--conf", str(self.conf), "--apply", str(self.tokens))
        self.assertIn(f"{BOB}: works", result.stderr)

    def test_overrides(self):
        """client_id, user and endpoint of a token file go before the configuration's"""
        self.token_file(ANNA, client_id="99990000-0000-0000-0000-000000000000", user="box@contoso.com",
                        token_endpoint="https://login.microsoftonline.us/fabrikam.example/oauth2/v2.0/token")
        shown = self.migrate().stdout
        for line in ("tenant             = fabrikam.example", "cloud              = gcc-high",
                     "sasl_user          = box@contoso.com", "client_id          = 99990000-0000"):
            self.assertIn("+" + line, shown)

    def test_map_forms(self):
        """entries that go on in the next line, comments, other passwords: only paths are replaced"""
        path = self.postfix / "sasl_passwd"
        text = (f"#x {BOB}:{self.tokens}/{BOB}\n\n{BOB}\n\t{BOB}:{self.tokens}/{BOB}\n"
                f"[mx.example.net]:587 {SHOP}:a/{SHOP_PASSWORD}\n[smtp.office365.com]:587 {ANNA}:{self.tokens}/{ANNA}")
        path.write_text(text)
        self.migrate("--apply")
        self.assertEqual(path.read_text(), text.replace(f"\t{BOB}:{self.tokens}/{BOB}", f"\t{BOB}:oauth")
                         .replace(f"{ANNA}:{self.tokens}/{ANNA}", f"{ANNA}:oauth"))
        self.assertEqual(self.map_has(BOB), f"{BOB}:oauth")

    def more_maps(self, count, last):
        """That many maps, of which only the last one names a token file."""
        names = [f"map{number:02}" for number in range(1, count + 1)]
        for name in names:
            self.write(f"postfix/{name}", f"[{name}.example.net]:587 {SHOP}:{SHOP_PASSWORD}\n", mode=0o600)
        self.write(f"postfix/{names[-1]}", last, mode=0o600)
        maps = ", ".join(f"texthash:{self.postfix}/{name}" for name in names)
        text = (self.postfix / "main.cf").read_text()
        self.write("postfix/main.cf", "".join(line for line in text.splitlines(True) if "password_maps" not in line) +
                   f"smtp_sasl_password_maps = {maps}\n")
        return self.postfix / names[-1]

    def test_many_maps(self):
        """a token file in the last of 64 maps is taken over; with one more map nothing is, and it is named"""
        entry = f"[smtp.office365.com]:587 {ANNA}:{self.tokens}/{ANNA}\n"
        last = self.more_maps(64, entry)
        self.migrate("--apply")
        self.assertEqual(last.read_text(), f"[smtp.office365.com]:587 {ANNA}:oauth\n")
        self.tool("--undo")
        last = self.more_maps(65, entry)
        self.assertIn(f"texthash:{last}", self.refused("more than 64 maps").stdout)

    def test_two_relays(self):
        """one login name at two relays: both may have its token; with two token files it is refused"""
        path = self.postfix / "sasl_passwd"
        path.write_text(f"[smtp.office365.com]:587 {ANNA}:{self.tokens}/{ANNA}\nmx.example.net {ANNA}:{self.tokens}/{ANNA}\n")
        self.assertIn("+servers            = smtp.office365.com, mx.example.net", self.migrate().stdout)
        path.write_text(f"[smtp.office365.com]:587 {ANNA}:{self.tokens}/{ANNA}\nmx.example.net {ANNA}:{self.tokens}/{BOB}\n")
        self.refused("two token files")

    def test_no_state_directory(self):
        """a state directory that is missing: said, and everything is as before"""
        (self.place / "state").rmdir()
        self.refused("does not exist")

    def test_google(self):
        """without an endpoint it is Google, which is a provider of ours"""
        self.conf.write_text(json.dumps({"client_id": "x.apps.googleusercontent.com", "client_secret": "Y-secret"}))
        self.secrets.append("Y-secret")
        self.assertIn("+provider           = google", self.migrate().stdout)

    def test_app(self):
        """use_client_credentials becomes an account that signs in as an app"""
        self.write(f"tokens/{ANNA}", json.dumps({"use_client_credentials": "yes", "client_secret": "Z-secret",
                                                 "client_id": PUBLIC}), USER, 0o600)
        self.secrets.append("Z-secret")
        shown = self.migrate().stdout
        self.assertIn("+sign_in            = app", shown)
        self.assertIn("+credential         = secret", shown)

    def test_existing_account(self):
        """an account of the same registration is used as it is; one of another is a conflict"""
        own = self.config.read_text()
        section = (f"[account mine]\nmatch = {ANNA}\nidentity = {ANNA}\ntenant = contoso.onmicrosoft.com\n"
                   f"authority = {self.tenant.authority}\nca_file = {self.ca}\nservices = smtp\nclient_id = ")
        self.write_postfix(ANNA)
        self.config.write_text(own + section + PUBLIC + "\n")
        self.migrate("--apply")
        self.assertEqual(self.config.read_text(), own + section + PUBLIC + "\n")
        self.tool("--undo")
        self.config.write_text(own + section + "00001111-aaaa-2222-bbbb-3333cccc4444\n")
        self.refused("account mine")

    def test_kept_sign_in(self):
        """a sign-in that is kept already stays, unless --replace"""
        self.migrate("--apply")
        shutil.rmtree(self.etc / "sasl-xoauth2-import")
        self.write_postfix(ANNA)
        files = {path: path.read_bytes() for path in (self.place / "state").glob("*.json")}
        self.assertIn("--replace", self.migrate("--apply").stderr)
        self.assertEqual({path: path.read_bytes() for path in files}, files)
        shutil.rmtree(self.etc / "sasl-xoauth2-import")
        self.write_postfix(ANNA)
        self.migrate("--apply", "--replace")
        self.assertNotEqual({path: path.read_bytes() for path in files}, files)

    def test_bad_files(self):
        """broken, cut, empty, huge, without a token, a link, a directory, a placeholder: named, nothing changed"""
        path = self.tokens / ANNA
        for content, sentence in (("{", "no JSON"), ('{\n\t"access_token" : ', "full disk"), ("", "is empty"),
                                  ("[]", "no JSON object"), ("x" * 300000, "more than"),
                                  ('{"access_token": "a"}', "no refresh token"),
                                  ('{"refresh_token": 5}', "no refresh token"),
                                  ('{"refresh_token": "refresh token goes here"}', "no refresh token"),
                                  ('{"refresh_token": "a b\\u0001"}', "damaged"),
                                  ('{"refresh_token": "R.T", "manage_token_externally": "yes"}', "another program"),
                                  ('{"refresh_token": "R.T", "client_id": "CLIENT_ID_GOES_HERE"}', "client_id"),
                                  ('{"refresh_token": "R.T", "token_endpoint": "http://x/y"}', "token_endpoint"),
                                  ('{"refresh_token": "R.T", "proxy": "http://u:p@x:1"}', "proxy")):
            path.write_text(content)
            self.assertIn(str(path) if "proxy" not in sentence else ANNA, self.refused(sentence).stdout)
        path.unlink()
        self.refused("no such file")
        path.symlink_to(self.tokens / BOB)
        self.refused("symbolic link")
        path.unlink()
        path.mkdir()
        self.refused("no regular file")

    def test_foreign_lines(self):
        """a value with a line end in it, which would be a key or a section of ours: refused, named, nothing changed"""
        evil = f"x\n\n[account evil]\nmatch = *@contoso.com\nclient_id = {PUBLIC}\nclient_secret_file = /etc/shadow\n"
        for name, value in (("user", evil), ("user", "x\rallow = *"), ("client_id", f"{PUBLIC}\nallow = *"),
                            ("ca_bundle_file", f"{self.ca}\nscope = https://evil.example/.default"),
                            ("proxy", "http://proxy.contoso.com:3128\nallow = *"), ("user", "\x1b[2J"),
                            ("token_endpoint", f"{self.tenant.authority}/x\nallow=*/oauth2/v2.0/token")):
            self.write(f"tokens/{ANNA}", json.dumps({"refresh_token": "R.T", name: value}), USER, 0o600)
            result = self.refused(ANNA)
            self.assertNotIn("[account evil]", result.stdout)
            self.assertNotIn("\x1b", result.stdout + result.stderr)

    def test_foreign_names(self):
        """a token file whose name is a list or a pattern of login names: refused, nothing changed"""
        for name in (f"{ANNA}, *@contoso.com", "*@contoso.com", f"{ANNA}\nallow = *", "a b@contoso.com"):
            path = self.write(f"tokens/{name}", json.dumps({"refresh_token": "R.T"}), USER, 0o600)
            before = self.all_places()
            result = self.tool("--conf", str(self.conf), "--apply", str(self.tokens), code=1)
            self.assertIn("is no login name", result.stdout)
            self.assertEqual(self.all_places(), before)
            path.unlink()

    def test_map_with_nul(self):
        """a map with a NUL byte, behind which all would be lost: refused, nothing changed"""
        path = self.postfix / "sasl_passwd"
        path.write_bytes(path.read_bytes() + b"\0\nmore@contoso.com more@contoso.com:x\n")
        self.refused("NUL byte")

    def test_indented_comment(self):
        """an entry that is commented out behind blanks is no entry, as for postmap(1)"""
        path = self.postfix / "sasl_passwd"
        path.write_text(path.read_text() + f"  # {CARL} {CARL}:{self.tokens}/{CARL}\n")
        self.migrate("--apply")
        self.assertIn(f"  # {CARL} {CARL}:{self.tokens}/{CARL}\n", path.read_text())
        self.assertNotIn(CARL, self.config.read_text())

    def test_damaged_journal(self):
        """a journal that counts without end: said, at once"""
        self.migrate("--apply")
        journal = self.etc / "sasl-xoauth2-import" / "journal.json"
        whole = journal.read_text()
        for count in (-1, 2001, 2**62):
            journal.write_text(json.dumps({**json.loads(whole), "count": count}))
            self.assertIn("is damaged", self.tool("--undo", code=1).stderr)
        journal.write_text(whole)
        self.tool("--undo")

    def test_late_expiry(self):
        """an expiry after 2038, as a number, and an open mode: taken, with a warning for the mode"""
        self.token_file(ANNA, expiry=4102444800).chmod(0o644)
        self.assertIn("may be read by every user", self.migrate("--apply").stdout)

    def test_changed_since(self):
        """--undo leaves alone what was changed since, until --replace"""
        before = self.all_places()
        self.migrate("--apply")
        self.config.write_text(self.config.read_text() + "# a word of mine\n")
        self.assertIn(str(self.config), self.tool("--undo", code=1).stderr)
        self.assertIn("a word of mine", self.config.read_text())
        self.tool("--undo", "--replace")
        self.assertEqual(self.all_places(), before)

    def test_revoked(self):
        """a sign-in that is revoked: said, with what to type to go back"""
        before = self.all_places()
        self.tenant.control("revoke", {"upn": ANNA})
        self.assertIn("--undo", self.migrate("--apply", code=1).stderr)
        self.tool("--undo")
        self.assertEqual(self.all_places(), before)

    def test_limits(self):
        """no file may grow beyond a limit, from the smallest to enough: nothing is lost, and all is as before"""
        before = self.all_places()
        self.write("sasl2/libsasl-xoauth2.so.0.1", "not really ELF\n" * 1000, mode=0o644)
        before = self.all_places()
        for limit in (0, 200, 1000, 2000, 4000, 9000):
            result = run(TOOL, "--config", str(self.config), "import", "sasl-xoauth2", f"--postfix={self.postfix}",
                         "--conf", str(self.conf), "--apply", env={**os.environ, "SASL_PATH": str(self.plugins)},
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            self.assertNotEqual(result.returncode, 0, limit)
            if self.all_places() != before:
                self.tool("--undo")
            self.assertEqual(self.all_places(), before, limit)

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_killed(self):
        """killed at every rename and unlink: --undo puts all back"""
        before = self.all_places()
        for call in range(1, 60):
            result = self.killed(call, f"--postfix={self.postfix}", "--apply")
            if result.returncode == 0:
                break
            undone = run(TOOL, "--config", str(self.config), "import", "sasl-xoauth2", "--undo")
            self.assertIn(undone.returncode, (0, 1), undone.stderr)
            self.assertEqual(self.all_places(), before, call)
        self.assertGreater(call, 20)
        self.assertEqual(result.returncode, 0)


if __name__ == "__main__":
    sys.exit(agent_case.main())
