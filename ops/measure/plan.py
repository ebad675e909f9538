"""What a run is going to do and about how long that takes, said before it begins."""
from __future__ import annotations

from dataclasses import dataclass

from .legs import LEGS, whole_legs
from .options import Options

# Units a second on two cores, in round figures: they only tell a person when to come back.
PREPARED, APPENDED, COPIED, CAPTURED, INSERTED = 150_000, 12_000, 18_000, 50_000, 35_000
EXPORTED, COPIED_OUT, VERIFIED, DIGESTED = 120_000, 200_000, 80_000, 150_000
VACUUMED = 150_000
LEDGERS_MADE = 8
OFFLINE = 100_000

# The size that the growth begins at: the design's, or a tenth of a smaller ledger, and at least a batch for each leg.
GROWTH_MIN, GROWTH_MAX = 5_000, 100_000


@dataclass(frozen=True)
class Phase:
    """A part of the run."""

    title: str
    seconds: float


def growth_entries(options: Options) -> int:
    """At which size everything is measured first, for the growth: 0 if that was not asked for."""
    return max(GROWTH_MIN, min(GROWTH_MAX, options.entries // 10)) if options.wants("growth") else 0


def phases(options: Options) -> list[Phase]:
    """The phases in their order."""
    small = growth_entries(options)
    timed = options.wants("ingest")
    found = [Phase("start", 5)]
    if small:
        found += [Phase(f"fill to {small:,}", _fill(small, timed)),
                  *(Phase(f"{phase.title} at {small:,}", phase.seconds) for phase in _rows(options, small, False))]
    found.append(Phase(f"fill to {options.entries:,}", _fill(options.entries - small, timed)))
    return found + _rows(options, options.entries, True)


def _fill(entries: int, timed: bool) -> float:
    seconds = entries / PREPARED + entries / APPENDED
    return seconds + (entries / CAPTURED + entries / COPIED if timed else 0)


def _rows(options: Options, entries: int, is_whole: bool) -> list[Phase]:
    leg, legs = options.leg_seconds, whole_legs(entries)
    pair = LEGS * 2 * (leg + 2)
    one_connection = LEGS * min(options.entries // 10, 50_000)
    clients = 5 if "single-all" in options.rows and is_whole else 1
    fairness = 5 * LEGS * (leg / 2 + 3) + (LEGS * leg * 30_000) / PREPARED
    at_once = 4 * LEGS * (min(options.entries // 10, 60_000) * (1 / APPENDED + 1 / PREPARED) + 2)
    wanted = (
        ("ingest over one connection", is_whole and options.wants("ingest"), _fill(one_connection, True)),
        ("VACUUM", True, entries / VACUUMED),
        ("query", options.wants("query"), pair),
        ("stats", is_whole and options.wants("stats"), 3 * LEGS * (leg / 5 + 1)),
        ("proofs", is_whole and options.wants("proofs"),
         3 * LEGS * (leg / 5 + 1) + pair + legs * entries * (1 / OFFLINE + 1 / DIGESTED) + entries / EXPORTED),
        ("export", options.wants("export"), legs * (entries / EXPORTED + entries / COPIED_OUT)),
        ("verify", options.wants("verify"), legs * (entries / VERIFIED + entries / DIGESTED)),
        ("single", options.wants("single"), entries / INSERTED + clients * pair + leg),
        ("VACUUM (FREEZE)", is_whole and options.wants("disk"), entries / VACUUMED * 2),
        ("messages", is_whole and options.wants("messages"), LEGS * 3 * (leg + 2) + 10),
        ("sweep", is_whole and options.wants("sweep"), pair + 10),
        ("reports", is_whole and options.wants("reports"), LEGS * 35),
        ("ledgers", is_whole and options.wants("ledgers"), at_once + options.ledgers / LEDGERS_MADE + fairness + 60),
    )
    return [Phase(title, seconds) for title, is_wanted, seconds in wanted if is_wanted]


def text(found: list[Phase]) -> str:
    """The plan as one paragraph."""
    total = sum(phase.seconds for phase in found)
    return (f"about {max(1, round(total / 60))} min on two quiet cores: "
            + ", ".join(f"{phase.title} {_minutes(phase.seconds)}" for phase in found))


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
