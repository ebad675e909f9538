"""Single entries over HTTP, beside single-row INSERTs of pgbench into a plain table."""
from __future__ import annotations

import random
from pathlib import Path

from ..bench import Bench
from ..legs import Leg, Series, said
from ..pgbench import Transactions
from ..progress import note, ticking
from ..wrk import Load

CLIENTS = 32
# So many real rows are inserted again and again, so that the pages they fill compress no better than ours.
SPECIMENS = 32
FOLLOWED_AT_ONCE = 100_000
# Planned once for each session, and not five times more before that is found to be enough.
PLANNED_ONCE = "-c plan_cache_mode=force_generic_plan"


class Plain:
    """The plain table, filled with the rows that the ledger has, and the script that inserts more."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._copied_until = 0
        bench.database.script("plain.sql")

    def follow(self) -> None:
        """Brings the table to the ledger's size, so that its indexes are as large."""
        size = self._bench.size()
        with ticking(lambda: f"the plain table follows: {self._copied_until:,} of {size:,} entries"):
            while self._copied_until < size:
                until = min(size, self._copied_until + FOLLOWED_AT_ONCE)
                self._bench.database.execute(
                    "INSERT INTO bench.plain SELECT * FROM countersign.entries"
                    " WHERE ledger_id = %s AND seq >= %s AND seq < %s",
                    self._bench.ledger_id, self._copied_until, until)
                self._copied_until = until

    def drop(self) -> None:
        """Gives its room back."""
        self._bench.database.execute("DROP TABLE bench.plain, bench.chained, bench.chain_ends")

    def begin_chain(self) -> None:
        """Gives the chained table an end to go on from."""
        self._bench.database.execute(
            "INSERT INTO bench.chain_ends VALUES (%s, 0, sha256('')) ON CONFLICT DO NOTHING", self._bench.ledger_id)

    def script(self, table: str) -> Path:
        """A script that inserts rows of the ledger under new message and run IDs."""
        bench = self._bench
        chosen = random.Random(1).sample(range(bench.filled), SPECIMENS)
        names = "leaf_hash, sender, actor, line"
        rows = bench.database.execute(
            f"SELECT {names} FROM countersign.entries WHERE ledger_id = %s AND seq = ANY(%s) AND sender IS NOT NULL",
            bench.ledger_id, chosen)
        drawn = (f"({array(column)})[:i]" for column in zip(*rows, strict=True))
        path = bench.folder / f"{table}.sql"
        path.write_text(
            f"\\set i random(1, {len(rows)})\n\\set id random(1, 9000000000000000)\n"
            f"INSERT INTO bench.{table} (ledger_id, recorded_at, occurred_at, kind, outcome, oversight_mode, "
            f"message_id, run_id, {names}) VALUES ({bench.ledger_id}, clock_timestamp(), '2026-11-22', 'send', 'sent', "
            f"'gated_send', '<' || :id || '@mail.acme.example>', '01JD' || :id, {', '.join(drawn)});\n")
        return path


def array(values: tuple[str | bytes, ...]) -> str:
    """Values as SQL, and as pgbench passes it on: a colon would begin one of its variables, wherever it stands."""
    texts = (f"\\x{value.hex()}" if isinstance(value, bytes) else value for value in values)
    elements = ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    quoted = elements.replace("\\", "\\\\").replace("'", "\\'").replace(":", "\\x3a")
    return f"E'{{{quoted}}}'::{'bytea' if isinstance(values[0], bytes) else 'text'}[]"


class Single:
    """The row."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._plain = Plain(bench)

    def measure(self, clients: int = CLIENTS) -> Series:
        """The rate and the latencies of so many clients."""
        self._bench.wait_for_rollups()
        self._plain.follow()
        inserts = self._inserts("plain", clients)
        return self._bench.meter.in_turns(
            Series(f"single-{clients}"), lambda leg: self._append(clients, leg),
            lambda leg: inserts.drive(self._bench.database, leg))

    def measure_chained(self) -> Series:
        """One leg on the table that is chained by a trigger: for information."""
        self._plain.begin_chain()
        with self._bench.meter.leg("chained by a trigger") as leg:
            self._inserts("chained", CLIENTS).drive(self._bench.database, leg)
        note(f"chained by a trigger: {said(leg)}")
        return Series("single-chained", baseline=[leg])

    def drop(self) -> None:
        """Gives the room of the tables back."""
        self._plain.drop()

    def _inserts(self, table: str, clients: int) -> Transactions:
        seconds = self._bench.options.leg_seconds
        return Transactions(self._plain.script(table), clients, seconds, "rows", options=PLANNED_ONCE)

    def _append(self, clients: int, leg: Leg) -> None:
        bench = self._bench
        load = Load("append.lua", (str(bench.next_single), str(bench.persons)), clients, bench.options.leg_seconds)
        load.drive(bench.service.url, bench.ingest[0].token, leg)
        # Those that were still under way at the end are counted by nobody, and used up their numbers.
        bench.next_single += leg.count + 2 * clients + 2
        bench.wait_for_rollups()
