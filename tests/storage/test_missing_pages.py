"""Remembered 404s are bounded, upstream by upstream, and pages are not."""

from __future__ import annotations

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.pages import PageStore
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

KEPT = 20


def names(database: Database, upstream: StoredUpstream) -> list[str]:
    rows = database.all("SELECT project FROM pages WHERE upstream_id = :id ORDER BY project", {"id": upstream.id})
    return [row["project"] for row in rows]


async def test_the_oldest_of_too_many_go_and_every_page_stays(database: Database, upstream: StoredUpstream) -> None:
    pages = PageStore(database, missing_kept=KEPT)
    await pages.put_page(
        upstream.key,
        NormalizedName("a-page"),
        tag="t",
        body_z=b"t",
        etag=None,
        last_modified=None,
        url="https://a.example.org/simple/a-page/",
        checked_at=0.0,
    )
    for number in range(1000):
        await pages.put_missing(upstream.key, NormalizedName(f"x{number:04}"), float(number))
        assert len(names(database, upstream)) <= KEPT + 1

    kept = names(database, upstream)
    assert kept[0] == "a-page"
    assert kept[1:] == [f"x{number:04}" for number in range(1000 - len(kept) + 1, 1000)], "the newest, without a gap"
    assert len(kept) >= KEPT * 9 // 10, "only the surplus goes"


async def test_a_404_that_was_confirmed_again_is_a_new_one(database: Database, upstream: StoredUpstream) -> None:
    pages = PageStore(database, missing_kept=KEPT)
    for number in range(KEPT):
        await pages.put_missing(upstream.key, NormalizedName(f"x{number:02}"), float(number))
    await pages.put_missing(upstream.key, NormalizedName("x00"), 99.0)
    await pages.put_missing(upstream.key, NormalizedName("y"), 100.0)

    assert {"x00", "y"} <= set(names(database, upstream))
    assert "x01" not in names(database, upstream)


async def test_a_flood_at_one_upstream_takes_nothing_from_another(
    database: Database, upstream: StoredUpstream, upstreams: UpstreamStore
) -> None:
    other = upstreams.add(UpstreamSettings(name="other", url="https://b.example.org/"))
    pages = PageStore(database, missing_kept=KEPT)
    await pages.put_missing(other.key, NormalizedName("mine"), 0.0)
    for number in range(100):
        await pages.put_missing(upstream.key, NormalizedName(f"x{number}"), float(number))

    assert names(database, other) == ["mine"]


@pytest.mark.parametrize("kept", [0, 1])
async def test_the_smallest_bounds_hold(kept: int, database: Database, upstream: StoredUpstream) -> None:
    pages = PageStore(database, missing_kept=kept)
    for number in range(5):
        await pages.put_missing(upstream.key, NormalizedName(f"x{number}"), float(number))
    assert len(names(database, upstream)) == kept


def test_the_oldest_are_found_by_an_index(database: Database) -> None:
    sql = "SELECT project FROM pages WHERE upstream_id = 1 AND tag IS NULL ORDER BY checked_at LIMIT 10"
    plan = [row["detail"] for row in database.all(f"EXPLAIN QUERY PLAN {sql}", {})]
    assert plan == ["SEARCH pages USING INDEX pages_missing (upstream_id=?)"]
