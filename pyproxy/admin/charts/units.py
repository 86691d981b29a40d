"""What is measured, how its axis is divided, and how its values are written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pyproxy.admin.amounts import data, took

_STEPS = (1.0, 1.2, 1.6, 2.0, 2.4, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Ends of an axis that begins at 0, whose half is round as well; times any power of ten."""

_SHORT = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Unit:
    """``smallest`` is the least that an axis reaches.

    ``axis`` writes a value that is round, ``cell`` any, for a table, and ``exact`` all of it.
    """

    smallest: float
    axis: Callable[[float], str]
    cell: Callable[[float], str]
    exact: Callable[[float], str]

    def top(self, largest: float) -> float:
        """Where an axis ends on which ``largest`` has room."""
        wanted = max(largest, self.smallest)
        power = 10.0 ** math.floor(math.log10(wanted))
        ends = (round(step * power, 12) for step in _STEPS)
        return next((end for end in ends if end >= wanted and self._has_round_half(end)), 10 * power)

    def _has_round_half(self, end: float) -> bool:
        return self.smallest < 1 or (end / 2).is_integer()


def _short(value: float) -> str:
    """A count that takes little room.

    >>> _short(0), _short(1600), _short(2_500_000)
    ('0', '1.6k', '2.5M')
    """
    for size, letter in _SHORT:
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _size(value: float) -> str:
    """The same for bytes.

    >>> _size(0), _size(16), _size(2_500_000)
    ('0', '16 B', '2.5 MB')
    """
    letters = dict(_SHORT)
    for size, _ in _SHORT:
        if value >= size:
            return f"{value / size:g} {letters[size]}B"
    return f"{value:g} B" if value else "0"


def _count(value: float) -> str:
    return f"{int(value):,}"


def _rough_size(value: float) -> str:
    return data(int(value))


def _exact_size(value: float) -> str:
    return f"{data(int(value))} ({int(value):,} bytes)" if value >= 1000 else data(int(value))


def _time(value: float) -> str:
    """The same for seconds.

    >>> _time(0), _time(0.12), _time(2.5)
    ('0', '120 ms', '2.5 s')
    """
    if not value:
        return "0"
    return f"{value:g} s" if value >= 1 else f"{value * 1000:g} ms"


COUNT = Unit(4, _short, _count, _count)

BYTES = Unit(1000, _size, _rough_size, _exact_size)

SECONDS = Unit(0.01, _time, took, took)
