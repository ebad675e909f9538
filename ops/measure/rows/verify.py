"""`countersign verify`, beside binary COPY of the entries into openssl."""
from __future__ import annotations

import json
from typing import Any

from ..bench import Bench
from ..legs import Leg, Series, said, whole_legs
from ..processes import Ended, MeasurementFailed, run
from ..progress import note
from ..service import ORIGIN


def measure(bench: Bench) -> Series:
    """Full verification in a process of its own, as an operator runs it. The ledger must be intact."""
    copy = (f"COPY (SELECT * FROM countersign.entries WHERE ledger_id = {bench.ledger_id} ORDER BY seq)"
            " TO STDOUT (FORMAT binary)")
    piped = ["bash", "-c", 'set -o pipefail; "$@" | openssl dgst -sha256', "bash",
             *bench.database.tool("psql", "--no-psqlrc", "--quiet", "--command", copy)]

    def verify(leg: Leg) -> None:
        verdict, ended = _verdict(bench)
        leg.count = verdict["size"]
        leg.peak_mb["verify"] = round(ended.peak_mb, 1)

    def baseline(leg: Leg) -> None:
        leg.count = bench.size()
        run(piped)

    series = bench.meter.in_turns(
        Series("verify"), verify, baseline, whole_legs(bench.filled), is_service=False)
    series.facts["since"] = _since(bench)
    return series


def _since(bench: Bench) -> dict[str, float]:
    """The last tenth alone, from a size that a commit ended at."""
    size = bench.size()
    since = int(bench.database.one(
        "SELECT max(size) FROM countersign.heads WHERE ledger_id = %s AND size <= %s", bench.ledger_id, size * 9 // 10))
    with bench.meter.leg("verify --since") as leg:
        _verdict(bench, "--since", str(since))
        leg.count = size - since
    note(f"verify --since {since}: {said(leg)}")
    return {"entries": leg.count, "seconds": leg.seconds}


def _verdict(bench: Bench, *arguments: str) -> tuple[dict[str, Any], Ended]:
    command = [str(bench.service.binary), "verify", "--data-dir", str(bench.service.data), "--ledger", ORIGIN, "--json"]
    ended = run(bench.meter.profile.command("verify", [*command, *arguments]))
    verdict = json.loads(ended.output)
    if verdict["verdict"] != "intact":
        raise MeasurementFailed(f"the ledger is not intact: {ended.output[:1000]}")
    return verdict, ended
