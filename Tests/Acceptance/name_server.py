"""A name server on loopback whose zones, and whose faults, a test decides."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Fault = Literal["drop", "servfail", "refused", "truncate", "wrong_id", "garbage"]
# The last number is how long a denial holds (RFC 2308 §4).
AUTHORITY = ". {ttl} IN SOA ns. host. 1 3600 600 86400 {ttl}"
TYPES = {name: dns.rdatatype.from_text(name) for name in ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "TXT")}


@dataclass
class Name:
    """What is said about one name."""

    records: dict[str, list[dns.rdata.Rdata]] = field(default_factory=dict)
    # The fault that meets questions for a type; "*" for every type that has no records.
    faults: dict[str, Fault] = field(default_factory=dict)


class Zone:
    """Names and their records. A name that is not there does not exist, unless one below it does."""

    def __init__(self) -> None:
        self.names: dict[dns.name.Name, Name] = {}

    def name(self, owner: str | dns.name.Name) -> Name:
        absolute = dns.name.from_text(owner) if isinstance(owner, str) else owner
        return self.names.setdefault(absolute.canonicalize(), Name())

    def add(self, owner: str, kind: str, *texts: str) -> Zone:
        """Adds records as zone files write them."""
        records = self.name(owner).records.setdefault(kind, [])
        records.extend(dns.rdata.from_text(dns.rdataclass.IN, TYPES[kind], text) for text in texts)
        return self

    def txt(self, owner: str, *strings: str | bytes) -> Zone:
        """Adds one TXT record of these character-strings."""
        self.name(owner).records.setdefault("TXT", []).append(text_record(strings))
        return self

    def fail(self, owner: str, fault: Fault, kind: str = "*") -> Zone:
        self.name(owner).faults[kind] = fault
        return self

    def has_below(self, owner: dns.name.Name) -> bool:
        return any(name != owner and name.is_subdomain(owner) for name in self.names)


def text_record(strings: Iterable[str | bytes]) -> dns.rdata.Rdata:
    parts = [part.encode() if isinstance(part, str) else part for part in strings]
    wire = b"".join(bytes([len(part)]) + part for part in parts)
    return dns.rdata.from_wire(dns.rdataclass.IN, TYPES["TXT"], wire, 0, len(wire))


class NameServer:
    """Answers from `zone`, over UDP and TCP, on a free port of loopback."""

    def __init__(self, zone: Zone | None = None, ttl: int = 60, delay_seconds: float = 0) -> None:
        self.zone = zone or Zone()
        self.ttl = ttl
        self.delay_seconds = delay_seconds
        self.questions: list[tuple[str, str]] = []
        self._stream, self._datagrams = self._bind()
        self.port = self._datagrams.getsockname()[1]
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> str:
        """As libunbound writes it."""
        return f"127.0.0.1@{self.port}"

    @staticmethod
    def _bind() -> tuple[socket.socket, socket.socket]:
        for _ in range(50):
            stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            stream.bind(("127.0.0.1", 0))
            try:
                datagrams.bind(stream.getsockname())
            except OSError:
                stream.close()
                datagrams.close()
                continue
            stream.listen(16)
            return stream, datagrams
        raise AssertionError("no port is free for both UDP and TCP")

    def close(self) -> None:
        for endpoint in (self._stream, self._datagrams):
            try:
                endpoint.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            endpoint.close()

    def _serve_udp(self) -> None:
        while True:
            try:
                wire, client = self._datagrams.recvfrom(4096)
            except OSError:
                return
            if not wire:
                # The socket was shut down.
                return
            answer = self._answer(wire, over_tcp=False)
            if answer is None:
                continue
            if self.delay_seconds:
                threading.Timer(self.delay_seconds, self._send, (answer, client)).start()
            else:
                self._send(answer, client)

    def _send(self, answer: bytes, client: tuple[str, int]) -> None:
        try:
            self._datagrams.sendto(answer, client)
        except OSError:
            pass  # It was closed meanwhile.

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, _ = self._stream.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    while header := connection.recv(2, socket.MSG_WAITALL):
                        wire = connection.recv(struct.unpack("!H", header)[0], socket.MSG_WAITALL)
                        answer = self._answer(wire, over_tcp=True)
                        if answer is not None:
                            connection.sendall(struct.pack("!H", len(answer)) + answer)
                except (OSError, struct.error):
                    continue

    def _answer(self, wire: bytes, *, over_tcp: bool) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        owner = question.name.canonicalize()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.questions.append((owner.to_text(omit_final_dot=True), kind))
        response = dns.message.make_response(query, recursion_available=True)
        response.flags |= dns.flags.AA
        fault = self._fill(response, owner, kind)
        if not any(rrset.rdtype == question.rdtype for rrset in response.answer):
            response.authority.append(dns.rrset.from_text(*AUTHORITY.format(ttl=self.ttl).split(" ", 4)))
        if fault == "drop":
            return None
        if fault == "garbage":
            return wire[:2] + b"\x80\x00" + b"\xff" * 20
        if fault == "truncate" and not over_tcp:
            response.answer.clear()
            response.flags |= dns.flags.TC
        if fault in ("servfail", "refused"):
            response.answer.clear()
            response.set_rcode(dns.rcode.from_text(fault.upper()))
        if fault == "wrong_id":
            response.id = (response.id + 1) % 65536
        return response.to_wire(max_size=65535 if over_tcp else 1232, want_shuffle=False)

    def _fill(self, response: dns.message.Message, owner: dns.name.Name, kind: str) -> Fault | None:
        """Puts in what the zone says, along aliases; gives the fault that it meets."""
        for _ in range(12):
            name = self.zone.names.get(owner)
            if name is None:
                if not self.zone.has_below(owner):
                    response.set_rcode(dns.rcode.NXDOMAIN)
                return None
            found = name.records.get(kind)
            if found:
                response.answer.append(dns.rrset.from_rdata_list(owner, self.ttl, found))
                return name.faults.get(kind)
            fault = name.faults.get(kind) or name.faults.get("*")
            if fault is not None:
                return fault
            alias = name.records.get("CNAME")
            if not alias:
                return None
            response.answer.append(dns.rrset.from_rdata_list(owner, self.ttl, alias))
            owner = alias[0].target.canonicalize()
        return "servfail"
