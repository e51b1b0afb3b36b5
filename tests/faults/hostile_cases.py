"""The table of hostile peers: what each does, and what has to come of it.

A case is (name, what it does, class, words, seconds): the class and words of the error, "ok" where a token has to come
all the same; a tuple of classes or None for the words where libcurl's versions differ. The seconds are what an ask may
take: it is made twice where the fault is one in passing, with a second in between.
"""

from dataclasses import dataclass
from typing import Any

import hostile_answers as a
import hostile_wires as w

QUICK = 8  # seconds: nothing is waited for
CONNECT = 16  # 5 for the connection, twice
WHOLE = 21  # all that a login has

BROKE = "broke off"
LATE = "did not answer in time"
LARGE = "more than 64 KiB"
TLS = "no TLS connection"
DISTRUST = "is not to be trusted"
NO_HTTP = "did not answer in HTTP/1.1"
NO_JSON = "not a whole JSON object"


@dataclass
class Case:
    name: str
    does: Any
    classes: Any
    words: Any
    seconds: int = QUICK
    proxy: str = ""  # the scheme by which it is one

    @property
    def login(self):
        return f"{self.name}@fabrikam.com"


ANSWERS = [
    # Ends in every phase.
    ("reset-in-request", a.in_request(reset=True), "again", BROKE),
    ("close-in-request", a.in_request(reset=False), "again", BROKE),
    ("reset-after-request", a.then(b"", reset=True), "again", BROKE),
    ("close-after-request", a.then(b""), "again", BROKE),
    ("reset-in-status", a.then(b"HTTP/1.1 2", reset=True), "again", BROKE),
    ("close-in-status", a.then(b"HTTP/1.1 2"), "again", None),
    ("reset-in-headers", a.then(a.OK + b"Content-Le", reset=True), "again", BROKE),
    ("close-in-headers", a.then(a.OK + b"Content-Le"), "again", None),
    ("reset-in-body", a.then(a.whole(a.TOKEN[:40], length=len(a.TOKEN)), reset=True), "again", BROKE),
    ("close-in-body", a.then(a.whole(a.TOKEN[:40], length=len(a.TOKEN))), "again", BROKE),
    ("close-in-body-without-length", a.then(a.OK + b"\r\n" + a.TOKEN[:40]), "again", NO_JSON),
    ("close-in-chunk", a.then(a.chunked(b"ff\r\n" + a.TOKEN[:40])), "again", BROKE),
    # Slow, or never.
    ("drip-status", a.drip(a.OK), "again", LATE, WHOLE),
    ("drip-headers", a.drip(b"X-Filler: x\r\n" * 9, first=a.OK), "again", LATE, WHOLE),
    ("drip-body", a.drip(b" " * 99, first=a.whole(b"", length=99)), "again", LATE, WHOLE),
    ("drip-chunk", a.drip(b" " * 99, first=a.chunked(b"63\r\n")), "again", LATE, WHOLE),
    ("silent-after-request", a.silent(), "again", LATE, WHOLE),
    ("silent-in-body", a.silent(a.whole(b"", length=10)), "again", LATE, WHOLE),
    ("silent-after-continue", a.silent(b"HTTP/1.1 100 Continue\r\n\r\n"), "again", LATE, WHOLE),
    # Without an end.
    ("endless-status", a.forever(b"x" * 4096, first=b"HTTP/1.1 200 "), "again", "does not end"),
    ("endless-header", a.forever(b"x" * 4096, first=a.OK + b"X-Filler: "), "again", "does not end"),
    ("endless-headers", a.forever(b"X-Filler: " + b"x" * 1000 + b"\r\n", first=a.OK), "again", LARGE),
    ("endless-short-headers", a.forever(b"X:\r\n" * 1000, first=a.OK), "again", LARGE),
    ("endless-body", a.forever(b"x" * 4096, first=a.OK + b"\r\n"), "again", LARGE),
    ("endless-chunks", a.forever(b"1\r\nx\r\n" * 500, first=a.chunked(b"")), "again", LARGE),
    ("endless-chunk-extension", a.forever(b"x" * 4096, first=a.chunked(b"5;"), pause=0.01), "again",
     (BROKE, LARGE, LATE), WHOLE),
    ("endless-chunk-size", a.forever(b"0" * 4096, first=a.chunked(b"")), "again", BROKE),
    ("endless-trailer", a.forever(b"X-Trailer: x\r\n" * 500, first=a.chunked(b"0\r\n")), "again", LARGE),
    ("endless-trailer-line", a.forever(b"x" * 4096, first=a.chunked(b"0\r\nX-Trailer: ")), "again", BROKE),
    ("endless-continue", a.forever(b"HTTP/1.1 100 Continue\r\n\r\n" * 100), "again", LARGE),
    ("endless-early-hints", a.forever(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 100), "again", LARGE),
    ("slow-continue", a.forever(b"HTTP/1.1 100 Continue\r\n\r\n", pause=1), "again", LATE, WHOLE),
    # Compressed, though nobody asked for it.
    ("gzip-bomb", a.whole(a.BOMB, b"Content-Encoding: gzip"), "again", (NO_JSON, LARGE)),
    ("gzip-transfer-bomb", a.whole(a.BOMB, b"Transfer-Encoding: gzip, chunked"), "again", None),
    ("gzip-token", a.whole(a.gzip.compress(a.TOKEN), b"Content-Encoding: gzip"), "again", NO_JSON),
    ("unknown-encoding", a.whole(b"xyz", b"Content-Encoding: nonsense"), "again", NO_JSON),
    # Chunks.
    ("chunk-negative", a.then(a.chunked(b"-5\r\nhello\r\n")), "again", BROKE),
    ("chunk-no-number", a.then(a.chunked(b"zz\r\nhello\r\n")), "again", BROKE),
    ("chunk-beyond-64-bits", a.then(a.chunked(b"ffffffffffffffff1\r\nhello\r\n")), "again", BROKE),
    ("chunk-huge", a.then(a.chunked(b"7fffffffffffffff\r\n" + a.TOKEN)), "again", BROKE),
    ("chunk-wrong-end", a.then(a.chunked(b"5\r\nhelloXX0\r\n\r\n")), "again", BROKE),
    ("chunk-and-length", a.whole(b"0\r\n\r\n", b"Transfer-Encoding: chunked"), "again", NO_JSON),
    # Lengths.
    ("length-too-long", a.then(a.whole(a.TOKEN, length=10 ** 4)), "again", BROKE),
    ("length-too-short", a.then(a.whole(a.TOKEN, length=20)), "again", NO_JSON),
    ("length-twice", a.then(a.whole(a.TOKEN, b"Content-Length: 20")), ("again", "ok"), None),
    ("length-negative", a.then(a.whole(a.TOKEN, length=-5)), ("again", "ok"), None),
    ("length-exa", a.then(a.whole(a.TOKEN, length=10 ** 18)), "again", (BROKE, LARGE)),
    ("length-exa-silent", a.silent(a.whole(b"{}", length=10 ** 18)), "again", LATE, WHOLE),
    ("length-beyond-64-bits", a.then(a.whole(a.TOKEN, length=10 ** 30)), ("again", "ok"), None),
    # Header lines.
    ("header-nul", a.then(a.whole(b"{}", b"X-Nul: a\0b")), "again", None),
    ("header-bare-cr", a.then(a.whole(b"{}", b"X-Cr: a\rContent-Length: 5")), "again", None),
    ("header-folded", a.then(a.whole(b"{}", b"X-Fold: a\r\n b\r\n\tc")), "again", "no access_token"),
    ("header-folded-first", a.then(b"HTTP/1.1 200 OK\r\n folded\r\n\r\n{}"), "again", None),
    ("header-no-colon", a.then(a.whole(b"{}", b"nonsense")), "again", None),
    ("header-escape", a.then(a.whole(b"{}", b"X-\x1b[2J: \x1b]0;owned\x07")), "again", None),
    ("header-long", a.then(a.whole(b"{}", b"X-Long: " + b"x" * 60000)), "again", None),
    # Status lines.
    ("status-000", a.then(a.whole(b"{}", status=b"HTTP/1.1 000 Nothing")), "again", None),
    ("status-099", a.then(a.whole(b"{}", status=b"HTTP/1.1 099 Less")), "again", None),
    ("status-999", a.then(a.whole(b"{}", status=b"HTTP/1.1 999 Much")), "again", None),
    ("status-1000", a.then(a.whole(b"{}", status=b"HTTP/1.1 1000 More")), "again", None),
    ("status-missing", a.then(a.whole(b"{}", status=b"HTTP/1.1")), "again", NO_HTTP),
    ("status-no-number", a.then(a.whole(b"{}", status=b"HTTP/1.1 abc")), "again", NO_HTTP),
    ("status-escape", a.then(a.whole(b"{}", status=b"HTTP/1.1 500 \x1b[2J\x1b]0;owned\x07\xff")), "again",
     "status 500"),
    ("status-http-3", a.then(a.whole(a.TOKEN, status=b"HTTP/3.0 200 OK")), "again", NO_HTTP),
    ("status-http-2", a.then(a.whole(a.TOKEN, status=b"HTTP/2 200 OK")), ("again", "ok"), None),
    ("status-icy", a.then(a.whole(a.TOKEN, status=b"ICY 200 OK")), "again", NO_HTTP),
    ("status-204", a.then(b"HTTP/1.1 204 No Content\r\n\r\n"), "config", "status 204"),
    ("http-09", a.then(a.TOKEN), "again", NO_HTTP),
    ("smtp", a.then(b"220 mail.example ESMTP\r\n"), "again", NO_HTTP),
    # HTTP/2.
    ("h2-preface", a.then(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + a.SETTINGS), "again", NO_HTTP),
    ("h2-settings", a.then(a.SETTINGS * 10), "again", NO_HTTP),
    ("h2c-upgrade", a.whole(a.TOKEN.replace(b"FORGED", b"real"), b"Upgrade: h2c", b"Connection: Upgrade"), "ok", None),
    ("101", a.then(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + a.SETTINGS),
     ("again", "config"), None),
    ("101-silent", a.silent(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
     ("again", "config"), None, WHOLE),
    ("continue-then-token", a.then(b"HTTP/1.1 100 Continue\r\n\r\n" + a.whole(a.TOKEN.replace(b"FORGED", b"real"))),
     "ok", None),
    # Elsewhere.
    *((f"redirect-{status}-{name}", ("redirect", status, where), "config", "a redirect")
      for status in (301, 302, 303, 307, 308)
      for name, where in (("http", "http"), ("other", "https"), ("file", "file:///etc/passwd"))),
    ("refresh-header", a.whole(b"{}", b"Refresh: 0; url=https://localhost:1/"), "again", "no access_token"),
    # Wants to be remembered, or another server to be asked the next time.
    ("set-cookie", ("grant", b"Set-Cookie: a=b; Path=/; Secure"), "ok", None),
    ("alt-svc", ("grant", b'Alt-Svc: http/1.1="localhost:%d"; ma=3600, h2="localhost:%d"'), "ok", None),
    ("hsts", ("grant", b"Strict-Transport-Security: max-age=31536000"), "ok", None),
    # Wants credentials that it must not get.
    ("401-basic", a.challenge(401, b'Basic realm="x"'), "config", "status 401"),
    ("401-negotiate", a.challenge(401, b"Negotiate"), "config", "status 401"),
    ("401-ntlm", a.challenge(401, b"NTLM TlRMTVNTUAACAAAA"), "config", "status 401"),
    ("401-digest", a.challenge(401, b'Digest realm="x", nonce="y"'), "config", "status 401"),
    ("407-without-proxy", a.challenge(407, b'Basic realm="x"'), "config", "status 407"),
    # Bodies.
    ("body-empty", a.whole(b""), "again", NO_JSON),
    ("body-html", a.whole(b"<html>Please log in to the WiFi</html>"), "again", "a proxy or a portal"),
    ("body-deep", a.whole(b"[" * 60000), "again", NO_JSON),
    ("body-nul", a.whole(b"{\"access_token\": \"abc\0def\"}"), "again", None),
    ("body-two", a.whole(a.TOKEN + a.TOKEN), "again", NO_JSON),
    ("body-not-utf8", a.whole(b"{\"access_token\": \"\xff\xfe\"}"), "again", None),
    ("token-newline", a.whole(b"{\"access_token\": \"abc\\r\\nMAIL FROM:<x>\"}"), "again", "visible ASCII"),
    ("token-ctrl-a", a.whole(b"{\"access_token\": \"abc\\u0001auth=Bearer x\"}"), "again", "visible ASCII"),
    ("token-long", a.whole(b"{\"access_token\": \"" + b"x" * 60000 + b"\"}"), "again", "longer than"),
    ("token-number", a.whole(b"{\"access_token\": 5}"), "again", "no access_token"),
    ("error-escape", a.error("\x1b[2J owned"), "config", "no reason"),
    ("error-500-html", a.whole(b"<html>", status=b"HTTP/1.1 500 Oops"), "again", "status 500"),
]

LISTENERS = [
    ("reset-after-accept", w.end_at_once(reset=True), "again", None),
    ("close-after-accept", w.end_at_once(reset=False), "again", None),
    ("reset-after-hello", w.after_hello(b"", reset=True), "again", None),
    ("close-after-hello", w.after_hello(b""), "again", None),
    ("garbage-handshake", w.after_hello(bytes(range(256)) * 4), "again", TLS),
    ("plain-http", w.after_hello(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "again", TLS),
    ("alert-handshake", w.after_hello(w.alert(40)), "again", TLS),
    ("alert-no-protocol", w.after_hello(w.alert(120)), "again", TLS),
    ("endless-alerts", w.endless(w.alert(0, level=1)), "again", TLS),
    ("endless-hello", w.endless(w.record(b"x" * 16000), first=w.record(b"\x02\xff\xff\xff")), "again", TLS),
    ("oversized-record", w.endless(b"x" * 4096, first=b"\x16\x03\x03\xff\xff"), "again", TLS),
    ("reset-in-handshake", w.handshake_cut(reset=True), "again", None),
    ("close-in-handshake", w.handshake_cut(reset=False), "again", None),
    ("drip-handshake", w.handshake_drip(), "again", "no connection to", CONNECT),
    ("silent-handshake", w.silent(), "again", "no connection to", CONNECT),
    ("tls10", w.tls(version="TLSv1"), "again", TLS),
    ("tls11", w.tls(version="TLSv1_1"), "again", TLS),
    ("wrong-name", w.tls("wrong_name"), "config", DISTRUST),
    ("expired", w.tls("expired"), "config", DISTRUST),
    ("not-yet", w.tls("not_yet"), "config", DISTRUST),
    ("self-signed", w.tls("self_signed"), "config", DISTRUST),
    ("unknown-ca", w.tls("unknown_ca"), "config", DISTRUST),
    ("no-server-use", w.tls("no_server_use"), "config", DISTRUST),
    ("chain-of-100", w.tls("chain"), ("ok", "config", "again"), None),
    ("large-certificate", w.tls("large"), ("again", "ok"), None),
    ("client-certificate-wanted", w.tls(client=w.OPTIONAL), "ok", None),
    ("client-certificate-needed", w.tls(client=w.REQUIRED), "again", None),
    ("client-certificate-needed-tls12", w.tls(client=w.REQUIRED, version="TLSv1_2"), "again", None),
    ("h2-only", w.tls(alpn=["h2"]), "ok", None),
]

BY_PROXY = "the proxy"
PROXIES = [
    ("proxy-407-basic", w.refuse(407, b'Basic realm="x"'), "config", "status 407"),
    ("proxy-407-negotiate", w.refuse(407, b"Negotiate"), "config", "status 407"),
    ("proxy-407-ntlm", w.refuse(407, b"NTLM"), "config", "status 407"),
    ("proxy-403", w.refuse(403, b""), "again", BY_PROXY),
    ("proxy-302", w.connect(a.redirect(302, b"https://localhost:1/")), "again", BY_PROXY),
    ("proxy-silent", w.silent(), "again", "no connection to", CONNECT),
    ("proxy-reset-after-accept", w.end_at_once(reset=True), "again", None),
    ("proxy-close-after-accept", w.end_at_once(reset=False), "again", BY_PROXY),
    ("proxy-reset-after-connect", w.connect(a.then(b"", reset=True)), "again", BY_PROXY),
    ("proxy-close-after-connect", w.connect(a.then(b"")), "again", BY_PROXY),
    ("proxy-garbage", w.connect(a.then(b"\xff\0\x1b[2J" * 50)), "again", BY_PROXY, CONNECT),
    ("proxy-drip", w.connect(a.drip(a.OK)), "again", "no connection to", CONNECT),
    ("proxy-endless-headers", w.connect(a.forever(b"X-Filler: x\r\n" * 99, first=a.OK)), "again", BY_PROXY),
    ("proxy-endless-header", w.connect(a.forever(b"x" * 4096, first=a.OK + b"X: ")), "again", BY_PROXY),
    ("proxy-endless-body", w.connect(a.forever(b"x" * 4096, first=b"HTTP/1.1 502 No\r\n\r\n")), "again", BY_PROXY,
     CONNECT),
    ("proxy-endless-continue", w.connect(a.forever(b"HTTP/1.1 100 Continue\r\n\r\n" * 99)), "again", BY_PROXY, CONNECT),
    ("proxy-101", w.connect(a.then(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n")), "again", BY_PROXY,
     CONNECT),
    ("proxy-other-host", w.connect_then(w.tls("wrong_name")), "config", DISTRUST),
    ("proxy-unknown-ca", w.connect_then(w.tls("unknown_ca")), "config", DISTRUST),
    ("proxy-plain-answer", w.connect(a.then(b"HTTP/1.1 200 OK\r\n\r\n" + a.whole(a.TOKEN))), "again", TLS),
    ("proxy-200-and-end", w.connect(a.then(b"HTTP/1.1 200 OK\r\n\r\n")), "again", None),
    ("proxy-200-and-silent", w.connect(a.silent(b"HTTP/1.1 200 OK\r\n\r\n")), "again", "no connection to", CONNECT),
]

SOCKS = [
    ("socks-silent", w.silent(), "again", "no connection to", CONNECT),
    ("socks-garbage", w.after_hello(b"\xff" * 300), "again", BY_PROXY),
    ("socks-wants-password", w.after_hello(b"\5\2"), "again", BY_PROXY),
    ("socks-no-method", w.after_hello(b"\5\xff"), "again", BY_PROXY),
    ("socks-endless", w.endless(b"\5\0" * 999), "again", BY_PROXY),
    ("socks-refuses", w.after_hello(b"\5\0\5\2\0\1\0\0\0\0\0\0"), "again", BY_PROXY),
    ("socks-long-name", w.after_hello(b"\5\0\5\0\0\3\xff" + b"x" * 3), "again", BY_PROXY, CONNECT),
]


def all_cases():
    return [*(Case(name, w.answer(does), *rest) for name, does, *rest in ANSWERS),
            *(Case(name, does, *rest) for name, does, *rest in LISTENERS),
            *(Case(name, does, *rest, proxy="http") for name, does, *rest in PROXIES),
            *(Case(name, does, *rest, proxy="socks5h") for name, does, *rest in SOCKS)]
