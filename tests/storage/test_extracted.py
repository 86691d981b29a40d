"""METADATA that was read out of upstreams' wheels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.extracted import Extracted, ExtractedMetadata, WheelName
from pyproxy.storage.pages import PageStore
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

X, Y = NormalizedName("x"), NormalizedName("y")
WHEEL, SHA = "x-1-py3-none-any.whl", "1" * 64
READ = Extracted(SHA, b"Name: x\n", verified=False)


@pytest.fixture
def store(database: Database) -> ExtractedMetadata:
    return ExtractedMetadata(database)


def name(upstream: StoredUpstream, filename: str = WHEEL, project: NormalizedName = X) -> WheelName:
    return WheelName(upstream.id, project, filename)


async def test_what_is_put_comes_back(store: ExtractedMetadata, upstream: StoredUpstream) -> None:
    assert store.get(name(upstream)) is None
    await store.put(name(upstream), READ)
    assert store.get(name(upstream)) == READ
    assert store.names(upstream.id, X, readable=True) == {WHEEL}
    assert store.names(upstream.id, X, readable=False) == frozenset()
    assert (store.count(X), store.count(X, "other"), store.count(Y)) == (1, 0, 0)


async def test_a_wheel_without_metadata_is_remembered(store: ExtractedMetadata, upstream: StoredUpstream) -> None:
    await store.put(name(upstream), Extracted(SHA, None, verified=True))
    assert store.get(name(upstream)) == Extracted(SHA, None, verified=True)
    assert store.names(upstream.id, X, readable=False) == {WHEEL}


async def test_what_was_compared_is_not_replaced_by_what_was_not(
    store: ExtractedMetadata, upstream: StoredUpstream
) -> None:
    """Unless it is another wheel by now."""
    verified = Extracted(SHA, b"the wheel's own", verified=True)
    await store.put(name(upstream), READ)
    await store.put(name(upstream), verified)
    await store.put(name(upstream), READ)
    assert store.get(name(upstream)) == verified
    await store.put(name(upstream), replace(READ, wheel="2" * 64))
    assert store.get(name(upstream)) == replace(READ, wheel="2" * 64)


async def test_what_waits_for_its_comparison_is_found_by_the_wheel(
    store: ExtractedMetadata, upstream: StoredUpstream, upstreams: UpstreamStore
) -> None:
    other = upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/"))
    await store.put(name(upstream), READ)
    await store.put(name(other), replace(READ, verified=True))
    assert store.unverified(X, WHEEL, [SHA]) == {upstream.id: READ}
    assert store.unverified(X, WHEEL, ["2" * 64]) == {}


async def test_it_goes_with_its_upstream_its_address_and_a_purge(
    store: ExtractedMetadata, upstream: StoredUpstream, upstreams: UpstreamStore, database: Database
) -> None:
    settings = upstream.settings
    await store.put(name(upstream), READ)
    upstreams.change(settings.name, replace(settings, url="https://elsewhere.example.org/"))
    assert store.get(name(upstream)) is None

    await store.put(name(upstream), READ)
    await store.put(name(upstream, project=Y), READ)
    await PageStore(database).purge(X)
    await PageStore(database).purge(X)
    assert (store.count(X), store.count(Y)) == (0, 1)

    upstreams.remove(settings.name)
    assert store.count(Y) == 0
    await store.put(name(upstream), READ)
    assert store.size() == 0


async def test_one_wheel_can_be_forgotten(store: ExtractedMetadata, upstream: StoredUpstream) -> None:
    await store.put(name(upstream), READ)
    await store.put(name(upstream, "x-2-py3-none-any.whl"), READ)
    assert await store.forget(X, WHEEL) == 1
    assert store.names(upstream.id, X, readable=True) == {"x-2-py3-none-any.whl"}


async def test_the_oldest_go_when_there_are_too_many(database: Database, upstream: StoredUpstream) -> None:
    times = iter(range(100))
    store = ExtractedMetadata(database, lambda: next(times), size_limit=6000)
    for number in range(15):
        await store.put(name(upstream, f"x-{number}-py3-none-any.whl"), READ)
    kept = store.names(upstream.id, X, readable=True)
    assert store.size() <= 6000
    assert "x-14-py3-none-any.whl" in kept
    assert "x-0-py3-none-any.whl" not in kept
    assert len(kept) > 8


async def test_the_sum_stays_right(store: ExtractedMetadata, upstream: StoredUpstream) -> None:
    await store.put(name(upstream), READ)
    first = store.size()
    await store.put(name(upstream), Extracted(SHA, b"Name: x\n" + bytes(range(256)), verified=True))
    assert store.size() > first
    await store.forget(X, WHEEL)
    assert store.size() == 0
