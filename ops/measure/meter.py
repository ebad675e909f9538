"""Takes the time of legs, and the CPU and memory of who takes part in them."""
from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .database import Database
from .legs import LEGS, Leg, Series, said
from .pages import Pages
from .processes import cpu_seconds, family_cpu_seconds, forget_peak_memory, memory_mb
from .profile import Profile
from .progress import note, ticking
from .waits import Waits


def _client_seconds() -> float:
    """What this program and those that it ran to their end have used."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Meter:
    """Measures one service and its Postgres."""

    def __init__(self, service_pid: int, database: Database, profile: Profile) -> None:
        self._service = service_pid
        self._database = database
        self.profile = profile
        self._waits, self._pages = Waits(database), Pages(database)

    @contextmanager
    def beside(self, service_pid: int) -> Iterator[Meter]:
        """A meter of a further instance of the service on the same Postgres."""
        other = Meter(service_pid, self._database, self.profile)
        try:
            yield other
        finally:
            other._waits.close()

    @contextmanager
    def leg(self, title: str, profiled: str = "") -> Iterator[Leg]:
        """Measures its body, after a CHECKPOINT. The body sets what was done; and `seconds`, if it knows better.

        What the body does after it has set `seconds` is counted as cost and takes no time. `profiled` is the row's name
        for the profile, if this leg should have one.
        """
        self._database.checkpoint()
        forget_peak_memory(self._service)
        leg = Leg(peak_mb={"service_before": round(memory_mb(self._service)[0], 1)})
        before, wal = self.used(), self._database.wal_position()
        with ticking(lambda: f"{title}: {leg.count:,} {leg.unit}" if leg.count else title), \
                self._pages.counted(leg), self._waits.sampled(leg), self.profile.of(profiled, self._service):
            leg.started = time.perf_counter()
            yield leg
            leg.seconds = leg.seconds or time.perf_counter() - leg.started
        after = self.used()
        leg.cpu_seconds = {name: round(after[name] - before[name], 2) for name in after}
        leg.wal_bytes = self._database.wal_position() - wal
        leg.peak_mb["service"] = round(memory_mb(self._service)[1], 1)

    def used(self) -> dict[str, float]:
        """CPU seconds of everybody until now."""
        return {"service": cpu_seconds(self._service), "postgres": family_cpu_seconds(self._database.postmaster),
                "client": _client_seconds()}

    def in_turns(
        self, series: Series, ours: Callable[[Leg], None], baseline: Callable[[Leg], None], legs: int = LEGS,
        is_service: bool = True,
    ) -> Series:
        """Fills `series` with legs of both sides, one after the other.

        `is_service`: it is the service that works in ours, and that a profile should be of.
        """
        for number in range(1, legs + 1):
            title = f"{series.name} {number}/{legs}"
            with self.leg(title, series.name if is_service else "") as leg:
                ours(leg)
            series.ours.append(leg)
            with self.leg(f"{title}, baseline") as beside:
                baseline(beside)
            series.baseline.append(beside)
            note(f"{title}: {said(leg)}; baseline {said(beside)}")
        return series

    def alone(self, series: Series, ours: Callable[[Leg], None], legs: int = LEGS) -> Series:
        """Fills `series` with legs of ours, where there is nothing to compare them with."""
        for number in range(1, legs + 1):
            with self.leg(f"{series.name} {number}/{legs}", series.name) as leg:
                ours(leg)
            series.ours.append(leg)
        note(f"{series.name}: {said(leg)}")
        return series

    def close(self) -> None:
        self._waits.close()
        self.profile.close()
