"""Latencies as a histogram: bucket `k` has the share of what took up to 2^(k/4) ms, and longer than bucket `k - 1`."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

# load/number.lua has the same.
BUCKETS_PER_DOUBLING = 4


def shares(latencies_ms: Sequence[float]) -> dict[int, float]:
    """The histogram of single latencies."""
    counts = Counter(map(_bucket, latencies_ms))
    return {bucket: round(counts[bucket] / len(latencies_ms), 6) for bucket in sorted(counts)}


def _bucket(ms: float) -> int:
    # What took no time that could be measured took a microsecond.
    return math.ceil(BUCKETS_PER_DOUBLING * math.log2(max(ms, 0.001)))


def doublings(histograms: Sequence[dict[int, float]]) -> dict[int, float]:
    """The mean share of what took up to 2^d ms and longer than 2^(d - 1), by `d`: coarser, for people."""
    found: dict[int, float] = {}
    for histogram in histograms:
        for bucket, share in histogram.items():
            doubling = math.ceil(bucket / BUCKETS_PER_DOUBLING)
            found[doubling] = found.get(doubling, 0) + share / len(histograms)
    return found
