"""Which pages Postgres asks for during a leg, how many its own cache had not, and what the disk gave."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .database import Database
from .legs import Leg
from .processes import family_disk_bytes

# Partitions and their indexes count as their parents. What Postgres' own catalogues are asked for is left out.
ASKED = """
    WITH counted AS (
        SELECT relid, heap_blks_hit + heap_blks_read AS asked, heap_blks_read AS missed FROM pg_statio_all_tables
        WHERE schemaname IN ('countersign', 'bench', 'mirror')
        UNION ALL
        SELECT indexrelid, idx_blks_hit + idx_blks_read, idx_blks_read FROM pg_statio_all_indexes
        WHERE schemaname IN ('countersign', 'bench', 'mirror')
        UNION ALL
        SELECT relid, toast_blks_hit + toast_blks_read + tidx_blks_hit + tidx_blks_read,
            toast_blks_read + tidx_blks_read
        FROM pg_statio_all_tables WHERE schemaname IN ('countersign', 'bench', 'mirror') AND toast_blks_hit IS NOT NULL)
    SELECT coalesce(parent.relname, c.relname), sum(asked)::bigint, sum(missed)::bigint
    FROM counted JOIN pg_class c ON c.oid = relid
        LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
    GROUP BY 1 HAVING sum(asked) > 0"""

class Pages:
    """The counter. What a session that lives on did in its last second may be counted for the next leg of its side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def counted(self, leg: Leg) -> Iterator[None]:
        """Counts while its body runs, into `leg`."""
        before, given = self._asked(), family_disk_bytes(self._database.postmaster)
        yield
        leg.disk_bytes = family_disk_bytes(self._database.postmaster) - given
        for name, (asked, missed) in self._asked().items():
            earlier = before.get(name, (0, 0))
            if asked > earlier[0]:
                leg.pages[name] = {"asked": asked - earlier[0], "missed": missed - earlier[1]}

    def _asked(self) -> dict[str, tuple[int, int]]:
        return {name: (asked, missed) for name, asked, missed in self._database.execute(ASKED)}
