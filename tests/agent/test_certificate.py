"""sasl-entra certificate: from the first certificate to the next one, and back."""

import datetime
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from agent_case import LOGIN, OTHER, TOOL, USER, TenantCase, run  # noqa: E402

APP = "00001111-aaaa-2222-bbbb-3333cccc4444"


class Certificate(TenantCase):
    def setUp(self):
        super().setUp()
        self.conf = self.place / "conf"
        self.conf.mkdir(mode=0o755)
        self.pem = self.conf / "relay.pem"
        self.lines = [f"certificate = {self.pem}"]

    def configuration(self, **named):
        path = super().configuration(**named)
        text = path.read_text(encoding="utf-8")
        text = text.replace("credential = secret", "\n".join(["credential = certificate", *self.lines]))
        path.write_text("\n".join(line for line in text.splitlines() if "client_secret_file" not in line) + "\n",
                        encoding="utf-8")
        return path

    def tool(self, *arguments, code=0, **named):
        if not hasattr(self, "config"):
            self.config = self.configuration()
        result = run(TOOL, "--config", str(self.config), *arguments, **named)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertNotIn("PRIVATE KEY", result.stdout + result.stderr)
        return result

    def certificate(self, action, *arguments, **named):
        return json.loads(self.tool("certificate", action, "relay", "--json", *arguments, **named).stdout)

    def refused(self, action, *sentences, **named):
        text = self.tool("certificate", action, "relay", code=1, **named).stderr
        for sentence in sentences:
            self.assertIn(sentence, text)

    def register(self, *paths):
        """What an administrator uploads."""
        pems = [{"pem": pathlib.Path(path).read_text(encoding="ascii")} for path in paths]
        self.tenant.control("apps", {"apps": [{"client_id": APP, "token_lifetime": 3600, "secrets": None,
                                               "certificates": pems}]})

    def look(self, path):
        found = path.stat()
        return found.st_uid, found.st_gid, found.st_mode & 0o777

    def active(self):
        found = json.loads(self.tool("check", "--json").stdout)
        self.assertEqual(found["errors"], 0)
        return found["accounts"][0]["certificate"]["thumbprint"]

    def test_together(self):
        """two at a time in one directory: each account gets its own, and nothing else stays"""
        self.config = self.configuration()
        text = self.config.read_text(encoding="utf-8")
        section = text[text.index("[account relay]"):]
        section = section[:section.find("[account", 5) if "[account" in section[5:] else len(section)]
        names = [f"relay{number}" for number in range(4)]
        for name in names:
            text += "\n" + section.replace("[account relay]", f"[account {name}]").replace(
                "relay.pem", f"{name}.pem").replace("match = ", f"match = {name}@contoso.com\n# ")
        self.config.write_text(text, encoding="utf-8")
        running = [subprocess.Popen((TOOL, "--config", str(self.config), "certificate", "new", name),
                                    stderr=subprocess.PIPE, text=True) for name in names]
        for name, process in zip(names, running):
            said = process.communicate(timeout=60)[1]
            self.assertEqual(process.returncode, 0, said)
            pem = (self.conf / f"{name}.pem.new").read_text(encoding="ascii")
            self.assertEqual((pem.count("BEGIN CERTIFICATE"), pem.count("BEGIN PRIVATE KEY")), (1, 1))
            self.assertIn(f"CN=sasl-entra {name} on ", said)
        self.assertEqual([p.name for p in self.conf.iterdir() if p.name.startswith(".")], [])

    def test_first(self):
        """the first one: made, uploaded, tried, put in place, used; each says what comes next"""
        text = self.tool("certificate", "new", LOGIN).stderr
        for word in (f"{self.pem}.new.cer", APP, "az ad app credential reset", "sasl-entra certificate try relay",
                     "CN=sasl-entra relay on "):
            self.assertIn(word, text)
        self.assertFalse(self.pem.exists())
        self.assertEqual(self.look(self.conf / "relay.pem.new"), (USER.pw_uid, USER.pw_gid, 0o600))
        self.assertEqual(self.look(self.conf / "relay.pem.new.cer"), (0, 0, 0o644))
        self.assertNotIn("PRIVATE", (self.conf / "relay.pem.new.cer").read_text())
        self.refused("try", "has not been uploaded", APP, "AADSTS700027", f"{self.pem}.new.cer")
        self.register(self.conf / "relay.pem.new.cer")
        self.assertIn("Entra takes", self.tool("certificate", "try", "relay").stderr)
        self.assertEqual(list((self.place / "state").iterdir()), [])
        self.assertIn("nothing has to be restarted", self.tool("certificate", "activate", "relay").stderr)
        self.assertEqual(self.look(self.pem), (USER.pw_uid, USER.pw_gid, 0o600))
        self.assertEqual([path.name for path in self.conf.iterdir()], ["relay.pem"])
        self.assertEqual(len(self.tool("token", LOGIN).stdout.split(".")), 3)
        self.refused("rollback", "relay.pem.old", "no certificate of account relay has been replaced")

    def test_openssl(self):
        """RSA 3072, two years or --days, for signatures only; the key belongs to it"""
        self.tool("certificate", "new", "relay")
        text = subprocess.run(["openssl", "x509", "-in", f"{self.pem}.new", "-noout", "-text"], check=True,
                              capture_output=True, text=True).stdout
        for word in ("3072 bit", "Digital Signature", "CA:FALSE", "sha256WithRSA", "Version: 3"):
            self.assertIn(word, text)
        self.assertNotIn("Key Encipherment", text)
        made = self.certificate("new")
        self.assertFalse(made["changed"])
        self.assertAlmostEqual(made["not_after"], time.time() + 730 * 86400, delta=100)
        (self.conf / "relay.pem.new").unlink()
        self.assertAlmostEqual(self.certificate("new", "--days", "90")["not_after"], time.time() + 90 * 86400,
                               delta=100)

    def test_json(self):
        """--json: changed and unchanged, what was made and what is uploaded"""
        made = self.certificate("new")
        self.assertEqual((made["changed"], made["certificate"], made["upload"]),
                         (True, f"{self.pem}.new", f"{self.pem}.new.cer"))
        self.assertEqual(len(made["thumbprint"]), 40)
        again = self.certificate("new")
        self.assertEqual((again["changed"], again["thumbprint"]), (False, made["thumbprint"]))
        self.register(made["upload"])
        tried = self.certificate("try")
        self.assertEqual((tried["changed"], tried["thumbprint"]), (False, made["thumbprint"]))
        done = self.certificate("activate")
        self.assertEqual((done["changed"], done["certificate"], done["thumbprint"]),
                         (True, str(self.pem), made["thumbprint"]))

    def test_rotation(self):
        """the next one keeps the old one's owner and mode; rollback and rollback again swap the two"""
        self.certificate("new")
        one = self.certificate("activate")["thumbprint"]
        os.chown(self.pem, 0, USER.pw_gid)
        self.pem.chmod(0o640)
        two = self.certificate("new")["thumbprint"]
        self.assertEqual(self.active(), one)
        self.assertEqual(self.look(self.conf / "relay.pem.new"), (0, USER.pw_gid, 0o640))
        self.certificate("activate")
        self.assertEqual(self.active(), two)
        for expected in (one, two, one):
            self.assertEqual(self.certificate("rollback")["thumbprint"], expected)
            self.assertEqual(self.active(), expected)
        self.assertEqual(sorted(path.name for path in self.conf.iterdir()), ["relay.pem", "relay.pem.old"])
        self.refused("activate", "relay.pem.new", "sasl-entra certificate new relay")

    def test_agent(self):
        """a running agent uses the new one without being told, and forgets that the old one was refused"""
        self.certificate("new")
        self.certificate("activate")
        self.register(self.pem)
        self.config = self.configuration()
        self.agent(config=self.config)
        self.certificate("new")
        self.register(self.conf / "relay.pem.new.cer")
        answer = agent_case.wire.ask(self.socket, LOGIN)
        self.assertIn("AADSTS700027", answer["text"])
        self.assertIn("remembered", agent_case.wire.ask(self.socket, LOGIN)["text"])
        self.certificate("activate")
        self.assertEqual(agent_case.wire.ask(self.socket, LOGIN)["kind"], "answer")

    def separate(self):
        self.key = self.conf / "relay.key"
        self.lines = [f"certificate = {self.conf}/relay.crt", f"private_key = {self.key}"]
        self.pem = self.conf / "relay.crt"

    def test_separate(self):
        """key and certificate in two files: each has its own owner and mode"""
        self.separate()
        self.certificate("new")
        self.assertEqual(self.look(self.conf / "relay.crt.new"), (0, 0, 0o644))
        self.assertEqual(self.look(self.conf / "relay.key.new"), (USER.pw_uid, USER.pw_gid, 0o600))
        one = self.certificate("activate")["thumbprint"]
        two = self.certificate("new")["thumbprint"]
        self.certificate("activate")
        self.assertEqual(self.active(), two)
        for expected in (one, two):
            self.assertEqual(self.certificate("rollback")["thumbprint"], expected)
        self.assertEqual(sorted(path.name for path in self.conf.iterdir()),
                         ["relay.crt", "relay.crt.old", "relay.key", "relay.key.old"])
        self.assertEqual(self.look(self.key), (USER.pw_uid, USER.pw_gid, 0o600))
        self.assertEqual(self.pem.read_text().count("BEGIN CERTIFICATE"), 1)

    def test_never_apart(self):
        """whoever reads while two files are replaced finds a pair"""
        self.separate()
        self.certificate("new")
        self.certificate("activate")
        self.certificate("new")
        self.certificate("activate")
        wrong, over = [], threading.Event()

        def read():
            while not over.is_set():
                result = run(TOOL, "--config", str(self.config), "check")
                if result.returncode:
                    wrong.append(result.stdout)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(15):
            self.certificate("rollback")
        over.set()
        for reader in readers:
            reader.join()
        self.assertEqual(wrong, [])

    def test_crash(self):
        """a crash at each point between the two files leaves a pair, and activate goes on from there"""
        self.separate()
        self.certificate("new")
        self.certificate("activate")
        two = self.certificate("new")["thumbprint"]
        both = self.pem.read_text() + (self.conf / "relay.crt.new").read_text()
        self.pem.write_text(both)
        self.assertNotEqual(self.active(), two)
        shutil.move(self.conf / "relay.key.new", self.key)
        self.assertEqual(self.active(), two)
        self.assertEqual(self.certificate("activate")["thumbprint"], two)
        self.assertEqual(self.pem.read_text().count("BEGIN CERTIFICATE"), 1)

    def test_password(self):
        """where the key has a password, the new one gets it as well"""
        self.write("conf/password", "open sesame\n", USER, 0o600)
        self.lines.append(f"private_key_password_file = {self.conf}/password")
        self.certificate("new")
        self.assertIn("ENCRYPTED PRIVATE KEY", (self.conf / "relay.pem.new").read_text())
        self.certificate("activate")
        self.active()

    def test_users_directory(self):
        """in a directory of the agent's user, root acts as that user"""
        os.chown(self.conf, USER.pw_uid, USER.pw_gid)
        self.certificate("new")
        self.assertEqual(self.look(self.conf / "relay.pem.new"), (USER.pw_uid, USER.pw_gid, 0o600))
        self.certificate("activate")
        self.active()

    def test_person(self):
        """a user's own configuration"""
        self.conf.chmod(0o700)
        os.chown(self.conf, OTHER.pw_uid, OTHER.pw_gid)
        config = self.configuration(owner=OTHER)
        os.chown(config, OTHER.pw_uid, OTHER.pw_gid)
        self.config = config
        person = {"user": OTHER.pw_uid, "group": OTHER.pw_gid, "extra_groups": []}
        self.certificate("new", **person)
        self.register(self.conf / "relay.pem.new.cer")
        self.certificate("try", **person)
        self.certificate("activate", **person)
        self.assertEqual(self.look(self.pem), (OTHER.pw_uid, OTHER.pw_gid, 0o600))

    def test_stranger(self):
        """who may not write there cannot, and nothing is left behind"""
        self.config = self.configuration()
        self.refused("new", "relay.pem", user=OTHER.pw_uid, group=OTHER.pw_gid, extra_groups=[])
        self.assertEqual(list(self.conf.iterdir()), [])

    def test_not_handled(self):
        """a key in a token, PKCS#12, a link, a secret: refused, and what to do"""
        self.lines = [f"certificate = {self.pem}", "private_key = pkcs11:token=relay"]
        self.refused("new", "is in a token", "pkcs11:token=relay")
        del self.config
        self.lines = [f"certificate = {self.pem}"]
        self.certificate("new")
        subprocess.run(["openssl", "pkcs12", "-export", "-in", f"{self.pem}.new", "-out", self.pem, "-passout",
                        "pass:"], check=True)
        os.chown(self.pem, USER.pw_uid, USER.pw_gid)
        self.refused("new", "PKCS#12", "openssl pkcs12 -in")
        self.pem.unlink()
        self.pem.symlink_to(f"{self.pem}.new")
        self.refused("activate", "symbolic link")
        self.config = super().configuration()
        self.refused("new", "credential = secret", "credential = certificate")

    def test_mismatch(self):
        """a new file that is no pair is not put in place"""
        self.certificate("new")
        one = self.certificate("activate")["thumbprint"]
        new = self.conf / "relay.pem.new"
        self.certificate("new")
        key = new.read_text()[new.read_text().index("-----BEGIN PRIVATE"):]
        new.write_text(self.pem.read_text()[:self.pem.read_text().index("-----BEGIN PRIVATE")] + key)
        self.refused("activate", "do not belong together", "relay.pem.new")
        self.assertEqual(self.active(), one)

    def kept(self, *sentences, code=1, path="relay.pem.new", **named):
        """What may have been uploaded is not made anew; why it is not good, and what to do, is said."""
        def tree():
            return {file.name: file.read_bytes() for file in self.conf.iterdir()}
        before = tree()
        text = self.tool("certificate", "new", "relay", code=code, **named).stderr
        for sentence in (*sentences, path):
            self.assertIn(sentence, text)
        self.assertEqual(tree(), before)
        return text

    def test_kept(self):
        """a new one that cannot be read now, or is damaged, is not replaced by another"""
        made = self.certificate("new")
        new = self.conf / "relay.pem.new"
        good = new.read_bytes()
        new.chmod(0o644)
        self.kept(f"{new} can be read by everyone (mode 0644); chmod", "may have been uploaded already",
                  "remove that file")
        new.chmod(0o600)
        again = self.certificate("new")
        self.assertEqual((again["changed"], again["thumbprint"]), (False, made["thumbprint"]))
        os.chown(new, OTHER.pw_uid, OTHER.pw_gid)
        self.kept("cannot be opened by uid")
        os.chown(new, USER.pw_uid, USER.pw_gid)
        for damaged in (b"", good[:100], good[:-100], good.replace(b"\nM", b"\n!")):
            new.write_bytes(damaged)
            self.kept("is not replaced")
        new.unlink()
        self.assertTrue(self.certificate("new")["changed"])

    def test_kept_dates(self):
        """one that has expired, or is not valid yet as the clock is wrong: the same"""
        self.certificate("new")
        new = self.conf / "relay.pem.new"
        pem = new.read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        made = x509.load_pem_x509_certificate(pem)
        today = datetime.datetime.now(datetime.timezone.utc)
        for first, last, said in ((-9, -2, "has expired on"), (2, 9, "is not valid before")):
            again = (x509.CertificateBuilder().subject_name(made.subject).issuer_name(made.issuer)
                     .public_key(key.public_key()).serial_number(made.serial_number)
                     .not_valid_before(today + datetime.timedelta(first))
                     .not_valid_after(today + datetime.timedelta(last)).sign(key, hashes.SHA256()))
            new.write_bytes(again.public_bytes(serialization.Encoding.PEM) + pem[pem.index(b"-----BEGIN PRIV"):])
            self.assertEqual("remove that file" in self.kept(said, "clock"), first < 0)

    def test_kept_limits(self):
        """nor where descriptors run out: it is said, or it works"""
        self.certificate("new")
        said = set()
        for most in range(4, 16):
            new = (self.conf / "relay.pem.new").read_bytes()
            result = run(TOOL, "--config", str(self.config), "certificate", "new", "relay",
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
            self.assertEqual((self.conf / "relay.pem.new").read_bytes(), new, result.stderr)
            self.assertNotIn("remove that file", result.stderr)
            said.add(result.returncode)
        self.assertTrue({0, 75} <= said, said)

    def test_kept_password(self):
        """nor where it is the password's file that cannot be read"""
        password = self.write("conf/password", "open sesame\n", USER, 0o600)
        self.lines.append(f"private_key_password_file = {password}")
        self.certificate("new")
        password.chmod(0o644)
        self.assertNotIn("remove that file", self.kept("can be read by everyone", path=str(password)))

    def test_kept_separate(self):
        """two files: neither is replaced; a certificate whose key is in place already is the new one"""
        self.separate()
        self.certificate("new")
        self.certificate("activate")
        two = self.certificate("new")["thumbprint"]
        key = self.conf / "relay.key.new"
        key.chmod(0o644)
        self.kept(f"{key} can be read by everyone", path="relay.crt.new")
        key.chmod(0o600)
        shutil.move(key, self.key)
        again = self.certificate("new")
        self.assertEqual((again["changed"], again["thumbprint"]), (False, two))
        self.assertEqual(self.certificate("activate")["thumbprint"], two)

    def test_usage(self):
        """the command line"""
        for arguments in (["certificate"], ["certificate", "renew", "relay"], ["certificate", "new"],
                          ["certificate", "new", "relay", "--days", "0"],
                          ["certificate", "try", "relay", "--days", "5"]):
            self.tool(*arguments, code=2)

    def test_check(self):
        """check: errors, warnings before the end, and what the certificate is"""
        self.assertIn("relay.pem", self.tool("check", code=1).stdout)
        self.certificate("new", "--days", "62")
        self.certificate("activate")
        self.assertIn("0 warnings", self.tool("check").stdout)
        self.assertIn("certificate: CN=sasl-entra relay on", self.tool("check").stdout)
        for days, words in (("50", "ends on"), ("20", "ends soon"), ("5", "mail stops then")):
            self.certificate("new", "--days", days)
            self.certificate("activate")
            text = self.tool("check").stdout
            self.assertIn(words, text)
            self.assertIn("sasl-entra certificate new relay", text)
        self.pem.chmod(0o644)
        self.assertIn("can be read by everyone", self.tool("check", code=1).stdout)

    def test_check_places(self):
        """check: what is wrong stands by the key and the line that name the file"""
        self.separate()
        password = self.write("conf/password", "open sesame\n", USER, 0o600)
        self.lines.append(f"private_key_password_file = {password}")
        self.certificate("new")
        self.certificate("activate")
        lines = self.config.read_text(encoding="utf-8").splitlines()
        for key, path in (("private_key_password_file", password), ("private_key", self.key),
                          ("certificate", self.pem)):
            aside = path.rename(f"{path}.aside")
            line = 1 + next(number for number, text in enumerate(lines) if text.startswith(f"{key} ="))
            self.assertIn(f"{self.config}:{line}: [account relay] {key}: {path} does not exist",
                          self.tool("check", code=1).stdout)
            aside.rename(path)
        self.active()


if __name__ == "__main__":
    agent_case.main()
