"""Hashes learned at the first download."""

from __future__ import annotations

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

X = NormalizedName("x")
ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def recorded(database: Database) -> RecordedHashes:
    return RecordedHashes(database)


async def test_the_first_recorded_hash_rules(recorded: RecordedHashes, upstream: StoredUpstream) -> None:
    assert await recorded.record(upstream.id, X, "x-1.zip", ONE) == ONE
    assert await recorded.record(upstream.id, X, "x-1.zip", TWO) == ONE
    assert recorded.for_project(upstream.id, X) == {"x-1.zip": ONE}


async def test_hashes_are_the_upstreams_own(
    recorded: RecordedHashes, upstream: StoredUpstream, upstreams: UpstreamStore
) -> None:
    other = upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/"))
    await recorded.record(upstream.id, X, "x-1.zip", ONE)
    assert recorded.for_project(other.id, X) == {}
    assert await recorded.record(other.id, X, "x-1.zip", TWO) == TWO


async def test_forgetting_one_file_leaves_the_others(recorded: RecordedHashes, upstream: StoredUpstream) -> None:
    await recorded.record(upstream.id, X, "x-1.zip", ONE)
    await recorded.record(upstream.id, X, "x-2.zip", TWO)
    assert await recorded.forget(X, "x-1.zip") == 1
    assert recorded.for_project(upstream.id, X) == {"x-2.zip": TWO}
    assert await recorded.forget(X) == 1
    assert recorded.for_project(upstream.id, X) == {}


async def test_hashes_outlive_a_change_of_the_url(
    recorded: RecordedHashes, upstream: StoredUpstream, upstreams: UpstreamStore
) -> None:
    await recorded.record(upstream.id, X, "x-1.zip", ONE)
    upstreams.change("a", UpstreamSettings(name="a", url="https://elsewhere.example.org/"))
    assert recorded.for_project(upstream.id, X) == {"x-1.zip": ONE}


async def test_hashes_go_with_their_upstream(
    recorded: RecordedHashes, upstream: StoredUpstream, upstreams: UpstreamStore
) -> None:
    await recorded.record(upstream.id, X, "x-1.zip", ONE)
    upstreams.remove("a")
    assert recorded.for_project(upstream.id, X) == {}
    assert await recorded.record(upstream.id, X, "x-1.zip", TWO) == TWO
    assert recorded.for_project(upstream.id, X) == {}


async def test_each_change_has_a_revision(
    recorded: RecordedHashes, upstream: StoredUpstream, upstreams: UpstreamStore
) -> None:
    revisions = [recorded.revision()]
    await recorded.record(upstream.id, X, "x-1.zip", ONE)
    revisions.append(recorded.revision())
    await recorded.record(upstream.id, X, "x-1.zip", TWO)
    assert recorded.revision() == revisions[-1], "the first one rules: nothing has changed"
    await recorded.forget(X)
    revisions.append(recorded.revision())
    await recorded.record(upstream.id, X, "x-1.zip", TWO)
    revisions.append(recorded.revision())
    upstreams.remove("a")
    revisions.append(recorded.revision())
    assert revisions == sorted(set(revisions))
