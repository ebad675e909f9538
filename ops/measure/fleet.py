"""Further ledgers in the same service, made as an operator makes them."""
from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .database import Database
from .processes import run
from .progress import ticking
from .service import Service

# Commands that run at once: each waits for the disk most of its time.
COMMANDS_AT_ONCE = 8


@dataclass(frozen=True)
class Member:
    """One ledger and a token to use it with."""

    origin: str
    ledger_id: int
    token: str


def make_ledger(service: Service, database: Database, origin: str, scope: str) -> Member:
    """Makes one ledger and a token with this scope."""
    place = ("--data-dir", str(service.data), "--json")
    run([str(service.binary), "ledger", "create", origin, *place])
    made = run([str(service.binary), "token", "create", "--ledger", origin, "--name", scope, "--scope", scope, *place])
    ledger_id = database.one("SELECT ledger_id FROM countersign.ledgers WHERE origin = %s", origin)
    return Member(origin, ledger_id, str(json.loads(made.output)["token"]))


def make_ledgers(service: Service, database: Database, prefix: str, count: int, scope: str) -> list[Member]:
    """Makes `count` ledgers, several at once."""
    made: list[Member] = []
    with ThreadPoolExecutor(COMMANDS_AT_ONCE) as threads, ticking(lambda: f"made {len(made):,} of {count:,} ledgers"):
        origins = (f"bench.example/{prefix}-{number}" for number in range(count))
        made.extend(threads.map(lambda origin: make_ledger(service, database, origin, scope), origins))
    return made
