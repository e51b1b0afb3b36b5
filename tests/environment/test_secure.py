"""Programs with more rights than their caller: nothing of the caller's environment is believed."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import environment_case  # noqa: E402
from environment_case import CONFIGURATION, ENGINE, OTHER, PATH, SOCKET, EnvironmentCase  # noqa: E402

# Whom the program makes its caller to: somebody else than the agent's user and the attacker.
RIGHTS = environment_case.agent_case.pwd.getpwnam("mail")


class Secure(EnvironmentCase):
    def setUp(self):
        super().setUp()
        self.attackers = self.directory("attackers", OTHER, 0o755)
        self.reached = []
        self.environment = self.hostile()

    def listen(self, path):
        """The attacker's own agent: whoever connects is noted."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        os.chmod(path, 0o777)
        os.chown(path, OTHER.pw_uid, OTHER.pw_gid)
        server.listen()
        self.addCleanup(server.close)

        def serve():
            try:
                while True:
                    client, _ = server.accept()
                    self.reached.append(str(path))
                    client.close()
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()

    def hostile(self):
        """An attacker's home with all that a careless plugin would take from it."""
        environment = self.home(OTHER, "attackers/home")
        home = environment["HOME"]
        runtime = self.directory("attackers/runtime/sasl-entra", OTHER, 0o755)
        self.listen(runtime / "agent.sock")
        shutil.copy(ENGINE, self.attackers / "engine.so")
        for name in ("openssl.cnf", "ca.pem", "hosts", "resolv.conf", "netrc", "token", "keylog"):
            self.write(f"attackers/{name}", "", OTHER)
        place = str(self.attackers)
        environment.update({
            "XDG_CONFIG_HOME": f"{home}/.config", "XDG_RUNTIME_DIR": f"{place}/runtime", "XDG_STATE_HOME": f"{place}/state",
            "XDG_DATA_HOME": place, "SASL_PATH": place, "SASL_CONF_PATH": place, "LD_LIBRARY_PATH": place,
            "LD_PRELOAD": f"{place}/engine.so", "SSL_CERT_FILE": f"{place}/ca.pem", "SSL_CERT_DIR": place,
            "CURL_CA_BUNDLE": f"{place}/ca.pem", "CURL_HOME": place, "NETRC": f"{place}/netrc",
            "OPENSSL_CONF": f"{place}/openssl.cnf", "OPENSSL_MODULES": place, "OPENSSL_ENGINES": place,
            "SSLKEYLOGFILE": f"{place}/keylog", "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9",
            "ALL_PROXY": "http://127.0.0.1:9", "HOSTALIASES": f"{place}/hosts", "RES_OPTIONS": "ndots:9",
            "LOCALDOMAIN": "attacker.example", "AZURE_FEDERATED_TOKEN_FILE": f"{place}/token",
            "AZURE_AUTHORITY_HOST": "https://attacker.example", "AZURE_CLIENT_ID": "x", "AZURE_TENANT_ID": "x",
            "IDENTITY_ENDPOINT": "http://127.0.0.1:9", "IDENTITY_HEADER": "x", "CREDENTIALS_DIRECTORY": place,
            "TMPDIR": place, "MALLOC_TRACE": f"{place}/trace", "GCONV_PATH": place})
        return environment

    def privileged_host(self, how):
        """A copy of the host that gives its caller more rights, in the way that is named."""
        program = self.place / how
        shutil.copy(self.host_program, program)
        if how == "setuid":
            os.chown(program, RIGHTS.pw_uid, RIGHTS.pw_gid)
            program.chmod(0o4755)
        elif how == "setgid":
            os.chown(program, 0, RIGHTS.pw_gid)
            program.chmod(0o2755)
        else:
            # libsasl2 itself believes SASL_PATH unless user or group differ: then it is not our plugin that runs.
            for name in ("SASL_PATH", "SASL_CONF_PATH"):
                del self.environment[name]
            subprocess.run(["setcap", "cap_net_bind_service+ep", program], check=True)
        return program

    def traced(self, program, environment):
        """Run it as the attacker under strace, as root, so that its rights take effect: outcome, calls."""
        calls = self.place / "calls"
        calls.unlink(missing_ok=True)
        before = ["env", "-i", f"PATH={PATH}", "strace", "-f", "-y", "-qq", "-s", "4096", "-u", OTHER.pw_name,
                  "-o", str(calls), "-e", "trace=%file,%network,%process,execve"]
        for name, value in environment.items():
            before += ["-E", f"{name}={value}"]
        outcome = self.host(user=None, program=program, before=before)
        text = calls.read_text(encoding="utf-8", errors="replace")
        return outcome, "\n".join(line for line in text.splitlines() if "execve(" not in line)

    def assert_untouched(self, calls):
        """No call names anything of the attacker's, and the engine is not there."""
        self.assertIn(str(SOCKET), calls)
        self.assertNotRegex(calls, re.escape(str(self.attackers)) + "|" + re.escape(str(ENGINE)))
        self.assertNotIn("sin_port=htons", calls)
        self.assertEqual(self.reached, [])
        self.assertEqual(self.requests(), 0)
        self.held(len(self.environment) - 2)  # but for PATH and HOME

    def try_without_agent(self, how):
        outcome, calls = self.traced(self.privileged_host(how), self.environment)
        self.assert_refused(outcome, f"no agent at {SOCKET}", "sasl-entrad --user")
        self.assert_untouched(calls)

    def try_with_agent(self, how):
        self.system_agent()
        outcome, calls = self.traced(self.privileged_host(how), self.environment)
        self.assert_token(outcome)
        self.assertNotRegex(calls, re.escape(str(self.attackers)) + "|" + re.escape(str(ENGINE)))
        self.assertEqual(self.reached, [])
        self.assertEqual(self.requests(), 1)  # the agent's

    def test_trap_works(self):
        """the same environment without the extra rights is believed: the attacker's own agent is asked"""
        outcome, calls = self.traced(self.host_program, {name: value for name, value in self.environment.items()
                                                         if name not in ("LD_PRELOAD", "LD_LIBRARY_PATH", "SASL_PATH")})
        self.assertIn(str(self.attackers), calls)
        self.assertNotEqual(self.reached, [], outcome)

    def test_setuid(self):
        """a setuid program without an agent: nothing of the environment is read, the error names the socket"""
        self.try_without_agent("setuid")

    def test_setuid_agent(self):
        """a setuid program gets its token from the agent"""
        self.try_with_agent("setuid")

    def test_setgid(self):
        """a setgid program without an agent"""
        self.try_without_agent("setgid")

    def test_setgid_agent(self):
        """a setgid program with an agent"""
        self.try_with_agent("setgid")

    def test_capabilities(self):
        """a program with file capabilities without an agent"""
        self.try_without_agent("setcap")

    def test_capabilities_agent(self):
        """a program with file capabilities with an agent"""
        self.try_with_agent("setcap")

    def test_unconfigured(self):
        """a setuid program on a machine without configuration: the caller's own does not count"""
        CONFIGURATION.unlink()
        outcome, calls = self.traced(self.privileged_host("setuid"), self.environment)
        self.assert_refused(outcome, f"no agent at {SOCKET}")
        self.assert_untouched(calls)

    def test_allow(self):
        """the agent sees the rights that the program gives, not the caller's: `allow` counts for those"""
        self.system_configuration(extra=f"allow = {RIGHTS.pw_name}\n")
        self.system_agent()
        self.assert_refused(self.host(user=OTHER), "may not")
        self.assert_token(self.host(user=OTHER, program=self.privileged_host("setuid")))


if __name__ == "__main__":
    sys.exit(environment_case.main(__file__))
