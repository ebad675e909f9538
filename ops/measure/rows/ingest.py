"""Batches over HTTP, beside raw binary COPY of the same rows: the legs that fill the ledger."""
from __future__ import annotations

from ..batches import Pieces
from ..bench import Bench
from ..entries import BATCH, batches
from ..legs import LEGS, Series, said
from ..progress import note

# Twice as many as a median takes: the last half counts, and the first and the last show how the rate falls.
FILL_LEGS = 2 * LEGS


class Fill:
    """Fills the ledger leg by leg; each leg takes as many entries as every other."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._is_timed = bench.options.wants("ingest")
        self.series = Series("ingest")

    def leg(self) -> None:
        """The next tenth of the ledger, and the same rows by COPY if the row is wanted."""
        bench = self._bench
        count = bench.options.entries // FILL_LEGS // BATCH * BATCH
        number = bench.filled // count + 1
        # Whatever other rows have appended since.
        if self._is_timed:
            bench.mirror.follow(bench.size())
        with Pieces(bench.folder / "requests") as requests:
            for body in batches(bench.filled, count, bench.persons):
                requests.begin_group()
                requests.add("entries", body)
            with bench.meter.leg() as ours:
                for group in requests.groups():
                    for _, body in group:
                        bench.ingest.append(body)
                ours.stop(count)
                bench.wait_for_rollups()
        bench.filled += count
        self.series.ours.append(ours)
        text = f"ingest {number}/{FILL_LEGS}: {said(ours)}"
        if self._is_timed:
            with bench.mirror.capture(bench.size()) as rows, bench.meter.leg() as copied:
                bench.mirror.load(rows)
                copied.stop(count)
            self.series.baseline.append(copied)
            text += f"; COPY {said(copied)}"
        note(text)

    def rest(self) -> None:
        """All legs that are left."""
        while self._bench.filled < self._bench.options.entries:
            self.leg()
