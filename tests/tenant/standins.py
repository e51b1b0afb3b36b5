"""Start and stop the stand-ins from a Python test."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import requests

_HERE = os.path.dirname(os.path.abspath(__file__))
_PR_SET_PDEATHSIG = 1

# A proxy of the environment must not see, or answer, what goes to loopback.
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "localhost,127.0.0.1"
# requests lets these win over a session's own `verify`, and msal sets only that.
for _name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(_name, None)


def _die_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class StandIn:
    """One running program, in a directory of its own (or a given one)."""

    def __init__(self, program, ready_name, *arguments, directory=None):
        self._own = directory is None
        self.directory = directory or tempfile.mkdtemp(prefix="sasl-entra-")
        self._ready = self.path(ready_name)
        command = [os.path.join(_HERE, program), "--dir", self.directory, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=_die_with_parent)
        try:
            self.ready = self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def path(self, name):
        return os.path.join(self.directory, name)

    def _wait_until_ready(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if os.path.exists(self._ready):
                with open(self._ready, encoding="utf-8") as file:
                    ready = json.load(file)
                if ready["pid"] == self.process.pid:  # not one left behind by an earlier run
                    return ready
            if self.process.poll() is not None:
                raise RuntimeError(f"the program ended with {self.process.returncode}")
            time.sleep(0.02)
        raise RuntimeError("the program did not get ready")

    def terminate(self):
        """SIGTERM, as a test's end sends it; returns the exit status and what was printed."""
        self.process.terminate()
        output, _ = self.process.communicate(timeout=10)
        return self.process.returncode, output

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        if self._own:
            shutil.rmtree(self.directory, ignore_errors=True)

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def text(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()


class TenantStandIn(StandIn):
    def __init__(self, *arguments, directory=None):
        super().__init__("tenant.py", "tenant.json", *arguments, directory=directory)
        self.authority, self.ca = self.ready["authority"], self.path("ca.pem")
        self.http = self.new_session()
        self._control = self.new_session()  # its own, because faults break connections

    def stop(self):
        if hasattr(self, "http"):
            self.http.close()
            self._control.close()
        super().stop()

    def new_session(self):
        session = requests.Session()
        session.verify, session.trust_env = self.ca, False
        return session

    def control(self, call, value=None, method=None):
        method = method or ("GET" if value is None else "POST")
        answer = self._control.request(method, f"{self.authority}/_control/{call}", json=value)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return answer.json()

    def ask_token(self, tenant="contoso.com", headers=None, auth=None, **form):
        return self.http.post(f"{self.authority}/{tenant}/oauth2/v2.0/token", data=form, headers=headers, auth=auth,
                              timeout=20, allow_redirects=False)


class SubmissionStandIn(StandIn):
    def __init__(self, tenant, *arguments, directory=None):
        super().__init__("submission.py", "submission.json", "--tenant", tenant.directory, *arguments,
                         directory=directory)
        self.port = self.ready["port"]

    def write(self, name, value):
        """As tests should write the files that the server reads: in one step."""
        temporary = self.path(name + ".new")
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.rename(temporary, self.path(name))


class ManagedIdentityStandIn(StandIn):
    def __init__(self, tenant, *arguments, directory=None):
        super().__init__("managed_identity.py", "managed_identity.json", "--tenant", tenant.directory, *arguments,
                         directory=directory)
        self.url, self.endpoint = self.ready["url"], self.ready["endpoint"]

    def control(self, call, value=None, method=None):
        method = method or ("GET" if value is None else "POST")
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, f"{self.url}/_control/{call}", json=value)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return answer.json()
