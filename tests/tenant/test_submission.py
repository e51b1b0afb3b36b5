#!/usr/bin/python3
"""Tests of the stand-in submission server as Exchange Online, through smtplib and the stand-in tenant's tokens."""

import base64
import hashlib
import smtplib
import socket
import ssl
import sys
import time

import tap

tap.need("cryptography", "jwt", "requests")
from submission_case import MAILBOX, MESSAGE, RELAY, SCANNER, SubmissionCase


class ExchangeTest(SubmissionCase):
    def test_offer(self):
        """AUTH is offered after STARTTLS only; before it AUTH is 504 and MAIL is 530"""
        smtp = self.connect(tls=False)
        self.assertFalse(smtp.has_extn("auth"))
        self.assertEqual(smtp.docmd("AUTH", "XOAUTH2")[0], 504)
        self.assertEqual(smtp.docmd("MAIL", "FROM:<a@b.c>")[0], 530)
        smtp = self.connect()
        self.assertEqual(smtp.esmtp_features["auth"].split(), ["LOGIN", "XOAUTH2"])
        self.assertFalse(smtp.has_extn("starttls"))
        self.assertEqual(smtp.docmd("AUTH", "PLAIN")[0], 504)
        self.assertRegex(smtp.docmd("MAIL", "FROM:<a@b.c>")[1].decode(), "^5.7.57 ")

    def test_deliver(self):
        """a message goes through with a token, with and without initial response, and arrives as it was"""
        for initial in (True, False):
            token = self.app_token()
            smtp = self.connect()
            self.assertEqual(self.authenticate(smtp, token, initial=initial), (235, "2.7.0 Authentication successful"))
            smtp.sendmail(MAILBOX, ["anna@contoso.com", "b@example.org"], MESSAGE)
            smtp.quit()
            delivery, attempt = self.last("deliveries.jsonl"), self.last("auth.jsonl")
            with open(self.server.path(delivery["file"]), "rb") as file:
                self.assertEqual(file.read(), MESSAGE)
            self.assertEqual((delivery["user"], delivery["mail_from"], delivery["rcpt_to"], delivery["appid"]),
                             (MAILBOX, MAILBOX, ["anna@contoso.com", "b@example.org"], RELAY))
            self.assertEqual((delivery["mechanism"], delivery["message_id"]), ("XOAUTH2", "<one@contoso.com>"))
            print_ = hashlib.sha256(token.encode()).hexdigest()[:8]
            self.assertEqual((delivery["fingerprint"], attempt["fingerprint"]), (print_, print_))
            self.assertEqual((attempt["initial_response"], attempt["outcome"]), (initial, "ok"))

    def test_no_secret_in_logs(self):
        """no log holds a token"""
        token = self.app_token()
        for initial in (True, False):
            self.authenticate(self.connect(), token, initial=initial)
        encoded = base64.b64encode(self.xoauth2(MAILBOX, token).encode()).decode()
        for name in ("auth.jsonl", "smtp.log", "submission.log"):
            text = self.server.text(name)
            self.assertNotIn(token[-100:], text)
            self.assertNotIn(encoded[-100:], text)

    def test_long_lines(self):
        """AUTH lines of 12 kB are read; endless ones are not"""
        code, _ = self.authenticate(self.connect(), "x" * 8900)
        self.assertEqual((code, self.last("auth.jsonl")["initial_length"] > 11900), (535, True))
        smtp = self.connect()
        self.assertEqual(smtp.docmd("AUTH", "XOAUTH2 " + "A" * 20000)[0], 500)

    def test_challenge_is_empty(self):
        """without initial response the challenge is empty, and "*" cancels"""
        smtp = self.connect()
        self.assertEqual(smtp.docmd("AUTH", "XOAUTH2"), (334, b""))
        self.assertEqual(smtp.docmd("*")[0], 501)

    def test_bad_tokens(self):
        """what is wrong with a token is 535 5.7.3: signature, time, audience"""
        refused = r"535 5\.7\.3 Authentication unsuccessful \[.+\]$"
        token = self.app_token()
        self.assert_refused(token[:-8] + "AAAAAAAA", refused)
        self.assert_refused("noise", refused)
        self.assert_refused(self.app_token("https://graph.microsoft.com/.default"), refused)
        self.tenant.control("clock", {"offset": -4000})
        self.assert_refused(self.app_token(), refused)
        self.tenant.control("clock", {"offset": 4000})
        self.assert_refused(self.app_token(), refused)
        self.tenant.control("clock", {"offset": 0})
        self.server.write("control.json", {"clock_offset": 4000})
        self.assert_refused(token, refused)
        self.assertIn("expired", self.last("auth.jsonl")["reason"])

    def test_malformed(self):
        """malformed XOAUTH2 is refused"""
        for message in ("user=a\x01auth=Bearer x\x01", "auth=Bearer x\x01\x01", "user=a\x01auth=bearer x\x01\x01",
                        "user=a\nb\x01auth=Bearer x\x01\x01"):
            code, _ = self.connect().docmd("AUTH", "XOAUTH2 " + base64.b64encode(message.encode()).decode())
            self.assertEqual(code, 535, message)
        self.assertEqual(self.connect().docmd("AUTH", "XOAUTH2 !!!")[0], 535)

    def test_app_rights(self):
        """app-only: mailbox permission and role, or RBAC without the role"""
        token = self.app_token()
        for entry, code in (({"apps": ["*"]}, 235), ({"apps": []}, 535), ({}, 535), ({"rbac": True}, 535)):
            self.mailboxes(entry)
            self.assertEqual(self.authenticate(self.connect(), token)[0], code, entry)
        without = self.app_token(roles=None)
        for entry, code in (({"apps": ["*"]}, 535), ({"rbac": True}, 235), ({"rbac": [RELAY]}, 235),
                            ({"rbac": [SCANNER]}, 535)):
            self.mailboxes(entry)
            self.assertEqual(self.authenticate(self.connect(), without)[0], code, entry)

    def test_patterns(self):
        """*@domain and * name mailboxes; the most exact entry holds"""
        token = self.app_token()
        self.mailboxes({"apps": []}, **{"*@contoso.com": {"apps": [RELAY]}, "*": {"apps": []}})
        for user, code in ((MAILBOX, 535), ("other@contoso.com", 235), ("other@example.com", 535)):
            self.assertEqual(self.authenticate(self.connect(), token, user)[0], code, user)

    def test_delegated(self):
        """delegated: the user's own mailbox, or a right on another, and the scope"""
        token = self.user_token()
        self.mailboxes({"users": []}, **{"anna@contoso.com": {}})
        for user, code in (("anna@contoso.com", 235), ("Anna@Contoso.com", 235), (MAILBOX, 535)):
            self.assertEqual(self.authenticate(self.connect(), token, user)[0], code, user)
        self.mailboxes({"users": ["anna@contoso.com"]})
        self.assertEqual(self.authenticate(self.connect(), token)[0], 235)
        imap = self.user_token(scope="https://outlook.office.com/IMAP.AccessAsUser.All")
        self.assertEqual(self.authenticate(self.connect(), imap)[0], 535)

    def test_personal(self):
        """the opaque tokens of personal accounts work"""
        self.mailboxes({}, **{"someone@outlook.com": {}})
        token = self.user_token("someone@outlook.com", "consumers")
        self.assertEqual(self.authenticate(self.connect(), token, "someone@outlook.com")[0], 235)

    def test_switches(self):
        """SMTP AUTH off for the tenant or the mailbox; the mailbox's own setting wins"""
        token = self.app_token()
        self.mailboxes({"apps": ["*"], "smtp_auth_disabled": True})
        self.assert_refused(token, r"535 5\.7\.139 .+disabled for the Mailbox")
        self.mailboxes({"apps": ["*"]}, tenant={"smtp_auth_disabled": True})
        self.assert_refused(token, r"535 5\.7\.139 .+disabled for the Tenant")
        self.mailboxes({"apps": ["*"], "smtp_auth_disabled": False}, tenant={"smtp_auth_disabled": True})
        self.assert_refused(token, "235")

    def test_send_as(self):
        """a foreign sender is SendAsDenied after the data, unless send_as allows it"""
        token = self.app_token()
        for sender, header, allowed, code in ((MAILBOX, MAILBOX, [], None), ("root@host", MAILBOX, [], 554),
                                              (MAILBOX, "root@host", [], 554), ("root@host", "root@host", ["*@host"],
                                                                                 None), ("", MAILBOX, [], 554)):
            self.mailboxes({"apps": ["*"], "send_as": allowed})
            smtp = self.connect()
            self.authenticate(smtp, token)
            try:
                smtp.sendmail(sender, ["a@b.c"], f"From: {header}\r\n\r\nx\r\n")
                self.assertIsNone(code)
            except smtplib.SMTPDataError as error:
                self.assertEqual(error.smtp_code, code)
                self.assertIn(b"5.2.252 SendAsDenied", error.smtp_error)
            smtp.quit()

    def test_concurrency(self):
        """the fourth session of a mailbox is 432 4.3.2; a place is free again when one ends"""
        token = self.app_token()
        sessions = [self.connect() for _ in range(4)]
        self.assertEqual([self.authenticate(s, token)[0] for s in sessions], [235, 235, 235, 432])
        sessions[0].quit()
        self.assertEqual(self.authenticate(self.connect(), token)[0], 235)

    def test_control(self):
        """forced replies to AUTH, MAIL and DATA, counted; delay; drop"""
        token = self.app_token()
        self.server.write("control.json", {"auth": {"reply": "535 5.7.139 Forced", "count": 1}})
        self.assertEqual([self.authenticate(self.connect(), token)[0] for _ in range(2)], [535, 235])
        self.server.write("control.json", {"mail": {"reply": "451 4.7.0 Forced", "count": 1},
                                           "data": {"reply": "430 4.2.0 Forced"}})
        smtp = self.connect()
        self.authenticate(smtp, token)
        with self.assertRaises(smtplib.SMTPSenderRefused):
            smtp.sendmail(MAILBOX, ["a@b.c"], MESSAGE)
        with self.assertRaises(smtplib.SMTPDataError):
            smtp.sendmail(MAILBOX, ["a@b.c"], MESSAGE)
        self.server.write("control.json", {"auth": {"delay": 0.4, "drop": True}})
        start, smtp = time.monotonic(), self.connect()
        self.assertEqual(self.authenticate(smtp, token)[0], 235)
        self.assertGreater(time.monotonic() - start, 0.4)
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            smtp.noop()
        self.server.write("control.json", {"auth": {"reply": "334 c3RhbGU="}})
        self.assertEqual(self.authenticate(self.connect(), token)[0], 535)
        self.assertEqual(self.last("auth.jsonl")["challenge_answer"], "")

    def test_basic_is_off(self):
        """LOGIN is offered as Exchange does, but refused"""
        with self.assertRaises(smtplib.SMTPAuthenticationError) as caught:
            self.connect().login("a", "b")
        self.assertIn(b"5.7.139", caught.exception.smtp_error)

    def test_injection(self):
        """commands sent in the clear behind STARTTLS are not executed"""
        raw = socket.create_connection(("127.0.0.1", self.server.port))
        self.addCleanup(raw.close)
        raw.recv(1000)
        raw.sendall(b"EHLO x\r\n")
        raw.recv(1000)
        raw.sendall(b"STARTTLS\r\nNOOP\r\n")
        raw.recv(1000)
        tls = ssl.create_default_context(cafile=self.tenant.ca).wrap_socket(raw, server_hostname="localhost")
        self.addCleanup(tls.close)
        tls.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            tls.recv(1000)

    def test_big_message(self):
        """a message of 3 MB arrives whole; one over the announced size is refused"""
        body = MESSAGE + b"0123456789abcdef\r\n.dot\r\n" * 120000
        smtp = self.connect()
        self.authenticate(smtp, self.app_token())
        smtp.sendmail(MAILBOX, ["a@b.c"], body)
        with open(self.server.path(self.last("deliveries.jsonl")["file"]), "rb") as file:
            self.assertEqual(file.read(), body)
        self.assertEqual(smtp.docmd("MAIL", f"FROM:<{MAILBOX}> SIZE=999999999")[0], 552)


if __name__ == "__main__":
    sys.exit(tap.main())
