"""Measures what was asked for and prints the table."""
from __future__ import annotations

import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from . import bars, machine
from .bench import Bench, opened
from .legs import Series
from .options import Options, read
from .processes import MeasurementFailed
from .progress import elapsed_seconds, note
from .report import Report, compared
from .rows import export, query, stats, verify
from .rows.ingest import FILL_LEGS, Fill
from .rows.single import ALL_CLIENTS, CLIENTS, Single

ROOT = Path(__file__).parents[2]
STATUS_FAILED = 1


def measured(bench: Bench, single: Single, is_whole: bool) -> list[Series]:
    """Every row that was asked for, on the ledger as it is now; what has no baseline to grow with only on the whole."""
    options = bench.options
    bench.settle()
    found: list[Series] = []
    if options.wants("query"):
        found += [query.by_message(bench), query.by_sender(bench)]
    if options.wants("stats") and is_whole:
        found += stats.measure(bench)
    if options.wants("export"):
        found.append(export.measure(bench))
    if options.wants("verify"):
        found.append(verify.measure(bench))
    if options.wants("single"):
        # Last, for it makes the ledger grow.
        clients = ALL_CLIENTS if is_whole and "single-all" in options.rows else (CLIENTS,)
        found += [single.measure(count) for count in clients]
        if is_whole:
            found.append(single.measure_chained())
    return found


def run(options: Options) -> Report:
    """The whole run."""
    about = machine.facts(options.folder, ROOT)
    if about["load_before"] > about["cores"] / 2:  # type: ignore[operator]
        note(f"this machine is busy already (load {about['load_before']:.1f}): the figures will be worth little")
    with opened(options) as bench:
        settings = bench.database.settings()
        fill, single = Fill(bench), Single(bench)
        small: list[Series] = []
        fill.leg()
        if options.wants("growth"):
            note(f"everything at {bench.filled:,} entries, for the growth")
            small = measured(bench, single, is_whole=False)
        fill.rest()
        note(f"everything at {bench.filled:,} entries")
        full = measured(bench, single, is_whole=True)
        facts: dict[str, Any] = {
            "the ledger's size": f"{bench.size():,}", "disk per entry": bench.disk_per_entry(),
            "took": f"{elapsed_seconds() / 60:.1f} min"}
    if options.wants("ingest"):
        full.insert(0, fill.series)
    lines = bars.lines({series.name: series for series in full})
    lines += bars.growth(*_grown(small, full, fill.series), f"from {options.entries // FILL_LEGS:,} on")
    facts |= _told(full)
    return Report(about, settings, _plain(options), facts, lines, small, full)


def _grown(small: list[Series], full: list[Series], fill: Series) -> tuple[dict[str, Series], dict[str, Series]]:
    """The series at a tenth and at the whole, by name. The fill's own are its first and its last leg."""
    before, after = ({series.name: series for series in found} for found in (small, full))
    if small and len(fill.ours) == FILL_LEGS:
        before["ingest"] = Series("ingest", fill.ours[:1], fill.baseline[:1])
        after["ingest"] = Series("ingest", fill.ours[-1:], fill.baseline[-1:])
    return before, after


def _told(full: list[Series]) -> dict[str, Any]:
    """What is worth a word and has no bar."""
    found = {series.name: series for series in full}
    told: dict[str, Any] = {}
    chained, single = found.get("single-chained"), found.get(f"single-{CLIENTS}")
    if chained and single:
        by_hand, ours = chained.middle("baseline", bars.rate), single.middle("ours", bars.rate)
        if by_hand and ours:
            told["chained by a trigger, 32 clients"] = f"{by_hand:,.0f} rows/s (ours {ours / by_hand:.1f} times that)"
    if "verify" in found:
        since, whole = found["verify"].facts["since"], found["verify"].ours[-1]
        told["verify of the last tenth"] = f"{since['seconds'] / whole.seconds:.0%} of the time of all"
        told["verify's memory"] = f"{max(leg.peak_mb['verify'] for leg in found['verify'].ours):.0f} MB"
    if "export" in found:
        seconds = found["export"].middle("ours", lambda leg: leg.seconds)
        told["export"] = f"{found['export'].facts['bytes'] / 1e6 / (seconds or 1):,.0f} MB/s"
    return told


def _plain(options: Options) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(options).items()}


def main() -> int:
    """Runs, and answers with an exit status."""
    options = read(sys.argv[1:])
    # Ended from outside, it cleans up as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        report = run(options)
        print(report.text())
        if options.json:
            report.write(options.json)
            note(f"all figures: {options.json}")
        if options.compare:
            print(compared(report.lines, options.compare))
    except (MeasurementFailed, OSError, ValueError, psycopg.Error) as fault:
        print(f"ops/bench: {fault}", file=sys.stderr)
        return STATUS_FAILED
    except KeyboardInterrupt:
        print("ops/bench: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
