"""Measures what was asked for and prints the tables."""
from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import psycopg

from . import bars, disk, machine, plan
from .bench import Bench, opened
from .legs import LEGS, Series
from .options import Options, read
from .processes import MeasurementFailed
from .progress import elapsed_seconds, note, ticking
from .report import Report, compared
from .rows import export, proofs, query, reports, stats, verify
from .rows.ingest import FILL_LEGS, Fill
from .rows.ledgers import Ledgers
from .rows.mail import Mail
from .rows.single import CLIENTS, Single

ROOT = Path(__file__).parents[2]
STATUS_FAILED = 1


class Run:
    """One run: what it finds, row by row."""

    def __init__(self, bench: Bench, keep: Callable[[Run], None]) -> None:
        """`keep` is called with this run whenever another row is there: whoever ends a long run keeps its figures."""
        self._bench = bench
        self._keep = keep
        self._options = bench.options
        self._fill, self._single = Fill(bench), Single(bench)
        self.small: list[Series] = []
        self.full: list[Series] = []
        self.disk: list[disk.Part] = []
        self.facts: dict[str, Any] = {}

    def measure(self) -> None:
        """Fills the ledger and measures every row that was asked for: before the growth, and at its whole size."""
        bench, options = self._bench, self._options
        small = plan.growth_entries(options)
        if small:
            self.small = self._timed(self._fill.until(small, LEGS))
            note(f"everything at {bench.filled:,} entries, for the growth")
            bench.settle()
            self.small += [*self._reads(), *self._singles([CLIENTS])]
        bench.meter.profile.begin()
        self._add(self._timed(self._fill.until(options.entries, FILL_LEGS)))
        if options.wants("proofs"):
            self._add(self._fill.of_strangers())
        if options.wants("ingest"):
            self._add([self._fill.one_connection()])
        bench.mirror.drop()
        note(f"everything at {bench.filled:,} entries")
        self._settle()
        if options.wants("stats"):
            self._add(stats.measure(bench))
        if options.wants("proofs"):
            self._add(proofs.measure(bench))
        self._add(self._reads())
        # Last, for these make the ledgers grow.
        self._add(self._singles(bars.CLIENTS if "single-all" in options.rows else [CLIENTS]))
        if options.wants("proofs"):
            self._add([proofs.with_receipts(bench)])
        if options.wants("single"):
            self._add([self._single.measure_chained()])
        self._single.drop()
        self._rest()

    def _add(self, found: Iterable[Series]) -> None:
        for series in found:
            self.full.append(series)
            self._keep(self)

    def _timed(self, filled: Series) -> list[Series]:
        return [filled] if self._options.wants("ingest") else []

    def _settle(self) -> None:
        bench = self._bench
        vacuumed = bench.settle()
        self.disk = disk.used(bench.database, bench.size())
        self.facts["the ledger's size"] = f"{bench.size():,}"
        if self._options.wants("disk"):
            self.facts["VACUUM (ANALYZE) after the fill"] = vacuumed

    def _reads(self) -> Iterator[Series]:
        """What has a baseline and leaves the ledger as it is."""
        bench, options = self._bench, self._options
        if options.wants("query"):
            yield query.by_message(bench)
            yield query.by_sender(bench)
        if options.wants("export"):
            yield export.measure(bench)
        if options.wants("verify"):
            yield verify.measure(bench)

    def _singles(self, clients: list[int] | tuple[int, ...]) -> Iterator[Series]:
        if self._options.wants("single"):
            for count in clients:
                yield self._single.measure(count)

    def _rest(self) -> None:
        """What changes every page of the ledger, and then other ledgers."""
        bench, options = self._bench, self._options
        if options.wants("disk"):
            with ticking(lambda: "VACUUM (FREEZE)"):
                self.facts["VACUUM (FREEZE) at the end"] = disk.vacuum(bench.database, "FREEZE", bench.size())
        if options.wants("messages") or options.wants("sweep"):
            mail = Mail(bench)
            self._add(mail.measure())
            self.facts |= mail.facts
        if options.wants("reports"):
            self._add(reports.measure(bench))
        if options.wants("ledgers"):
            ledgers = Ledgers(bench)
            self._add(ledgers.measure())
            self.facts |= ledgers.facts

    def lines(self) -> list[bars.Line]:
        """The table that is judged."""
        small, full = ({series.name: series for series in found} for found in (self.small, self.full))
        begin = f"from {plan.growth_entries(self._options):,} on"
        return bars.lines(full) + bars.growth(small, full, begin)


def _told(options: Options, small: list[Series], full: list[Series]) -> dict[str, Any]:
    """What is worth a word and has no bar."""
    found = {series.name: series for series in full}
    told: dict[str, Any] = {}
    for entries, series in ((plan.growth_entries(options), small), (options.entries, full)):
        if peaks := [leg.peak_mb["service"] for each in series for leg in each.ours if leg.peak_mb]:
            told[f"the service's highest memory with {entries:,} entries"] = f"{max(peaks):.0f} MB"
    if "ingest" in found:
        for side, legs in (("ingest", found["ingest"].ours), ("COPY", found["ingest"].baseline)):
            told[f"{side}, leg by leg, entries/s"] = " ".join(f"{leg.rate:,.0f}" for leg in legs)
    chained, single = found.get("single-chained"), found.get(f"single-{CLIENTS}")
    if chained and single:
        by_hand, ours = chained.middle("baseline", bars.rate), single.middle("ours", bars.rate)
        if by_hand and ours:
            told["chained by a trigger, 32 clients"] = f"{by_hand:,.0f} rows/s (ours {ours / by_hand:.1f} times that)"
    if "verify" in found:
        since, whole = found["verify"].facts["since"], found["verify"].ours[-1]
        told["verify of the last tenth"] = f"{since['seconds'] / whole.seconds:.0%} of the time of all"
    if "export" in found:
        seconds = found["export"].middle("ours", lambda leg: leg.seconds)
        told["export"] = f"{found['export'].facts['bytes'] / 1e6 / (seconds or 1):,.0f} MB/s"
    return told


def report(options: Options) -> Report:
    """The whole run."""
    about = machine.facts(options.folder, ROOT)
    if about["load_before"] > about["cores"] / 2:  # type: ignore[operator]
        note(f"this machine is busy already (load {about['load_before']:.1f}): the figures will be worth little")
    note(f"{plan.text(plan.phases(options))}; up to {disk.wanted_bytes(options) / 1e9:.0f} GB of disk")
    with opened(options) as bench:
        settings = bench.database.settings()

        def found(run: Run, end: str) -> Report:
            facts = run.facts | _told(options, run.small, run.full) | {end: f"{elapsed_seconds() / 60:.1f} min"}
            return Report(
                about, settings, _plain(options), {name: str(value) for name, value in facts.items()},
                [astuple(part) for part in run.disk], run.lines(), run.small, run.full)

        def keep(run: Run) -> None:
            if options.json:
                found(run, "incomplete, after").write(options.json)

        run = Run(bench, keep)
        run.measure()
        return found(run, "took")


def _plain(options: Options) -> dict[str, Any]:
    return {name: value for name, value in asdict(options).items() if value and not isinstance(value, Path)}


def main() -> int:
    """Runs, and answers with an exit status."""
    options = read(sys.argv[1:])
    # Ended from outside, it cleans up as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        found = report(options)
        print(found.markdown() if options.markdown else found.text())
        if options.json:
            found.write(options.json)
            note(f"all figures: {options.json}")
        if options.compare:
            print(compared(found.lines, options.compare))
    except (MeasurementFailed, OSError, ValueError, psycopg.Error) as fault:
        print(f"ops/bench: {fault}", file=sys.stderr)
        return STATUS_FAILED
    except KeyboardInterrupt:
        print("ops/bench: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
