#!/usr/bin/python3
"""A program that logs in by SASL without an agent, so that the plugin loads the engine into it, while its token
endpoint or proxy is hostile. With the tree installed at $SE_STAGE, as root: make check-hosts."""

import concurrent.futures
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import time
from unittest import TestCase

from hostile_case import BUILD, figures, LONG, Place, REFRESH_TOKEN, tap
from hostile_cases import all_cases

TEST = "make check-hosts"
EVERY = 1 if LONG else 4  # of the cases
AT_ONCE = 20
PEAK_KB = 48 * 1024  # of the whole program


class InProcess(TestCase):
    def prepare(self, cases):
        """The program, the plugin, and a configuration of the user's own."""
        self.user = pwd.getpwnam("mail")  # every Debian has it, and it owns nothing of the agent's
        self.place = Place(cases, owner=self.user)
        self.addCleanup(self.place.remove)
        home, plugins = self.place.path, self.place.path / "plugins"
        plugins.mkdir(mode=0o755)
        (plugins / "libsasl-entra.so").symlink_to(f"{os.environ['SE_STAGE']}/lib/sasl2/libsasl-entra.so")
        shutil.copy(os.path.join(BUILD, "tests", "hosts", "sasl_client"), home)
        configuration = home / ".config" / "sasl-entra" / "sasl-entra.conf"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(self.place.configuration().read_text(encoding="utf-8"), encoding="utf-8")
        for path in (home / ".config", configuration.parent, configuration):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def log_in(self, case):
        """What it said, how long it took, how large it was."""
        home = str(self.place.path)
        begun = time.monotonic()
        process = subprocess.Popen([f"{home}/sasl_client", case.login, "smtp.test"], stdout=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, text=True, user=self.user.pw_uid,
                                   group=self.user.pw_gid, extra_groups=[], cwd="/",
                                   env={"HOME": home, "SASL_PATH": f"{home}/plugins", "PATH": "/usr/bin:/bin"})
        with process.stdout:
            said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, said, time.monotonic() - begun, usage.ru_maxrss

    def log_in_all(self, cases):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip([case.name for case in cases], pool.map(self.log_in, cases)))

    def test_logins(self):
        """each hostile peer: an error with its sentence, in time and memory; afterwards the login works"""
        cases = all_cases()[::EVERY]
        self.prepare(cases)
        self.place.sign_in([case.login for case in cases])
        for case, (code, said, seconds, peak) in zip(cases, self.log_in_all(cases).values()):
            with self.subTest(case.name):
                classes = case.classes if isinstance(case.classes, tuple) else (case.classes,)
                self.assertIn(code, [{"ok": 0}.get(name, 1) for name in classes], said)
                if code != 0:
                    words = case.words if isinstance(case.words, tuple) else (case.words or "",)
                    self.assertTrue(any(word in said for word in words), said)
                    self.assertIn(case.login, said)
                    self.assertNotIn(REFRESH_TOKEN, said)
                self.assertLess(seconds, case.seconds + 5)
                self.assertLess(peak, PEAK_KB)
        self.assertEqual(self.place.server.trapped, [])
        self.forget_failures()
        self.place.server.behaves.update(case.name for case in cases)
        recovered = self.log_in_all(cases)
        self.assertEqual({name: said for name, (code, said, _, _) in recovered.items() if code != 0}, {})
        refused = [case.login for case in cases if "ok" not in case.classes]
        kept = self.place.kept(refused)
        self.assertEqual(kept, {login: REFRESH_TOKEN + login for login in kept})
        figures.add("hostile answers, with the engine in the mail program", TEST, inputs=len(cases),
                    injected=len(cases), survived=sum(code == 0 for code, *_ in recovered.values()))

    def forget_failures(self):
        """A change of the configuration ends what is remembered."""
        path = pathlib.Path(self.place.path, ".config", "sasl-entra", "sasl-entra.conf")
        path.write_text(path.read_text(encoding="utf-8").replace("[defaults]\n", "[defaults]\ntimeout = 9\n"),
                        encoding="utf-8")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("1..0 # SKIP must run as root: it becomes another user")
        sys.exit(0)
    sys.exit(tap.main())
