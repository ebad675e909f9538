"""The service's own Postgres, reached beside the service: for baselines, checkpoints and facts."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from .processes import Ended, MeasurementFailed, run

DATABASE = "countersign"
# The sessions of this program that are no part of a measurement call themselves so.
APPLICATION = "ops/bench"
# What runs beside the service, for psycopg and pgbench.
SCRIPTS = Path(__file__).parent / "sql"
SETTINGS = (
    "server_version", "data_checksums", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method",
    "wal_compression", "wal_level", "wal_buffers", "max_wal_size", "checkpoint_timeout", "checkpoint_completion_target",
    "shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem", "commit_delay", "max_connections",
    "jit", "plan_cache_mode", "autovacuum", "autovacuum_naptime", "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_insert_threshold", "autovacuum_vacuum_insert_scale_factor", "autovacuum_vacuum_cost_delay",
    "autovacuum_freeze_max_age")


class Database:
    """Connections and tools of the cluster in one data directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postmaster = int((folder / "postgres/postmaster.pid").read_text().split("\n", 1)[0])
        # The very version that runs, whatever else is installed.
        self._tools = Path(os.readlink(f"/proc/{self.postmaster}/exe")).parent
        self.admin = self.connect("postgres")

    def connect(self, role: str, application: str = APPLICATION) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection over the socket; each statement is a transaction of its own unless one is begun."""
        return psycopg.connect(
            host=str(self.folder), dbname=DATABASE, user=role, application_name=application, autocommit=True)

    def execute(self, statement: str | sql.Composed, *parameters: Any) -> list[tuple[Any, ...]]:
        """Runs a statement as superuser and returns its rows."""
        with self.admin.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement: str | sql.Composed, *parameters: Any) -> Any:
        """The only value of the only row."""
        rows = self.execute(statement, *parameters)
        if len(rows) != 1:
            raise MeasurementFailed(f"one row was expected, and there are {len(rows)}")
        return rows[0][0]

    def script(self, name: str, **values: int) -> None:
        """Runs one of SCRIPTS as superuser, with values for what stands in braces."""
        text = sql.SQL((SCRIPTS / name).read_text())
        self.execute(text.format(**{name: sql.Literal(value) for name, value in values.items()}))

    def checkpoint(self) -> None:
        self.execute("CHECKPOINT")

    def settings(self) -> dict[str, str]:
        """What the server runs with."""
        return {name: str(self.one(sql.SQL("SHOW {}").format(sql.Identifier(name)))) for name in SETTINGS}

    def size_bytes(self) -> int:
        return int(self.one("SELECT pg_database_size(current_database())"))

    def wal_position(self) -> int:
        """Bytes of write-ahead log since the cluster was made."""
        return int(self.one("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"))

    def tool(self, name: str, *arguments: str, options: str = "") -> list[str]:
        """The command line of one of Postgres' tools on this database, as superuser, with options for its sessions."""
        database = f"dbname={DATABASE} options='{options}'"
        return [str(self._tools / name), "-h", str(self.folder), "-U", "postgres", *arguments, database]

    def run_tool(self, name: str, *arguments: str, options: str = "") -> Ended:
        return run(self.tool(name, *arguments, options=options))

    def close(self) -> None:
        self.admin.close()
