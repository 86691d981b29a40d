"""Answers that can never be used again, and the room that the database gives back."""

from __future__ import annotations

import os

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.outdated import Horizon, Outdated, OutdatedAnswers
from pyproxy.storage.pages import PageStore
from pyproxy.storage.space import reclaim
from pyproxy.storage.upstreams import StoredUpstream

HORIZON = Horizon(page_before=100.0, missing_before=200.0)


async def put(pages: PageStore, upstream: StoredUpstream, project: str, checked_at: float, body: bytes = b"") -> None:
    await pages.put_page(
        upstream.key, NormalizedName(project), tag=project, body_z=body or project.encode(), etag=None,
        last_modified=None, url="u", checked_at=checked_at,
    )  # fmt: skip


async def test_old_pages_and_absences_go_and_the_others_stay(database: Database, upstream: StoredUpstream) -> None:
    pages, outdated = PageStore(database), Outdated(database, at_once=2)
    await put(pages, upstream, "old", 99.0)
    await put(pages, upstream, "older", 1.0)
    await put(pages, upstream, "good", 100.0)
    await pages.put_missing(upstream.key, NormalizedName("gone"), 199.0)
    await pages.put_missing(upstream.key, NormalizedName("absent"), 200.0)

    assert outdated.count(HORIZON) == OutdatedAnswers(pages=2, page_bytes=8, missing=1)
    assert outdated.remove(HORIZON) == 3

    assert outdated.count(HORIZON) == OutdatedAnswers()
    left = {row["project"] for row in database.all("SELECT project FROM pages", {})}
    assert left == {"good", "absent"}
    assert [row["tag"] for row in database.all("SELECT tag FROM page_bodies", {})] == ["good"]


async def test_nothing_is_too_old_where_answers_of_any_age_count(database: Database, upstream: StoredUpstream) -> None:
    await put(PageStore(database), upstream, "old", 1.0)
    never = Horizon(float("-inf"), float("-inf"))
    assert Outdated(database).remove(never) == 0


async def test_the_room_of_what_was_removed_is_given_back_to_the_disk(
    database: Database, upstream: StoredUpstream
) -> None:
    """(F34) Deleting must make the file smaller, not larger."""
    pages = PageStore(database)
    for number in range(20):
        await put(pages, upstream, f"p{number}", 1.0, os.urandom(100_000))
    database.close()  # moves the log into the file
    before = database.path.stat().st_size
    again = Database.open(database.path)
    try:
        Outdated(again).remove(HORIZON)
        assert reclaim(again) > 1_900_000
        assert reclaim(again) == 0
    finally:
        again.close()
    assert database.path.stat().st_size < before - 1_900_000
