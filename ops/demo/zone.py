"""The name server of the demo: it answers for acme.example, on this machine only, and its records may change."""
from __future__ import annotations

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 0  # so that a change is seen at once
SOA = ". 0 IN SOA ns.acme.example. hostmaster.acme.example. 1 3600 600 86400 0"


class Zone:
    """TXT records by their names; what is not there does not exist."""

    def __init__(self, records: dict[str, str]) -> None:
        self._records = dict(records)
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1@{self._socket.getsockname()[1]}"  # as the service's --resolver wants it

    def start(self) -> None:
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # nobody is connected to a datagram socket; it wakes the reader all the same
        self._socket.close()

    def publish(self, name: str, text: str) -> None:
        with self._lock:
            self._records[name] = text

    def _serve(self) -> None:
        while True:
            try:
                wire, client = self._socket.recvfrom(4096)
                if not wire:
                    return
                self._socket.sendto(self._answer(dns.message.from_wire(wire)).to_wire(), client)
            except OSError:
                return

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        answer = dns.message.make_response(query, recursion_available=True)
        answer.flags |= dns.flags.AA
        with self._lock:
            text = self._records.get(name)
            exists = any(other == name or other.endswith(f".{name}") for other in self._records)
        if text is not None and question.rdtype == dns.rdatatype.TXT:
            answer.answer.append(dns.rrset.from_text(question.name, TTL, "IN", "TXT", f'"{text}"'))
        else:
            answer.authority.append(dns.rrset.from_text(*SOA.split(" ", 4)))
            if not exists:
                answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
