"""sasl-entra check: what it finds."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agent_case  # noqa: E402
from agent_case import OTHER, TOOL, USER, Case, on_terminal, run  # noqa: E402


class Check(Case):
    def check(self, config, *arguments, **named):
        return run(TOOL, "--config", str(config), "check", *arguments, **named)

    def found(self, config, sentence, code=1, **named):
        result = self.check(config, **named)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertIn(sentence, result.stdout)
        self.assertNotIn(agent_case.SECRET, result.stdout + result.stderr)
        return result.stdout

    def test_clean(self):
        """a clean configuration: accounts, patterns, where tokens live; 0"""
        text = self.found(self.configuration(), "0 errors, 0 warnings", 0)
        self.assertIn("account relay: serves 1 login name pattern, sign_in = app", text)
        self.assertIn(f"tokens: kept in {self.place}/state", text)

    def test_json(self):
        """--json is JSON, and says the same"""
        config = self.configuration(extra="tennant = \"quoted\\\"\n")
        clean = json.loads(self.check(self.configuration(name="clean.conf"), "--json").stdout)
        self.assertEqual(clean["errors"], 0)
        self.assertEqual(clean["accounts"], [{"label": "relay", "patterns": 1, "sign_in": "app"}])
        self.assertEqual(clean["state_dir"], f"{self.place}/state")
        broken = self.check(config, "--json")
        value = json.loads(broken.stdout)
        self.assertEqual(broken.returncode, 1)
        self.assertGreater(value["errors"], 0)
        self.assertEqual(value["findings"][0]["severity"], "error")
        self.assertGreater(max(finding["line"] for finding in value["findings"]), 5)

    def test_terminal(self):
        """on a terminal a finding is broken at its width, with its words in their order; elsewhere it is one line"""
        config = self.configuration(extra="tennant = x\n")
        line = next(line for line in self.check(config).stdout.splitlines() if "tennant" in line)
        self.assertGreater(len(line), 60)
        shown = on_terminal(60, TOOL, "--config", str(config), "check")
        at = shown.index(next(text for text in shown if text.startswith(line[:10])))
        end = at + 1
        while shown[end].startswith(" " * 7):
            end += 1
        self.assertGreater(end - at, 1, shown)
        self.assertEqual(" ".join(text.strip() for text in shown[at:end]), line)
        for text in shown[at:end]:
            self.assertTrue(len(text) <= 60 or " " not in text.strip().removeprefix("error: "), text)

    def test_configuration(self):
        """every problem of the configuration, with its line"""
        config = self.configuration(extra="tennant = x\nclient_idd = y\n")
        text = self.found(config, "tennant")
        self.assertIn("client_idd", text)
        lines = config.read_text().splitlines()
        for key in ("tennant", "client_idd"):
            number = next(i for i, line in enumerate(lines, 1) if line.startswith(key))
            self.assertIn(f"agent.conf:{number}:", text)
        self.found(self.place / "absent.conf", "does not exist")

    def test_configuration_owner(self):
        """a configuration that a stranger may change"""
        config = self.configuration()
        config.chmod(0o666)
        self.found(config, "agent.conf")
        config.chmod(0o644)
        os.chown(config, OTHER.pw_uid, OTHER.pw_gid)
        self.found(config, "agent.conf")

    def test_secret(self):
        """a secret that is missing, readable by others, a stranger's, empty, or of two lines"""
        config, secret = self.configuration(), self.place / "relay.secret"
        secret.chmod(0o644)
        text = self.found(config, "relay.secret")
        self.assertIn("[account relay] client_secret_file", text)
        secret.chmod(0o600)
        os.chown(secret, OTHER.pw_uid, OTHER.pw_gid)
        self.found(config, "relay.secret")
        os.chown(secret, USER.pw_uid, USER.pw_gid)
        secret.write_text("\n")
        self.found(config, "is empty")
        secret.write_text("one\ntwo\n")
        self.found(config, "more than one line")
        secret.unlink()
        self.found(config, "does not exist")
        secret.mkdir()
        self.found(config, "directory")

    def test_secret_for_its_reader(self):
        """a secret that root can read, but not the user who owns the state directory"""
        config = self.configuration()
        os.chown(self.place / "relay.secret", 0, 0)
        self.found(config, "relay.secret")

    def test_secret_id(self):
        """the secret's ID pasted instead of its value: a warning"""
        config = self.configuration()
        (self.place / "relay.secret").write_text("6f1c2d3e-aaaa-4bbb-8ccc-0123456789ab\n")
        self.found(config, "warning", 0)
        self.found(config, "looks like the secret's ID", 0)

    def test_ca_file(self):
        """a ca_file that is missing, empty, or no PEM"""
        ca = self.write("ca.pem", "certificate\n")
        config = self.configuration(ca=ca)
        self.found(config, "no certificate in PEM form")
        ca.write_text("")
        self.found(config, "is empty")
        ca.unlink()
        self.found(config, "ca.pem")

    def test_state_directory(self):
        """a state directory that is missing, open to others, or in an untrusted place"""
        config, state = self.configuration(), self.place / "state"
        state.chmod(0o755)
        self.found(config, "chmod 0700", 0)
        state.chmod(0o777)
        self.found(config, "state directory")
        state.rmdir()
        self.found(config, "does not exist")
        state.symlink_to(self.directory("elsewhere", USER))
        self.found(config, "link")

    def sealed(self, key="0a" * 32, path=None):
        """A configuration with a key, and the path of the key's file."""
        path = path or self.place / "state.key"
        self.write(path, key + "\n", USER, 0o600)
        config = self.configuration()
        config.write_text(config.read_text().replace("[defaults]\n", f"[defaults]\nstate_key_file = {path}\n"))
        return config, path

    def state_file(self, **members):
        name = "ab" * 16 + ".json" if members else "cd" * 16 + ".json"
        self.write(f"state/{name}", json.dumps({"version": 1, "key": {}, **members}), USER, 0o600)
        return name

    def test_state_key(self):
        """a state_key_file that is right, missing, readable by others, no key, or kept with what it seals"""
        config, key = self.sealed()
        text = self.found(config, "0 errors, 0 warnings", 0)
        self.assertRegex(text, f"tokens: kept in {self.place}/state, sealed with key [0-9a-f]{{16}}\n")
        value = json.loads(self.check(config, "--json").stdout)
        self.assertIn(value["state_key"], text)
        key.chmod(0o644)
        self.assertIn("agent.conf:2: state_key_file: ", self.found(config, "chmod 0640"))
        key.chmod(0o600)
        os.chown(key, OTHER.pw_uid, OTHER.pw_gid)
        self.found(config, f"{key} cannot be opened")
        self.sealed("0a" * 31)
        self.assertNotIn("0a0a", self.found(config, "openssl rand -hex 32"))
        key.unlink()
        self.found(config, "does not exist")
        self.assertIsNone(json.loads(self.check(config, "--json").stdout)["state_key"])
        self.found(self.sealed(path=self.place / "state" / "key")[0], "lies in the state directory", 0)

    def test_state_key_of_files(self):
        """state files in clear, under another key, or under one that nobody configured"""
        config, _ = self.sealed()
        plain = self.configuration(name="plain.conf")
        self.state_file()
        self.found(config, "1 in clear, 0 with an older one", 0)
        self.found(config, "sasl-entra reseal", 0)
        self.found(plain, "0 errors, 0 warnings", 0)
        name = self.state_file(sealed={"key_id": "0123456789abcdef"})
        text = self.found(config, f"is not in {self.place}/state.key")
        self.assertIn(f"1 of the state files in {self.place}/state cannot be opened: {name}", text)
        self.assertIn("[defaults] names no state_key_file", self.found(plain, "0123456789abcdef"))

    def test_as_user(self):
        """a user who is not root checks what he can read"""
        config = self.configuration(owner=OTHER)
        self.found(config, "0 errors", 0, user=OTHER.pw_uid, group=OTHER.pw_gid, extra_groups=[])
        os.chown(self.place / "state", 0, 0)
        self.found(config, "state directory", 1, user=OTHER.pw_uid, group=OTHER.pw_gid, extra_groups=[])

    def test_no_network(self):
        """nothing is asked over the network, and nothing is written"""
        config = self.configuration()
        before = sorted(os.listdir(self.place / "state"))
        trace = self.place / "trace"
        if not agent_case.shutil.which("strace"):
            self.skipTest("strace is missing")
        result = run("strace", "-f", "-e", "trace=connect,sendto", "-o", str(trace), TOOL, "--config", str(config),
                     "check", env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))  # not under another tracer
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("AF_INET", trace.read_text())
        self.assertEqual(sorted(os.listdir(self.place / "state")), before)


if __name__ == "__main__":
    sys.exit(agent_case.main())
