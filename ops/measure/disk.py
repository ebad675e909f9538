"""What a ledger takes on disk, how much has to be free for a run, and what VACUUM has to do."""
from __future__ import annotations

import shutil
import time
from dataclasses import dataclass

from psycopg import sql

from .database import Database
from .options import Options
from .processes import MeasurementFailed

# The ledger with its indexes; as much again for the mirror, until ingest is measured; then the plain table of `single`.
LEDGER_BYTES_PER_ENTRY = 2_500
PLAIN_BYTES_PER_ENTRY = 1_700
# The write-ahead log, what one leg sends, and the small ledgers.
BYTES_BESIDE = 8 << 30

# Partitions count as their parents, and a table's TOAST table as a part of its own.
USED = """
    SELECT coalesce(parent.relname, c.relname) AS name, 'table' AS part, pg_table_size(c.oid)
        - coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) AS bytes
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE c.relnamespace = 'countersign'::regnamespace AND c.relkind = 'r'
    UNION ALL
    SELECT coalesce(parent.relname, c.relname), 'toast', pg_total_relation_size(c.reltoastrelid)
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE c.relnamespace = 'countersign'::regnamespace AND c.relkind = 'r' AND c.reltoastrelid <> 0
    UNION ALL
    SELECT coalesce(parent.relname, c.relname), 'index', pg_relation_size(c.oid)
    FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    WHERE c.relnamespace = 'countersign'::regnamespace AND c.relkind = 'i'"""
# Less than this, for each entry, is not worth a line of its own.
BYTES_SHOWN_MIN = 1


@dataclass(frozen=True)
class Part:
    """A table without its TOAST table, a TOAST table, or an index."""

    name: str
    part: str
    bytes_per_entry: float


@dataclass(frozen=True)
class Vacuumed:
    """What a VACUUM of the ledger's tables found and cost."""

    entries: int
    seconds: float
    wal_bytes: int
    dead_before: int
    autovacuums_before: int

    def __str__(self) -> str:
        wal = f"{self.wal_bytes / self.entries:,.0f} bytes of WAL for each of {self.entries:,} entries"
        return (f"{self.seconds:.1f} s, {wal}; dead tuples before: {self.dead_before:,}; "
                f"autovacuum had run {self.autovacuums_before} times")


def require(options: Options) -> None:
    """Refuses a run that would fill the disk."""
    wanted = wanted_bytes(options)
    free = shutil.disk_usage(options.folder).free
    if free < wanted:
        raise MeasurementFailed(
            f"{options.folder} has {free / 1e9:,.0f} GB free, and {options.entries:,} entries want "
            f"{wanted / 1e9:,.0f}: take fewer, or another --dir")


def wanted_bytes(options: Options) -> int:
    """The most that a run has on disk at once. The mirror is gone when the plain table comes."""
    beside = max(LEDGER_BYTES_PER_ENTRY if options.wants("ingest") else 0,
                 PLAIN_BYTES_PER_ENTRY if options.wants("single") else 0)
    return options.entries * (LEDGER_BYTES_PER_ENTRY + beside) + BYTES_BESIDE


def used(database: Database, entries: int) -> list[Part]:
    """The ledger's tables and indexes, the largest first, and the small ones together."""
    rows = database.execute(
        f"SELECT name, part, sum(bytes)::bigint FROM ({USED}) u GROUP BY 1, 2 ORDER BY 3 DESC")
    parts = [Part(name, part, round(size / entries, 1)) for name, part, size in rows]
    shown = [part for part in parts if part.bytes_per_entry >= BYTES_SHOWN_MIN]
    small = sum(part.bytes_per_entry for part in parts if part not in shown)
    return [*shown, Part("smaller ones", "", round(small, 1))]


def vacuum(database: Database, option: str, entries: int) -> Vacuumed:
    """Times a VACUUM of the ledger's tables, which have so many entries, and of nothing beside them."""
    tables = [name for (name,) in database.execute(
        "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'countersign' ORDER BY 1")]
    dead, runs = database.execute(
        "SELECT sum(n_dead_tup)::bigint, sum(autovacuum_count)::bigint FROM pg_stat_user_tables"
        " WHERE schemaname = 'countersign'")[0]
    named = sql.SQL(", ").join(sql.Identifier("countersign", name) for name in tables)
    database.checkpoint()
    start, wal = time.perf_counter(), database.wal_position()
    database.execute(sql.SQL(f"VACUUM ({option}) {{}}").format(named))
    return Vacuumed(entries, round(time.perf_counter() - start, 2), database.wal_position() - wal, dead, runs)
