"""The ledger that the raw COPY of the ingest's baseline goes to: the same rows as ours, under another ledger_id.

The rows that an ingest has made are read from the tables as binary COPY, with nothing changed but `ledger_id`, and cut
where the ingest's requests were. That is not timed. What is timed writes them back: a transaction for each batch, with
one binary COPY into each table that has rows in it.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from .batches import Pieces
from .database import Database
from .entries import BATCH
from .progress import note

EMPTY_COPY_BYTES = 21  # the header and the end of the binary format


@dataclass(frozen=True)
class Table:
    """One of the ledger's tables. `place` is the `seq` of the entry that a row came with, as SQL over the row `t`."""

    name: str
    place: str
    # No index leads from the place to the row: the rows of a leg are put aside first.
    is_staged: bool = True
    # Joins and conditions, where the place alone does not find the rows.
    more: str = ""


# In the order in which an append writes them; `subjects` leans on the staged `entry_keys`.
TABLES = (
    Table("entries", "t.seq", is_staged=False),
    Table("keys", "t.first_seq"),
    Table("entry_keys", "t.seq"),
    Table("disclosures", "t.seq", is_staged=False),
    Table("subjects", "f.seq", more="""
        JOIN (SELECT tag, min(seq) AS seq FROM bench.staged_entry_keys WHERE name = 'subject' GROUP BY tag) f
            ON f.tag = t.pseudonym
            AND NOT EXISTS (SELECT FROM countersign.subjects m WHERE m.ledger_id = {mirror} AND m.tag = t.tag)"""),
    Table("tiles", "((t.tile_index + 1) << (8 * (t.level + 1))) - 1"),
    Table("hours", "t.first_seq"),
    Table("heads", "t.size - 1"),
)


class Mirror:
    """Follows our ledger from the size at which it was made."""

    def __init__(self, database: Database, ours: int, mirror: int, size: int, folder: Path) -> None:
        self._database = database
        self._ledgers = {"ours": sql.Literal(ours), "mirror": sql.Literal(mirror)}
        self._folder = folder
        self.size = size
        # The service's own role: the same rights are checked.
        self._connection = database.connect("countersign_app")
        self._columns = {table.name: self._columns_of(table) for table in TABLES}
        self._copies = {name: sql.SQL("COPY countersign.{} ({}) FROM STDIN (FORMAT binary)").format(
            sql.Identifier(name), sql.SQL(", ").join(columns)) for name, columns in self._columns.items()}

    def _columns_of(self, table: Table) -> list[sql.Identifier]:
        rows = self._database.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attname <> 'ledger_id', attnum", f"countersign.{table.name}")
        return [sql.Identifier(name) for (name,) in rows]

    def capture(self, size: int) -> Pieces:
        """The rows that ours has from the mirror's size up to `size`, in groups of BATCH entries."""
        low, high = self.size, size
        for table in TABLES:
            if table.is_staged:
                self._stage(table, low, high)
        pieces = Pieces(self._folder / "rows")
        with self._database.connect("postgres") as connection, connection.cursor() as cursor:
            for start in range(low, high, BATCH):
                pieces.begin_group()
                for table in TABLES:
                    self._read(cursor, table, start, min(start + BATCH, high), pieces)
        for table in TABLES:
            if table.is_staged:
                self._database.execute(f"DROP TABLE bench.staged_{table.name}")
        self.size = high
        return pieces

    def _stage(self, table: Table, low: int, high: int) -> None:
        text = f"""
            CREATE UNLOGGED TABLE bench.staged_{table.name} AS
            SELECT {table.place} AS place, t.* FROM countersign.{table.name} t {table.more}
            WHERE t.ledger_id = {{ours}} AND {table.place} >= {{low}} AND {table.place} < {{high}};
            CREATE INDEX ON bench.staged_{table.name} (place)"""
        self._database.execute(sql.SQL(text).format(
            **self._ledgers, low=sql.Literal(low), high=sql.Literal(high)))

    def _read(
        self, cursor: psycopg.Cursor[tuple[Any, ...]], table: Table, low: int, high: int, pieces: Pieces,
    ) -> None:
        source, place = (
            (f"bench.staged_{table.name}", "t.place") if table.is_staged
            else (f"countersign.{table.name}", table.place))
        text = f"""
            COPY (SELECT {{mirror}}::bigint, {{columns}} FROM {source} t
                WHERE t.ledger_id = {{ours}} AND {place} >= {{low}} AND {place} < {{high}} ORDER BY {place})
            TO STDOUT (FORMAT binary)"""
        statement = sql.SQL(text).format(
            **self._ledgers, columns=sql.SQL(", ").join(self._columns[table.name][1:]), low=sql.Literal(low),
            high=sql.Literal(high))
        with cursor.copy(statement) as copy:
            parts = list(copy)
        if sum(map(len, parts)) > EMPTY_COPY_BYTES:
            pieces.add(table.name, *parts)

    def load(self, pieces: Pieces) -> None:
        """Writes captured rows: the baseline."""
        with self._connection.cursor() as cursor:
            for group in pieces.groups():
                with self._connection.transaction():
                    for table, rows in group:
                        with cursor.copy(self._copies[table]) as copy:
                            copy.write(rows)

    def follow(self, size: int) -> None:
        """Brings the mirror to `size`, untimed."""
        if size > self.size:
            note(f"the mirror follows: {size - self.size:,} entries")
            with self.capture(size) as pieces:
                self.load(pieces)

    def close(self) -> None:
        self._connection.close()
