"""How long upstreams took, counted in buckets whose limits never change: so any number of hours can be added up.

Each bucket reaches √2 times as far as the one before it, from a millisecond to a minute and a half. A quantile of such
counts is off by some percent, by a fifth where all times are nearly the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

BOUNDS = tuple(0.001 * 2 ** (number / 2) for number in range(34))
"""Up to how many seconds each bucket reaches; one more holds what took longer. Stored counts rely on them."""


def bucket_of(seconds: float) -> int:
    """The number of the bucket in which ``seconds`` is counted.

    >>> bucket_of(0.0005), bucket_of(0.0015), bucket_of(1000.0)
    (0, 2, 34)
    """
    return bisect_left(BOUNDS, seconds)


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """How many seconds ``share`` (0 to 1) of what was counted took at most; ``None`` for no counts.

    Inside a bucket, counts are taken to lie evenly on the logarithmic scale. What took longer than all buckets reach
    counts as the longest that they do.

    >>> quantile({20: 90, 30: 10}, 0.5) < BOUNDS[20] < quantile({20: 90, 30: 10}, 0.95)
    True
    """
    total = sum(counts.values())
    if not total:
        return None
    wanted = share * total
    passed = 0
    for bucket in sorted(counts):
        inside = counts[bucket]
        if inside and passed + inside >= wanted:
            return _within(bucket, (wanted - passed) / inside)
        passed += inside
    return BOUNDS[-1]


def _within(bucket: int, part: float) -> float:
    """The limit that ``part`` (0 to 1) of the bucket's counts lie below."""
    if bucket >= len(BOUNDS):
        return BOUNDS[-1]
    if bucket == 0:
        return BOUNDS[0] * part
    lower = BOUNDS[bucket - 1]
    return float(lower * (BOUNDS[bucket] / lower) ** part)
