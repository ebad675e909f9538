"""Look-ups by message ID and by sender and time, one after the other, beside the same SQL through pgbench."""
from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..bench import Bench
from ..database import SCRIPTS
from ..legs import Leg, Series
from ..pgbench import Transactions
from ..wrk import Load

CLIENTS = 1
SPANS = 64
SPAN = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
# What the service's own sessions for look-ups have.
SESSION = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off"


def by_message(bench: Bench) -> Series:
    """One message of many, drawn at random."""
    load = Load("by_message.lua", (str(random.randrange(1 << 30)), str(bench.filled)), CLIENTS, _seconds(bench))
    script = Transactions(
        SCRIPTS / "by_message.sql", CLIENTS, _seconds(bench), "queries",
        (("ledger", bench.ledger_id), ("numbers", bench.filled)), options=SESSION)
    return _measure(bench, "query-message", load, script)


def by_sender(bench: Bench) -> Series:
    """One of 200 senders, within a second that is known to hold entries."""
    spans = _spans(bench)
    listed = bench.folder / "spans"
    listed.write_text("".join(f"{_text(start)} {_text(start + SPAN)}\n" for start in spans))
    load = Load("by_sender.lua", (str(random.randrange(1 << 30)), str(listed)), CLIENTS, _seconds(bench))
    script = Transactions(
        _script(bench, spans), CLIENTS, _seconds(bench), "queries", (("ledger", bench.ledger_id),), options=SESSION)
    return _measure(bench, "query-sender", load, script)


def _measure(bench: Bench, name: str, load: Load, script: Transactions) -> Series:
    def ask(leg: Leg) -> None:
        load.drive(bench.service.url, bench.reader_token, leg)
        leg.unit = "queries"

    return bench.meter.in_turns(Series(name), ask, lambda leg: script.drive(bench.database, leg))


def _seconds(bench: Bench) -> float:
    """Look-ups come in thousands a second: half the time is enough of them."""
    return max(1, round(bench.options.leg_seconds / 2))


def _spans(bench: Bench) -> list[datetime]:
    """Moments at which entries were recorded."""
    chosen = random.Random(2).sample(range(bench.filled), SPANS)
    rows = bench.database.execute(
        "SELECT recorded_at FROM countersign.entries WHERE ledger_id = %s AND seq = ANY(%s)", bench.ledger_id, chosen)
    return [moment.astimezone(UTC) for (moment,) in rows]


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _script(bench: Bench, spans: list[datetime]) -> Path:
    """by_sender.sql, below a line that draws the beginning of a span."""
    branches = " ".join(f"when :i = {number} then {_microseconds(start)}" for number, start in enumerate(spans, 1))
    path = bench.folder / "by_sender.sql"
    path.write_text(
        f"\\set i random(1, {len(spans)})\n\\set from (case {branches} end)\n"
        f"\\set to :from + {SPAN // MICROSECOND}\n{(SCRIPTS / 'by_sender.sql').read_text()}")
    return path


def _microseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND
