"""What every row stands on: a service with a filled ledger, its Postgres, and the mirror of the ledger beside it."""
from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import disk, entries
from .api import Api
from .database import Database
from .meter import Meter
from .mirror import Mirror
from .options import Options
from .processes import MeasurementFailed
from .profile import Profile
from .progress import note, ticking
from .service import ORIGIN, Service

# How many connections batches come over.
CONNECTIONS = 4
CLIENTS_MAX = 400
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
    # As many as CONNECTIONS.
    ingest: list[Api]
    reader_token: str
    exporter: Api
    filled: int = 0
    # Numbers of single entries begin beyond those of any ledger that can be asked for.
    next_single: int = 2 * entries.ENTRIES_MAX

    @property
    def persons(self) -> int:
        return entries.persons(self.options.entries)

    def size(self) -> int:
        """How many entries the ledger has by now."""
        return int(self.database.one("SELECT max(size) FROM countersign.heads WHERE ledger_id = %s", self.ledger_id))

    def wait_for_rollups(self, *ledger_ids: int) -> None:
        """Waits until the service has counted every entry of these ledgers, or of ours. At the end of a leg, what that
        costs is the leg's, and the next one has the machine to itself."""
        wanted = list(ledger_ids) or [self.ledger_id]
        start = time.monotonic()
        while time.monotonic() - start < ROLLUPS_SECONDS_MAX:
            lagging = self.database.one("""
                SELECT count(*) FROM countersign.watermarks w WHERE ledger_id = ANY(%s)
                    AND seq < (SELECT max(size) FROM countersign.heads h WHERE h.ledger_id = w.ledger_id)""", wanted)
            if not lagging:
                return
            time.sleep(0.1)
        raise MeasurementFailed("the rollups do not come to an end")

    def settle(self) -> disk.Vacuumed:
        """What autovacuum does by itself within minutes: done now, it cannot fall into a leg."""
        self.wait_for_rollups()
        with ticking(lambda: "VACUUM"):
            vacuumed = disk.vacuum(self.database, "ANALYZE", self.size())
            self.database.execute("VACUUM (ANALYZE)")
        return vacuumed


@contextmanager
def opened(options: Options) -> Iterator[Bench]:
    """Sets up a bench in a folder of its own and removes all of it."""
    disk.require(options)
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


def _opened(options: Options, folder: Path, service: Service) -> Iterator[Bench]:
    service.start()
    if "single-all" in options.rows:
        _allow_clients(service)
    database = Database(service.data)
    database.execute("CREATE SCHEMA bench")
    admin = Api(service.address, service.admin_token)
    tokens = {scope: admin.new_token(scope, scope) for scope in ("ingest", "read", "export")}
    ledger_id = database.one("SELECT ledger_id FROM countersign.ledgers WHERE origin = %s", ORIGIN)
    mirror = Mirror(database, ledger_id, admin.size(), folder)
    bench = Bench(
        options=options, folder=folder, service=service, database=database,
        meter=Meter(service.pid, database, Profile(options.profile)), mirror=mirror, ledger_id=ledger_id,
        ingest=[Api(service.address, tokens["ingest"]) for _ in range(CONNECTIONS)], reader_token=tokens["read"],
        exporter=Api(service.address, tokens["export"]))
    with ExitStack() as stack:
        connections = (bench.exporter, *bench.ingest, admin)
        for close in (database.close, bench.meter.close, mirror.close, *(each.close for each in connections)):
            stack.callback(close)
        yield bench


def _allow_clients(service: Service) -> None:
    """Lets pgbench have 256 clients, which the cluster's own settings do not."""
    with Database(service.data).admin as connection:
        connection.execute(f"ALTER SYSTEM SET max_connections = {CLIENTS_MAX}".encode())
    service.stop()
    service.start()
