"""When answers are asked for again, and when they can never be used again."""

from __future__ import annotations

from pyproxy.admin.cache.ages import horizon, just_stale
from pyproxy.config.model import CacheConfig
from pyproxy.settings import UpstreamSettings

NOW = 1_000_000.0
CACHE = CacheConfig(index_ttl=300, missing_ttl=60, serve_stale_for=10_000)


def upstream(index_ttl: float | None = None, missing_ttl: float | None = None) -> UpstreamSettings:
    return UpstreamSettings(name="a", url="https://a.example.org/", index_ttl=index_ttl, missing_ttl=missing_ttl)


def test_a_page_is_stale_once_it_is_older_than_the_longest_freshness() -> None:
    assert just_stale(CACHE, [], NOW) == NOW - 300
    assert just_stale(CACHE, [upstream(), upstream(index_ttl=900)], NOW) == NOW - 900
    assert just_stale(CACHE, [upstream(index_ttl=0)], NOW) == NOW - 300


def test_a_page_is_of_no_use_after_serve_stale_for_and_a_404_after_an_hour() -> None:
    found = horizon(CACHE, [upstream()], NOW)
    assert (found.page_before, found.missing_before) == (NOW - 10_000, NOW - 3600)


def test_what_some_upstream_counts_as_fresh_for_longer_is_of_use_for_longer() -> None:
    found = horizon(CACHE, [upstream(index_ttl=20_000, missing_ttl=5000)], NOW)
    assert (found.page_before, found.missing_before) == (NOW - 20_000, NOW - 5000)


def test_offline_everything_is_of_use() -> None:
    offline = horizon(CacheConfig(offline=True), [], NOW)
    assert (offline.page_before, offline.missing_before) == (float("-inf"), float("-inf"))
