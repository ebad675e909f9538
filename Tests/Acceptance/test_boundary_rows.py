"""A number in a row of the database never ends the service or a command: each column that holds one, or a time, is set
to what is least and largest there, as somebody with the rights of an administrator might."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
import requests

from boundaries import Walk, run
from filling import Filled, fill
from paths import ORIGIN
from routes import ROUTES, good_request
from service import DataDirectory, unique

pytestmark = pytest.mark.contract

#: What is tried in a column of each type, the ends first.
VALUES = {
    "bigint": [2**63 - 1, -(2**63), -1, 2**31, 2**53],
    "integer": [2**31 - 1, -(2**31), -1],
    "smallint": [2**15 - 1, -(2**15), -1],
    "timestamp with time zone": ["infinity", "-infinity", "294276-12-31 23:59:59Z", "4713-01-01 00:00Z BC"],
}
#: How many of them without --long.
ENDS = 2
#: A row that Postgres does not take (a CHECK, an exclusion, no partition for it) is nobody's to read.
REFUSED = (psycopg.errors.IntegrityError, psycopg.errors.DataError)
READS = [route for route in ROUTES if route[0] == "GET" and route[1].startswith(("/v1/", "/ledgers/"))]


@pytest.fixture
def filled(request: pytest.FixtureRequest, own_service: DataDirectory) -> Filled:
    service = own_service
    filled = fill(service.api(), random.Random(f"{request.config.option.seed}/rows"), 120)
    done = service.run("checkpoint", "sign", "--ledger", ORIGIN)
    assert done.returncode == 0, done
    filled.checkpoint = int(done.stdout.split()[1])
    return filled


@dataclass
class Column:
    table: str
    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"

    def set(self, database: psycopg.Connection, row: str, value: object) -> str | None:
        """Sets it in one row; gives where that row stands now, or None if it is gone."""
        found = database.execute(
            f'UPDATE countersign."{self.table}" SET "{self.name}" = %s WHERE tableoid = %s::oid AND ctid = %s::tid'
            " RETURNING tableoid || ' ' || ctid", (value, *row.split(" "))).fetchone()
        return found and str(found[0])

    def put_back(self, database: psycopg.Connection, row: str, value: object) -> None:
        try:
            self.set(database, row, value)
        except psycopg.errors.UniqueViolation:
            # The service has made that row anew meanwhile.
            database.execute(f'DELETE FROM countersign."{self.table}" WHERE tableoid = %s::oid AND ctid = %s::tid',
                             row.split(" "))

    def newest(self, database: psycopg.Connection) -> tuple[str, str] | None:
        """The row that was written last, and its value; times as text, for Python knows fewer of them."""
        found = database.execute(
            f"""SELECT tableoid || ' ' || ctid, "{self.name}"::text FROM countersign."{self.table}"
            ORDER BY tableoid DESC, ctid DESC LIMIT 1""").fetchone()
        return found and (str(found[0]), found[1])


def columns(database: psycopg.Connection) -> list[Column]:
    return [Column(*row) for row in database.execute(
        """SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'countersign'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND format_type(a.atttypid, NULL) = ANY(%s) ORDER BY 1, a.attnum""", (list(VALUES),)).fetchall()]


@pytest.fixture
def walk(request: pytest.FixtureRequest, report: Callable[[str], None]) -> Iterator[Walk]:
    walk = Walk(request.node.name)
    yield walk
    report(walk.text())
    assert not walk.faults, "\n".join(walk.faults)


@pytest.fixture
def database(own_service: DataDirectory) -> Iterator[psycopg.Connection]:
    """A superuser past all triggers."""
    with own_service.sql() as database:
        database.autocommit = True
        database.execute("SET session_replication_role = replica")
        yield database


def changes(
    database: psycopg.Connection, walk: Walk, count: int | None, chosen: list[Column],
) -> Iterator[tuple[str, object]]:
    """Place and value, while the value stands in the newest row of the column."""
    for column in chosen:
        for value in VALUES[column.type][:count]:
            found = column.newest(database)
            if not found:
                walk.note(str(column), value, "no row", True)
                continue
            try:
                row = column.set(database, found[0], value)
            except REFUSED as error:
                walk.note(str(column), value, type(error).__name__, True)
                continue
            yield str(column), value
            if row:
                column.put_back(database, row, found[1])


def test_no_row_ends_what_reads_it(
    own_service: DataDirectory, filled: Filled, database: psycopg.Connection, walk: Walk,
    request: pytest.FixtureRequest,
) -> None:
    instance, api = own_service.instances[0], own_service.api()
    count = None if request.config.option.long else ENDS
    for place, value in changes(database, walk, count, columns(database)):
        for route in READS:
            call = good_request(route, filled.message_ids[0], filled.token_ids[0], filled)
            try:
                answer: int | str = api.call(**call).status_code
            except requests.RequestException as error:
                # An answer that was begun is cut off.
                answer = type(error).__name__
            walk.note(place, value, answer, instance.is_alive)
            assert instance.is_alive, f"{place} = {value} ended the process at {route}:\n{instance.said()}"
        walk.ended(f"{place}, verify", value, *run(
            "verify", "--data-dir", str(own_service.path), "--ledger", ORIGIN))
    # What was counted meanwhile is counted of such rows, so the ledger need not be intact.
    assert api.get("/health").status_code == 200


def test_no_row_ends_what_appends(
    own_service: DataDirectory, filled: Filled, database: psycopg.Connection, walk: Walk,
) -> None:
    instance, api = own_service.instances[0], own_service.api()
    # What halts the ledger comes last.
    chosen = sorted(columns(database), key=lambda each: (each.table in ("ledgers", "heads"), str(each)))
    for place, value in changes(database, walk, None, chosen):
        for key in (filled.keys[0], unique("rows")):
            answer = api.post("/v1/entries", {
                "kind": "send", "outcome": "sent", "idempotency_key": key, "message_id": filled.message_ids[0],
                "personal": {"recipient": filled.recipients[0]}})
            walk.note(place, value, answer.status_code, instance.is_alive)
            assert instance.is_alive, f"{place} = {value} ended the process:\n{instance.said()}"
    assert api.get("/health").status_code == 200
