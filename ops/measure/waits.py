"""What Postgres' sessions do during a leg: sampled from a connection of its own, on either side alike."""
from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from .database import APPLICATION, Database
from .legs import Leg

SAMPLE_SECONDS = 0.05
# Running, or waiting for something that is not the disk's or a lock's: what is left if no wait event is set.
ON_CPU = "CPU"
# Sessions that do nothing are left out; one that is idle within a transaction waits for who began it.
SAMPLE = f"""
    SELECT application_name, coalesce(wait_event_type || ':' || wait_event, '{ON_CPU}'), count(*)
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND state <> 'idle' AND application_name <> '{APPLICATION}'
    GROUP BY 1, 2"""


class Waits:
    """The sampler. It costs about a hundredth of a core."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connect("postgres")

    @contextmanager
    def sampled(self, leg: Leg) -> Iterator[None]:
        """Samples while its body runs, into `leg`."""
        found: Counter[tuple[str, str]] = Counter()
        samples = 0
        ended = threading.Event()

        def sample() -> None:
            nonlocal samples
            # Once the leg has its time, what still runs is counting and tidying up.
            while not ended.wait(SAMPLE_SECONDS) and not leg.seconds:
                for application, event, sessions in self._connection.execute(SAMPLE).fetchall():
                    found[application, event] += sessions
                samples += 1

        thread = threading.Thread(target=sample, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        for (application, event), count in found.items():
            leg.waits.setdefault(application, {})[event] = round(count / samples, 4)

    def close(self) -> None:
        self._connection.close()
