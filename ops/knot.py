"""Debian's name server knotd with zones of ours: on a free port of loopback, in a folder of its own, gone at the end.

What the tests and the benchmark share. Wants dnspython.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20
ANSWER_SECONDS_MAX = 2
PORTS_TRIED_MAX = 5

# Signed with one Ed25519 key and NSEC, so that a denial names the gap.
CONFIGURATION = """\
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{folder}"
log:
  - target: "{folder}/knot.log"
    any: info
policy:
  - id: signed
    algorithm: ed25519
    single-type-signing: on
    nsec3: off
template:
  - id: default
    storage: "{folder}"
    file: "%s.zone"
    zonefile-load: difference-no-serial
    zonefile-sync: -1
    journal-content: all
zone:
"""


def program() -> str | None:
    """Where knotd is, which is not in every account's path; None if it is not installed."""
    return shutil.which("knotd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class KnotFault(RuntimeError):
    """knotd did not do what it was started for."""


class Knot:
    """One knotd."""

    def __init__(self, zones: Mapping[str, str], signed: Collection[str] = ()) -> None:
        """Serves `zones`, by name without the last dot, each the text of a zone file; those in `signed` are signed by
        knotd itself with a fresh key. Returns once all are answered for."""
        self._zones = dict(zones)
        self._signed = set(signed)
        self.folder = Path(tempfile.mkdtemp(prefix="cs-knot-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        try:
            for name, text in zones.items():
                (self.folder / f"{name}.zone").write_text(text)
            self._start()
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """As libunbound writes it."""
        return f"127.0.0.1@{self.port}"

    def ask(self, name: str, kind: str) -> dns.message.Message:
        """The answer to one question, with its signatures."""
        query = dns.message.make_query(name, kind, want_dnssec=True)
        answer, _ = dns.query.udp_with_fallback(query, "127.0.0.1", timeout=ANSWER_SECONDS_MAX, port=self.port)
        return answer

    def anchor(self, zone: str) -> str:
        """The zone's DNSKEY in the form of a zone file."""
        keys = next(each for each in self.ask(zone, "DNSKEY").answer if each.rdtype == dns.rdatatype.DNSKEY)
        return "".join(f"{line}\n" for line in keys.to_text().splitlines())

    def close(self) -> None:
        """Ends it and removes its folder."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        knotd = program()
        if knotd is None:
            raise KnotFault("knotd is missing: apt-get install knot")
        # Somebody else may take the port between the look for it and knotd's own.
        for _ in range(PORTS_TRIED_MAX):
            self.port = free_port()
            configuration = self.folder / "knot.conf"
            configuration.write_text(CONFIGURATION.format(folder=self.folder, port=self.port) + self._zone_list())
            self._process = subprocess.Popen(
                [knotd, "-c", str(configuration)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.STDOUT, start_new_session=True)
            if self._answers():
                return
        raise KnotFault(f"knotd does not start:\n{self._said()}")

    def _zone_list(self) -> str:
        return "".join(
            f"  - domain: {name}\n" + ("    dnssec-signing: on\n    dnssec-policy: signed\n"
                                       if name in self._signed else "")
            for name in self._zones)

    def _answers(self) -> bool:
        """Waits until every zone is answered for, signed where it is to be; false if knotd ended before."""
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        waiting = set(self._zones)
        while waiting:
            if self._process.poll() is not None:
                return False
            if time.monotonic() > deadline:
                raise KnotFault(f"knotd does not answer for {', '.join(sorted(waiting))}:\n{self._said()}")
            waiting = {name for name in waiting if not self._is_ready(name)}
            time.sleep(0.02)
        return True

    def _is_ready(self, zone: str) -> bool:
        try:
            answer = self.ask(zone, "SOA")
        except (OSError, dns.exception.DNSException):
            return False
        kinds = {each.rdtype for each in answer.answer}
        return (answer.rcode() == dns.rcode.NOERROR and dns.rdatatype.SOA in kinds
                and (zone not in self._signed or dns.rdatatype.RRSIG in kinds))

    def _said(self) -> str:
        log = self.folder / "knot.log"
        return log.read_text(errors="replace")[-2_000:] if log.exists() else "it said nothing"


def free_port() -> int:
    """A port of loopback that is free for both UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            stream.bind(("127.0.0.1", 0))
            try:
                datagrams.bind(stream.getsockname())
            except OSError:
                continue
            return int(stream.getsockname()[1])
