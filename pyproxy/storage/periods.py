"""Hours and days of UTC, in which things are counted, and for how long each is kept."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HOUR = 3600
DAY = 86400

KEPT: Mapping[int, int] = MappingProxyType({HOUR: 8 * DAY, DAY: 400 * DAY})
"""A period's length → how long it is kept, both in seconds: hours for a chart of a week, days for one of a year."""


def start_of(at: float, length: int) -> int:
    """When the period of that length began in which ``at`` lies (unix seconds).

    >>> start_of(90_000.5, DAY)
    86400
    """
    return int(at // length) * length
