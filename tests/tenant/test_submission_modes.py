#!/usr/bin/python3
"""Tests of the submission server's other manners: High Volume Email, Google, port 465, passwords, BDAT."""

import base64
import os
import smtplib
import socket
import ssl
import sys

import tap

tap.need("cryptography", "jwt", "requests")
from standins import SubmissionStandIn
from submission_case import MAILBOX, MESSAGE, SubmissionCase


class HveTest(SubmissionCase):
    arguments = ("--mode", "hve", "--max-connections", "0")

    def test_hve(self):
        """HVE: Mail.Send, and ten minutes left in the token"""
        self.assert_refused(self.app_token(roles=["Mail.Send"]), "235")
        self.assert_refused(self.app_token(token_lifetime=590), r"501 5\.5\.127 Invalid XOAUTH2 auth data - Token will")
        self.assert_refused(self.app_token(token_lifetime=3600, roles=["SMTP.SendAsApp"]), r"535 5\.7\.144 ")

    def test_sender(self):
        """HVE refuses a foreign sender at MAIL; it ignores the SMTP AUTH switch; no limit when 0"""
        self.mailboxes({"apps": ["*"], "smtp_auth_disabled": True})
        token = self.app_token(roles=["Mail.Send"])
        sessions = [self.connect() for _ in range(20)]
        self.assertEqual({self.authenticate(s, token)[0] for s in sessions}, {235})
        self.assertRegex(sessions[0].docmd("MAIL", "FROM:<root@host>")[1].decode(), r"^5\.7\.62 ")


class GoogleTest(SubmissionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.write("users.json", {"anna": "pass word"})
        google = SubmissionStandIn(cls.tenant, "--mode", "google", "--chunking", "--users",
                                   cls.server.path("users.json"))
        cls.addClassCleanup(google.stop)
        cls.server = google

    def test_error_challenge(self):
        """a bad token gets a JSON challenge, any answer, then 535"""
        smtp = self.connect()
        message = base64.b64encode(self.xoauth2(MAILBOX, "ya29.bad").encode()).decode()
        code, text = smtp.docmd("AUTH", "XOAUTH2 " + message)
        self.assertEqual((code, b'"status"' in base64.b64decode(text)), (334, True))
        self.assertEqual(smtp.docmd("")[0], 535)
        self.assertEqual(self.last("auth.jsonl")["challenge_answer"], "")

    def test_oauthbearer(self):
        """OAUTHBEARER: good, and bad with its 0x01"""
        for token, code in ((self.app_token(), 235), ("bad.bad.bad", 334)):
            message = f"n,a={MAILBOX},\x01host=localhost\x01port=587\x01auth=Bearer {token}\x01\x01"
            smtp = self.connect()
            self.assertEqual(smtp.docmd("AUTH", "OAUTHBEARER " + base64.b64encode(message.encode()).decode())[0], code)
        self.assertEqual(smtp.docmd("AQ==")[0], 535)
        self.assertEqual(self.last("auth.jsonl")["challenge_answer"], "AQ==")

    def test_passwords(self):
        """LOGIN and PLAIN really work where users are given"""
        for mechanism in ("auth_login", "auth_plain"):
            for password, code in (("pass word", 235), ("wrong", 535)):
                smtp = self.connect()
                smtp.user, smtp.password = "anna", password
                name = mechanism.removeprefix("auth_").upper()
                try:
                    got = smtp.auth(name, getattr(smtp, mechanism))[0]
                except smtplib.SMTPAuthenticationError as error:
                    got = error.smtp_code
                self.assertEqual(got, code, name)

    def test_chunking(self):
        """BDAT"""
        smtp = self.connect()
        self.assertTrue(smtp.has_extn("chunking"))
        self.authenticate(smtp, self.app_token())
        smtp.mail(MAILBOX)
        smtp.rcpt("a@b.c")
        smtp.send(b"BDAT 10\r\n" + MESSAGE[:10])
        self.assertEqual(smtp.getreply()[0], 250)
        smtp.send(b"BDAT %d LAST\r\n" % len(MESSAGE[10:]) + MESSAGE[10:])
        self.assertEqual(smtp.getreply()[0], 250)
        with open(self.server.path(self.last("deliveries.jsonl")["file"]), "rb") as file:
            self.assertEqual(file.read(), MESSAGE)


class WrapperTest(SubmissionCase):
    arguments = ("--wrapper", "--mechs", "PLAIN OAUTHBEARER")

    def test_wrapper(self):
        """TLS from the first byte; the list of mechanisms is what --mechs says"""
        smtp = smtplib.SMTP_SSL("localhost", self.server.port, timeout=20,
                                context=ssl.create_default_context(cafile=self.tenant.ca))
        self.addCleanup(smtp.close)
        smtp.ehlo()
        self.assertEqual(smtp.esmtp_features["auth"].split(), ["PLAIN", "OAUTHBEARER"])

    def test_end(self):
        """SIGTERM ends it cleanly, with a session open"""
        with socket.create_connection(("127.0.0.1", self.server.port)):
            other = SubmissionStandIn(self.tenant)
            self.addCleanup(other.stop)
            with socket.create_connection(("127.0.0.1", other.port)):
                self.assertEqual(other.terminate()[0], 0)
        self.assertFalse(os.path.exists(other.path("submission.json")))
        self.assertEqual(self.server.text("submission.log"), "")


if __name__ == "__main__":
    sys.exit(tap.main())
