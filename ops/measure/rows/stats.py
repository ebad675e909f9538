"""The dashboard's statistics: of the ledger as it is, and of one that is a month old."""
from __future__ import annotations

from ..bench import Bench
from ..fleet import make_ledger
from ..legs import Leg, Series
from ..wrk import Load

CLIENTS = 1
MONTH_ORIGIN = "bench.example/month"
# What the page asks for, and the finest that can be asked for.
PATHS = {
    "stats": "/v1/stats?by=kind,outcome&bucket=day",
    "stats-fine": "/v1/stats?by=sender,kind,oversight_mode,outcome&bucket=hour",
}


def measure(bench: Bench) -> list[Series]:
    """The page's own question to the ledger, the finest, and the page's own to a month of hours."""
    asked = [(name, path, bench.reader_token) for name, path in PATHS.items()]
    month = make_ledger(bench.service, bench.database, MONTH_ORIGIN, "read")
    bench.database.script("month.sql", ledger=month.ledger_id, entries=bench.filled)
    asked.append(("stats-month", PATHS["stats"], month.token))
    return [_ask(bench, name, path, token) for name, path, token in asked]


def _ask(bench: Bench, name: str, path: str, token: str) -> Series:
    seconds = max(1, round(bench.options.leg_seconds / 5))

    def ask(leg: Leg) -> None:
        Load("plain.lua", (), CLIENTS, seconds, path).drive(bench.service.url, token, leg)
        leg.unit = "queries"

    return bench.meter.alone(Series(name), ask)
