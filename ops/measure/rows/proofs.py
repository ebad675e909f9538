"""What strangers check: proofs and receipts at random, receipts with an append, the signing itself, and a whole export
verified offline."""
from __future__ import annotations

import random
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

from ..bench import Bench
from ..legs import Leg, Series, whole_legs
from ..processes import MeasurementFailed, run
from ..progress import ticking
from ..service import ORIGIN
from ..wrk import Load

CLIENTS = 1
RECEIPT_CLIENTS = 32


def measure(bench: Bench) -> list[Series]:
    """Proofs and receipts of entries over the whole ledger, one after the other."""
    return [_ask(bench, "proof", "inclusion"), _ask(bench, "consistency", "consistency"),
            _ask(bench, "receipt", "receipt"), _offline(bench)]


def with_receipts(bench: Bench) -> Series:
    """Single entries by 32 clients that want a receipt at once, beside the same without."""
    def append(leg: Leg, what: str) -> None:
        load = Load("append.lua", (str(bench.next_single), str(bench.persons), what), RECEIPT_CLIENTS,
                    bench.options.leg_seconds)
        load.drive(bench.service.url, bench.ingest[0].token, leg)
        bench.next_single += leg.count + 2 * RECEIPT_CLIENTS + 2
        bench.wait_for_rollups()

    return bench.meter.in_turns(
        Series("receipts-32"), lambda leg: append(leg, "?receipt=signed"), lambda leg: append(leg, ""))


def signing_seconds(bench: Bench) -> float:
    """How long the service has been signing until now."""
    with urllib.request.urlopen(f"{bench.service.url}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = re.search(r"^countersign_checkpoint_seconds_sum (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def tiles(bench: Bench) -> float:
    """Seconds that the rows of all tiles take to be written once more, in one statement."""
    bench.database.execute("CREATE TABLE bench.tiles (LIKE countersign.tiles INCLUDING ALL)")
    bench.database.checkpoint()
    start = time.perf_counter()
    bench.database.execute("INSERT INTO bench.tiles SELECT * FROM countersign.tiles")
    seconds = time.perf_counter() - start
    bench.database.execute("DROP TABLE bench.tiles")
    return seconds


def _ask(bench: Bench, name: str, kind: str) -> Series:
    seconds = max(1, round(bench.options.leg_seconds / 5))
    size = bench.size()
    if kind == "receipt":
        # The first one signs what the last round has not: that is not what is measured.
        _command(bench, "checkpoint", "sign")

    def ask(leg: Leg) -> None:
        arguments = (str(random.randrange(1 << 30)), str(size), kind)
        Load("proof.lua", arguments, CLIENTS, seconds).drive(bench.service.url, bench.reader_token, leg)
        leg.unit = f"{kind}s" if kind == "receipt" else "proofs"

    return bench.meter.alone(Series(name), ask)


def _offline(bench: Bench) -> Series:
    """`countersign verify-export`, beside openssl hashing the same file once."""
    folder = bench.folder / "offline"
    folder.mkdir()
    lines, checkpoint = folder / "all.jsonl", folder / "checkpoint"
    with ticking(lambda: "an export to be verified offline"):
        _command(bench, "export", "--output", str(lines))
        checkpoint.write_bytes(_command(bench, "checkpoint", "show"))
        key = _command(bench, "ledger", "keys").decode().split()[-1]
        count = _lines(lines)
        # The export is an entry itself, so a checkpoint may cover one line more than it has: take one that fits.
        if int(checkpoint.read_text().split("\n")[1]) > count:
            _command(bench, "checkpoint", "sign")
            _command(bench, "export", "--output", str(lines))
            count = _lines(lines)
    command = [str(bench.service.binary), "verify-export", str(lines), "--checkpoint", str(checkpoint), "--key", key]

    def verify(leg: Leg) -> None:
        run(bench.meter.profile.command("verify-export", command))
        leg.count = count

    def baseline(leg: Leg) -> None:
        run(["openssl", "dgst", "-sha256", str(lines)])
        leg.count = count

    try:
        return bench.meter.in_turns(
            Series("offline"), verify, baseline, whole_legs(bench.filled), is_service=False)
    finally:
        shutil.rmtree(folder)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))


def _command(bench: Bench, *arguments: str) -> bytes:
    done = subprocess.run(
        [str(bench.service.binary), *arguments, "--data-dir", str(bench.service.data), "--ledger", ORIGIN],
        capture_output=True, check=False)
    if done.returncode:
        raise MeasurementFailed(f"countersign {' '.join(arguments)}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout
