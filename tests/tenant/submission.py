#!/usr/bin/python3
"""A stand-in for smtp.office365.com:587. See README.md."""

import argparse
import json
import os
import signal
import socketserver
import ssl
import sys
import threading
from collections import Counter
from email.parser import BytesParser

from plumbing import LineLog, now_text, write_file_atomically, write_json_atomically
from smtp_access import EXCHANGE_AUDIENCES, Mailboxes, TokenValidator
from smtp_control import Control
from smtp_session import Session
from smtp_wire import Wire

MECHANISMS = {"exchange": "LOGIN XOAUTH2", "hve": "LOGIN XOAUTH2", "google": "LOGIN PLAIN XOAUTH2 OAUTHBEARER",
              "acs": "LOGIN XOAUTH2"}
# The app role and the scopes that allow sending. Azure Communication Services looks at no role: its users name the app.
PERMISSIONS = {"exchange": ("SMTP.SendAsApp", ["SMTP.Send"]), "hve": ("Mail.Send", ["Mail.Send"]),
               "google": ("SMTP.SendAsApp", ["SMTP.Send", "https://mail.google.com/"]), "acs": (None, [])}
AUDIENCES = {"google": [*EXCHANGE_AUDIENCES, "https://mail.google.com"], "acs": ["https://communication.azure.com"]}
NAMES = {"google": "smtp.gmail.com", "acs": "smtp.azurecomm.net"}
SENDER_CHECKS = {"exchange": "data", "hve": "mail", "google": "none", "acs": "none"}
IDLE_SECONDS = 300


class Settings:
    """The options, read and made ready for use."""

    def __init__(self, options, log_error):
        def inside(name):
            return os.path.join(options.dir, name)

        def of_tenant(given, name):
            return given or (os.path.join(options.tenant, name) if options.tenant else None)
        self.mode, self.wrapper, self.chunking, self.size = (options.mode, options.wrapper, options.chunking,
                                                             options.size)
        self.name = options.name or NAMES.get(options.mode, "smtp.office365.com")
        self.mechanisms = (options.mechs or MECHANISMS[options.mode]).upper().split()
        self.max_connections = options.max_connections
        self.sender_check = options.sender_check or SENDER_CHECKS[options.mode]
        self.control = Control(inside("control.json"), log_error)
        self.validator = TokenValidator(of_tenant(options.jwks, "jwks.json"),
                                        of_tenant(options.opaque, "opaque_tokens.jsonl"),
                                        options.audience or AUDIENCES.get(options.mode, EXCHANGE_AUDIENCES),
                                        self.control.clock_offset)
        self.mailboxes = Mailboxes(inside("mailboxes.json"), *PERMISSIONS[options.mode],
                                   obeys_switch=options.mode == "exchange")
        self._users_path = options.users
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self.tls.load_cert_chain(of_tenant(options.cert, "server.pem"), of_tenant(options.key, "server.key"))

    def users(self):
        """Passwords for LOGIN and PLAIN, or None where basic authentication is off."""
        if not self._users_path:
            return None
        with open(self._users_path, encoding="utf-8") as file:
            return json.load(file)


class SubmissionServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, options):
        self._log = LineLog(os.path.join(options.dir, "submission.log"))
        self.settings = Settings(options, self.log_error)
        self._mail = os.path.join(options.dir, "mail")
        os.makedirs(self._mail, exist_ok=True)
        self._last = max([int(n[:6]) for n in os.listdir(self._mail) if n[:6].isdigit()], default=0)
        self._transcript = LineLog(os.path.join(options.dir, "smtp.log"))
        self.auth_log = LineLog(os.path.join(options.dir, "auth.jsonl"))
        self._deliveries = LineLog(os.path.join(options.dir, "deliveries.jsonl"))
        self._lock, self._sessions, self._number = threading.Lock(), Counter(), 0
        super().__init__(("127.0.0.1", options.port), None)

    def log_error(self, text):
        self._log.line(f"{now_text()} {text}")

    def finish_request(self, request, client_address):
        request.settimeout(IDLE_SECONDS)
        with self._lock:
            self._number += 1
            name = f"{self._number:05}"
        Session(self, Wire(request, self._transcript, name), client_address).run()

    def handle_error(self, request, client_address):
        # Without a traceback on stderr: programs under test may share it. Exceptions here are this program's bugs.
        self.log_error(f"session ended by {sys.exc_info()[1]!r}")

    # The sessions of a mailbox

    def enter(self, mailbox):
        """Count one more session of the mailbox; false if it has too many."""
        with self._lock:
            if 0 < self.settings.max_connections <= self._sessions[mailbox.lower()]:
                return False
            self._sessions[mailbox.lower()] += 1
            return True

    def leave(self, mailbox):
        with self._lock:
            self._sessions[mailbox.lower()] -= 1

    # Accepted mail

    def deliver(self, authentication, sender, recipients, message):
        """Keep the message as it came; the line in deliveries.jsonl comes last, so the file is there already."""
        with self._lock:
            self._last += 1
            number = self._last
        write_file_atomically(os.path.join(self._mail, f"{number:06}.eml"), message)
        message_id = BytesParser().parsebytes(message, headersonly=True).get("Message-ID")
        message_id = str(message_id or f"<{number:06}@prod.outlook.com>").strip()
        holder = authentication.holder
        self._deliveries.record(
            file=f"mail/{number:06}.eml", user=authentication.user, mechanism=authentication.mechanism,
            mail_from=sender, rcpt_to=recipients, message_id=message_id, size=len(message),
            fingerprint=authentication.fingerprint, appid=holder.appid if holder else None,
            upn=holder.upn if holder else None)
        return message_id


def parse_options():
    parser = argparse.ArgumentParser(description="A stand-in for smtp.office365.com:587.")
    parser.add_argument("--dir", required=True, help="where mail, logs, mailboxes.json and control.json live")
    parser.add_argument("--tenant", help="the tenant's directory: keys and certificate are taken from there")
    parser.add_argument("--jwks", help="the published keys, where --tenant is not given")
    parser.add_argument("--opaque", help="known opaque tokens (the tenant's opaque_tokens.jsonl)")
    parser.add_argument("--cert", help="server certificate (PEM)")
    parser.add_argument("--key", help="its key")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free port")
    parser.add_argument("--wrapper", action="store_true", help="TLS from the first byte (port 465)")
    parser.add_argument("--mode", choices=sorted(MECHANISMS), default="exchange")
    parser.add_argument("--mechs", help='the AUTH list, e.g. "LOGIN PLAIN XOAUTH2 OAUTHBEARER"')
    parser.add_argument("--users", help="JSON object of user: password, for LOGIN and PLAIN")
    parser.add_argument("--audience", action="append", help="accepted audience (repeat); default: the mode's")
    parser.add_argument("--max-connections", type=int, default=3, help="per mailbox, after AUTH; 0: no limit")
    parser.add_argument("--sender-check", choices=["data", "mail", "none"], help="where a wrong sender is refused")
    parser.add_argument("--chunking", action="store_true", help="offer CHUNKING (BDAT)")
    parser.add_argument("--size", type=int, default=157286400, help="largest message")
    parser.add_argument("--name", help="the name said in EHLO's answer; default: the real server's")
    options = parser.parse_args()
    if not options.tenant and not (options.jwks and options.cert and options.key):
        parser.error("--tenant, or --jwks with --cert and --key")
    return options


def main():
    options = parse_options()
    os.makedirs(options.dir, exist_ok=True)
    server = SubmissionServer(options)
    port = server.server_address[1]
    # Blocked before any thread starts, so that only this thread takes them.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    ready_file = os.path.join(options.dir, "submission.json")
    write_json_atomically(ready_file, {"port": port, "pid": os.getpid()})
    print(f"submission: ready at 127.0.0.1:{port}", flush=True)
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    server.shutdown()
    os.unlink(ready_file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
