"""What a purge tells running servers, and how pages are let go stale."""

from __future__ import annotations

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.json_documents import DocumentName, JsonDocumentStore
from pyproxy.storage.pages import PURGES_REMEMBERED, KnownPage, PageStore
from pyproxy.storage.upstreams import StoredUpstream

X, Y = NormalizedName("x"), NormalizedName("y")


async def test_others_learn_which_projects_were_purged_since_they_looked(database: Database) -> None:
    pages = PageStore(database)
    await pages.purge(X)
    looked = pages.revision()
    await pages.purge(Y)
    assert pages.purged_since(looked) == [Y]
    await pages.purge(X)
    assert sorted(pages.purged_since(looked)) == [X, Y]
    assert pages.purged_since(pages.revision()) == []


async def test_a_refresh_purges_nothing(database: Database) -> None:
    pages = PageStore(database)
    before = pages.revision()
    await pages.announce()
    assert pages.purged_since(before) == []


async def test_old_purges_are_forgotten(database: Database) -> None:
    pages = PageStore(database)
    await pages.purge(X)
    later = f"UPDATE pages_revision SET revision = revision + {PURGES_REMEMBERED}"
    database.write_now(lambda connection: connection.execute(later))
    await pages.purge(Y)
    assert pages.purged_since(0) == [Y]


async def test_expired_pages_are_still_there_and_no_longer_fresh(database: Database, upstream: StoredUpstream) -> None:
    pages = PageStore(database)
    await pages.put_page(
        upstream.key, X, tag="t", body_z=b"b", etag=None, last_modified=None, url="u", checked_at=100.0
    )
    await pages.put_missing(upstream.key, Y, 100.0)
    before = pages.revision()

    await pages.expire(X, 60.0)
    await pages.expire(Y, 60.0)
    known, absent = pages.get(upstream.key, X), pages.get(upstream.key, Y)

    assert known is not None
    assert absent is not None
    assert (known.tag, known.checked_at, absent.checked_at) == ("t", 60.0, 100.0)
    assert pages.revision() > before
    await pages.expire(X, 80.0)
    again = pages.get(upstream.key, X)
    assert again is not None
    assert again.checked_at == 60.0, "never younger than before"


async def test_documents_of_the_json_api_expire_and_are_purged_with_the_pages(
    database: Database, upstream: StoredUpstream
) -> None:
    documents = JsonDocumentStore(database)
    answer = KnownPage(
        tag="t", etag=None, last_modified=None, checked_at=100.0, changed_at=100.0, page_url="u", serial=None
    )
    for project in (X, Y):
        await documents.put(upstream.key, DocumentName(project), answer, b"body")
    assert documents.count(X) == 1

    await documents.expire(X, 60.0)
    expired = documents.get(upstream.key, DocumentName(X))
    assert expired is not None
    assert (expired.tag, expired.checked_at) == ("t", 60.0)

    await PageStore(database).purge(X)
    assert (documents.count(X), documents.count(Y)) == (0, 1)
