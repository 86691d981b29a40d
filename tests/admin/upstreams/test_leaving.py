"""Changes that cost an upstream its pages, and who works at the desk meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from pyproxy.admin.desk import Desk
from pyproxy.admin.upstreams.leaving import change_in_steps, remove_in_steps
from pyproxy.admin.upstreams.upstreams import Upstreams
from pyproxy.errors import ConfigurationError, UnknownUpstream, VersionConflict
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.audit import Actor
from pyproxy.storage.database import Database
from pyproxy.storage.upstreams import PAGES_AT_ONCE, StoredUpstream, UpstreamStore

ADA = Actor(name="ada", origin="page", address="127.0.0.1")
PAGES = 2 * PAGES_AT_ONCE + 10


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def acme(store: UpstreamStore, database: Database) -> StoredUpstream:
    """An upstream of many pages."""
    stored = store.add(UpstreamSettings(name="acme", url="https://acme.example.org/"))
    rows = [(f"p{number}", *stored.key) for number in range(PAGES)]
    sql = "INSERT INTO pages (project, upstream_id, generation, checked_at, changed_at) VALUES (?, ?, ?, 0, 0)"
    database.write_now(lambda connection: connection.executemany(sql, rows))
    return stored


def pages_left(database: Database) -> int:
    row = database.one("SELECT count(*) FROM pages", {})
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("way", ["removed", "moved to another address"])
async def test_whoever_comes_meanwhile_waits_for_one_step(
    way: str, desk: Desk, upstreams: Upstreams, acme: StoredUpstream, database: Database
) -> None:
    if way == "removed":
        leaving = asyncio.ensure_future(remove_in_steps(desk, upstreams, "acme", ADA, version=acme.version))
    else:
        values = {"url": "https://acme.example.net/"}
        leaving = asyncio.ensure_future(change_in_steps(desk, upstreams, "acme", values, ADA, version=acme.version))
    await asyncio.sleep(0)  # the first step lies on the desk
    assert await desk.run(pages_left, database) == PAGES - PAGES_AT_ONCE
    await leaving
    assert pages_left(database) == 0
    names = [each.settings.name for each in upstreams.list().upstreams]
    assert names == ([] if way == "removed" else ["acme"])


async def test_what_is_refused_costs_no_page(
    desk: Desk, upstreams: Upstreams, acme: StoredUpstream, database: Database
) -> None:
    with pytest.raises(VersionConflict):
        await remove_in_steps(desk, upstreams, "acme", ADA, version="another")
    with pytest.raises(VersionConflict):
        await change_in_steps(desk, upstreams, "acme", {"index_path": "flat"}, ADA, version="another")
    with pytest.raises(ConfigurationError):
        await change_in_steps(desk, upstreams, "acme", {"index_path": "flat", "connect_timeout_ms": -1}, ADA)
    with pytest.raises(UnknownUpstream):
        await remove_in_steps(desk, upstreams, "other", ADA)
    assert pages_left(database) == PAGES


async def test_a_change_that_leaves_the_address_costs_no_page(
    desk: Desk, upstreams: Upstreams, acme: StoredUpstream, database: Database
) -> None:
    changed = await change_in_steps(desk, upstreams, "acme", {"active": False}, ADA, version=acme.version)
    assert (changed.upstream.settings.active, changed.forgot_pages) == (False, False)
    assert pages_left(database) == PAGES
