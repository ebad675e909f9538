"""Batches over HTTP, beside raw binary COPY of the same rows: the legs that fill the ledger."""
from __future__ import annotations

from ..bench import CONNECTIONS, Bench
from ..entries import BATCH
from ..legs import LEGS, Leg, Series, said
from ..progress import note
from ..senders import bodies, prepared, send
from . import proofs

# Twice as many as a median takes: the last half counts.
FILL_LEGS = 2 * LEGS
# Entries in each leg over one connection.
ONE_CONNECTION_MAX = 50_000


class Fill:
    """Fills the ledger leg by leg, and writes the same rows by COPY if the row is wanted."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._is_timed = bench.options.wants("ingest")
        # Of the last fill: the seconds in which the service was signing, and the legs.
        self.signing = 0.0
        self._whole: list[Leg] = []

    def until(self, size: int, legs: int, name: str = "ingest", connections: int = CONNECTIONS) -> Series:
        """Fills the ledger up to entry number `size`, in legs that are equally long."""
        bench = self._bench
        # Whatever other rows have appended since.
        if self._is_timed:
            bench.mirror.follow(bench.size())
        series = Series(name, facts={"connections": connections})
        first, batches = bench.filled, (size - bench.filled) // BATCH
        self._whole, self.signing = series.ours, 0.0
        for number in range(1, legs + 1):
            end = first + batches * number // legs * BATCH
            self._leg(series, end - bench.filled, connections, f"{name} {number}/{legs}")
        return series

    def of_strangers(self) -> list[Series]:
        """What is done for strangers while the ledger is filled: signing, and the rows of tiles. Seconds of it for each
        second of the last fill."""
        spent = sum(leg.seconds for leg in self._whole) or 1.0
        return [Series("signing", [Leg(seconds=self.signing / spent)]),
                Series("tiles", [Leg(seconds=proofs.tiles(self._bench) / spent)])]

    def one_connection(self) -> Series:
        """For information: a connection that waits for each answer, so that the service and Postgres work by turns."""
        count = min(self._bench.options.entries // FILL_LEGS, ONE_CONNECTION_MAX)
        return self.until(self._bench.filled + LEGS * count, LEGS, "ingest-1", connections=1)

    def _leg(self, series: Series, count: int, connections: int, title: str) -> None:
        bench = self._bench

        def answered() -> None:
            leg.count += BATCH

        signing = proofs.signing_seconds(bench)
        requests = prepared(bench.folder / "requests", bench.filled, count, bench.persons)
        with requests, bench.meter.leg(title, series.name) as leg:
            send(bench.ingest[:connections], bodies(requests), answered)
            leg.stop()
            bench.wait_for_rollups()
        bench.filled += count
        series.ours.append(leg)
        self.signing += proofs.signing_seconds(bench) - signing
        text = f"{title}: {said(leg)}"
        if self._is_timed:
            copied = self._copy(title)
            series.baseline.append(copied)
            text += f"; COPY {said(copied)}"
        note(f"{text}; the ledger has {bench.size():,}")

    def _copy(self, title: str) -> Leg:
        bench, size = self._bench, self._bench.size()
        count = size - bench.mirror.size
        with bench.mirror.capture(size) as rows, bench.meter.leg(f"{title}, COPY") as copied:
            bench.mirror.load(rows)
            copied.count = count
        return copied
