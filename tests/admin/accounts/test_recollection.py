"""What was seen not long ago."""

from __future__ import annotations

from pyproxy.admin.accounts.recollection import Recollection
from tests.http.proxy import Clock


def test_what_was_seen_is_known_until_it_was_not_seen_for_long() -> None:
    clock = Clock()
    seen = Recollection(clock, 60.0)
    seen.add("ada", "a password")
    for _ in range(5):
        clock.advance(59)
        assert seen.has("ada", "a password")
    clock.advance(60)
    assert not seen.has("ada", "a password")
    assert not seen.has("ada", "a password")


def test_texts_are_not_run_together() -> None:
    seen = Recollection(Clock(), 60.0)
    seen.add("ab", "c")
    seen.add("1:a", "b")
    assert not seen.has("a", "bc")
    assert not seen.has("abc", "")
    assert not seen.has("1", "a1:b")


def test_it_is_bounded_and_the_least_recently_seen_goes_first() -> None:
    seen = Recollection(Clock(), 60.0, limit=3)
    for name in ("a", "b", "c"):
        seen.add(name)
    assert seen.has("a")
    seen.add("d")
    assert [name for name in ("a", "b", "c", "d") if seen.has(name)] == ["a", "c", "d"]


def test_nothing_of_the_texts_is_kept() -> None:
    seen = Recollection(Clock(), 60.0)
    seen.add("ada", "a long secret password")
    assert "secret" not in repr(vars(seen))
