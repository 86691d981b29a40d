"""Pages and 404s of upstreams."""

from __future__ import annotations

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.pages import SWEEP_AT_ONCE, KnownPage, PageKey, PageStore
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

X = NormalizedName("x")
Y = NormalizedName("y")
URL = "https://a.example.org/simple/x/"
KNOWN = KnownPage(None, None, None, 0.0, 0.0, None, None)


@pytest.fixture
def pages(database: Database) -> PageStore:
    return PageStore(database)


@pytest.fixture
def key(upstream: StoredUpstream) -> PageKey:
    return upstream.key


async def put(
    pages: PageStore,
    key: PageKey,
    tag: str,
    checked_at: float,
    project: NormalizedName = X,
    etag: str | None = '"1"',
) -> bool:
    return await pages.put_page(
        key,
        project,
        tag=tag,
        body_z=tag.encode(),
        etag=etag,
        last_modified="Mon, 23 Nov 2026 06:00:00 GMT",
        url=URL,
        checked_at=checked_at,
        serial="17",
    )


def bodies(database: Database) -> int:
    row = database.one("SELECT count(*) FROM page_bodies", {})
    assert row is not None
    return int(row[0])


def test_what_was_never_asked_is_not_known(pages: PageStore, key: PageKey) -> None:
    assert pages.get(key, X) is None
    assert pages.body("t") is None


async def test_a_page_comes_back_as_it_was_kept(pages: PageStore, key: PageKey) -> None:
    assert await put(pages, key, "t", 5.0)
    assert pages.get(key, X) == KnownPage(
        tag="t",
        etag='"1"',
        last_modified="Mon, 23 Nov 2026 06:00:00 GMT",
        checked_at=5.0,
        changed_at=5.0,
        page_url=URL,
        serial="17",
    )
    assert pages.body("t") == b"t"


async def test_a_404_is_known_and_has_no_content(pages: PageStore, key: PageKey) -> None:
    await put(pages, key, "t", 5.0)
    assert await pages.put_missing(key, X, 6.0)
    assert pages.get(key, X) == KnownPage(None, None, None, 6.0, 6.0, None, None)


async def test_the_same_content_again_is_confirmed_but_not_changed(pages: PageStore, key: PageKey) -> None:
    await put(pages, key, "t", 5.0)
    await put(pages, key, "t", 9.0, etag='"2"')
    page = pages.get(key, X)
    assert page is not None
    assert (page.checked_at, page.changed_at, page.etag) == (9.0, 5.0, '"2"')


async def test_a_304_confirms_the_page_and_keeps_its_etag_unless_there_is_a_new_one(
    pages: PageStore, key: PageKey
) -> None:
    await put(pages, key, "t", 5.0)
    assert await pages.touch(key, X, 7.0)
    page = pages.get(key, X)
    assert page is not None
    assert (page.checked_at, page.changed_at, page.etag) == (7.0, 5.0, '"1"')
    assert await pages.touch(key, X, 8.0, '"2"')
    page = pages.get(key, X)
    assert page is not None
    assert page.etag == '"2"'


async def test_a_304_does_not_rewrite_the_body(pages: PageStore, key: PageKey, database: Database) -> None:
    await put(pages, key, "t", 5.0)
    await database.write(lambda connection: connection.execute("UPDATE page_bodies SET body_z = 'untouched'"))
    await pages.touch(key, X, 7.0)
    await put(pages, key, "t", 8.0)
    row = database.one("SELECT body_z FROM page_bodies", {})
    assert row is not None
    assert row["body_z"] == "untouched"


async def test_a_304_for_a_page_that_was_purged_meanwhile_is_told(pages: PageStore, key: PageKey) -> None:
    assert not await pages.touch(key, X, 7.0)


async def put_later(pages: PageStore, key: PageKey, since: int) -> tuple[bool, bool, bool]:
    """What becomes of a page, a 404 and a 304 of 10.0 that were put off at a revision."""
    page = await pages.put_page(
        key, X, tag="late", body_z=b"late", etag=None, last_modified=None, url=URL, checked_at=10.0, since=since
    )
    missing = await pages.put_missing(key, Y, 10.0, since=since)
    return page, missing, await pages.touch(key, X, 10.0, since=since)


async def test_what_was_put_off_is_kept_where_nothing_has_happened(pages: PageStore, key: PageKey) -> None:
    assert await put_later(pages, key, pages.revision()) == (True, True, True)
    assert (pages.get(key, X) or KNOWN).tag == "late"


@pytest.mark.parametrize("what", ["purge", "expire"])
async def test_what_was_put_off_does_not_come_back_after_a_purge(pages: PageStore, key: PageKey, what: str) -> None:
    since = pages.revision()
    await (pages.purge(X) if what == "purge" else pages.expire(X, 5.0))
    assert await put_later(pages, key, since) == (False, False, False)
    assert pages.get(key, X) is pages.get(key, Y) is None


async def test_what_was_put_off_replaces_nothing_newer(pages: PageStore, key: PageKey) -> None:
    since = pages.revision()
    await put(pages, key, "newer", 11.0)
    await pages.put_missing(key, Y, 11.0)
    assert await put_later(pages, key, since) == (False, False, False)
    known = pages.get(key, X)
    assert known is not None
    assert (known.tag, known.checked_at) == ("newer", 11.0)


async def test_a_replaced_body_goes(pages: PageStore, key: PageKey, database: Database) -> None:
    await put(pages, key, "t1", 5.0)
    await put(pages, key, "t2", 6.0)
    assert pages.body("t1") is None
    assert bodies(database) == 1


async def test_a_body_that_two_projects_share_stays_until_the_last_has_gone(pages: PageStore, key: PageKey) -> None:
    await put(pages, key, "t", 5.0)
    await put(pages, key, "t", 5.0, project=Y)
    assert await pages.purge(X) == 1
    assert pages.body("t") == b"t"
    await pages.purge(Y)
    assert pages.body("t") is None


async def test_purging_forgets_what_every_upstream_answered(
    pages: PageStore, key: PageKey, upstreams: UpstreamStore
) -> None:
    other = upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/")).key
    await put(pages, key, "t", 5.0)
    await pages.put_missing(other, X, 5.0)
    assert await pages.purge(X) == 2
    assert (pages.get(key, X), pages.get(other, X)) == (None, None)
    assert await pages.purge(X) == 0


async def test_an_upstream_whose_url_changes_loses_its_pages_at_once(
    pages: PageStore, key: PageKey, upstreams: UpstreamStore, database: Database
) -> None:
    await put(pages, key, "t", 5.0)
    changed = upstreams.change("a", UpstreamSettings(name="a", url="https://elsewhere.example.org/"))
    assert changed.key != key
    assert pages.get(changed.key, X) is None
    assert pages.get(key, X) is None
    assert await pages.list_projects() == []
    assert await pages.sweep() == 1
    assert bodies(database) == 0


async def test_an_answer_of_the_old_url_that_arrives_late_is_not_kept(
    pages: PageStore, key: PageKey, upstreams: UpstreamStore
) -> None:
    changed = upstreams.change("a", UpstreamSettings(name="a", url="https://elsewhere.example.org/"))
    assert not await put(pages, key, "t", 5.0)
    assert not await pages.put_missing(key, X, 5.0)
    assert pages.get(changed.key, X) is None


async def test_another_spelling_of_the_same_index_keeps_its_pages(
    pages: PageStore, key: PageKey, upstreams: UpstreamStore
) -> None:
    await put(pages, key, "t", 5.0)
    changed = upstreams.change("a", UpstreamSettings(name="a", url="https://a.example.org/simple/"))
    assert pages.get(changed.key, X) is not None


async def test_the_pages_of_a_removed_upstream_never_come_back(
    pages: PageStore, key: PageKey, upstreams: UpstreamStore
) -> None:
    await put(pages, key, "t", 5.0)
    upstreams.remove("a")
    assert not await put(pages, key, "t", 6.0)
    again = upstreams.add(UpstreamSettings(name="a", url="https://a.example.org/"))
    assert again.id != key.upstream_id
    assert pages.get(again.key, X) is None


async def test_sweeping_takes_a_bounded_number_at_a_time(
    pages: PageStore, key: PageKey, upstreams: UpstreamStore
) -> None:
    for number in range(SWEEP_AT_ONCE + 1):
        await put(pages, key, f"t{number}", 5.0, project=NormalizedName(f"p{number}"))
    assert await pages.sweep() == 0
    upstreams.remove("a")
    assert [await pages.sweep() for _ in range(3)] == [SWEEP_AT_ONCE, 1, 0]


async def test_projects_with_a_page_are_listed_in_order_and_404s_are_not(
    pages: PageStore, key: PageKey, upstreams: UpstreamStore
) -> None:
    other = upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/")).key
    await put(pages, key, "t", 5.0, project=Y)
    await put(pages, key, "t", 5.0, project=X)
    await put(pages, other, "t", 5.0, project=X)
    await pages.put_missing(key, NormalizedName("absent"), 5.0)
    assert await pages.list_projects() == ["x", "y"]
    assert await pages.list_projects(limit=1) == ["x"]


async def test_the_projects_of_one_upstream_are_those_of_which_it_has_a_page_now(
    pages: PageStore, key: PageKey, upstreams: UpstreamStore
) -> None:
    other = upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/")).key
    await put(pages, key, "t", 5.0, project=Y)
    await put(pages, key, "t", 5.0, project=X)
    await pages.put_missing(key, NormalizedName("absent"), 5.0)
    await put(pages, other, "t", 5.0, project=NormalizedName("others"))
    assert sorted(pages.projects_of(key, 5)) == ["x", "y"]
    assert len(pages.projects_of(key, 1)) == 1
    assert pages.projects_of(PageKey(key.upstream_id, key.generation + 1), 5) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT tag FROM pages WHERE project = 'x' AND upstream_id = 1 AND generation = 1",
        "SELECT body_z FROM page_bodies WHERE tag = 't'",
        "SELECT 1 FROM pages WHERE tag = 't'",
        "DELETE FROM pages WHERE upstream_id = 1",
        "SELECT filename, sha256 FROM recorded_hashes WHERE project = 'x' AND upstream_id = 1",
    ],
)
def test_no_read_of_a_request_scans_a_table(database: Database, sql: str) -> None:
    plan = [row["detail"] for row in database.all(f"EXPLAIN QUERY PLAN {sql}", {})]
    assert plan
    assert all(step.startswith("SEARCH") for step in plan), plan
