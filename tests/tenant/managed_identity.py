#!/usr/bin/python3
"""A stand-in for the endpoints that give managed identities their tokens. See README.md."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from urllib.parse import parse_qsl

import control
import faults
from arc_keys import WISHES, ArcKeys
from faults import BadRule, Faults
from http_server import HttpServer, Response
from identities import Identities
from identity_endpoints import EXPIRES_ON_FORMS, KINDS
from identity_tokens import IdentityTokenIssuer
from plumbing import LineLog, write_json_atomically
from request_log import RequestLog
from tenant import SecretsFile
from tokens import Clock

ACTIONS = faults.ACTIONS - {"aadsts"} | {"challenge", "expires_on_form", "ignore_selector"}


class IdentityFaults(Faults):
    def __init__(self):
        super().__init__(ACTIONS)

    def add(self, given):
        for rule in given if isinstance(given, list) else [given]:
            action = rule.get("action", {})
            if set(action.get("challenge", {})) - WISHES:
                raise BadRule(f"a challenge has {', '.join(sorted(WISHES))}")
            if action.get("expires_on_form", "string") not in EXPIRES_ON_FORMS:
                raise BadRule(f"expires_on_form is one of {', '.join(sorted(EXPIRES_ON_FORMS))}")
        super().add(given)


class ManagedIdentity:
    """All that the endpoint needs, and the way of a request through it."""

    def __init__(self, options):
        def inside(name):
            return os.path.join(options.dir, name)
        # One file for all secrets of a run: the tenant's.
        secrets = SecretsFile(os.path.join(options.tenant, "secrets.txt"))
        secrets.learn(options.identity_header)
        self.clock, self.faults = Clock(), IdentityFaults()
        self.identities = Identities(os.path.join(options.tenant, "apps.json"))
        self.issuer = IdentityTokenIssuer(options.tenant, self.clock, secrets.learn)
        self.identity_header = options.identity_header
        self.arc_keys = ArcKeys(options.token_dir, options.token_group, secrets.learn)
        self.log = RequestLog(LineLog(inside("requests.jsonl")))
        logging.basicConfig(filename=inside("managed_identity.log"), format="%(asctime)s %(name)s: %(message)s")
        self._endpoint = KINDS[options.kind]
        self.server = HttpServer(self.handle, self.clock)

    def handle(self, request):
        if request.path.startswith("/_control/"):
            return control.handle(self, request, CONTROL)
        pairs = parse_qsl(request.query, keep_blank_values=True)
        query = dict(pairs)
        rule = self.faults.take(request.path, "", query.get("client_id", ""))
        action = rule["action"] if rule else {}
        if faults.replaces_answer(action):
            response = faults.verbatim_answer(action)
        else:
            response = self._genuine(request, query, len(query) < len(pairs), action)
            response.headers += faults.header_list(action)
        response.delivery = faults.delivery(action, len(response.body))
        outcome = "ok" if response.status == 200 else f"http-{response.status}"
        self.log.add(request, query, None, outcome, None, rule and rule["label"], None, None)
        return response

    def _genuine(self, request, query, repeated, action):
        if request.path != self._endpoint.path:
            return Response(404)
        if request.method != "GET":
            return Response(405, [("Allow", "GET")])
        if repeated:
            return Response(400)
        return self._endpoint(self, request, query, action).answer()


CONTROL = {call: verb for call, verb in control.ROUTES.items()
           if call[1] in ("clock", "fault", "stats", "count", "reset")}


async def serve(options):
    service = ManagedIdentity(options)
    address, _, port = options.listen.rpartition(":")
    port = await service.server.start(address, int(port), None)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    url = f"http://{address}:{port}"
    ready_file = os.path.join(options.dir, "managed_identity.json")
    write_json_atomically(ready_file, {"url": url, "endpoint": url + KINDS[options.kind].path, "kind": options.kind,
                                       "pid": os.getpid()})
    print(f"managed identity: ready at {url}", flush=True)
    await stopped.wait()
    await service.server.stop()
    service.arc_keys.remove_all()
    os.unlink(ready_file)


def main():
    parser = argparse.ArgumentParser(description="A stand-in for the token endpoints of Azure's machines.")
    parser.add_argument("--dir", required=True, help="where the log and the ready file live")
    parser.add_argument("--tenant", required=True, help="the directory of a tenant.py that runs or has run")
    parser.add_argument("--kind", choices=sorted(KINDS), default="imds")
    parser.add_argument("--listen", default="127.0.0.1:0", help="ADDRESS:PORT; port 0 takes a free one")
    parser.add_argument("--identity-header", default="853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a",
                        help="App Service: what X-IDENTITY-HEADER must be")
    parser.add_argument("--token-dir", default="/var/opt/azcmagent/tokens", help="Arc: where the key files go")
    parser.add_argument("--token-group", help="Arc: the group of the key files (Azure's is himds)")
    options = parser.parse_args()
    if not os.path.exists(os.path.join(options.tenant, "apps.json")):
        print(f"managed_identity.py: no tenant has run in {options.tenant}", file=sys.stderr)
        return 1
    os.makedirs(options.dir, exist_ok=True)
    asyncio.run(serve(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
