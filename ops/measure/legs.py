"""One leg of a measurement, and what belongs together: the legs of ours and those of the baseline, in turns."""
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from statistics import median
from typing import Any, Self

LEGS = 5
# What reads a larger ledger from end to end takes minutes: fewer legs have to do.
LONG_ENTRIES = 2_000_000
LONG_LEGS = 3


def whole_legs(entries: int) -> int:
    """How many legs what reads the whole ledger takes."""
    return LONG_LEGS if entries > LONG_ENTRIES else LEGS


@dataclass
class Leg:
    """What one leg did and what it cost."""

    count: int = 0
    unit: str = "entries"
    seconds: float = 0.0
    latency_ms: dict[str, float] = field(default_factory=dict)
    # The share of the answers that took so long: `histogram.py` says which buckets these are.
    histogram: dict[int, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    # Highest resident memory; `service_before` is what the service held when the leg began.
    peak_mb: dict[str, float] = field(default_factory=dict)
    wal_bytes: int = 0
    # Sessions of Postgres by application and by what they did or waited for, on average at any moment.
    waits: dict[str, dict[str, float]] = field(default_factory=dict)
    # Pages that Postgres' sessions asked for, by table or index (`asked`), and how many its cache had not (`missed`).
    pages: dict[str, dict[str, int]] = field(default_factory=dict)
    # What its sessions read from the disk, because the system's cache had not got it either.
    disk_bytes: int = 0
    # No figure, so not a field: it stays out of the JSON.
    started = 0.0

    def stop(self) -> None:
        """The leg has done its work by now; what it costs from here on is counted, and the time is not."""
        self.seconds = time.perf_counter() - self.started

    @property
    def rate(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Self:
        """A leg as `Series.as_json` has it; one that was written earlier may know less."""
        leg = cls(**{each.name: found[each.name] for each in fields(cls) if each.name in found})
        leg.histogram = {int(bucket): share for bucket, share in leg.histogram.items()}
        return leg


@dataclass
class Series:
    """One measured thing under the name that bars and comparisons know it by."""

    name: str
    ours: list[Leg] = field(default_factory=list)
    baseline: list[Leg] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def judged(self, side: str) -> list[Leg]:
        """The legs of `ours` or `baseline` that count: a fill has more than a median takes."""
        legs: list[Leg] = getattr(self, side)
        return legs[-LEGS:]

    def middle(self, side: str, figure: Callable[[Leg], float]) -> float | None:
        """The median of a figure over the legs that count; None without legs."""
        legs = self.judged(side)
        return median(figure(leg) for leg in legs) if legs else None

    def as_json(self) -> dict[str, Any]:
        def plain(legs: list[Leg]) -> list[dict[str, Any]]:
            return [asdict(leg) | {"rate": leg.rate} for leg in legs]

        return {"name": self.name, "ours": plain(self.ours), "baseline": plain(self.baseline), "facts": self.facts}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Self:
        """A series as `as_json` has it."""
        ours, baseline = ([Leg.from_json(leg) for leg in found[side]] for side in ("ours", "baseline"))
        return cls(found["name"], ours, baseline, found["facts"])


def said(leg: Leg) -> str:
    """A leg in a few words."""
    text = f"{leg.rate:,.0f} {leg.unit}/s"
    if leg.latency_ms:
        text += f", p50 {leg.latency_ms['p50']:.2f} ms, p99 {leg.latency_ms['p99']:.2f} ms"
    return text
