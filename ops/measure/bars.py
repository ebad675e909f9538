"""The bars of the design, and what the legs say about them."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from .legs import Leg, Series

# A rate that is said never to fall may be measured a little lower.
NOISE = 0.97

Side = Literal["least", "most"]


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    title: str
    ours: float
    baseline: float | None = None
    ratio: float | None = None
    bar: str = ""
    reached: bool | None = None


@dataclass(frozen=True)
class Rule:
    """How a line comes from a series. The bar is on the ratio to the baseline, or, without one, on our own figure."""

    series: str
    title: str
    figure: Callable[[Leg], float]
    side: Side = "least"
    limit: float | None = None

    def line(self, series: Series) -> Line | None:
        """The line; None if the series has no legs."""
        ours, baseline = series.middle("ours", self.figure), series.middle("baseline", self.figure)
        if ours is None:
            return None
        ratio = ours / baseline if baseline else None
        judged = ours if baseline is None else ratio
        if self.limit is None or judged is None:
            return Line(self.title, ours, baseline, ratio)
        return Line(self.title, ours, baseline, ratio, bar(self.side, self.limit), holds(judged, self.side, self.limit))


def rate(leg: Leg) -> float:
    return leg.rate


def latency(share: str) -> Callable[[Leg], float]:
    return lambda leg: leg.latency_ms[share]


def bar(side: Side, limit: float) -> str:
    return f"{'>=' if side == 'least' else '<='} {limit:g}"


def holds(value: float, side: Side, limit: float) -> bool:
    return value >= limit if side == "least" else value <= limit


def _clients(count: int, bars: tuple[float | None, float | None, float | None] = (None, None, None)) -> list[Rule]:
    name, title = f"single-{count}", f"single entries, {count} client{'s' if count > 1 else ''}"
    return [Rule(name, f"{title}, /s", rate, "least", bars[0]),
            Rule(name, "    p50, ms", latency("p50"), "most", bars[1]),
            Rule(name, "    p99, ms", latency("p99"), "most", bars[2])]


RULES = (
    Rule("ingest", "batched ingest, entries/s", rate, "least", 0.9),
    Rule("ingest-1", "    over one connection, entries/s", rate),
    *_clients(1), *_clients(8), *_clients(32, (1.0, 1.5, 2.0)), *_clients(128), *_clients(256),
    Rule("query-message", "by message ID, p50, ms", latency("p50")),
    Rule("query-message", "    p99, ms", latency("p99"), "most", 2.0),
    Rule("query-sender", "by sender and time, p50, ms", latency("p50")),
    Rule("query-sender", "    p99, ms", latency("p99"), "most", 2.0),
    Rule("stats", "stats of the page, p99, ms", latency("p99"), "most", 10),
    Rule("stats-fine", "stats by everything, by hour, p99, ms", latency("p99"), "most", 10),
    Rule("stats-month", "stats of the page, a month of hours, p99, ms", latency("p99"), "most", 10),
    Rule("proof", "proof of inclusion, p50, ms", latency("p50")),
    Rule("proof", "    p99, ms", latency("p99")),
    Rule("consistency", "proof of consistency, p50, ms", latency("p50")),
    Rule("consistency", "    p99, ms", latency("p99")),
    Rule("receipt", "receipt of any entry, p50, ms", latency("p50")),
    Rule("receipt", "    p99, ms", latency("p99"), "most", 5),
    Rule("receipts-32", "entries with a signed receipt, 32 clients, beside without, /s", rate),
    Rule("receipts-32", "    p50, ms", latency("p50")),
    Rule("receipts-32", "    p99, ms", latency("p99")),
    Rule("offline", "export verified offline, beside openssl dgst of it, entries/s", rate),
    Rule("signing", "signing, seconds for each second of batched ingest", lambda leg: leg.seconds, "most", 0.05),
    Rule("tiles", "tiles written again, seconds for each second of batched ingest", lambda leg: leg.seconds),
    Rule("export", "export, lines/s", rate, "least", 0.8),
    Rule("verify", "verify, entries/s", rate, "least", 0.5),
    Rule("reports-read", "DMARC reports read, beside parsedmarc, rows/s", rate, "least", 50),
    Rule("reports", "    imported durably, beside the same, rows/s", rate, "least", 50),
    Rule("ledgers-2", "batches into 2 ledgers at once, beside 1, entries/s", rate),
    Rule("ledgers-4", "batches into 4 ledgers at once, beside 1, entries/s", rate),
    Rule("ledgers-light", "light traffic to many ledgers, beside 1, p50, ms", latency("p50")),
    Rule("ledgers-light", "    p99, ms", latency("p99")),
    Rule("ledgers-beside", "the same beside a busy one, and without, p50, ms", latency("p50")),
    Rule("ledgers-beside", "    p99, ms", latency("p99")),
    Rule("ledgers-busy", "the busy one beside these, and alone, entries/s", rate),
    Rule("messages", "mails verified over HTTP, beside dkimpy in one process, /s", rate, "least", 10),
    Rule("messages-rsa", "    beside RSA-2048 verification by OpenSSL, /s", rate, "least", 0.5),
    Rule("mails", "mails verified by the command, beside dkimpy in one process, /s", rate, "least", 10),
    Rule("mails-rsa", "    beside RSA-2048 verification by OpenSSL, /s", rate, "least", 0.5),
    Rule("sweep", "identities checked over HTTP, beside dnsperf asking the same, domains/s", rate),
)
CLIENTS = (1, 8, 32, 128, 256)

GROWTH = {
    "ingest": "batched ingest", "single-32": "single entries", "query-message": "queries by message ID",
    "query-sender": "queries by sender and time", "export": "export", "verify": "verify"}
GROWTH_LIMIT = 0.9


def lines(found: dict[str, Series]) -> list[Line]:
    """The lines of all series that were measured."""
    judged = [rule.line(found[rule.series]) for rule in RULES if rule.series in found]
    return [line for line in judged if line] + _never_falls(found)


def _never_falls(found: dict[str, Series]) -> list[Line]:
    """The least rate of a number of clients, for the rate of the next smaller number."""
    steps = client_steps(found)
    if not steps:
        return []
    return [Line("single entries, rate with more clients, least step", min(steps.values()),
                 bar=f">= 1 less {1 - NOISE:.0%} of noise", reached=not falls(steps))]


def client_steps(found: dict[str, Series]) -> dict[int, float]:
    """By a number of clients: its rate for that of the next smaller number."""
    measured = {count: found[f"single-{count}"] for count in CLIENTS if f"single-{count}" in found}
    rates = {count: series.middle("ours", rate) or 0 for count, series in measured.items()}
    return {count: rates[count] / rates[fewer] for fewer, count in pairwise(rates) if rates[fewer]}


def falls(steps: dict[int, float]) -> list[int]:
    """The numbers of clients at which the rate is lower than with fewer."""
    return [count for count, step in steps.items() if step < NOISE]


def growth(small: dict[str, Series], large: dict[str, Series], span: str) -> list[Line]:
    """How much of each rate is left when the ledger is larger, beside what is left of its baseline's."""
    found = []
    for name, title in GROWTH.items():
        if name not in small or name not in large:
            continue
        ours, baseline = (_kept(small[name], large[name], side) for side in ("ours", "baseline"))
        if ours and baseline:
            ratio = ours / baseline
            found.append(Line(f"{title}, rate kept {span}", ours, baseline, ratio, bar("least", GROWTH_LIMIT),
                              holds(ratio, "least", GROWTH_LIMIT)))
    return found


def _kept(small: Series, large: Series, side: str) -> float | None:
    before, after = small.middle(side, rate), large.middle(side, rate)
    return after / before if before and after else None
