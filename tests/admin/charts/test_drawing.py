"""Where bars and lines go."""

from __future__ import annotations

import random

import pytest

from pyproxy.admin.charts.drawing import LEAST, Series, Slots, Words, lines, stacked_bars
from pyproxy.admin.charts.model import HEIGHT, Chart
from pyproxy.admin.charts.units import COUNT, SECONDS
from tests.admin.charts.drawn import bars, column, points

WORDS = Words(name="demo", title="Demo", sentence="There is something to see.", total="All")


def slots(number: int) -> Slots:
    return Slots([1_800_000_000 + 3600 * place for place in range(number)], 3600)


def stacked(**values: list[float]) -> Chart:
    number = len(next(iter(values.values())))
    return stacked_bars(WORDS, slots(number), COUNT, [Series(name, "first", each) for name, each in values.items()])


def line(values: list[float | None]) -> Chart:
    return lines(WORDS, slots(len(values)), SECONDS, [Series("a", "first", values)])


def test_bars_stand_on_each_other_and_reach_as_far_as_the_axis_says() -> None:
    chart = stacked(a=[4, 0, 2], b=[4, 8, 0])
    assert [level.text for level in chart.levels] == ["8", "4", "0"]
    assert [level.y for level in chart.levels] == [0, HEIGHT / 2, HEIGHT]
    assert bars(chart, "a") == {0: (0, HEIGHT / 2), 2: (0, HEIGHT / 4)}
    assert bars(chart, "b") == {0: (HEIGHT / 2, HEIGHT / 2), 1: (0, HEIGHT)}


def test_one_among_thousands_is_seen() -> None:
    chart = stacked(many=[119_999, 1], few=[1, 0])
    floor, height = bars(chart, "few")[0]
    assert height == LEAST
    assert floor + height == HEIGHT
    assert bars(chart, "many")[1] == (0, LEAST)


def test_whatever_the_numbers_are_bars_stay_on_the_plane_and_each_can_be_seen() -> None:
    chance = random.Random(1)
    for _ in range(300):
        values = {name: [chance.choice([0, 1, chance.randrange(10**9)]) for _ in range(5)] for name in "abcd"}
        chart = stacked(**values)
        for place in range(5):
            floor = 0.0
            for name in "abcd":
                bar = bars(chart, name).get(place)
                assert (bar is not None) is (values[name][place] > 0)
                if bar is not None:
                    assert bar[0] == pytest.approx(floor, abs=0.1)
                    assert bar[1] >= LEAST - 0.1
                    floor = bar[0] + bar[1]
            assert floor <= HEIGHT + 0.1


def test_the_table_has_every_number_and_their_sum_newest_first() -> None:
    chart = stacked(a=[4, 0, 2000], b=[4, 8, 0])
    assert chart.columns == ("All", "a", "b")
    assert [row.cells for row in chart.rows] == [("2,000", "2,000", "0"), ("8", "0", "8"), ("8", "4", "4")]
    assert chart.rows[0].time == "Fri 15 Jan, 10:00 to 11:00"
    assert column(chart, "All") == ["8", "8", "2,000"]


def test_a_pointer_is_told_what_there_is_in_a_slot() -> None:
    chart = stacked(a=[4, 0, 0], b=[4, 8, 0])
    assert chart.slots == 3
    assert chart.hints == (
        "Fri 15 Jan, 08:00 to 09:00\nAll: 8\na: 4\nb: 4",
        "Fri 15 Jan, 09:00 to 10:00\nAll: 8\nb: 8",
        "Fri 15 Jan, 10:00 to 11:00\nAll: 0",
    )


def test_a_chart_of_zeros_is_empty_and_has_an_axis_all_the_same() -> None:
    chart = stacked(a=[0, 0], b=[0, 0])
    assert chart.empty
    assert bars(chart, "a") == {}
    assert [level.text for level in chart.levels] == ["4", "2", "0"]
    assert not stacked(a=[0, 1]).empty


def test_a_line_goes_from_value_to_value_through_the_middle_of_the_slots() -> None:
    chart = line([0.1, 0.2, 0.4])
    assert [level.text for level in chart.levels] == ["400 ms", "200 ms", "0"]
    assert points(chart, "a") == [
        ("M", 0, pytest.approx(HEIGHT / 4, abs=0.1)),
        ("L", 1, pytest.approx(HEIGHT / 2, abs=0.1)),
        ("L", 2, pytest.approx(HEIGHT, abs=0.1)),
    ]


def test_where_there_is_no_value_a_line_is_interrupted_and_a_value_alone_is_a_dot() -> None:
    chart = line([None, 0.1, None, 0.2, 0.2, None, 0.1])
    assert [(pen, slot) for pen, slot, _ in points(chart, "a")] == [(".", 1), ("M", 3), ("L", 4), (".", 6)]
    assert column(chart, "a") == ["–", "100 ms", "–", "200 ms", "200 ms", "–", "100 ms"]


def test_a_line_without_any_value_is_empty() -> None:
    chart = line([None, None])
    assert chart.empty
    assert points(chart, "a") == []
    assert chart.hints[0].endswith("a: –")
