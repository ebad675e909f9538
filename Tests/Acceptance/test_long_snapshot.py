"""A session that holds an old snapshot does not slow the ledger down."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable

import pytest

from service import DataDirectory

pytestmark = [pytest.mark.faults, pytest.mark.alone]

WINDOWS = 30
#: What the rate keeps over 60,000 commits. Over fewer, minutes that a machine is busy elsewhere weigh more; a head that is
#: updated in place would still fall to a seventh.
KEPT_MIN = {60_000: 0.8, 6_000: 0.5}
CALLERS = 4


def test_the_commit_rate_holds_while_a_session_keeps_an_old_snapshot(
    own_service: DataDirectory, request: pytest.FixtureRequest, report: Callable[[str], None],
) -> None:
    commits = 60_000 if request.config.option.long else 6_000
    ends = threading.Event()
    faults: list[str] = []

    def write() -> None:
        api = own_service.api()
        while not ends.is_set():
            answer = api.post("/v1/entries", {"kind": "send", "outcome": "sent"})
            if answer.status_code != 201:
                faults.append(answer.text)
                return

    with own_service.sql() as watcher, own_service.sql() as holder:
        seen = [0, 0]  # Heads counted so far, and the size of the last one: a look costs only what is new.

        def committed() -> int:
            row = watcher.execute(
                "SELECT count(*), coalesce(max(size), %(size)s) FROM countersign.heads WHERE size > %(size)s",
                {"size": seen[1]}).fetchone()
            assert row is not None
            seen[:] = [seen[0] + row[0], row[1]]
            return seen[0]

        threads = [threading.Thread(target=write) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(2)  # Caches are warm and every statement is prepared.
            holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            old = holder.execute("SELECT count(*) FROM countersign.entries").fetchone()
            rates = []
            for _ in range(WINDOWS):
                began, before = time.monotonic(), committed()
                while (now := committed()) - before < commits // WINDOWS and not faults:
                    time.sleep(0.02)
                rates.append((now - before) / (time.monotonic() - began))
            assert holder.execute("SELECT count(*) FROM countersign.entries").fetchone() == old, "the snapshot is gone"
            holder.execute("ROLLBACK")
        finally:
            ends.set()
            for thread in threads:
                thread.join()
    assert not faults, faults[0]
    start, end = statistics.median(rates[:6]), statistics.median(rates[-6:])
    report(f"{commits} commits under one snapshot: {start:.0f} commits/s at the start, {end:.0f} at the end "
           f"({end / start:.2f}); by tenths: "
           + " ".join(f"{statistics.median(rates[tenth * 3:tenth * 3 + 3]):.0f}" for tenth in range(10)))
    assert end >= KEPT_MIN[commits] * start
