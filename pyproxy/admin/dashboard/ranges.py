"""The lengths of time that charts show, each in a fixed number of buckets: hours, days or weeks of UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pyproxy.storage.history_reads import Window
from pyproxy.storage.periods import DAY, HOUR

RangeName = Literal["24h", "7d", "30d", "1y"]

WEEK = 7 * DAY

_MONDAY = 4 * DAY
"""The first one of unix time, which began on a Thursday."""


@dataclass(frozen=True, slots=True)
class Range:
    """``buckets`` of ``seconds`` each, counted in periods of ``length`` seconds; the last bucket is not over yet."""

    name: RangeName
    length: int
    seconds: int
    buckets: int

    def window(self, now: float) -> Window:
        """Where it lies at ``now`` (unix seconds)."""
        anchor = _MONDAY if self.seconds == WEEK else 0
        newest = int((now - anchor) // self.seconds) * self.seconds + anchor
        return Window(self.length, newest - (self.buckets - 1) * self.seconds, self.seconds, self.buckets)


RANGES: Mapping[RangeName, Range] = MappingProxyType(
    {
        each.name: each
        for each in (
            Range("24h", HOUR, HOUR, 24),
            Range("7d", HOUR, 3 * HOUR, 56),
            Range("30d", DAY, DAY, 30),
            Range("1y", DAY, WEEK, 53),
        )
    }
)
"""Hours are kept for a week, so longer ranges are read from days (`storage.periods`)."""

TITLES: Mapping[RangeName, str] = MappingProxyType(
    {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "1y": "a year"}
)
"""How they are called."""


def range_named(text: str) -> RangeName:
    """The range of that name, as it stands in an address; the shortest for anything else."""
    return next((name for name in RANGES if name == text), "24h")


PROJECTS: Mapping[RangeName, Range] = MappingProxyType(
    {"24h": RANGES["24h"], "7d": Range("7d", DAY, DAY, 7), "30d": RANGES["30d"], "1y": RANGES["30d"]}
)
"""From when the projects asked most are taken: they are kept by hour for a day, and by day for a month."""
