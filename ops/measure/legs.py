"""One leg of a measurement, and what belongs together: the legs of ours and those of the baseline, in turns."""
from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from .database import Database
from .processes import cpu_seconds, family_cpu_seconds, forget_peak_memory, memory_mb
from .progress import note

LEGS = 5


@dataclass
class Leg:
    """What one leg did and what it cost."""

    count: int = 0
    unit: str = "entries"
    seconds: float = 0.0
    latency_ms: dict[str, float] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    # Highest resident memory; `service_before` is what the service held when the leg began.
    peak_mb: dict[str, float] = field(default_factory=dict)
    wal_bytes: int = 0
    # No figure, so not a field: it stays out of the JSON.
    started = 0.0

    def stop(self, count: int) -> None:
        """The leg has done `count` by now; what it costs from here on is counted, and the time is not."""
        self.count, self.seconds = count, time.perf_counter() - self.started

    @property
    def rate(self) -> float:
        return self.count / self.seconds if self.seconds else 0.0


@dataclass
class Series:
    """One measured thing under the name that bars and comparisons know it by."""

    name: str
    ours: list[Leg] = field(default_factory=list)
    baseline: list[Leg] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def middle(self, side: str, figure: Callable[[Leg], float]) -> float | None:
        """The median of a figure over the legs of `ours` or `baseline`; None without legs."""
        legs: list[Leg] = getattr(self, side)
        return median(figure(leg) for leg in legs[-LEGS:]) if legs else None

    def as_json(self) -> dict[str, Any]:
        def plain(legs: list[Leg]) -> list[dict[str, Any]]:
            return [asdict(leg) | {"rate": leg.rate} for leg in legs]

        return {"name": self.name, "ours": plain(self.ours), "baseline": plain(self.baseline), "facts": self.facts}


def _client_seconds() -> float:
    """What this program and those that it ran to their end have used."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Meter:
    """Takes the time of legs, and the CPU and memory of who takes part in them."""

    def __init__(self, service_pid: int, database: Database) -> None:
        self._service = service_pid
        self._database = database
        self._postmaster = database.postmaster

    @contextmanager
    def leg(self) -> Iterator[Leg]:
        """Measures its body, after a CHECKPOINT. The body sets what was done; and `seconds`, if it knows better."""
        self._database.checkpoint()
        forget_peak_memory(self._service)
        leg = Leg(peak_mb={"service_before": round(memory_mb(self._service)[0], 1)})
        before, wal = self._used(), self._database.wal_position()
        leg.started = time.perf_counter()
        yield leg
        leg.seconds = leg.seconds or time.perf_counter() - leg.started
        after = self._used()
        leg.cpu_seconds = {name: round(after[name] - before[name], 2) for name in after}
        leg.wal_bytes = self._database.wal_position() - wal
        leg.peak_mb["service"] = round(memory_mb(self._service)[1], 1)

    def _used(self) -> dict[str, float]:
        return {"service": cpu_seconds(self._service), "postgres": family_cpu_seconds(self._postmaster),
                "client": _client_seconds()}

    def in_turns(self, series: Series, ours: Callable[[Leg], None], baseline: Callable[[Leg], None]) -> Series:
        """Fills `series` with legs of both sides, one after the other."""
        for number in range(1, LEGS + 1):
            with self.leg() as leg:
                ours(leg)
            series.ours.append(leg)
            with self.leg() as beside:
                baseline(beside)
            series.baseline.append(beside)
            note(f"{series.name} {number}/{LEGS}: {said(leg)}; baseline {said(beside)}")
        return series


def said(leg: Leg) -> str:
    """A leg in a few words."""
    text = f"{leg.rate:,.0f} {leg.unit}/s"
    if leg.latency_ms:
        text += f", p50 {leg.latency_ms['p50']:.2f} ms, p99 {leg.latency_ms['p99']:.2f} ms"
    return text
