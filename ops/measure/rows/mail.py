"""Mail: signed messages beside dkimpy and beside OpenSSL; identities of many domains beside their bare look-ups.

Both rows drive a further instance of the service, which asks a name server of ours.
"""
from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from ..bench import Bench
from ..legs import LEGS, Leg, Series, said
from ..meter import Meter
from ..processes import MeasurementFailed, run
from ..progress import note
from ..service import Service
from ..wrk import Load

CLIENTS = 32
ZONE = "bench-mail"
DOMAINS = 10_000
SELECTOR, ADDRESS = "s1", "192.0.2.10"
# The discard port: what is not in our zone is asked of nobody.
NOBODY = "127.0.0.1@9"
ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
# A domain comes again after all others: its own records are forgotten by then, and those above it are not.
DOMAIN_TTL, ZONE_TTL = 1, 3_600
SAMPLE = "d0"
# So many mails are given to one run of the command.
CHECKED = 40_000


class Mail:
    """The rows."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._seconds = bench.options.leg_seconds
        self._next = 0
        self.facts: dict[str, Any] = {}

    def measure(self) -> Iterator[Series]:
        """Those that were asked for."""
        # Only these rows need what they import.
        from knot import Knot

        from .. import signed_mails

        options, mails = self._bench.options, self._bench.folder / "mails"
        keys = signed_mails.write(mails, ZONE) if options.wants("messages") else {}
        domains = DOMAINS if options.wants("sweep") else 0
        server = Knot({ZONE: zone(keys, domains)})
        try:
            with self._served(server.address) as (service, meter):
                if options.wants("messages"):
                    yield from self._messages(service, meter, mails, signed_mails.COUNT, server.address)
                if options.wants("sweep"):
                    yield self._sweep(service, meter, server.port)
        finally:
            server.close()

    @contextmanager
    def _served(self, names: str) -> Iterator[tuple[Service, Meter]]:
        """A further instance that asks this server about our zone."""
        service = self._bench.service.beside()
        service.arguments = ("--resolver", NOBODY, "--dns-stub", f"{ZONE}={names}")
        service.start()
        try:
            with self._bench.meter.beside(service.pid) as meter:
                yield service, meter
        finally:
            service.stop()

    def _ask(self, service: Service, path: str, kind: str, body: bytes) -> Any:
        """One answer, for a look at it."""
        connection = HTTPConnection(*service.address, timeout=30)
        try:
            connection.request("POST", path, body, {
                "Authorization": f"Bearer {self._bench.ingest[0].token}", "Content-Type": kind})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise MeasurementFailed(f"POST {path}: {answer.status} {text[:500].decode(errors='replace')}")
        return json.loads(text)

    # -- messages

    def _messages(
        self, service: Service, meter: Meter, mails: Path, count: int, names: str,
    ) -> list[Series]:
        """The same legs of ours, over HTTP and by the command, beside both baselines, all in turns."""
        for number in range(count):
            found = self._ask(service, "/v1/verifications/message", "message/rfc822",
                              (mails / f"{number}.eml").read_bytes())
            if found["assessment"] != "aligned" or found["results"]["dkim"][0]["result"] != "pass":
                raise MeasurementFailed(f"mail {number} does not pass: {json.dumps(found)[:1000]}")
        beside = {name: Series(name) for name in ("messages", "messages-rsa", "mails", "mails-rsa")}
        load = Load("messages.lua", (str(mails), str(count)), CLIENTS, self._seconds)
        for number in range(1, LEGS + 1):
            title = f"messages {number}/{LEGS}"
            with meter.leg(title, "messages") as ours:
                load.drive(service.url, self._bench.ingest[0].token, ours)
                ours.unit = "mails"
            with meter.leg(f"{title}, command") as command:
                self._by_command(mails, count, names, command)
            with meter.leg(f"{title}, dkimpy") as theirs:
                self._by_dkimpy(mails, theirs)
            with meter.leg(f"{title}, openssl") as bare:
                self._bare(bare)
            for name, series in beside.items():
                series.ours.append(ours if name.startswith("messages") else command)
                series.baseline.append(bare if name.endswith("rsa") else theirs)
            note(f"{title}: {said(ours)}; command {said(command)}; dkimpy {said(theirs)}; openssl {said(bare)}")
        sizes = sorted((mails / f"{number}.eml").stat().st_size for number in range(count))
        self.facts["mails"] = f"{count}, {sizes[0]:,} to {sizes[-1]:,} bytes, RSA-2048, relaxed/relaxed"
        self.facts["cores that OpenSSL verified on"] = self._cores()
        return list(beside.values())

    def _by_command(self, mails: Path, count: int, names: str, leg: Leg) -> None:
        """`countersign message check` of a folder in which each mail stands many times; the start of the process is
        part of it."""
        many = mails / "many"
        if not many.exists():
            many.mkdir()
            for number in range(CHECKED):
                os.link(mails / f"{number % count}.eml", many / f"{number}.eml")
            leg.started = time.perf_counter()
        command = [str(self._bench.service.binary.resolve()), "message", "check", "--resolver", NOBODY,
                   "--dns-stub", f"{ZONE}={names}", "."]
        output = run(command, many).output
        if output.count("eml: aligned\n") != CHECKED:
            raise MeasurementFailed(f"countersign message check said: {output[:500]}")
        leg.count, leg.unit = CHECKED, "mails"

    def _by_dkimpy(self, mails: Path, leg: Leg) -> None:
        ended = run([sys.executable, "-m", "measure.signed_mails", str(mails), str(self._seconds)])
        count, seconds = ended.output.split()
        leg.count, leg.seconds, leg.unit = int(count), float(seconds), "mails"

    def _bare(self, leg: Leg) -> None:
        """As many verifications as all cores do that have nothing else to do."""
        seconds = max(1, round(self._seconds / 2))
        ended = run(["openssl", "speed", "-seconds", str(seconds), "-multi", str(self._cores()), "rsa2048"])
        found = re.search(r"^rsa\s+2048 bits\s+\S+s\s+\S+s\s+[\d.]+\s+([\d.]+)", ended.output, re.MULTILINE)
        if not found:
            raise MeasurementFailed(f"openssl speed said: {ended.output[-500:]}")
        leg.count, leg.seconds, leg.unit = round(float(found[1]) * seconds), float(seconds), "verifications"

    @staticmethod
    def _cores() -> int:
        return len(os.sched_getaffinity(0))

    # -- sweep

    def _sweep(self, service: Service, meter: Meter, port: int) -> Series:
        """One domain after the other, each with nothing known of it; beside dnsperf with the same questions."""
        body = {"identity": f"{SAMPLE}.{ZONE}", "selectors": [SELECTOR], "addresses": [ADDRESS]}
        found = self._ask(service, "/v1/verifications/identity", "application/json", json.dumps(body).encode())
        if found["assessment"] != "protected":
            raise MeasurementFailed(f"the domain is not protected: {json.dumps(found)[:1000]}")
        asked = [(each["qname"], each["qtype"]) for each in found["evidence"]]
        own = [(name, kind) for name, kind in asked if f".{name}".endswith(f".{SAMPLE}.{ZONE}")]
        questions = self._bench.folder / "questions"
        questions.write_text("".join(
            f"{name.removesuffix(f'{SAMPLE}.{ZONE}')}d{number}.{ZONE} {kind}\n"
            for number in range(DOMAINS) for name, kind in own))

        def ours(leg: Leg) -> None:
            arguments = (str(self._next), str(DOMAINS), ZONE, SELECTOR, ADDRESS)
            Load("identities.lua", arguments, CLIENTS, self._seconds).drive(
                service.url, self._bench.ingest[0].token, leg)
            leg.unit = "domains"
            self._next += leg.count + 2 * CLIENTS

        series = meter.in_turns(Series("sweep"), ours, lambda leg: self._bare_questions(questions, port, len(own), leg))
        rate = series.middle("ours", lambda leg: leg.rate) or 1
        self.facts[f"{DOMAINS:,} domains take"] = f"{DOMAINS / rate:.1f} s, {len(own)} questions each"
        return series

    def _bare_questions(self, questions: Path, port: int, for_each: int, leg: Leg) -> None:
        ended = run(["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(questions), "-c", str(CLIENTS),
                     "-q", str(CLIENTS), "-l", f"{max(1, round(self._seconds / 2))}"])
        found = {name: re.search(rf"{name}:\s+([\d.]+)", ended.output)
                 for name in ("Queries completed", "Queries lost", "Run time \\(s\\)")}
        completed, lost, seconds = (float(figure[1]) if figure else -1.0 for figure in found.values())
        if completed <= 0 or lost or seconds <= 0:
            raise MeasurementFailed(f"dnsperf said: {ended.output[-1000:]}")
        leg.count, leg.seconds, leg.unit = round(completed / for_each), seconds, "domains"


def zone(keys: dict[str, str], domains: int) -> str:
    """The zone as text: the senders of the mails, and the domains of the sweep."""
    return "".join(_lines(keys, domains))


def _lines(keys: dict[str, str], domains: int) -> Iterable[str]:
    yield (f"$ORIGIN {ZONE}.\n$TTL {ZONE_TTL}\n@ SOA ns hostmaster 1 3600 600 86400 {ZONE_TTL}\n@ NS ns\n"
           "ns A 127.0.0.1\n")
    for name, record in keys.items():
        domain = name.partition("._domainkey.")[2]
        yield f"{name}. TXT {_quoted(record)}\n{_sender(f'{domain}.')}"
    yield f"$TTL {DOMAIN_TTL}\n"
    for number in range(domains):
        yield f'{SELECTOR}._domainkey.d{number} TXT "{ED25519}"\n{_sender(f"d{number}")}'


def _sender(domain: str) -> str:
    return f'{domain} TXT "v=spf1 ip4:192.0.2.0/24 -all"\n_dmarc.{domain} TXT "v=DMARC1; p=reject"\n'


def _quoted(record: str) -> str:
    return " ".join(f'"{record[at:at + 255]}"' for at in range(0, len(record), 255))
