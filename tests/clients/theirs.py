"""Microsoft's clients: msal for Python as the distribution has it, and msal for Node.js as the lock file pins it."""

import json
import os
import shutil
import subprocess

import msal

SOURCE = os.path.dirname(os.path.abspath(__file__))


class CannotRun(Exception):
    """The client is not there, or says that its sign-in failed."""


class Python:
    name = "msal-python"

    def __init__(self, tenant):
        self._ca = tenant.ca

    def _client(self, job):
        credential = job.get("secret")
        if "certificate" in job:
            credential = {"private_key": job["certificate"]["key"], "thumbprint": job["certificate"]["sha1"]}
        # Without instance discovery, as at login.microsoftonline.com, which it knows.
        make = msal.ConfidentialClientApplication if credential else msal.PublicClientApplication
        return make(job["client_id"], authority=job["authority"], client_credential=credential, verify=self._ca,
                    instance_discovery=False)

    def run(self, job, person):
        client, scopes = self._client(job), job["scopes"]
        if job["flow"] == "app":
            result = client.acquire_token_for_client(scopes)
        elif job["flow"] == "refresh":
            result = client.acquire_token_by_refresh_token(job["refresh_token"], scopes)
        elif job["flow"] == "device":
            flow = client.initiate_device_flow(scopes)
            person.approve(flow["user_code"])
            result = client.acquire_token_by_device_flow(flow)
        else:
            flow = client.initiate_auth_code_flow(scopes, redirect_uri="http://localhost:49152",
                                                  login_hint=job["login_hint"])
            result = client.acquire_token_by_auth_code_flow(flow, person.browse(flow["auth_uri"]))
        if "access_token" not in result:
            raise CannotRun(f"msal-python: {result}")


class Node:
    name = "msal-node"

    def __init__(self, tenant, place):
        self._ca, self._place = tenant.ca, place

    @staticmethod
    def install(build, environment):
        """`npm ci` into the build directory; the place, for Node()."""
        place = os.path.join(build, "tests", "clients", "npm")
        for program in ("node", "npm"):
            if shutil.which(program, path=environment["PATH"]) is None:
                raise CannotRun(f"{program} is missing (Debian's packages nodejs and npm)")
        files = {name: open(os.path.join(SOURCE, "node", name), encoding="utf-8").read()
                 for name in ("package.json", "package-lock.json", "client.js")}
        done = os.path.join(place, "installed")
        if not os.path.exists(done) or open(done, encoding="utf-8").read() != files["package-lock.json"]:
            shutil.rmtree(place, ignore_errors=True)
        os.makedirs(place, exist_ok=True)
        for name, text in files.items():
            with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                file.write(text)
        if not os.path.exists(done):
            Node._fetch(place, environment)
            with open(done, "w", encoding="utf-8") as file:
                file.write(files["package-lock.json"])
        return place

    @staticmethod
    def _fetch(place, environment):
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--cache",
                   os.path.join(place, "cache"), "--fetch-retries", "2", "--fetch-retry-mintimeout", "2000",
                   "--loglevel", "error"]
        try:
            result = subprocess.run(command, cwd=place, env=environment, stdin=subprocess.DEVNULL, timeout=240,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        except subprocess.TimeoutExpired as error:
            raise CannotRun("npm ci did not end: is the npm registry reachable?") from error
        if result.returncode != 0:
            raise CannotRun("npm ci could not get @azure/msal-node; the npm registry must be reachable:\n"
                            + result.stdout)

    def run(self, job, person):
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": self._ca}
        # The stand-in is at 127.0.0.1 alone; Node.js 18 does not try a second address of localhost.
        command = ["node", "--dns-result-order=ipv4first", "client.js"]
        with subprocess.Popen(command, cwd=self._place, env=environment, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            process.stdin.write(json.dumps(job))
            process.stdin.close()
            said = {}
            for line in process.stdout:
                said = json.loads(line)
                if "user_code" in said:
                    person.approve(said["user_code"])
                elif "url" in said:
                    person.browse(said["url"], arrive=True)
        if not said.get("ok"):
            raise CannotRun(f"msal-node: {said.get('error', 'no answer')}")
