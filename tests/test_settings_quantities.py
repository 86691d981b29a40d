"""Durations and sizes, in both directions."""

from __future__ import annotations

import pytest

from pyproxy.settings.quantities import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("30d", 2592000),
        ("250ms", 0.25),
        ("10s", 10),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("1 h 30 m", 5400),
        ("2w", 1209600),
        ("7", 7),
        ("0", 0),
        (" 3 s ", 3),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5 minutes", "-5m", "5M", "1e3", "5m x", "٥m", "200000d", "9" * 400 + "d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|hundred years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("50GB", 50 * 10**9),
        ("1MiB", 2**20),
        ("1.5 GiB", 3 * 2**29),
        ("128mb", 128 * 10**6),
        ("1kB", 1000),
        ("7", 7),
        ("7B", 7),
        ("0", 0),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "5XB", "5G", "-5GB", "5 iB", "1,5GB", "99999999999TB", "9" * 5000])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"size|disk"):
        parse_size(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(300.0, "5m"), (2592000.0, "30d"), (0.25, "250ms"), (0.0, "0s"), (90.0, "90s"), (1.5, "1500ms")],
)
def test_durations_are_shown_as_they_are_read(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("size", "text"), [(10**9, "1GB"), (128 * 10**6, "128MB"), (2**30, "1GiB"), (1234, "1234B"), (0, "0B")]
)
def test_sizes_are_shown_as_they_are_read(size: int, text: str) -> None:
    assert format_size(size) == text
    assert parse_size(text) == size
