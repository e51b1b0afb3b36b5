#!/usr/bin/python3
"""The transcript of tests/live: what is replaced in it, and what keeps it from being written at all."""

import base64
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tenant"))
import tap

NAMES = ("mia@tailspin.example\tanna@contoso.com\tSE_LIVE_PERSON\n"
         "tailspin.example\tcontoso.com\tthe domain of SE_LIVE_PERSON\n"
         "contoso.com\tcontoso.com\tSE_LIVE_TENANT\n")
SECRET = "Qx9~secret+/value=1"


class TranscriptTest(unittest.TestCase):
    def transcript(self, raw):
        with tempfile.TemporaryDirectory() as directory:
            paths = []
            for name, text in (("names", NAMES), ("secrets", SECRET + "\n"), ("raw", raw)):
                paths.append(os.path.join(directory, name))
                pathlib.Path(paths[-1]).write_text(text, encoding="utf-8")
            return subprocess.run([sys.executable, str(HERE / "transcript.py"), *paths], check=False,
                                  capture_output=True, text=True)

    def refused(self, raw, whence):
        done = self.transcript(raw)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(whence, done.stderr)
        self.assertNotIn(SECRET, done.stderr)
        self.assertNotIn("tailspin", done.stderr)

    def test_replaced(self):
        """names are replaced, in any capitals, the longest first; trace ids stay"""
        done = self.transcript("Mia@Tailspin.Example of TAILSPIN.example, contoso.com: "
                               "trace 1dc391b9-40e1-4c06-96a1-e35ffce17c15\n")
        self.assertEqual(done.stdout, "anna@contoso.com of contoso.com, contoso.com: "
                         "trace 1dc391b9-40e1-4c06-96a1-e35ffce17c15\n")

    def test_tokens(self):
        """what looks like a token is replaced, whoever's it is"""
        token = "eyJ0eXAiOiJKV1QifQ.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
        response = base64.b64encode(f"user=x\1auth=Bearer {token}\1\1".encode()).decode()
        done = self.transcript(f"a {token} b\nAUTHENTICATE XOAUTH2 {response}\n{'0.Ab-_' * 20}\n")
        self.assertEqual(done.stdout, "a <token> b\nAUTHENTICATE XOAUTH2 <token>\n<token>\n")

    def test_secret(self):
        """a secret is not replaced: there is no transcript"""
        self.refused(f"failed with {SECRET}\n", "a secret")

    def test_percent(self):
        """a percent-encoded name or secret"""
        self.refused("GET /?login=mia%40tailspin%2Eexample\n", "SE_LIVE_PERSON")
        self.refused("client_secret=Qx9%7Esecret%2B%2Fvalue%3D1\n", "a secret")

    def test_base64(self):
        """a name in base64, of either alphabet"""
        for name in ("mia@tailspin.example", "user=mia@tailspin.example"):
            self.refused("AUTH " + base64.b64encode(name.encode()).decode() + "\n", "SE_LIVE_PERSON")
            self.refused("AUTH " + base64.urlsafe_b64encode(name.encode()).decode().rstrip("=") + "\n",
                         "SE_LIVE_PERSON")

    def test_wrapped(self):
        """a name or secret that is wrapped over two lines"""
        self.refused("   | to mia@tail\n   | spin.example\n", "SE_LIVE_PERSON")
        self.refused(f"   | {SECRET[:8]}\n   | {SECRET[8:]}\n", "a secret")


if __name__ == "__main__":
    sys.exit(tap.main())
