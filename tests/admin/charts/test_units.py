"""Axes that people can read."""

from __future__ import annotations

import pytest

from pyproxy.admin.charts.units import BYTES, COUNT, SECONDS, Unit


@pytest.mark.parametrize(
    ("unit", "largest", "top", "words"),
    [
        (COUNT, 0, 4, ["4", "2", "0"]),
        (COUNT, 1, 4, ["4", "2", "0"]),
        (COUNT, 5, 6, ["6", "3", "0"]),
        (COUNT, 7, 8, ["8", "4", "0"]),
        (COUNT, 11, 12, ["12", "6", "0"]),
        (COUNT, 100, 100, ["100", "50", "0"]),
        (COUNT, 101, 120, ["120", "60", "0"]),
        (COUNT, 2_600_000, 3_000_000, ["3M", "1.5M", "0"]),
        (BYTES, 0, 1000, ["1 kB", "500 B", "0"]),
        (BYTES, 1_300_000_000, 1_600_000_000, ["1.6 GB", "800 MB", "0"]),
        (SECONDS, 0.0, 0.01, ["10 ms", "5 ms", "0"]),
        (SECONDS, 0.29, 0.3, ["300 ms", "150 ms", "0"]),
        (SECONDS, 4.4, 5.0, ["5 s", "2.5 s", "0"]),
    ],
)
def test_an_axis_ends_at_a_round_value_just_above_the_largest(
    unit: Unit, largest: float, top: float, words: list[str]
) -> None:
    assert unit.top(largest) == pytest.approx(top)
    assert [unit.axis(unit.top(largest) * share) for share in (1, 0.5, 0)] == words


@pytest.mark.parametrize("unit", [COUNT, BYTES, SECONDS])
def test_everything_has_room_on_the_axis_and_takes_up_at_least_a_good_half_of_it(unit: Unit) -> None:
    for power in range(-3, 15):
        for digits in range(10, 100):
            largest = digits * 10.0 ** (power - 1)
            top = unit.top(largest)
            assert largest <= top * 1.000001
            assert top < 2 * max(largest, unit.smallest)


def test_values_are_told_exactly() -> None:
    assert COUNT.exact(1_234_567) == "1,234,567"
    assert BYTES.cell(1_234_567) == "1.2 MB"
    assert BYTES.exact(1_234_567) == "1.2 MB (1,234,567 bytes)"
    assert BYTES.exact(12) == "12 bytes"
    assert SECONDS.exact(0.0421) == "42 ms"
