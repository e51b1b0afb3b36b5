#!/usr/bin/python3
"""Tests of the stand-in tenant as a server: faults on demand, load, logs, its end."""

import concurrent.futures
import http.client
import os
import ssl
import stat
import sys
import threading
import time
import unittest
from urllib.parse import urlencode

import tap

tap.need("cryptography", "jwt", "requests")
import requests

from standins import TenantStandIn
from tenant_case import APP_SCOPE, RELAY, SCANNER, SECRET, USER_SCOPE, TenantCase


class FaultTest(TenantCase):
    def fault(self, action, **rule):
        self.tenant.control("fault", {"action": action, **rule})

    def test_verbatim(self):
        """status, headers and body verbatim, for a count of requests"""
        self.fault({"status": 429, "headers": {"Retry-After": "60", "Content-Type": "text/plain"},
                    "body": "Too Many Requests"}, count=2, match={"grant": "client_credentials"})
        for _ in range(2):
            answer = self.app_token()
            self.assertEqual((answer.status_code, answer.text, answer.headers["Retry-After"]),
                             (429, "Too Many Requests", "60"))
        self.assertEqual(self.app_token().status_code, 200)

    def test_redirect(self):
        """redirects to anywhere"""
        self.fault({"status": 307, "headers": {"Location": "http://localhost:1/x"}})
        self.assertEqual(self.app_token().headers["Location"], "http://localhost:1/x")

    def test_match_and_skip(self):
        """rules match by path, grant and client, and can let some pass first"""
        self.fault({"status": 500}, match={"client_id": SCANNER}, count=-1)
        self.fault({"status": 503}, match={"path": "/contoso.com/"}, skip=1)
        self.assertEqual([self.app_token().status_code for _ in range(3)], [200, 503, 200])
        self.assertEqual([self.refresh(self.mint()).status_code for _ in range(2)], [500, 500])

    def test_aadsts(self):
        """any AADSTS error on demand, also with another status and Retry-After"""
        self.fault({"aadsts": 50196})
        self.assert_error(self.app_token(), 50196, "invalid_grant", 400)
        self.fault({"aadsts": 90055, "headers": {"Retry-After": "7"}})
        self.assertEqual(self.app_token().headers["Retry-After"], "7")

    def test_override(self):
        """members of the success answer changed or removed"""
        self.fault({"override": {"expires_in": "3599", "ext_expires_in": None, "refresh_in": 2 ** 33}})
        answer = self.app_token().json()
        self.assertEqual((answer["expires_in"], answer["refresh_in"]), ("3599", 2 ** 33))
        self.assertNotIn("ext_expires_in", answer)

    def test_broken_connections(self):
        """close, reset, cut, wrong length"""
        for action in ({"close": True}, {"reset": True}, {"cut": True}, {"cut": 0}, {"content_length": 100000}):
            with self.subTest(action=action):
                self.tenant.http.close()  # no connection of the round before
                self.fault(action)
                with self.assertRaises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
                    answer = self.app_token()
                    if len(answer.content) < int(answer.headers["Content-Length"]):
                        raise requests.ConnectionError("short")
        self.tenant.http.close()
        self.fault({"content_length": 20})
        self.assertEqual(len(self.app_token().content), 20)

    def test_bodies(self):
        """garbage and huge bodies"""
        self.fault({"garbage": True})
        with self.assertRaises(ValueError):
            self.app_token().json()
        self.fault({"body_size": 3000000})
        self.assertEqual(len(self.app_token().content), 3000000)

    def test_slow(self):
        """delay and drip"""
        self.fault({"delay": 0.5})
        start = time.monotonic()
        self.assertEqual(self.app_token().status_code, 200)
        self.assertGreater(time.monotonic() - start, 0.5)
        self.fault({"drip": 4000})
        start = time.monotonic()
        self.assertEqual(self.app_token().status_code, 200)
        self.assertGreater(time.monotonic() - start, 0.5)

    def test_misspelt(self):
        """a misspelt rule is refused, not ignored"""
        for rule in ({"action": {"statsu": 1}}, {"match": {"pth": "x"}, "action": {}}, {"actions": {}}):
            with self.assertRaises(RuntimeError):
                self.tenant.control("fault", rule)


class ServerTest(TenantCase):
    def test_concurrent(self):
        """200 requests at the same time"""
        self.tenant.control("fault", {"action": {"delay": 2}, "count": -1, "match": {"path": "/token"}})
        context = ssl.create_default_context(cafile=self.tenant.ca)
        together = threading.Barrier(200)

        def one(_):
            connection = http.client.HTTPSConnection("localhost", self.tenant.ready["port"], context=context,
                                                     timeout=60)
            connection.connect()
            together.wait(60)
            connection.request("POST", "/contoso.com/oauth2/v2.0/token", urlencode(self.app_form()),
                               {"Content-Type": "application/x-www-form-urlencoded"})
            status = connection.getresponse().status
            connection.close()
            return status
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            self.assertEqual(set(pool.map(one, range(200))), {200})
        stats = self.tenant.control("stats")
        self.assertEqual((stats["by_grant"], stats["by_outcome"]), ({"client_credentials": 200}, {"ok": 200}))
        self.assertGreater(stats["concurrent_max"], 100)

    def test_keep_alive(self):
        """many requests on one connection"""
        context = ssl.create_default_context(cafile=self.tenant.ca)
        connection = http.client.HTTPSConnection("localhost", self.tenant.ready["port"], context=context)
        self.addCleanup(connection.close)
        for path in ("/contoso.com/discovery/v2.0/keys", "/nothing", "/contoso.com/discovery/v2.0/keys"):
            connection.request("GET", path)
            used = connection.sock
            connection.getresponse().read()
            self.assertIs(connection.sock, used)

    def test_stats(self):
        """counts by path, grant and outcome; control calls are not counted"""
        self.app_token()
        self.app_token(client_secret="wrong")
        stats = self.tenant.control("stats")
        self.assertEqual(stats["total"], 2)
        self.assertEqual(stats["by_outcome"], {"ok": 1, "AADSTS7000215": 1})
        for query, expected in (("count", "2\n"), ("count?grant=client_credentials&outcome=ok", "1\n"),
                                ("count?outcome=AADSTS1", "0\n"), ("stats?only=total", "2\n")):
            self.assertEqual(self.tenant.http.get(f"{self.tenant.authority}/_control/{query}").text, expected)

    def test_logs(self):
        """the request log shows no secret; secrets.txt knows them all"""
        token = self.app_token(x_extra="seen").json()["access_token"]
        refresh = self.mint()
        new = self.refresh(refresh).json()
        log, secrets = self.tenant.text("requests.jsonl"), self.tenant.text("secrets.txt").splitlines()
        for secret in (SECRET, token, refresh, new["access_token"], new["refresh_token"]):
            self.assertNotIn(secret, log)
            self.assertIn(secret, secrets)
        entry = [line for line in self.tenant.lines("requests.jsonl") if "x_extra" in (line["form"] or {})][-1]
        self.assertRegex(entry["form"]["client_secret"], "^sha256:[0-9a-f]{8}$")
        self.assertEqual((entry["form"]["x_extra"], entry["outcome"]), ("seen", "ok"))
        self.assertEqual(entry["spelling"]["scope"].replace("%3A", ":").replace("%2F", "/"), entry["form"]["scope"])
        self.assertRegex(entry["spelling"]["client_secret"], "^sha256:[0-9a-f]{8}$")
        for name in ("secrets.txt", "ca.key", "server.key", "signing.key", "apps.json", "grant.key"):
            self.assertEqual(stat.S_IMODE(os.stat(self.tenant.path(name)).st_mode), 0o600, name)
        self.assertEqual(self.tenant.text("tenant.log"), "")


class LifeTest(unittest.TestCase):
    def test_restart(self):
        """SIGTERM ends it cleanly; a restart knows directory, keys and refresh tokens"""
        first = TenantStandIn()
        self.addCleanup(first.stop)
        secret = "another+secret"
        first.control("apps", {"apps": [{"client_id": RELAY, "secrets": [{"value": secret}]}]})
        refresh = first.control("mint_refresh_token", {"client_id": SCANNER, "upn": "anna@contoso.com",
                                                       "scope": USER_SCOPE})["refresh_token"]
        keys = first.text("jwks.json")
        status, output = first.terminate()
        self.assertEqual((status, output.count("\n")), (0, 1))
        self.assertFalse(os.path.exists(first.path("tenant.json")))
        second = TenantStandIn("--port", str(first.ready["port"]), directory=first.directory)
        self.addCleanup(second.stop)
        self.assertEqual((second.text("jwks.json"), second.authority), (keys, first.authority))
        self.assertEqual(second.ask_token(grant_type="client_credentials", client_id=RELAY, client_secret=secret,
                                          scope=APP_SCOPE).status_code, 200)
        self.assertEqual(second.ask_token(grant_type="refresh_token", client_id=SCANNER,
                                          refresh_token=refresh).status_code, 200)


if __name__ == "__main__":
    sys.exit(tap.main())
