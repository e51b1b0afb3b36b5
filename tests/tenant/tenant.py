#!/usr/bin/python3
"""A stand-in for Entra ID (login.microsoftonline.com). See README.md."""

import argparse
import asyncio
import logging
import os
import re
import resource
import signal
import ssl
import sys

import control
import entra_errors
import faults
import pki
import router
from apps import Directory
from entra_errors import EntraError
from faults import Faults
from federation import FederatedIssuer
from http_server import HttpServer, Response
from people import People
from plumbing import LineLog, write_json_atomically
from request_log import RequestLog
from tokens import Clock, TokenIssuer

_GUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class SecretsFile:
    """DIR/secrets.txt: every secret known or issued, one a line, for the tests that search logs for them.

    $SE_SECRETS_FILE collects the same over a whole test run.
    """

    def __init__(self, path):
        self._log = LineLog(path, 0o600)
        run = os.environ.get("SE_SECRETS_FILE")
        self._run = LineLog(run, 0o600) if run else None
        with open(path, encoding="utf-8") as file:
            self._known = set(file.read().splitlines())

    def learn(self, secret):
        if secret not in self._known:
            self._known.add(secret)
            self._log.line(secret)
            if self._run:
                self._run.line(secret)


class Tenant:
    """All that the endpoints share, and the way of a request through it."""

    def __init__(self, directory_path, apps_file):
        def inside(name):
            return os.path.join(directory_path, name)
        self.secrets = SecretsFile(inside("secrets.txt"))
        self.signing_key = pki.prepare(directory_path)
        self.clock, self.faults = Clock(), Faults()
        self.people = People(self.secrets.learn)
        self.directory = Directory(inside("apps.json"), apps_file, self.secrets.learn)
        self.issuer = TokenIssuer(self.signing_key, pki.load_symmetric_key(directory_path), self.clock,
                                  self.secrets.learn, LineLog(inside("opaque_tokens.jsonl"), 0o600))
        self.log = RequestLog(LineLog(inside("requests.jsonl")))
        self.last_use = {}  # refresh token id: when it was used last
        self.used_assertions = set()  # (client id, jti)
        self.federated_issuer = FederatedIssuer(directory_path, self.clock)
        # asyncio's own complaints go there too.
        logging.basicConfig(filename=inside("tenant.log"), format="%(asctime)s %(name)s: %(message)s")
        self.server = HttpServer(self.handle, self.clock)

    def handle(self, request):
        if request.path.startswith("/_control/"):
            return control.handle(self, request)
        context = router.Context(self, request)
        form = context.form or {}
        for name in ("client_assertion", "code_verifier"):
            if form.get(name):
                self.secrets.learn(form[name])
        rule = self.faults.take(request.path, form.get("grant_type", ""), form.get("client_id", ""))
        action = rule["action"] if rule else {}
        trace_id = entra_errors.new_id()
        correlation_id = request.headers.get("client-request-id", "")
        if not _GUID.fullmatch(correlation_id):
            correlation_id = entra_errors.new_id()
        context.trace_id, context.correlation_id = trace_id, correlation_id
        outcome, number = "ok", None
        if faults.replaces_answer(action):
            response, outcome = faults.verbatim_answer(action), f"http-{action.get('status', 200)}"
        else:
            try:
                response = self._genuine(context, action)
                if response.status != 200:
                    outcome = f"http-{response.status}"
            except EntraError as problem:
                number, outcome = problem.number, str(problem)
                status, members = entra_errors.error_answer(problem, self.clock.now(), trace_id, correlation_id)
                response = router.error_response(problem, int(action.get("status", status)), members)
            own = {name.lower() for name, _ in response.headers}
            response.headers += [(name, value) for name, value in self._headers(request, trace_id, correlation_id)
                                 if name.lower() not in own] + faults.header_list(action)
        response.delivery = faults.delivery(action, len(response.body))
        self.log.add(request, context.form, context.malformed, outcome, number, rule and rule["label"], trace_id,
                     correlation_id)
        return response

    def _genuine(self, context, action):
        """The answer of the endpoint itself, with the changes a fault rule wants in it."""
        if "aadsts" in action:
            raise EntraError(int(action["aadsts"]))
        endpoint = router.find(context.request.path)
        if endpoint is None:
            return Response(404)
        answer = endpoint(context)
        if isinstance(answer, Response):  # a page, a redirect
            return answer
        members = faults.override_members(action, answer)
        for name in ("access_token", "refresh_token", "id_token", "device_code"):
            if isinstance(members.get(name), str) and members[name]:
                self.secrets.learn(members[name])
        return Response(200, body=router.json_bytes(members))

    @staticmethod
    def _headers(request, trace_id, correlation_id):
        headers = [
            ("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache"),
            ("Content-Type", "application/json; charset=utf-8"), ("Expires", "-1"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ("X-Content-Type-Options", "nosniff"), ("x-ms-request-id", trace_id),
            ("x-ms-ests-server", "2.1.22222.5 - NEULR1 ProdSlices"), ("x-ms-srs", "1.P"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
            ("Set-Cookie", "x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly"),
            ("Set-Cookie", "stsservicecookie=estsfd; path=/; secure; samesite=none; httponly")]
        if request.headers.get("return-client-request-id", "").lower() == "true":
            headers.append(("client-request-id", correlation_id))
        return headers


def tls_context(directory):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(os.path.join(directory, "server.pem"), os.path.join(directory, "server.key"))
    return context


async def serve(options):
    tenant = Tenant(options.dir, options.apps)
    port = await tenant.server.start("127.0.0.1", options.port, tls_context(options.dir))
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    authority = f"https://localhost:{port}"
    ready_file = os.path.join(options.dir, "tenant.json")
    write_json_atomically(ready_file, {"port": port, "pid": os.getpid(), "authority": authority,
                                       "ca": os.path.abspath(os.path.join(options.dir, "ca.pem"))})
    print(f"tenant: ready at {authority}", flush=True)
    await stopped.wait()
    await tenant.server.stop()
    os.unlink(ready_file)


def main():
    parser = argparse.ArgumentParser(description="A stand-in for Entra ID.")
    parser.add_argument("--dir", required=True, help="where keys, logs and the ready file live")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free port")
    parser.add_argument("--apps", help="the directory to start with: a JSON file")
    options = parser.parse_args()
    os.makedirs(options.dir, exist_ok=True)
    # Tests open many connections at once; the default soft limit can be low.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard > 0 else 65536, hard))
    asyncio.run(serve(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
