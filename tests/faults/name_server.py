"""A name server on 127.0.0.1 that knows some names, and for others says nothing until it is told to."""

import ipaddress
import socket
import struct
import threading

A, AAAA = 1, 28


class NameServer:
    def __init__(self, names, mute):
        """`names` to their addresses; whatever begins with `mute` is not answered, and then 127.0.0.1."""
        self.asked, self.mute, self._names, self._prefix = 0, True, names, mute
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, client = self._socket.recvfrom(4096)
            name, kind, question = self._question(query)
            self.asked += 1
            if name.startswith(self._prefix):
                if not self.mute:
                    self._socket.sendto(self._answer(query, question, kind, ["127.0.0.1"]), client)
            else:
                self._socket.sendto(self._answer(query, question, kind, self._names.get(name, [])), client)

    @staticmethod
    def _question(query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        return ".".join(labels).lower(), struct.unpack(">H", query[at + 1:at + 3])[0], query[12:at + 5]

    @staticmethod
    def _answer(query, question, kind, addresses):
        records = [ipaddress.ip_address(address) for address in addresses]
        records = [address.packed for address in records if (address.version == 4) == (kind == A)
                   and kind in (A, AAAA)]
        head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(records), 0, 0)
        return head + question + b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(record)) + record
                                          for record in records)
