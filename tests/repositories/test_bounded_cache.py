"""What is kept, and what goes."""

from __future__ import annotations

from pyproxy.repositories.bounded_cache import BoundedCache


def kept(cache: BoundedCache[str, bytes], *keys: str) -> str:
    return "".join(key for key in keys if cache.get(key) is not None)


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache = BoundedCache[str, bytes](10, len)
    cache.put("a", b"aaaa")
    cache.put("b", b"bbbb")
    assert cache.get("a") == b"aaaa"
    cache.put("c", b"cccc")
    assert kept(cache, "a", "b", "c") == "ac"


def test_a_value_in_the_place_of_another_counts_once() -> None:
    cache = BoundedCache[str, bytes](10, len)
    for _ in range(5):
        cache.put("a", b"aaaa")
    cache.put("b", b"bbbb")
    assert kept(cache, "a", "b") == "ab"


def test_the_newest_stays_however_heavy_it_is() -> None:
    cache = BoundedCache[str, bytes](10, len)
    cache.put("a", b"aaaa")
    cache.put("b", bytes(11))
    assert kept(cache, "a", "b") == "b"
    cache.put("c", b"c")
    assert kept(cache, "b", "c") == "c"
