"""What every row stands on: a service with a filled ledger, its Postgres, and the mirror of the ledger beside it."""
from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import entries
from .api import Api
from .database import Database
from .legs import Meter
from .mirror import Mirror
from .options import Options
from .processes import MeasurementFailed, run
from .progress import note
from .service import ORIGIN, Service

MIRROR_ORIGIN = "bench.example/mirror"
# Two ledgers and a plain table with their indexes, what a leg sends, and the write-ahead log.
DISK_BYTES_PER_ENTRY = 7_000
DISK_BYTES_BESIDE = 6 << 30
CONNECTIONS_MAX = 400
ROLLUPS_SECONDS_MAX = 1_800


@dataclass
class Bench:
    """The open bench. `filled` counts the entries that a number leads to: 0 up to it stand in the ledger."""

    options: Options
    folder: Path
    service: Service
    database: Database
    meter: Meter
    mirror: Mirror
    ledger_id: int
    ingest: Api
    reader_token: str
    exporter: Api
    mirror_id: int
    mirror_reader_token: str
    filled: int = 0
    # Numbers of single entries begin beyond those of any ledger that can be asked for.
    next_single: int = 10_000_000

    @property
    def persons(self) -> int:
        return entries.persons(self.options.entries)

    def size(self) -> int:
        """How many entries the ledger has by now."""
        return int(self.database.one("SELECT max(size) FROM countersign.heads WHERE ledger_id = %s", self.ledger_id))

    def disk_per_entry(self) -> str:
        """What both ledgers take on disk, for each of their entries."""
        rows = self.database.execute("""
            SELECT sum(pg_table_size(c.oid))::bigint, sum(pg_indexes_size(c.oid))::bigint
            FROM pg_class c WHERE c.relnamespace = 'countersign'::regnamespace AND c.relkind = 'r'""")
        held = self.size() + self.mirror.size
        tables, indexes = (int(size) / held for size in rows[0])
        return f"{tables:,.0f} B in tables, {indexes:,.0f} B in indexes"

    def wait_for_rollups(self) -> None:
        """Waits until the service has counted every entry. At the end of a leg, what that costs is the leg's, and the
        next one has the machine to itself."""
        start = time.monotonic()
        while time.monotonic() - start < ROLLUPS_SECONDS_MAX:
            counted = self.database.one(
                "SELECT seq FROM countersign.watermarks WHERE ledger_id = %s", self.ledger_id)
            if counted >= self.size():
                return
            time.sleep(0.1)
        raise MeasurementFailed("the rollups do not come to an end")

    def settle(self) -> None:
        """What autovacuum does by itself within minutes: done now, it cannot fall into a leg."""
        self.wait_for_rollups()
        self.database.execute("VACUUM (ANALYZE)")


@contextmanager
def opened(options: Options) -> Iterator[Bench]:
    """Sets up a bench in a folder of its own and removes all of it."""
    _require_disk(options)
    folder = Path(tempfile.mkdtemp(prefix="cs-bench-", dir=options.folder))
    # Postgres' account has to pass through.
    folder.chmod(0o755)
    service = Service(options.binary, folder)
    try:
        note(f"starting the service in {folder}")
        yield from _opened(options, folder, service)
    finally:
        try:
            service.stop()
        finally:
            if options.keep:
                note(f"left behind: {service.data} (countersign serve --data-dir serves it)")
            else:
                shutil.rmtree(folder, ignore_errors=True)


def _require_disk(options: Options) -> None:
    wanted = options.entries * DISK_BYTES_PER_ENTRY + DISK_BYTES_BESIDE
    free = shutil.disk_usage(options.folder).free
    if free < wanted:
        raise MeasurementFailed(
            f"{options.folder} has {free >> 30} GB free, and {options.entries:,} entries want {wanted >> 30}: "
            "take fewer, or another --dir")


def _opened(options: Options, folder: Path, service: Service) -> Iterator[Bench]:
    service.start()
    if "single-all" in options.rows:
        _allow_connections(service)
    database = Database(service.data)
    database.execute("CREATE SCHEMA bench")
    admin = Api(service.address, service.admin_token)
    tokens = {scope: admin.new_token(scope, scope) for scope in ("ingest", "read", "export")}
    mirror_token = _make_mirror(service)
    ledgers = {origin: database.one("SELECT ledger_id FROM countersign.ledgers WHERE origin = %s", origin)
               for origin in (ORIGIN, MIRROR_ORIGIN)}
    mirror = Mirror(database, ledgers[ORIGIN], ledgers[MIRROR_ORIGIN], admin.size(), folder)
    bench = Bench(
        options=options, folder=folder, service=service, database=database, meter=Meter(service.pid, database),
        mirror=mirror, ledger_id=ledgers[ORIGIN], ingest=Api(service.address, tokens["ingest"]),
        reader_token=tokens["read"], exporter=Api(service.address, tokens["export"]),
        mirror_id=ledgers[MIRROR_ORIGIN], mirror_reader_token=mirror_token)
    try:
        yield bench
    finally:
        for open_thing in (admin, bench.ingest, bench.exporter, mirror, database):
            open_thing.close()


def _allow_connections(service: Service) -> None:
    """Lets pgbench have 256 clients, which the cluster's own settings do not."""
    with Database(service.data).admin as connection:
        connection.execute(f"ALTER SYSTEM SET max_connections = {CONNECTIONS_MAX}".encode())
    service.stop()
    service.start()


def _make_mirror(service: Service) -> str:
    """Makes the mirror's ledger and returns a token that reads it."""
    place = ("--data-dir", str(service.data), "--json")
    run([str(service.binary), "ledger", "create", MIRROR_ORIGIN, *place])
    made = run([str(service.binary), "token", "create", "--ledger", MIRROR_ORIGIN, "--name", "read", "--scope", "read",
                *place])
    return str(json.loads(made.output)["token"])
