"""sasl-entra, as it is installed: an account for the job, and the verb that gets its token."""

import json
import os
import subprocess

NAME = "anna@contoso.com"  # the job's login_hint, too


class Failed(Exception):
    """sasl-entra ended with an error; the text has what it said."""


class Ours:
    name = "sasl-entra"

    def __init__(self, program, tenant, place):
        self._program, self._tenant, self._place = program, tenant, place

    def _write(self, name, text):
        path = os.path.join(self._place, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def _credential(self, job):
        if "secret" in job:
            return ["credential = secret", f"client_secret_file = {self._write('secret', job['secret'])}"]
        if "certificate" in job:
            return ["credential = certificate",
                    f"certificate = {self._write('certificate.pem', job['certificate']['pem'])}",
                    f"private_key = {self._write('key.pem', job['certificate']['key'])}"]
        return ["credential = none"]

    def _configure(self, job):
        state = os.path.join(self._place, "state")
        os.mkdir(state, 0o700)
        origin, _, tenant = job["authority"].rpartition("/")
        lines = ["[defaults]", f"state_dir = {state}", f"ca_file = {self._tenant.ca}", "[account compared]",
                 f"match = {NAME}", "services = smtp", f"tenant = {tenant}", f"client_id = {job['client_id']}",
                 f"authority = {origin}", f"sign_in = {'app' if job['flow'] == 'app' else 'user'}",
                 *self._credential(job)]
        return self._write("sasl-entra.conf", "\n".join(lines) + "\n")

    def run(self, job, person):
        config = self._configure(job)
        if job["flow"] == "refresh":
            self._call(config, "import", "token", NAME, stdin=job["refresh_token"] + "\n")
        if job["flow"] == "device":
            self._login(config, person, "--device")
        elif job["flow"] == "code":
            self._login(config, person, "--no-browser")
        else:
            self._call(config, "token", NAME)

    def _call(self, config, *arguments, stdin=""):
        result = subprocess.run([self._program, "--config", config, *arguments], input=stdin, capture_output=True,
                                text=True, timeout=60, check=False)
        if result.returncode != 0:
            raise Failed(f"sasl-entra {' '.join(arguments)}: {result.stderr}")

    def _login(self, config, person, way):
        command = [self._program, "--config", config, "login", NAME, "--json", "--timeout", "60", way]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
            said = {}
            for line in process.stdout:
                said = json.loads(line)
                if said["event"] == "device_code":
                    person.approve(said["user_code"])
                elif said["event"] == "address":
                    person.browse(said["url"], arrive=True)
        if said.get("event") != "signed_in":
            raise Failed(f"sasl-entra login: {said.get('text', 'no answer')}")
