"""Versions, and what is none."""

from __future__ import annotations

import sys

import pytest

from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import version_of
from pyproxy.simple.versions import comparable, read_version, version_order

TOO_LONG = "1." + "9" * (sys.get_int_max_str_digits() + 1)


@pytest.mark.parametrize("text", ["", "odd", "1.0beta5prerelease", TOO_LONG, "\N{ARABIC-INDIC DIGIT ONE}.0"])
def test_what_is_no_version_is_compared_as_text(text: str) -> None:
    assert read_version(text) is None
    assert comparable(text) == text
    assert version_order(text) < version_order("0")


def test_versions_are_ordered_as_versions_and_not_as_text() -> None:
    assert sorted(["10.0", "9.0", "10.0rc1", "odd"], key=version_order) == ["odd", "9.0", "10.0rc1", "10.0"]


def test_a_filename_may_hold_more_digits_than_python_reads() -> None:
    assert version_of(f"demo-{TOO_LONG}.tar.gz", NormalizedName("demo")) == TOO_LONG
