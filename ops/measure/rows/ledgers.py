"""Several ledgers at once: batches into two and four; and very many with light traffic, alone and beside a busy one."""
from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ..api import Api
from ..batches import Pieces
from ..bench import CONNECTIONS, Bench
from ..entries import BATCH, entry
from ..fleet import Member, make_ledgers
from ..legs import LEGS, Leg, Series, said
from ..processes import memory_mb
from ..progress import note
from ..senders import bodies, prepared, send
from ..service import Service
from ..wrk import Load

BUSY_MAX = 4
ENTRIES_MAX = 60_000
LIGHT_CLIENTS = 16
# So many single entries a second over all ledgers: with 1,000 of them each has one in ten seconds.
LIGHT_PER_SECOND = 100
# More than any machine of two cores takes.
BUSY_BATCHES_PER_SECOND = 30
IDLE_SECONDS = 10
# The service's rollups are done before it, and Postgres' sessions have told of their last transactions.
QUIET_SECONDS = 12


@dataclass(frozen=True)
class Idle:
    """What the service did while nobody asked for anything. A transaction or two are this program's own."""

    service_cpu: float
    postgres_cpu: float
    transactions: int
    sessions_used: int

    def __str__(self) -> str:
        cpu = f"{self.service_cpu:.2f} s of CPU, Postgres {self.postgres_cpu:.2f} s"
        return (f"{cpu}, {self.transactions} transactions, {self.sessions_used} of the service's sessions used, "
                f"in {IDLE_SECONDS} s")


class Ledgers:
    """The row."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.facts: dict[str, Any] = {}
        # Nothing here is rare: half the time is enough.
        self._seconds = max(1.0, bench.options.leg_seconds / 2)
        # Numbers belong to a ledger: these begin anew, and each is used in one ledger.
        self._numbers = 0

    def measure(self) -> list[Series]:
        """Batches into several ledgers, then the many."""
        bench = self._bench
        self.facts["idle, one ledger"] = self._idle()
        busy = make_ledgers(bench.service, bench.database, "busy", BUSY_MAX, "ingest")
        found = [self._at_once(busy, count) for count in (2, BUSY_MAX)]
        many = self._many()
        found.append(self._light(many))
        found += self._fair(many, busy[0])
        return found

    def _at_once(self, ledgers: Sequence[Member], count: int) -> Series:
        """Batches into the first `count` ledgers at the same time, beside as many into one."""
        entries = min(self._bench.options.entries // 10, ENTRIES_MAX) // BATCH // count * BATCH * count
        series = Series(f"ledgers-{count}", facts={"connections to each": CONNECTIONS})
        for number in range(1, LEGS + 1):
            title = f"{series.name} {number}/{LEGS}"
            series.ours.append(self._fill(ledgers[:count], entries, title, series.name))
            series.baseline.append(self._fill(ledgers[:1], entries, f"{title}, one ledger", ""))
            note(f"{title}: {said(series.ours[-1])}; one ledger {said(series.baseline[-1])}")
        return series

    def _fill(self, ledgers: Sequence[Member], entries: int, title: str, profiled: str) -> Leg:
        """A leg that appends so many entries in all, the same share to each ledger."""
        bench, share = self._bench, entries // len(ledgers)
        with ExitStack() as stack, ThreadPoolExecutor(len(ledgers)) as threads:
            work = [(stack.enter_context(self._connections(ledger)), stack.enter_context(self._prepared(share)))
                    for ledger in ledgers]
            with bench.meter.leg(title, profiled) as leg:
                list(threads.map(lambda each: send(each[0], bodies(each[1]), lambda: None), work))
                leg.count = entries
                leg.stop()
                bench.wait_for_rollups(*(ledger.ledger_id for ledger in ledgers))
        return leg

    def _prepared(self, count: int) -> Pieces:
        first = self._take(count)
        return prepared(self._bench.folder / f"requests-{first}", first, count, self._bench.persons)

    @contextmanager
    def _connections(self, ledger: Member) -> Iterator[list[Api]]:
        made = [Api(self._bench.service.address, ledger.token) for _ in range(CONNECTIONS)]
        yield made
        for connection in made:
            connection.close()

    def _take(self, count: int) -> int:
        """The first of `count` numbers that were not given out yet."""
        first, self._numbers = self._numbers, self._numbers + count
        return first

    def _many(self) -> list[Member]:
        """Makes the many and has each take its first entry, so that the service knows all of them."""
        bench, count = self._bench, self._bench.options.ledgers
        note(f"making {count:,} ledgers")
        start = time.perf_counter()
        many = make_ledgers(bench.service, bench.database, "light", count, "ingest")
        self.facts[f"{count:,} ledgers made"] = f"in {time.perf_counter() - start:.0f} s"
        self._touch(bench.service, many)
        bench.wait_for_rollups(*(ledger.ledger_id for ledger in many))
        self.facts[f"idle, {count:,} ledgers"] = self._idle()
        self.facts["memory for each ledger, in a new instance of the service,"] = self._memory(many)
        return many

    def _touch(self, service: Service, ledgers: Sequence[Member]) -> None:
        """One entry into each."""
        connection = Api(service.address, "")
        for ledger in ledgers:
            connection.token = ledger.token
            connection.append(entry(self._take(1), self._bench.persons).encode())
        connection.close()

    def _memory(self, many: Sequence[Member]) -> str:
        """What a ledger adds to an instance that has not grown by other work before, beyond the first ones."""
        instance = self._bench.service.beside()
        instance.start()
        try:
            first = len(many) // 10
            self._touch(instance, many[:first])
            before = memory_mb(instance.pid)[0]
            self._touch(instance, many[first:])
            after = memory_mb(instance.pid)[0]
        finally:
            instance.stop()
        return f"{(after - before) * 1024 / (len(many) - first):.1f} kB ({after:.0f} MB with {len(many):,})"

    def _idle(self) -> Idle:
        bench = self._bench
        bench.wait_for_rollups()
        time.sleep(QUIET_SECONDS)
        used, transactions, moment = bench.meter.used(), self._transactions(), bench.database.one("SELECT now()")
        time.sleep(IDLE_SECONDS)
        sessions = bench.database.one(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'countersign%%' AND state_change > %s",
            moment)
        after = bench.meter.used()
        found = Idle(after["service"] - used["service"], after["postgres"] - used["postgres"],
                     self._transactions() - transactions, sessions)
        note(f"idle: {found}")
        return found

    def _transactions(self) -> int:
        """Those that sessions have told of, ours and autovacuum's included."""
        return int(self._bench.database.one(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"))

    def _light(self, many: Sequence[Member]) -> Series:
        """Single entries now and then, each into another ledger, beside as many into one."""
        return self._bench.meter.in_turns(
            Series("ledgers-light"), lambda leg: self._drive(many, leg), lambda leg: self._drive(many[:1], leg))

    def _drive(self, ledgers: Sequence[Member], leg: Leg) -> None:
        bench = self._bench
        tokens = bench.folder / "tokens"
        tokens.write_text("".join(f"{ledger.token}\n" for ledger in ledgers))
        seconds = self._seconds
        first = self._take(round(2 * seconds * LIGHT_PER_SECOND))
        pause = round(1000 * LIGHT_CLIENTS / LIGHT_PER_SECOND)
        Load("light.lua", (str(first), str(bench.persons), str(tokens), str(pause)), LIGHT_CLIENTS, seconds).drive(
            bench.service.url, ledgers[0].token, leg)
        bench.wait_for_rollups(*(ledger.ledger_id for ledger in ledgers))

    def _fair(self, many: Sequence[Member], busy: Member) -> list[Series]:
        """The light ledgers beside a busy one, and without it; the busy one beside them, and without them."""
        light, heavy = Series("ledgers-beside"), Series("ledgers-busy")
        meter = self._bench.meter
        batches = round(self._seconds * BUSY_BATCHES_PER_SECOND)
        for number in range(1, LEGS + 1):
            title = f"fairness {number}/{LEGS}"
            with meter.leg(f"{title}, all light") as leg:
                self._drive(many, leg)
            light.baseline.append(leg)
            with self._prepared(batches * BATCH) as requests, meter.leg(f"{title}, one busy", light.name) as leg:
                heavy.ours.append(self._beside(many, busy, requests, leg))
            light.ours.append(leg)
            # Nearly all of the costs are those of the busy one.
            heavy.ours[-1].cpu_seconds, leg.cpu_seconds = leg.cpu_seconds, {}
            heavy.ours[-1].wal_bytes, leg.wal_bytes = leg.wal_bytes, 0
            heavy.ours[-1].peak_mb = leg.peak_mb
            with self._prepared(batches * BATCH) as requests, meter.leg(f"{title}, busy alone") as leg:
                self._busy(busy, requests, leg)
            heavy.baseline.append(leg)
            note(f"{title}: light {said(light.ours[-1])} beside {said(heavy.ours[-1])}; "
                 f"all light {said(light.baseline[-1])}; busy alone {said(leg)}")
        return [light, heavy]

    def _beside(self, many: Sequence[Member], busy: Member, requests: Pieces, leg: Leg) -> Leg:
        """Drives both, the light ones into `leg`, and returns what the busy one did."""
        heavy = Leg()
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(self._busy, busy, requests, heavy)
            self._drive(many, leg)
            running.result()
        return heavy

    def _busy(self, ledger: Member, requests: Pieces, leg: Leg) -> None:
        """Batches for as long as a leg lasts."""

        def answered() -> None:
            leg.count += BATCH

        with self._connections(ledger) as connections:
            leg.started = time.perf_counter()
            send(connections, bodies(requests), answered, until=leg.started + self._seconds)
            leg.stop()
        self._bench.wait_for_rollups(ledger.ledger_id)
