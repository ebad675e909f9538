"""The whole ledger as JSONL over HTTP, beside binary COPY of the lines."""
from __future__ import annotations

from ..bench import Bench
from ..legs import Leg, Series, whole_legs
from ..processes import MeasurementFailed

PATH = "/v1/export?format=jsonl"


def measure(bench: Bench) -> Series:
    """Both read every line to its end, and ours is counted."""
    copy = (f"COPY (SELECT line FROM countersign.entries WHERE ledger_id = {bench.ledger_id} ORDER BY seq)"
            " TO STDOUT (FORMAT binary)")
    series = Series("export")

    def export(leg: Leg) -> None:
        lines = received = 0

        def take(piece: memoryview) -> None:
            nonlocal lines, received
            lines += piece.tobytes().count(b"\n")
            received += len(piece)
            leg.count = lines

        size, leg.unit = bench.size(), "lines"
        bench.exporter.stream(PATH, take)
        if lines != size:
            raise MeasurementFailed(f"the export has {lines:,} lines, and the ledger had {size:,} entries")
        series.facts["bytes"] = received

    def baseline(leg: Leg) -> None:
        leg.count, leg.unit = bench.size(), "lines"
        bench.database.run_tool("psql", "--no-psqlrc", "--quiet", "--output", "/dev/null", "--command", copy)

    return bench.meter.in_turns(series, export, baseline, whole_legs(bench.filled))
