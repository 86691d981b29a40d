"""Documents of the legacy JSON API in the database: the newest of each, bounded, and gone with their upstream."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.json_documents import DocumentName, JsonDocumentStore
from pyproxy.storage.pages import KnownPage, PageKey, PageStore
from pyproxy.storage.schema import MIGRATIONS
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore

DEMO = DocumentName(NormalizedName("demo"))
RELEASE = DocumentName(NormalizedName("demo"), "1.0")
OTHER = DocumentName(NormalizedName("other"))
ANSWER = KnownPage(
    tag="a",
    etag='"1"',
    last_modified=None,
    checked_at=1000.0,
    changed_at=1000.0,
    page_url="https://example.org/pypi/demo/json",
    serial=None,
)
ABSENT = replace(ANSWER, tag=None, etag=None, page_url=None)


@pytest.fixture
def store(database: Database) -> JsonDocumentStore:
    return JsonDocumentStore(database)


def bodies(database: Database) -> list[str]:
    return [row["tag"] for row in database.all("SELECT tag FROM json_bodies ORDER BY tag", {})]


async def test_a_project_and_its_releases_have_documents_of_their_own(
    store: JsonDocumentStore, upstream: StoredUpstream
) -> None:
    assert await store.put(upstream.key, DEMO, ANSWER, b"whole")
    assert await store.put(upstream.key, RELEASE, replace(ANSWER, tag="b"), b"release")

    assert (store.get(upstream.key, DEMO), store.body("a")) == (ANSWER, b"whole")
    known = store.get(upstream.key, RELEASE)
    assert known is not None
    assert store.body(known.tag or "") == b"release"
    assert store.get(upstream.key, OTHER) is None


async def test_an_absence_is_known_as_one(store: JsonDocumentStore, upstream: StoredUpstream) -> None:
    await store.put(upstream.key, DEMO, ABSENT, None)

    assert store.get(upstream.key, DEMO) == ABSENT


async def test_a_body_goes_with_its_last_row(
    store: JsonDocumentStore, database: Database, upstream: StoredUpstream
) -> None:
    await store.put(upstream.key, DEMO, ANSWER, b"same")
    await store.put(upstream.key, OTHER, ANSWER, b"same")
    await store.put(upstream.key, DEMO, replace(ANSWER, tag="b"), b"newer")
    assert bodies(database) == ["a", "b"]

    await store.put(upstream.key, OTHER, ABSENT, None)

    assert bodies(database) == ["b"]
    assert store.size() == 2 * 512 + len(b"newer")


async def test_a_304_moves_the_time_alone(store: JsonDocumentStore, upstream: StoredUpstream) -> None:
    await store.put(upstream.key, DEMO, ANSWER, b"whole")

    assert await store.touch(upstream.key, DEMO, 2000.0, None)
    assert not await store.touch(upstream.key, OTHER, 2000.0, None)

    assert store.get(upstream.key, DEMO) == replace(ANSWER, checked_at=2000.0)


async def test_what_was_asked_for_longest_ago_goes_first(database: Database, upstream: StoredUpstream) -> None:
    store = JsonDocumentStore(database, size_limit=20_000)
    for number in range(10):
        name = DocumentName(NormalizedName(f"project-{number}"))
        await store.put(upstream.key, name, replace(ANSWER, tag=str(number), checked_at=1000.0 + number), bytes(4000))

    assert store.size() <= 20_000
    assert bodies(database) == ["6", "7", "8", "9"]


async def test_absences_are_bounded_as_well(database: Database, upstream: StoredUpstream) -> None:
    store = JsonDocumentStore(database, size_limit=20 * 512)
    for number in range(40):
        await store.put(upstream.key, DocumentName(NormalizedName(f"p{number}")), ABSENT, None)

    assert len(database.all("SELECT 1 FROM json_documents", {})) <= 20


async def test_nothing_is_kept_of_an_upstream_that_was_removed_or_redirected(
    store: JsonDocumentStore, database: Database, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    """(F11)"""
    await store.put(upstream.key, DEMO, ANSWER, b"whole")
    upstreams.change("a", UpstreamSettings(name="a", url="https://elsewhere.example.org/"))
    assert bodies(database) == []
    assert not await store.put(upstream.key, DEMO, ANSWER, b"late")

    now = upstreams.get("a")
    await store.put(now.key, DEMO, ANSWER, b"whole")
    upstreams.remove("a")

    assert (bodies(database), store.size()) == ([], 0)
    assert not await store.put(PageKey(99, 1), DEMO, ANSWER, b"late")


async def test_a_purge_takes_a_projects_documents_each_time(
    store: JsonDocumentStore, database: Database, upstream: StoredUpstream
) -> None:
    for _ in range(2):
        await store.put(upstream.key, DEMO, ANSWER, b"whole")
        await store.put(upstream.key, RELEASE, ANSWER, b"whole")
        await store.put(upstream.key, OTHER, replace(ANSWER, tag="b"), b"other")
        await PageStore(database).purge(DEMO.project)
        assert bodies(database) == ["b"]


def test_a_database_from_before_gets_the_tables(tmp_path: Path) -> None:
    steps = [step.name for step in MIGRATIONS].index("documents of the JSON API")
    Database.open(tmp_path / DATABASE_NAME, migrations=MIGRATIONS[:steps]).close()

    after = Database.open(tmp_path / DATABASE_NAME)

    assert JsonDocumentStore(after).size() == 0
    after.close()
