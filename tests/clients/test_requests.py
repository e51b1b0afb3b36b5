#!/usr/bin/python3
"""Microsoft's own clients and sasl-entra sign in at the same tenant; what they send is compared to the letter."""

import os
import shutil
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("top_srcdir") or os.path.join(HERE, "..", "..")
sys.path[:0] = [HERE, os.path.join(SOURCE, "tests", "tenant")]
ENVIRONMENT = dict(os.environ)  # npm's: what follows knows nothing of a proxy

import tap  # noqa: E402

tap.need("cryptography", "jwt", "msal", "requests")
for needed in ("SE_STAGE", "top_builddir"):
    if needed not in os.environ:
        print(f"Bail out! {needed} is not set: run this by `make check-hosts`")
        sys.exit(1)

import differences  # noqa: E402
import jobs  # noqa: E402
import seen  # noqa: E402
import theirs  # noqa: E402
from assertion_case import Credential  # noqa: E402
from ours import Ours  # noqa: E402
from standins import TenantStandIn  # noqa: E402
from tenant_case import RELAY  # noqa: E402

PROGRAM = os.path.join(os.environ["SE_STAGE"], "bin", "sasl-entra")


def shown(aspect, pair):
    return f"{aspect}: ours {pair[0]!r}, theirs {pair[1]!r}"


class Requests(unittest.TestCase):
    node = None  # where msal-node is installed

    @classmethod
    def setUpClass(cls):
        cls.tenant = TenantStandIn()
        cls.addClassCleanup(cls.tenant.stop)
        cls.certificate = Credential()
        cls.tenant.control("apps", {
            "apps": [{"client_id": RELAY, "certificates": [{"pem": cls.certificate.certificate}]}],
            "device": {"interval": 1, "slow_down": False}})

    def one(self, name, job, client):
        """The requests of one client for that sign-in: {request: aspects}."""
        self.tenant.control("reset", {})
        client.run(job, jobs.Person(self.tenant))
        found, others = jobs.sort(name, self.tenant.control("requests"))
        self.assertEqual(sorted(found), sorted(jobs.REQUESTS[name]), f"{client.name} asked for other things")
        secrets = [job[key] for key in ("secret", "refresh_token") if key in job]
        result = {request: seen.aspects(record, self.tenant.authority, secrets) for request, record in found.items()}
        if others:
            result[jobs.REQUESTS[name][0]]["other requests"] = ", ".join(others)
        return result

    def compare(self, name):
        place = tempfile.mkdtemp(prefix="sasl-entra-")
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        job = jobs.make(name, self.tenant, self.certificate)
        ours = self.one(name, job, Ours(PROGRAM, self.tenant, place))
        for client in (theirs.Python(self.tenant), theirs.Node(self.tenant, self.node)):
            others = self.one(name, job, client)
            for request in jobs.REQUESTS[name]:
                with self.subTest(request=request, client=client.name):
                    self.judge(differences.allowed(request, client.name),
                               seen.differences(ours[request], others[request]))

    def judge(self, allowed, found):
        """Every difference must be in the table as it is, and every one in the table must be there."""
        wrong = [shown(aspect, pair) for aspect, pair in found.items()
                 if aspect not in allowed or not allowed[aspect].fits(*pair)]
        gone = [f"{aspect}: in the table, but there is no such difference" for aspect in set(allowed) - set(found)]
        if wrong or gone:
            self.fail("\n" + "\n".join(wrong + gone))

    def test_secret(self):
        """an app with a client secret"""
        self.compare("secret")

    def test_certificate(self):
        """an app with a certificate: what the assertion says, too"""
        self.compare("certificate")

    def test_device(self):
        """a person, by device code: the first request and the poll that ends it"""
        self.compare("device")

    def test_code(self):
        """a person, by browser: the address, and the redemption of the code"""
        self.compare("code")

    def test_refresh(self):
        """a refresh token of a public client"""
        self.compare("refresh")

    def test_refresh_secret(self):
        """a refresh token of a client with a secret"""
        self.compare("refresh-secret")


def main():
    try:
        Requests.node = theirs.Node.install(os.environ["top_builddir"], ENVIRONMENT)
    except theirs.CannotRun as problem:
        first, *rest = str(problem).splitlines()
        print("\n".join(f"# {line}" for line in rest))
        print(f"Bail out! {first}")
        return 1
    return tap.main()


if __name__ == "__main__":
    sys.exit(main())
