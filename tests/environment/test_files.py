"""Credential files as Kubernetes, systemd and administrators lay them out, read by the agent."""

import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import environment_case  # noqa: E402
from environment_case import GROUP, OTHER, SECRET, USER, EnvironmentCase  # noqa: E402


def setfacl(*arguments):
    subprocess.run(["setfacl", *map(str, arguments)], check=True)


class Kubernetes(EnvironmentCase):
    """A volume as the kubelet writes it: ..data points to a directory, each file to ..data/NAME."""

    def volume(self, mode, owner=None, **files):
        volume = self.directory("volume", mode=0o1777)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", volume], check=True)
        self.addCleanup(subprocess.run, ["umount", volume], check=True)
        self.number = 0
        self.turn_over(volume, mode, owner, **files)
        for name in files:
            (volume / name).symlink_to(f"..data/{name}")
        return volume

    def turn_over(self, volume, mode, owner=None, **files):
        """As the kubelet's AtomicWriter does: a new directory, the link exchanged, the old one removed."""
        old = os.readlink(volume / "..data") if (volume / "..data").is_symlink() else None
        self.number += 1
        new = volume / f"..2026_11_27_10_00_00.{self.number:09d}"
        new.mkdir(mode=0o755)
        for name, text in files.items():
            path = new / name
            path.write_text(text, encoding="utf-8")
            path.chmod(mode)
            if owner:
                os.chown(path, *owner)
        (volume / "..data_tmp").symlink_to(new.name)
        os.rename(volume / "..data_tmp", volume / "..data")
        if old:
            environment_case.shutil.rmtree(volume / old)

    def use(self, volume, key, name, credential):
        text = self.system_configuration()
        text = text.replace("credential = secret", f"credential = {credential}")
        text = environment_case.re.sub(r"client_secret_file = .*", f"{key} = {volume}/{name}", text)
        environment_case.CONFIGURATION.write_text(text, encoding="utf-8")

    def test_secret(self):
        """a secret volume, mode 0400 of root's with fsGroup: 0440 root:GROUP of the agent's"""
        volume = self.volume(0o440, (0, USER.pw_gid), secret=SECRET)
        self.use(volume, "client_secret_file", "secret", "secret")
        self.system_agent()
        self.assert_agent_serves()

    def test_secret_default_mode(self):
        """the default mode 0644 is too much for a secret: the sentence names the file behind the links"""
        volume = self.volume(0o644, secret=SECRET)
        self.use(volume, "client_secret_file", "secret", "secret")
        self.system_agent()
        self.assert_agent_refuses("can be read by everyone (mode 0644)", f"{volume}/secret: ", "..2026_11_27", "chmod")

    def test_secret_of_root(self):
        """mode 0400 of root's cannot be read by the agent's user, and the sentence says by whom"""
        volume = self.volume(0o400, secret=SECRET)
        self.use(volume, "client_secret_file", "secret", "secret")
        self.system_agent()
        self.assert_agent_refuses("cannot be opened by uid", "Permission denied")

    def test_turned_over(self):
        """the volume is turned over 200 times while tokens are asked for: not one request fails"""
        volume = self.volume(0o440, (0, USER.pw_gid), secret=SECRET)
        self.use(volume, "client_secret_file", "secret", "secret")
        self.system_agent()
        stop, answers = threading.Event(), []

        def ask():
            while not stop.is_set():
                answers.append(self.asks(operation=environment_case.wire.REFRESH))

        asker = threading.Thread(target=ask)
        asker.start()
        for _ in range(200):
            self.turn_over(volume, 0o440, (0, USER.pw_gid), secret=SECRET)
            environment_case.agent_case.time.sleep(0.005)
        stop.set()
        asker.join()
        self.assertEqual({answer.get("kind", "none") for answer in answers}, {"answer"},
                         [answer for answer in answers if answer.get("kind") != "answer"][:3])
        self.assertGreater(len(answers), 20)
        environment_case.figures.add(environment_case.ROW, "tests/environment", load=len(answers))
        self.held(200)

    def test_projected_token(self):
        """a projected token with mode 0644 is taken as federated_token_file"""
        volume = self.volume(0o644, token="eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x")
        self.use(volume, "federated_token_file", "token", "federated")
        self.system_agent()
        # What is refused is the token, by the tenant: the file has been read and sent.
        answer = self.asks()
        self.assertNotIn("mode", answer["text"])
        self.assertIn("AADSTS", answer["text"])
        self.held()


class Owners(EnvironmentCase):
    def setUp(self):
        super().setUp()
        self.secret = self.place / "relay.secret"
        os.chown(self.secret, 0, 0)
        self.secret.chmod(0o600)
        self.system_agent()

    def test_group(self):
        """a key of root's that the agent's group may read works, as root:sasl-entra 0640"""
        os.chown(self.secret, 0, USER.pw_gid)
        self.secret.chmod(0o640)
        self.assert_agent_serves()

    def test_other_group(self):
        """one that another group may read as well does not"""
        os.chown(self.secret, USER.pw_uid, GROUP.gr_gid)
        self.secret.chmod(0o640)
        self.assert_agent_refuses(f"can be read by group {GROUP.gr_gid}", f"chmod 0600 {self.secret}")

    def test_others_file(self):
        """another user's file, whatever its mode"""
        os.chown(self.secret, OTHER.pw_uid, USER.pw_gid)
        self.secret.chmod(0o440)
        self.assert_agent_refuses(f"belongs to uid {OTHER.pw_uid}", f"chown 0 {self.secret}")

    def test_others_directory(self):
        """a directory of the path that another user owns or may write"""
        os.chown(self.secret, USER.pw_uid, USER.pw_gid)
        os.chown(self.place, OTHER.pw_uid, 0)
        self.assert_agent_refuses(f"{self.place} belongs to uid {OTHER.pw_uid}, and others", "use a directory of root's")
        os.chown(self.place, 0, GROUP.gr_gid)
        self.place.chmod(0o775)
        self.assert_agent_refuses(f"group {GROUP.gr_gid} can write to the directory", f"chmod g-w {self.place}")
        self.place.chmod(0o757)
        self.assert_agent_refuses("everyone can write to the directory", f"chmod o-w {self.place}")
        self.place.chmod(0o755)
        self.assert_agent_serves()

    def test_others_link(self):
        """a link that another user put into a sticky directory"""
        sticky = self.directory("sticky", mode=0o1777)
        os.chown(self.secret, USER.pw_uid, USER.pw_gid)
        (sticky / "link").symlink_to(self.secret)
        text = environment_case.CONFIGURATION.read_text(encoding="utf-8").replace(str(self.secret), f"{sticky}/link")
        environment_case.CONFIGURATION.write_text(text, encoding="utf-8")
        os.chown(sticky / "link", OTHER.pw_uid, 0, follow_symlinks=False)
        agent = self.start("--user", USER.pw_name, "--socket", f"{self.place}/s,{GROUP.gr_name},0666")
        agent.wait_for("listening at")
        self.assert_agent_refuses(f"belongs to uid {OTHER.pw_uid}", path=self.place / "s")
        os.chown(sticky / "link", 0, 0, follow_symlinks=False)
        self.assert_agent_serves(self.place / "s")

    def test_list(self):
        """root's key with an ACL for the agent's user works, whatever group the file has"""
        setfacl("-m", f"u:{USER.pw_name}:r", self.secret)
        self.assertEqual(self.secret.stat().st_mode & 0o777, 0o640)  # the mask
        self.assert_agent_serves()
        os.chown(self.secret, 0, GROUP.gr_gid)
        self.assert_agent_serves()

    def test_list_for_others(self):
        """an ACL that gives a stranger the key too, to read or to write"""
        setfacl("-m", f"u:{USER.pw_name}:r,u:{OTHER.pw_name}:r", self.secret)
        self.assert_agent_refuses(f"can be read by u:{OTHER.pw_uid}", f"setfacl -x u:{OTHER.pw_uid} {self.secret}")
        setfacl("-x", f"u:{OTHER.pw_name}", self.secret)
        setfacl("-m", f"g:{GROUP.gr_name}:w", self.secret)
        self.assert_agent_refuses(f"can be changed by g:{GROUP.gr_gid}", f"setfacl -x g:{GROUP.gr_gid} {self.secret}")
        setfacl("-x", f"g:{GROUP.gr_name}", self.secret)
        self.assert_agent_serves()

    def test_list_of_group(self):
        """what an ACL leaves to the file's own group counts as well"""
        os.chown(self.secret, 0, GROUP.gr_gid)
        self.secret.chmod(0o640)
        setfacl("-m", f"u:{USER.pw_name}:r", self.secret)
        self.assert_agent_refuses(f"by group {GROUP.gr_gid} (its ACL says so)", f"setfacl -m g::- {self.secret}")
        setfacl("-m", "g::-", self.secret)
        self.assert_agent_serves()

    def test_list_of_directory(self):
        """an ACL that lets a stranger write to a directory on the way"""
        os.chown(self.secret, USER.pw_uid, USER.pw_gid)
        setfacl("-m", f"u:{OTHER.pw_name}:rwx", self.place)
        self.assert_agent_refuses(f"the ACL of the directory {self.place} lets u:{OTHER.pw_uid} write to it",
                                  f"setfacl -x u:{OTHER.pw_uid} {self.place}")
        setfacl("-m", f"u:{OTHER.pw_name}:rx", self.place)
        self.assert_agent_serves()
        setfacl("-b", self.place)

    def test_list_of_state(self):
        """a default ACL of the state directory gives nobody what is kept there"""
        setfacl("-d", "-m", f"u:{OTHER.pw_name}:rwx", self.state)
        os.chown(self.secret, USER.pw_uid, USER.pw_gid)
        self.assert_agent_serves()
        kept, = self.state.glob("*.json")
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        refused = environment_case.wire.as_user(OTHER.pw_uid, OTHER.pw_gid, [], open, kept, "rb")
        self.assertEqual(refused, "PermissionError")
        self.assert_agent_serves()


class Certificates(EnvironmentCase):
    def test_list_is_kept(self):
        """a new certificate and key get the ACL of those in use: the agent's user can read them before and after"""
        certificate, key = self.place / "c.pem", self.place / "k.pem"
        text = environment_case.CONFIGURATION.read_text(encoding="utf-8").replace("credential = secret",
                                                                                  "credential = certificate")
        text = environment_case.re.sub(r"client_secret_file = .*", f"certificate = {certificate}\nprivate_key = {key}", text)
        environment_case.CONFIGURATION.write_text(text, encoding="utf-8")
        for path in (certificate, key):
            self.write(path.name, "", None, 0o600)
            os.chown(path, 0, GROUP.gr_gid)
            setfacl("-m", f"u:{USER.pw_name}:r", path)
        for round in range(2):
            result = self.tool("certificate", "new", "relay")
            self.assertEqual(result.returncode, 0, result.stderr)
            new = self.listed(f"{key}.new")
            self.assertEqual(new, self.listed(key), round)
            self.assertIn(f"user:{USER.pw_name}:r--", new)
            self.assertIn("group::---", new)
            if round == 0:  # what was in use is no certificate
                for path in (certificate, key):
                    os.rename(f"{path}.new", path)
                continue
            result = self.tool("certificate", "activate", "relay")
            self.assertEqual(result.returncode, 0, result.stderr)
            for path in (certificate, key):
                self.assertIn(f"user:{USER.pw_name}:r--", self.listed(path))
            self.held()

    @staticmethod
    def listed(path):
        return subprocess.run(["getfacl", "-cp", path], capture_output=True, text=True, check=True).stdout


class Credentials(EnvironmentCase):
    """$CREDENTIALS_DIRECTORY as systemd makes it for a service: a ramfs, read-only, with an ACL or without."""

    def credentials(self, how):
        directory = self.directory("credentials", mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", directory], check=True)
        self.addCleanup(subprocess.run, ["umount", directory], check=True)
        path = self.write("credentials/relay", SECRET, None, 0o400)
        if how == "list":
            setfacl("-m", f"u:{USER.pw_name}:r", path)
            setfacl("-m", f"u:{USER.pw_name}:rx", directory)
        else:
            os.chown(path, USER.pw_uid, USER.pw_gid)
            os.chown(directory, USER.pw_uid, USER.pw_gid)
            directory.chmod(0o500)
        subprocess.run(["mount", "-o", "remount,ro,nosuid,nodev,noexec", directory], check=True)
        text = environment_case.CONFIGURATION.read_text(encoding="utf-8")
        text = environment_case.re.sub(r"client_secret_file = .*", "client_secret_file = cred:relay", text)
        environment_case.CONFIGURATION.write_text(text, encoding="utf-8")
        return directory

    def try_credential(self, how):
        directory = self.credentials(how)
        self.system_agent(env={"PATH": environment_case.PATH, "CREDENTIALS_DIRECTORY": str(directory)})
        self.assert_agent_serves()

    def test_list(self):
        """root's credential with an ACL for the service's user, as systemd gives it where it can"""
        self.try_credential("list")

    def test_owner(self):
        """a credential that belongs to the service's user, as systemd gives it elsewhere"""
        self.try_credential("owner")

    def test_none(self):
        """a service that is given no credentials says so"""
        self.credentials("owner")
        self.system_agent(env={"PATH": environment_case.PATH})
        self.assert_agent_refuses("relay")


if __name__ == "__main__":
    sys.exit(environment_case.main(__file__))
