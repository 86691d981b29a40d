"""The time axis."""

from __future__ import annotations

import pytest

from pyproxy.admin.charts.slots import moments, slot_name
from pyproxy.admin.dashboard.ranges import RANGES, RangeName

FRIDAY = 1_800_000_000.0
"""2027-01-15 08:00 UTC."""


@pytest.mark.parametrize(
    ("start", "seconds", "name"),
    [
        (1_799_967_600, 3600, "Thu 14 Jan, 23:00 to 00:00"),
        (1_799_971_200, 3 * 3600, "Fri 15 Jan, 00:00 to 03:00"),
        (1_799_971_200, 86400, "Fri 15 Jan 2027"),
        (1_799_625_600, 7 * 86400, "Mon 11 to Sun 17 Jan 2027"),
        (1_800_835_200, 7 * 86400, "Mon 25 to Sun 31 Jan 2027"),
        (1_798_416_000, 7 * 86400, "Mon 28 Dec to Sun 3 Jan 2027"),
    ],
)
def test_a_slot_is_called_by_its_times(start: int, seconds: int, name: str) -> None:
    assert slot_name(start, seconds) == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("24h", ["12:00", "18:00", "Fri", "06:00"]),
        ("7d", ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("30d", ["21 Dec", "28 Dec", "4 Jan", "11 Jan"]),
        ("1y", ["Mar", "May", "Jul", "Sep", "Nov"]),
    ],
)
def test_the_axis_has_few_words(name: RangeName, words: list[str]) -> None:
    window = RANGES[name].window(FRIDAY)
    assert [moment.text for moment in moments(window.starts, window.seconds)] == words


@pytest.mark.parametrize("name", list(RANGES))
def test_whenever_it_is_the_words_have_room_on_a_phone(name: RangeName) -> None:
    for hours in range(0, 400 * 24, 5):
        window = RANGES[name].window(FRIDAY + hours * 3600)
        shown = moments(window.starts, window.seconds)
        assert len(shown) >= 3
        end = -6.0
        for moment in shown:
            middle, half = 2.6 * float(moment.percent), 3.6 * len(moment.text)
            assert middle - half >= end, (hours, shown)
            end = middle + half + 3
        assert end < 269
