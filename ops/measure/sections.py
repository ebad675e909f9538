"""What stands beside the table that is judged: costs, waits, pages, latencies, disk."""
from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from . import histogram
from .bars import CLIENTS, client_steps, falls
from .legs import Leg, Series
from .tables import number, table

SHARES = ("p50", "p90", "p99", "p999", "max")
PROCESSES = ("service", "postgres", "client")
# Waits that are less than this share of a session's time are left out, beyond the first few as well.
WAIT_SHARE_MIN = 0.02
WAITS_SHOWN = 4
# So many relations are named, those that the cache had least of.
RELATIONS_SHOWN = 5
PAGES_SHOWN_MIN = 0.005
# Smaller shares of the answers than this are shown as such.
ANSWERS_SHOWN_MIN = 0.0005


def _sides(full: list[Series]) -> list[tuple[str, list[Leg]]]:
    """Each side that has legs, with its title."""
    found = [(f"{series.name}, {side}", series.judged(side)) for series in full for side in ("ours", "baseline")]
    return [(title, legs) for title, legs in found if legs]


def costs(full: list[Series]) -> str:
    """CPU time and write-ahead log of each side, for one entry, line or query."""
    head = ("one unit costs", "service us", "postgres us", "client us", "WAL bytes", "service MB", "other MB")
    rows = [_cost(title, legs) for title, legs in _sides(full) if all(leg.cpu_seconds for leg in legs)]
    return table((head, *rows)) if rows else ""


def _cost(title: str, legs: list[Leg]) -> tuple[str, ...]:
    count = sum(leg.count for leg in legs)
    cpu = (sum(leg.cpu_seconds[name] for leg in legs) / count * 1e6 for name in PROCESSES)
    before, highest = (max(leg.peak_mb[name] for leg in legs) for name in ("service_before", "service"))
    # The process that an operator starts for it, as with verify.
    others = [mb for leg in legs for name, mb in leg.peak_mb.items() if not name.startswith("service")]
    wal = sum(leg.wal_bytes for leg in legs) / count
    return title, *map(number, cpu), number(wal), f"{before:.0f} -> {highest:.0f}", number(max(others, default=None))


def waits(full: list[Series]) -> str:
    """What Postgres' sessions did while they were not idle."""
    rows = [("Postgres' sessions", "busy", "on CPU", "waited for, share of their time")]
    for title, legs in _sides(full):
        for application, events in sorted(_mean(legs).items()):
            total = sum(events.values())
            # What ran by chance in one sample says nothing.
            if total < WAIT_SHARE_MIN:
                continue
            others = sorted(((share / total, event) for event, share in events.items() if event != "CPU"), reverse=True)
            named = [f"{event} {share:.0%}" for share, event in others[:WAITS_SHOWN] if share >= WAIT_SHARE_MIN]
            rows.append((f"{title}: {application}", number(total), f"{events.get('CPU', 0) / total:.0%}",
                         " · ".join(named)))
    return _left(rows) if len(rows) > 1 else ""


def _mean(legs: list[Leg]) -> dict[str, dict[str, float]]:
    """The samples of several legs as one."""
    total: dict[str, dict[str, float]] = {}
    for leg in legs:
        for application, events in leg.waits.items():
            into = total.setdefault(application, {})
            for event, sessions in events.items():
                into[event] = into.get(event, 0) + sessions / len(legs)
    return total


def pages(full: list[Series]) -> str:
    """The pages that Postgres asked for, by unit, and where those are that its own cache had not."""
    rows = [("one unit wants", "pages", "missed", "disk B", "missed of")]
    for title, legs in _sides(full):
        count = sum(leg.count for leg in legs)
        asked, missed = (_summed(legs, what, count) for what in ("asked", "missed"))
        if not asked:
            continue
        most = sorted(((share, name) for name, share in missed.items() if share >= PAGES_SHOWN_MIN), reverse=True)
        named = [f"{name} {share:.2f}" for share, name in most[:RELATIONS_SHOWN]]
        disk_bytes = sum(leg.disk_bytes for leg in legs) / count
        rows.append((title, number(sum(asked.values())), number(sum(missed.values())), number(disk_bytes),
                     " · ".join(named)))
    return _left(rows) if len(rows) > 1 else ""


def _summed(legs: list[Leg], what: str, count: int) -> dict[str, float]:
    total: dict[str, float] = {}
    for leg in legs:
        for name, found in leg.pages.items():
            total[name] = total.get(name, 0) + found[what] / count
    return total


def _left(rows: Sequence[tuple[str, ...]]) -> str:
    """A table whose last column is text, to the left."""
    widest = max(len(row[-1]) for row in rows)
    return "\n".join(line.rstrip() for line in table([(*row[:-1], row[-1].ljust(widest)) for row in rows]).splitlines())


def _single(full: list[Series]) -> dict[int, Series]:
    found = {series.name: series for series in full}
    return {count: found[f"single-{count}"] for count in CLIENTS if f"single-{count}" in found}


def latencies(full: list[Series]) -> str:
    """The latencies of single entries, ours beside the baseline, and whether more clients ever get less done."""
    found = _single(full)
    if not found:
        return ""
    columns = [(f"{count} {side}", series.judged(legs)) for count, series in found.items()
               for legs, side in (("ours", "ours"), ("baseline", "base"))]
    rows = [("single entries by clients", *(title for title, _ in columns)),
            ("rate, /s", *(number(median(leg.rate for leg in legs)) for _, legs in columns)),
            *((f"{share.replace('p999', 'p99.9')}, ms",
               *(number(median(leg.latency_ms[share] for leg in legs)) for _, legs in columns)) for share in SHARES)]
    return "\n".join((table(rows), *_verdict(full)))


def _verdict(full: list[Series]) -> list[str]:
    steps = client_steps({series.name: series for series in full})
    if not steps:
        return []
    said = ", ".join(f"{step - 1:+.0%} at {count}" for count, step in steps.items())
    fallen = falls(steps)
    verdict = f"falls at {', '.join(map(str, fallen))} clients" if fallen else "never falls"
    return [f"from {CLIENTS[0]} to {max(steps)} clients our rate {verdict}: {said}"]


def histograms(full: list[Series]) -> str:
    """The share of single entries that took up to so many milliseconds, in per cent, by powers of two."""
    columns = [(f"{count} {side}", histogram.doublings([leg.histogram for leg in series.judged(legs)]))
               for count, series in _single(full).items() for legs, side in (("ours", "ours"), ("baseline", "base"))]
    doublings = [doubling for _, shares in columns for doubling in shares]
    if not doublings:
        return ""
    head = ("up to ms, % of answers", *(title for title, _ in columns))
    rows = [(f"{2.0 ** doubling:g}", *(_per_cent(shares.get(doubling, 0)) for _, shares in columns))
            for doubling in range(min(doublings), max(doublings) + 1)]
    return table((head, *rows))


def _per_cent(share: float) -> str:
    if share < ANSWERS_SHOWN_MIN:
        return "·" if share else ""
    return f"{share * 100:.1f}"


def disk(found: list[tuple[str, str, float]]) -> str:
    """Bytes for each entry, by table and index."""
    if not found:
        return ""
    total = sum(size for _, _, size in found)
    rows = [(name, part, number(size), f"{size / total:.0%}") for name, part, size in found]
    return table((("on disk", "", "B per entry", "share"), *rows, ("all of it", "", number(total), "")))
