"""One SMTP session: the commands, in the order and with the words of Exchange Online's submission service."""

import email.parser
import email.utils
import re
import time
from datetime import datetime, timezone

from smtp_auth import SUCCESS, Authentication, Cancelled, reply_text
from smtp_wire import ConnectionEnded

_COMMAND_LIMIT = 2048
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>]*)>\s*(.*)", re.I)
_SENDAS = ("554 5.2.252 SendAsDenied; {mailbox} not allowed to send as {sender}; STOREDRV.Submission.Exception:"
           "SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception "
           "with message [BeginDiagnosticData]Cannot submit message.[EndDiagnosticData] {host}")


def header_senders(message):
    """Addresses of the From header."""
    headers = email.parser.BytesParser().parsebytes(message, headersonly=True)
    return [address for _, address in email.utils.getaddresses(map(str, headers.get_all("From", []))) if address]


class Session:
    def __init__(self, server, wire, peer):
        self._server, self._settings, self._wire, self._peer = server, server.settings, wire, peer
        self._greeted = False
        self._lmtp = False  # one reply a recipient, RFC 2033
        self._authenticated = None  # the Authentication that succeeded
        self._forget_mail()
        self._commands = {
            "EHLO": self._ehlo, "LHLO": self._lhlo, "HELO": self._helo, "STARTTLS": self._starttls, "AUTH": self._auth,
            "MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data, "RSET": self._rset, "NOOP": self._noop,
            "QUIT": self._quit, "VRFY": self._vrfy}
        if self._settings.chunking:
            self._commands["BDAT"] = self._bdat

    def run(self):
        try:
            if self._settings.wrapper:
                self._wire.start_tls(self._settings.tls)
            if not self._ruled("connect"):
                date = email.utils.formatdate(usegmt=True)
                self._wire.reply(f"220 {self._settings.name} Microsoft ESMTP MAIL Service ready at {date}")
            while True:
                self._one_command()
        except ConnectionEnded as reason:
            self._wire.note(f"-- {reason}")
        finally:
            self._leave()
            self._wire.close()

    def _leave(self):
        if self._authenticated:
            self._server.leave(self._authenticated.user)
            self._authenticated = None

    # Common to the commands

    def _host(self):
        moment = datetime.fromtimestamp(time.time(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return f"[AM6P192CA0001.EURP192.PROD.OUTLOOK.COM {moment} 08DE2B0F5C6A1D3E]"

    def _forget_mail(self):
        self._sender, self._recipients, self._chunks = None, [], b""

    def _one_command(self):
        line = self._wire.read_line()
        verb, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
        if len(line) > _COMMAND_LIMIT and verb.upper() != "AUTH":
            self._wire.reply("500 5.5.6 Line too long")
        elif verb.upper() in self._commands:
            self._commands[verb.upper()](rest.strip())
        else:
            self._wire.reply("500 5.3.3 Unrecognized command " + self._host())

    def _ruled(self, point):
        """Apply the test's rule for this point; true if the rule has answered in the server's place."""
        rule = self._settings.control.take(point)
        self._wait(rule)
        if "reply" in rule:
            self._wire.reply(rule["reply"])
        if rule.get("drop"):
            raise ConnectionEnded(f"dropped at {point}, as told")
        return "reply" in rule

    @staticmethod
    def _wait(rule):
        if rule.get("delay"):
            time.sleep(float(rule["delay"]))

    def _allowed(self):
        """MAIL and what follows need an authenticated session."""
        if self._authenticated is None:
            self._wire.reply("530 5.7.57 Client not authenticated to send mail. " + self._host())
        return self._authenticated is not None

    # Commands

    def _ehlo(self, _):
        if self._ruled("ehlo"):
            return
        self._greeted = True
        self._forget_mail()
        lines = [f"{self._settings.name} Hello [{self._peer[0]}]", f"SIZE {self._settings.size}", "PIPELINING", "DSN",
                 "ENHANCEDSTATUSCODES"]
        if not self._wire.tls:
            lines.append("STARTTLS")
        elif self._settings.mechanisms:
            lines.append("AUTH " + " ".join(self._settings.mechanisms))
        lines.append("8BITMIME")
        if self._settings.chunking:
            lines.append("CHUNKING")
        lines.append("SMTPUTF8")
        self._wire.reply("\n".join(f"250-{line}" for line in lines[:-1]) + f"\n250 {lines[-1]}")

    def _lhlo(self, rest):
        self._lmtp = True
        self._ehlo(rest)

    def _helo(self, _):
        self._greeted = True
        self._forget_mail()
        self._wire.reply(f"250 {self._settings.name} Hello [{self._peer[0]}]")

    def _starttls(self, rest):
        if self._ruled("starttls"):
            return
        if self._wire.tls or rest:
            self._wire.reply("503 5.5.2 Only one STARTTLS command can be issued per session")
            return
        self._wire.reply("220 2.0.0 SMTP server ready")
        self._wire.start_tls(self._settings.tls)
        self._greeted = False
        self._forget_mail()

    def _auth(self, rest):
        words = rest.split(" ")
        mechanism = words[0].upper()
        if not self._wire.tls or mechanism not in self._settings.mechanisms:
            self._wire.reply("504 5.7.4 Unrecognized authentication type " + self._host())
        elif self._authenticated or not self._greeted or self._sender is not None:
            self._wire.reply("503 5.5.2 Bad sequence of commands")
        elif len(words) > 2:
            self._wire.reply("501 5.5.4 Invalid arguments")
        else:
            self._authenticate(mechanism, words[1].encode("utf-8", "surrogateescape") if len(words) == 2 else None)

    def _ask(self, prompt):
        # Exchange sends "334 " with the space, and Postfix insists that nothing follows it.
        self._wire.reply(f"334 {prompt}")
        return self._wire.read_line(secret=True)

    def _authenticate(self, mechanism, initial):
        attempt = Authentication(self._settings, mechanism, initial, self._ask)
        try:
            outcome = attempt.run()
            reply = SUCCESS if outcome == "ok" else reply_text(self._settings.mode, outcome, self._host())
        except Cancelled:
            outcome, reply = "cancelled", "501 5.7.0 Authentication cancelled"
        rule = self._settings.control.take("auth")
        self._wait(rule)
        if rule.get("reply", "").startswith("334 "):
            # A forced challenge: whatever comes back, the exchange has failed.
            attempt.challenge_answer = self._ask(rule["reply"][4:]).decode("ascii", "replace")[:200]
            reply = reply_text(self._settings.mode, "denied", self._host())
        else:
            reply = rule.get("reply", reply)
        if reply.startswith("235") and attempt.user is not None and not self._server.enter(attempt.user):
            reply = reply_text("exchange", "concurrency", self._host())
        if reply.startswith("235"):
            self._authenticated = attempt
        self._server.auth_log.record(
            mechanism=mechanism, user=attempt.user, initial_response=initial is not None,
            initial_length=len(initial or b""), result=reply, outcome=outcome, forced="reply" in rule,
            reason=attempt.why, fingerprint=attempt.fingerprint, challenge_answer=attempt.challenge_answer,
            tls=self._wire.tls)
        self._wire.reply(reply)
        if rule.get("drop"):
            raise ConnectionEnded("dropped after AUTH, as told")

    def _mail(self, rest):
        if not self._allowed() or self._ruled("mail"):
            return
        found = _PATH.fullmatch(rest)
        if not found or not rest.upper().startswith("FROM:"):
            self._wire.reply("501 5.5.4 Invalid arguments")
        elif self._sender is not None:
            self._wire.reply("503 5.5.2 Sender already specified")
        elif self._too_large(found[2]):
            self._wire.reply("552 5.3.4 Message size exceeds fixed maximum message size")
        elif self._refuse_at_mail(found[1]):
            self._wire.reply(f"550 {self._refuse_at_mail(found[1])} {self._host()}")
        else:
            self._sender = found[1]
            self._wire.reply("250 2.1.0 Sender OK")

    def _too_large(self, parameters):
        size = re.search(r"\bSIZE=(\d+)", parameters, re.I)
        return size is not None and int(size[1]) > self._settings.size

    def _refuse_at_mail(self, sender):
        mailbox = self._authenticated.user
        if self._settings.sender_check != "mail" or self._settings.mailboxes.may_send_as(mailbox, sender):
            return None
        if self._settings.mode == "hve":
            return "5.7.62 Client does not have permissions to send as this sender"
        return "5.7.60 SMTP; Client does not have permissions to send as this sender"

    def _rcpt(self, rest):
        if not self._allowed() or self._ruled("rcpt"):
            return
        found = _PATH.fullmatch(rest)
        if self._sender is None:
            self._wire.reply("503 5.5.2 Need mail command")
        elif not found or not rest.upper().startswith("TO:") or not found[1]:
            self._wire.reply("501 5.5.4 Invalid arguments")
        else:
            self._recipients.append(found[1])
            self._wire.reply("250 2.1.5 Recipient OK")

    def _data(self, _):
        if not self._allowed() or self._ruled("data"):
            return
        if not self._recipients:
            self._wire.reply("503 5.5.2 Need rcpt command")
            return
        self._wire.reply("354 Start mail input; end with <CRLF>.<CRLF>")
        self._finish(self._wire.read_data(self._settings.size))

    def _bdat(self, rest):
        words = rest.upper().split()
        if not words or not words[0].isdigit() or words[1:] not in ([], ["LAST"]):
            self._wire.reply("501 5.5.4 Invalid arguments")
            raise ConnectionEnded("BDAT without a size")  # the bytes that follow are no commands
        self._chunks += self._wire.read_bytes(int(words[0]))
        if not self._allowed():
            return
        if not self._recipients:
            self._wire.reply("503 5.5.2 Need rcpt command")
        elif len(words) == 1:
            self._wire.reply("250 2.0.0 CHUNK received OK")
        else:
            self._finish(self._chunks if len(self._chunks) <= self._settings.size else None)

    def _finish(self, message):
        """The whole message is here: judge and keep it."""
        sender, recipients = self._sender, self._recipients
        self._forget_mail()
        if self._ruled("message"):
            return
        if message is None:
            self._wire.reply("552 5.3.4 Message size exceeds fixed maximum message size")
            return
        denied = self._denied_sender(sender, message)
        if denied is not None:
            reply = _SENDAS.format(mailbox=self._authenticated.user, sender=denied, host=self._host())
        else:
            message_id = self._server.deliver(self._authenticated, sender, recipients, message)
            reply = f"250 2.0.0 OK {message_id} [Hostname=AM6P192MB0001.EURP192.PROD.OUTLOOK.COM]"
        for _ in recipients if self._lmtp else [None]:
            self._wire.reply(reply)

    def _denied_sender(self, sender, message):
        """Exchange looks at the envelope and at the From header, and says no only after the data."""
        if self._settings.sender_check == "none":
            return None
        for address in [sender, *header_senders(message)]:
            if not self._settings.mailboxes.may_send_as(self._authenticated.user, address):
                return address
        return None

    def _rset(self, _):
        self._forget_mail()
        self._wire.reply("250 2.0.0 Resetting")

    def _noop(self, _):
        self._wire.reply("250 2.0.0 OK")

    def _vrfy(self, _):
        self._wire.reply("252 2.1.5 Cannot VRFY user")

    def _quit(self, _):
        self._leave()  # before the reply, so that a client that saw it finds its place free
        self._wire.reply("221 2.0.0 Service closing transmission channel")
        raise ConnectionEnded("QUIT")
