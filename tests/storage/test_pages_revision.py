"""How other processes learn that pages were purged or refreshed on somebody's behalf."""

from __future__ import annotations

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.pages import PageStore
from pyproxy.storage.upstreams import StoredUpstream

X = NormalizedName("x")


async def test_a_purge_and_a_refresh_are_noticed_by_others_and_an_ordinary_answer_is_not(
    database: Database, upstream: StoredUpstream
) -> None:
    pages = PageStore(database)
    before = pages.revision()
    await pages.put_missing(upstream.key, X, 1.0)
    assert pages.revision() == before
    await pages.purge(X)
    after_purge = pages.revision()
    await pages.announce()
    assert before < after_purge < pages.revision()
