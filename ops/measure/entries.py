"""Realistic entries by number: the same number is the same entry, here, in wrk's scripts and in pgbench's.

An entry is a send as a workflow reports it: message ID, sender, mode, actor, workflow, a sealed recipient and subject,
an idempotency key. Message IDs follow each other in no order, as in life, so that an index takes them in all over.
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LOAD = Path(__file__).parent / "load"
TEMPLATE = (LOAD / "entry.json").read_text().rstrip("\n")

BATCH = 1_000
ENTRIES_MAX = 10_000_000
# A prime, and about its golden section: n * SPREAD % PRIME meets each number once, and neighbours lie far apart. It
# stays exact in the doubles of wrk's Lua. load/number.lua and the scripts for pgbench say the same.
PRIME = 67_108_859
SPREAD = 41_475_557
SENDERS = 200
ENTRIES_PER_PERSON = 5
ENTRIES_PER_RUN = 3


def entry(n: int, persons: int) -> str:
    """Entry number `n` as JSON."""
    spread = n % PRIME * SPREAD % PRIME
    return TEMPLATE % {
        "n": n, "spread": spread, "sender": spread % SENDERS, "person": spread % persons, "run": n // ENTRIES_PER_RUN,
        "minute": n // 60 % 60, "second": n % 60, "micro": spread % 1_000_000}


def persons(entries: int) -> int:
    """How many people the mails of a ledger of this size go to."""
    return entries // ENTRIES_PER_PERSON


def batches(first: int, count: int, people: int) -> Iterator[bytes]:
    """Request bodies of BATCH entries each."""
    for start in range(first, first + count, BATCH):
        yield ("[" + ",".join(entry(n, people) for n in range(start, start + BATCH)) + "]").encode()
