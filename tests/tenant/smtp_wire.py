"""A connection as SMTP sees it: lines in, replies out, TLS in the middle, and a transcript without secrets."""

import re
import ssl

MAX_LINE = 16 * 1024       # RFC 4954 asks for 12288 octets in AUTH lines
_CHUNK = 64 * 1024


class ConnectionEnded(Exception):
    """The peer is gone, or broke the rules so that we end it; the text is for the log."""


class Wire:
    def __init__(self, connection, transcript, name):
        self._socket, self._transcript, self._name = connection, transcript, name
        self._buffer = b""
        self.tls = None  # the TLS version, once there is one

    def note(self, text):
        self._transcript.line(f"{self._name} {text}")

    def start_tls(self, context):
        if self._buffer:
            # Commands sent in the clear behind STARTTLS must never be executed inside TLS.
            self.note(f"discarded {len(self._buffer)} bytes that followed STARTTLS")
            self._buffer = b""
        try:
            self._socket = context.wrap_socket(self._socket, server_side=True)
        except (ssl.SSLError, OSError) as error:
            raise ConnectionEnded(f"TLS handshake: {error}") from error
        self.tls = self._socket.version()
        self.note(f"-- {self.tls}")

    def _receive(self):
        try:
            data = self._socket.recv(_CHUNK)
        except OSError as error:
            raise ConnectionEnded(str(error)) from error
        if not data:
            raise ConnectionEnded("closed by the client")
        return data

    def read_line(self, secret=False):
        """The next line without its CRLF. `secret`: its content does not go to the transcript."""
        while b"\n" not in self._buffer and len(self._buffer) <= MAX_LINE:
            self._buffer += self._receive()
        line, _, self._buffer = self._buffer.partition(b"\n")
        if len(line) > MAX_LINE:
            self.reply("500 5.5.6 Line too long")
            raise ConnectionEnded("a line over the limit")
        line = line.removesuffix(b"\r")
        self.note("C: " + (f"({len(line)} bytes)" if secret else _hide_initial_response(line)))
        return line

    def read_bytes(self, size):
        while len(self._buffer) < size:
            self._buffer += self._receive()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def read_data(self, limit):
        """A message up to CRLF.CRLF, dots unstuffed; None if it was larger than the limit (it is read all the same)."""
        data, self._buffer = bytearray(b"\r\n" + self._buffer), b""
        searched, too_large = 0, False
        while True:
            # Only a whole CRLF.CRLF ends the data: anything laxer invites smuggled messages.
            end = data.find(b"\r\n.\r\n", searched)
            if end >= 0:
                break
            if len(data) > limit:
                too_large = True
                del data[:-4]
            searched = max(0, len(data) - 4)
            data += self._receive()
        self._buffer = bytes(data[end + 5:])
        message = bytes(data[2:end + 2])
        self.note(f"C: (message, {len(message)} bytes{', the end of a larger one' if too_large else ''})")
        return None if too_large or len(message) > limit else re.sub(rb"(^|\r\n)\.", rb"\1", message)

    def reply(self, text):
        """Send a reply; several lines of one are separated by newlines and come with their codes."""
        for line in text.split("\n"):
            self.note(f"S: {line}")
        try:
            self._socket.sendall(text.replace("\n", "\r\n").encode("utf-8", "replace") + b"\r\n")
        except OSError as error:
            raise ConnectionEnded(str(error)) from error

    def close(self):
        try:
            self._socket.close()
        except OSError:
            pass


def _hide_initial_response(line):
    words = line.decode("utf-8", "backslashreplace").split(" ", 2)
    if words[0].upper() == "AUTH" and len(words) == 3:
        words[2] = f"({len(words[2])} bytes)"
    return " ".join(words)
