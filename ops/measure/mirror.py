"""What the raw COPY of the ingest's baseline goes to: tables like the ledger's own, with the same rows.

The mirror's tables have the columns, constraints, indexes and partitions of ours, in a schema of their own, so that
either side is as large as the other and the mirror can be dropped once it has served. The rows that an ingest has made
are read from the tables as binary COPY and cut into the ingest's batches. That is not timed. What is timed writes them
back: a transaction for each batch, with one binary COPY into each table that has rows in it.
"""
from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from psycopg import sql

from .batches import Pieces
from .database import Database
from .entries import BATCH
from .processes import MeasurementFailed
from .progress import note, ticking

SCHEMA = "mirror"
# The binary format's beginning and end: signature, flags and length of the extension; no more rows.
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"
# So much is followed at once, to hold little on disk.
FOLLOWED_AT_ONCE = 500_000


@dataclass(frozen=True)
class Table:
    """One of the ledger's tables. `place` is the `seq` of the entry that a row came with, as SQL over the row `t`."""

    name: str
    place: str
    # Joins, where no column leads to the place.
    joins: str = ""


# In the order in which an append writes them.
TABLES = (
    Table("entries", "t.seq"),
    Table("keys", "t.first_seq"),
    Table("entry_keys", "t.seq"),
    Table("disclosures", "t.seq"),
    Table("subjects", "f.seq", """
        JOIN (SELECT tag, min(seq) AS seq FROM countersign.entry_keys
            WHERE ledger_id = {ledger} AND name = 'subject' AND seq >= {low} AND seq < {high} GROUP BY tag) f
            ON f.tag = t.pseudonym
            AND NOT EXISTS (SELECT FROM mirror.subjects m WHERE m.ledger_id = t.ledger_id AND m.tag = t.tag)"""),
    Table("tiles", "(((t.tile_index + 1) << (8 * (t.level + 1))) - 1)"),
    Table("hours", "t.first_seq"),
    Table("heads", "(t.size - 1)"),
)


class Mirror:
    """Follows our ledger from the size at which it was made."""

    def __init__(self, database: Database, ledger_id: int, size: int, folder: Path) -> None:
        self._database = database
        self._ledger = sql.Literal(ledger_id)
        self._folder = folder
        self.size = size
        database.script("mirror.sql")
        # The service's own role: the same rights are checked.
        self._connection = database.connect("countersign_app", "baseline COPY")

    def capture(self, size: int) -> Pieces:
        """The rows that ours has from the mirror's size up to `size`, in groups of BATCH entries."""
        low, high = self.size, size
        # Partitions that ours has got since.
        self._database.execute("CALL mirror.follow_partitions()")
        pieces = Pieces(self._folder / "rows", (high - low + BATCH - 1) // BATCH)
        with ticking(lambda: f"reading {high - low:,} entries for the mirror"):
            for table in TABLES:
                self._read(table, low, high, pieces)
        self.size = high
        return pieces

    def _read(self, table: Table, low: int, high: int, pieces: Pieces) -> None:
        """One COPY of all rows in the order of their places, cut by how many of them each group has."""
        values = {"ledger": self._ledger, "low": sql.Literal(low), "high": sql.Literal(high)}
        found = f"""
            SELECT {table.place} AS place, t.* FROM countersign.{table.name} t {table.joins}
            WHERE t.ledger_id = {{ledger}} AND {table.place} >= {{low}} AND {table.place} < {{high}}"""
        rows = sql.SQL(found).format(**values)
        counts = sql.SQL(f"SELECT (place - {{low}}) / {BATCH}, count(*) FROM ({{rows}}) r GROUP BY 1 ORDER BY 1")
        copy = sql.SQL("COPY (SELECT {columns} FROM ({rows}) r ORDER BY place) TO STDOUT (FORMAT binary)")
        with self._database.connect("postgres") as connection, connection.cursor() as cursor:
            # Large sorts, and no plan that a young table's missing statistics would turn into a loop of scans.
            cursor.execute("SET work_mem = '128MB'; SET enable_nestloop = off")
            wanted = cursor.execute(counts.format(rows=rows, **values)).fetchall()
            with cursor.copy(copy.format(rows=rows, columns=self._columns(table))) as copied:
                # A message for each row; the first one brings the header, and the trailer comes by itself.
                messages = iter(copied)
                for group, count in wanted:
                    data = b"".join(islice(messages, count)).removeprefix(COPY_HEADER)
                    pieces.add(group, table.name, COPY_HEADER + data + COPY_TRAILER)
                rest = b"".join(messages).removeprefix(COPY_HEADER)
        if rest != COPY_TRAILER:
            raise MeasurementFailed(f"{table.name} changed while it was read for the mirror")

    def _columns(self, table: Table) -> sql.Composed:
        rows = self._database.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum", f"{SCHEMA}.{table.name}")
        return sql.SQL(", ").join(sql.Identifier(name) for (name,) in rows)

    def load(self, pieces: Pieces) -> None:
        """Writes captured rows: the baseline."""
        with self._connection.cursor() as cursor:
            for group in pieces.groups():
                with self._connection.transaction():
                    for table, rows in group:
                        with cursor.copy(f"COPY {SCHEMA}.{table} FROM STDIN (FORMAT binary)".encode()) as copy:
                            copy.write(rows)

    def follow(self, size: int) -> None:
        """Brings the mirror to `size`, untimed."""
        while size > self.size:
            until = min(size, self.size + FOLLOWED_AT_ONCE)
            note(f"the mirror follows: {until - self.size:,} entries")
            with self.capture(until) as pieces:
                self.load(pieces)

    def drop(self) -> None:
        """Gives its room back."""
        self._database.execute(f"DROP SCHEMA {SCHEMA} CASCADE")

    def close(self) -> None:
        self._connection.close()
