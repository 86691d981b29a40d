"""Hours and days are those of UTC, whatever clocks on the wall do."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator

import pytest

from pyproxy.storage.periods import DAY, HOUR, start_of

CHANGES = [
    datetime.datetime(2024, 3, 31, 1, tzinfo=datetime.UTC),
    datetime.datetime(2024, 10, 27, 1, tzinfo=datetime.UTC),
]
"""When clocks in Berlin were put forward and back."""


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("change", CHANGES)
def test_a_day_on_which_clocks_change_has_24_hours_of_utc(change: datetime.datetime) -> None:
    midnight = change.replace(hour=0)
    instants = [midnight + datetime.timedelta(minutes=10 * number) for number in range(144)]
    assert {start_of(each.timestamp(), DAY) for each in instants} == {int(midnight.timestamp())}
    hours = [start_of(each.timestamp(), HOUR) for each in instants]
    assert len(set(hours)) == 24
    assert hours == [int(each.replace(minute=0).timestamp()) for each in instants]


def test_a_period_begins_with_its_first_instant() -> None:
    assert start_of(86400.0, DAY) == 86400
    assert start_of(86399.999, DAY) == 0
