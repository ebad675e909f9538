"""One filled ledger that is tampered with, verified and restored, again and again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from authority import stamped
from filling import Filled, fill
from service import DataDirectory, wait_until
from verdict import Verdict

#: Enough for two full tiles and a partial one.
SIZE_MIN = 700

Attack = Callable[[psycopg.Connection], Any]


class Specimen:
    """The ledger under the knife. No service runs; its Postgres does."""

    def __init__(self, directory: DataDirectory, seed: int) -> None:
        self.directory = directory
        self.rng = random.Random(f"{seed}/specimen")
        directory.serve()
        self.filled: Filled = fill(directory.api(), self.rng, SIZE_MIN)
        self.connection = directory.sql()
        wait_until(lambda: self.one("SELECT true FROM countersign.rollups WHERE count > 1 LIMIT 1"), 120,
                   "the counts of what was filled in", pause=0.2)
        assert directory.run("reader", "create", "specimen", "--ledger", directory.origin).returncode == 0
        # A killed service leaves its Postgres running, so nothing moves by itself from here on.
        directory.instances[-1].kill()
        stamped(directory)
        self.connection.execute("SET session_replication_role = replica")
        # What follows from the row itself, a superuser has to take away to write anything else.
        for table, constraint in (
                ("ledgers", "ledger_id_follows_from_origin"), ("dns_evidence", "digest_follows_from_evidence")):
            self.connection.execute(f"ALTER TABLE countersign.{table} DROP CONSTRAINT {constraint}")
        self.ledger_id: int = self.one("SELECT ledger_id FROM countersign.ledgers")
        self.size: int = self.one("SELECT count(*) FROM countersign.entries")
        self.tables: list[str] = [row[0] for row in self.connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'countersign'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT relispartition ORDER BY relname")]
        self.connection.execute("CREATE SCHEMA pristine")
        for table in self.tables:
            self.connection.execute(f"CREATE TABLE pristine.{table} AS TABLE countersign.{table}")
        self.intact = self.verify()
        assert self.intact.is_intact and self.intact.size == self.size, str(self.intact)

    def one(self, statement: str, *parameters: Any) -> Any:
        """The first value of the first row; None if there is no row."""
        row = self.connection.execute(statement, parameters or None).fetchone()
        return row[0] if row else None

    def columns(self) -> dict[str, dict[str, tuple[str, bool]]]:
        """Each table's columns with type and nullability, as information_schema has them."""
        found: dict[str, dict[str, tuple[str, bool]]] = {table: {} for table in self.tables}
        for table, column, kind, nullable in self.connection.execute(
                "SELECT table_name, column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
                " WHERE table_schema = 'countersign' ORDER BY ordinal_position"):
            if table in found:
                found[table][column] = (kind, nullable)
        return found

    def row_counts(self) -> dict[str, int]:
        return {table: self.one(f"SELECT count(*) FROM countersign.{table}") for table in self.tables}

    def judge(self, attack: Attack, *arguments: str) -> Verdict:
        """What `verify` says after `attack`, which runs past every trigger and foreign key and is undone then."""
        try:
            with self.connection.transaction():
                attack(self.connection)
            return self.verify(*arguments)
        finally:
            self.restore()

    def verify(self, *arguments: str) -> Verdict:
        """What `verify` says now about the ledger, whatever its name is at the moment."""
        return self.directory.verify(*arguments, origin=self.one("SELECT origin FROM countersign.ledgers LIMIT 1"))

    def restore(self) -> None:
        """Everything as it was."""
        names = sql.SQL(", ").join(sql.Identifier("countersign", table) for table in self.tables)
        with self.connection.transaction():
            self.connection.execute(sql.SQL("TRUNCATE {}").format(names))
            for table in self.tables:
                self.connection.execute(f"INSERT INTO countersign.{table} TABLE pristine.{table}")
                self.connection.execute(f"ALTER TABLE countersign.{table} ENABLE TRIGGER USER")
