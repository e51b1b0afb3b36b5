"""sasl-entra login is killed while it writes: the sign-in before or the new one is there, and works."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "login"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash_case  # noqa: E402
import login_case  # noqa: E402
from crash_case import INJECT, Call, figures, where  # noqa: E402
from login_case import ANNA, TOOL, USER, LoginCase  # noqa: E402

crash_case.need_inject()


class Killed(LoginCase):
    def sign_in_again(self, *wanted):
        """The exit code of a login under injection, and its calls."""
        log, state = self.place / "calls", self.place / "state"
        log.unlink(missing_ok=True)
        login = self.login(ANNA, "--paste", "--json", stdin=subprocess.PIPE, program=(
            INJECT, "--under", str(self.place), "--begin", str(state), "--log", str(log), *wanted, "--", TOOL))
        login.send(self.sign_in(login.event("address")["url"]) + "\n")
        login.process.stdin.close()
        login.process.stdin = None
        code = login.exit()
        return code, [Call(line) for line in log.read_text(encoding="utf-8").splitlines() if "\t" in line]

    def restore(self, saved):
        state = self.place / "state"
        shutil.rmtree(state)
        shutil.copytree(saved, state)
        for path in (state, *state.iterdir()):
            os.chown(path, USER.pw_uid, USER.pw_gid)

    def test_over_another(self):
        """killed at each call that writes the state, over a sign-in that is there already"""
        self.mint()
        saved = self.place / "saved"
        shutil.copytree(self.place / "state", saved)
        code, calls = self.sign_in_again()
        self.assertEqual(code, 0)
        created = [number for number, call in enumerate(calls) if call.name == "openat" and ".json." in call.path]
        self.assertEqual(len(created), 2)  # the first one only tries whether that can be done
        chosen = [call for call in calls[created[1]:] if call.path.startswith(str(self.place / "state"))]
        self.assertGreater(len(chosen), 8)
        for call in chosen:
            self.restore(saved)
            code, _ = self.sign_in_again(*where(calls, call), "--kill")
            self.assertEqual(code, 128 + 9, str(call))
            self.assertEqual(len(self.token(ANNA).stdout.split(".")), 3, str(call))
            self.assertEqual([path.name for path in (self.place / "state").iterdir() if path.name[0] == "."], [])
        figures.add("killed at a system call of the tool", "tests/crash/test_login.py", injected=len(chosen),
                    survived=len(chosen))


if __name__ == "__main__":
    sys.exit(login_case.main())
