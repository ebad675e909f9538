"""The dashboard's statistics: of the ledger as it is, and of one that is a month old."""
from __future__ import annotations

from ..bench import Bench
from ..legs import LEGS, Series, said
from ..progress import note
from ..wrk import Load

CLIENTS = 1
# What the page asks for, and the finest that can be asked for.
PATHS = {
    "stats": "/v1/stats?by=kind,outcome&bucket=day",
    "stats-fine": "/v1/stats?by=sender,kind,oversight_mode,outcome&bucket=hour",
}


def measure(bench: Bench) -> list[Series]:
    """The page's own question to the ledger, the finest, and the page's own to a month of hours."""
    asked = [(name, path, bench.reader_token) for name, path in PATHS.items()]
    database = bench.database
    if not database.one("SELECT count(*) FROM countersign.rollups WHERE ledger_id = %s", bench.mirror_id):
        database.script("month.sql", mirror=bench.mirror_id, entries=bench.filled)
    asked.append(("stats-month", PATHS["stats"], bench.mirror_reader_token))
    return [_ask(bench, name, path, token) for name, path, token in asked]


def _ask(bench: Bench, name: str, path: str, token: str) -> Series:
    series = Series(name)
    seconds = max(1, round(bench.options.leg_seconds / 5))
    for _ in range(LEGS):
        with bench.meter.leg() as leg:
            Load("plain.lua", (), CLIENTS, seconds, path).drive(bench.service.url, token, leg)
            leg.unit = "queries"
        series.ours.append(leg)
    note(f"{name}: {said(leg)}")
    return series
