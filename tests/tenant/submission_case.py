"""What the tests of the submission server have in common."""

import smtplib
import ssl
import unittest

from standins import SubmissionStandIn, TenantStandIn

RELAY = "00001111-aaaa-2222-bbbb-3333cccc4444"
SCANNER = "55556666-dddd-7777-eeee-8888ffff9999"
SECRET = "Zx8~+q/&k%=e 9=_relay.SECRET"
MAILBOX = "scanner@contoso.com"
MESSAGE = (b"From: Scanner <scanner@contoso.com>\r\nTo: anna@contoso.com\r\nMessage-ID: <one@contoso.com>\r\n"
           b"Subject: page\r\n\r\n.a dot\r\n..two dots\r\nend\r\n")


class SubmissionCase(unittest.TestCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.tenant = TenantStandIn()
        cls.addClassCleanup(cls.tenant.stop)
        cls.start_document = cls.tenant.control("apps")
        cls.server = SubmissionStandIn(cls.tenant, *cls.arguments)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.tenant.control("apps", self.start_document, method="PUT")
        self.tenant.control("reset", {})
        self.server.write("control.json", {})
        self.mailboxes({"apps": [RELAY]})

    def mailboxes(self, entry, **others):
        self.server.write("mailboxes.json", {MAILBOX: entry, **others})

    def app_token(self, scope="https://outlook.office365.com/.default", **changes):
        if changes:
            self.tenant.control("apps", {"apps": [{"client_id": RELAY, **changes}]})
        return self.tenant.ask_token(grant_type="client_credentials", client_id=RELAY, client_secret=SECRET,
                                     scope=scope).json()["access_token"]

    def user_token(self, upn="anna@contoso.com", tenant="contoso.com",
                   scope="https://outlook.office.com/SMTP.Send"):
        refresh = self.tenant.control("mint_refresh_token", {"client_id": SCANNER, "upn": upn, "scope": scope})
        return self.tenant.ask_token(tenant=tenant, grant_type="refresh_token", client_id=SCANNER,
                                     refresh_token=refresh["refresh_token"]).json()["access_token"]

    def connect(self, tls=True):
        smtp = smtplib.SMTP("localhost", self.server.port, timeout=20)
        self.addCleanup(smtp.close)
        smtp.ehlo()
        if tls:
            smtp.starttls(context=ssl.create_default_context(cafile=self.tenant.ca))
            smtp.ehlo()
        return smtp

    @staticmethod
    def xoauth2(user, token):
        return f"user={user}\x01auth=Bearer {token}\x01\x01"

    def authenticate(self, smtp, token, user=MAILBOX, initial=True):
        """(code, text) of AUTH XOAUTH2."""
        def answer(challenge=None):
            return "" if challenge else self.xoauth2(user, token)
        try:
            code, text = smtp.auth("XOAUTH2", answer, initial_response_ok=initial)
        except smtplib.SMTPAuthenticationError as error:
            code, text = error.smtp_code, error.smtp_error
        return code, text.decode()

    def last(self, name):
        return self.server.lines(name)[-1]

    def assert_refused(self, token, reply, user=MAILBOX):
        code, text = self.authenticate(self.connect(), token, user)
        self.assertRegex(f"{code} {text}", "^" + reply)
