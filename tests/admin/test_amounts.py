"""Times, counts and sizes in words."""

from __future__ import annotations

import math

import pytest

from pyproxy.admin.amounts import ago, count, data, iso, listed, span, until


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "less than a second"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (47 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
        (400 * 86400, "400 days"),
    ],
)
def test_a_length_of_time_is_told_by_its_largest_unit_of_which_there_are_two(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_time_to_come_that_should_be_past_means_that_the_clock_was_set_back() -> None:
    assert ago(100, 100.5) == "just now"
    assert ago(100, 160) == "60 seconds ago"
    assert "the clock was set back" in ago(1000, 100)


def test_a_time_to_come_is_told_by_how_long_it_takes() -> None:
    assert (until(160, 100), until(90, 100)) == ("in 60 seconds", "now")


@pytest.mark.parametrize(
    ("then", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_800_000_000.9, "2027-01-15T08:00:00Z"), (math.inf, "never"), (1e18, "never")],
)
def test_times_for_programs_are_iso_8601(then: float, text: str) -> None:
    assert iso(then) == text


def test_counts_sizes_and_enumerations() -> None:
    assert (count(1, "copy", "copies"), count(2, "copy", "copies"), count(20_000, "file")) == (
        "1 copy",
        "2 copies",
        "20,000 files",
    )
    assert (data(999), data(1000), data(1_234_567), data(5 * 10**15)) == ("999 bytes", "1.0 kB", "1.2 MB", "5000.0 TB")
    assert (listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])) == (
        "",
        "a",
        "a and b",
        "a, b and c",
    )
