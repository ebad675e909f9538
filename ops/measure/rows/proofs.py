"""Proofs of inclusion and of consistency, drawn at random over the whole ledger. There is no bar."""
from __future__ import annotations

import random

from ..bench import Bench
from ..legs import Leg, Series
from ..wrk import Load

CLIENTS = 1


def measure(bench: Bench) -> list[Series]:
    """That an entry is in the tree as it is now; that one size of the tree is the beginning of another."""
    return [_ask(bench, "proof", "inclusion"), _ask(bench, "consistency", "consistency")]


def _ask(bench: Bench, name: str, kind: str) -> Series:
    seconds = max(1, round(bench.options.leg_seconds / 5))
    size = bench.size()

    def ask(leg: Leg) -> None:
        arguments = (str(random.randrange(1 << 30)), str(size), kind)
        Load("proof.lua", arguments, CLIENTS, seconds).drive(bench.service.url, bench.reader_token, leg)
        leg.unit = "proofs"

    return bench.meter.alone(Series(name), ask)
