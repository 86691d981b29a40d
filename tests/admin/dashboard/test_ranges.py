"""Charts have a fixed number of buckets, which begin where hours, days and weeks of UTC do."""

from __future__ import annotations

import datetime

import pytest

from pyproxy.admin.dashboard.ranges import PROJECTS, RANGES, RangeName
from pyproxy.storage.history import PROJECTS_KEPT
from pyproxy.storage.periods import KEPT

NOW = datetime.datetime(2027, 1, 15, 13, 47, 12, tzinfo=datetime.UTC)


def at(start: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(start, datetime.UTC)


@pytest.mark.parametrize(
    ("name", "buckets", "first", "last"),
    [
        ("24h", 24, "2027-01-14 14:00", "2027-01-15 13:00"),
        ("7d", 56, "2027-01-08 15:00", "2027-01-15 12:00"),
        ("30d", 30, "2026-12-17 00:00", "2027-01-15 00:00"),
        ("1y", 53, "2026-01-12 00:00", "2027-01-11 00:00"),
    ],
)
def test_the_last_bucket_is_the_one_that_is_not_over(name: RangeName, buckets: int, first: str, last: str) -> None:
    window = RANGES[name].window(NOW.timestamp())
    assert len(window.starts) == buckets
    assert (f"{at(window.starts[0]):%Y-%m-%d %H:%M}", f"{at(window.starts[-1]):%Y-%m-%d %H:%M}") == (first, last)


def test_weeks_begin_on_mondays() -> None:
    assert {at(start).weekday() for start in RANGES["1y"].window(NOW.timestamp()).starts} == {0}


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("hours", range(0, 24 * 8, 5))
def test_all_that_a_range_shows_is_kept_at_any_time(name: RangeName, hours: int) -> None:
    now = NOW.timestamp() + 3600 * hours
    window = RANGES[name].window(now)
    assert now - window.first <= KEPT[window.length]
    assert window.starts[-1] <= now < window.starts[-1] + window.seconds
    projects = PROJECTS[name].window(now)
    assert now - projects.first <= PROJECTS_KEPT[projects.length]


def test_a_year_is_shown_whole() -> None:
    now = NOW.timestamp()
    assert now - RANGES["1y"].window(now).first >= 365 * 86400
