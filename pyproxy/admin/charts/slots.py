"""How slots of time are called: at the axis, and in full. All of it in UTC, in which they are counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pyproxy.admin.charts.model import Moment

_HOUR, _DAY, _WEEK = 3600, 86400, 7 * 86400

_MARGIN = 0.05
"""Words nearer to an end of the axis than this share of it would be cut off there."""


def slot_name(start: int, seconds: int) -> str:
    """A slot in full.

    >>> slot_name(1_800_000_000, 3600), slot_name(1_800_000_000, 7 * 86400)
    ('Fri 15 Jan, 08:00 to 09:00', 'Fri 15 to Thu 21 Jan 2027')
    """
    first, end = _at(start), _at(start + seconds)
    if seconds < _DAY:
        return f"{first:%a} {first.day} {first:%b}, {first:%H:%M} to {end:%H:%M}"
    if seconds == _DAY:
        return f"{first:%a} {first.day} {first:%b %Y}"
    last = _at(start + seconds - _DAY)
    month = "" if first.month == last.month else f" {first:%b}"
    return f"{first:%a} {first.day}{month} to {last:%a} {last.day} {last:%b %Y}"


def moments(starts: Sequence[int], seconds: int) -> tuple[Moment, ...]:
    """The words of the axis: few enough for a phone."""
    named = ((place / len(starts), _word(start, seconds)) for place, start in enumerate(starts))
    return tuple(
        Moment(f"{100 * share:.4g}", word) for share, word in named if word and _MARGIN <= share <= 1 - _MARGIN
    )


def _word(start: int, seconds: int) -> str:
    """What stands at the axis where a slot begins; for most of them nothing."""
    first = _at(start)
    if seconds == _HOUR:
        return "" if first.hour % 6 else f"{first:%H:%M}" if first.hour else f"{first:%a}"
    if seconds < _DAY:
        return "" if first.hour else f"{first:%a}"
    if seconds == _DAY:
        return "" if first.weekday() else f"{first.day} {first:%b}"
    begins_month = first.day <= 7
    return f"{first:%b}" if begins_month and first.month % 2 else ""


def _at(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
