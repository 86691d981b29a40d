"""The index of everything known says what the rows say, whatever was kept, renamed, evicted, asked and removed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.inventory import Inventory
from pyproxy.storage.outdated import Horizon, Outdated
from pyproxy.storage.pages import PageStore
from pyproxy.storage.projects import ProjectIndex, ProjectTotals
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore
from tests.storage.conftest import Clock, OpenStore
from tests.storage.keeping import keep, sha256_of
from tests.storage.older_schemas import schema_before

X, Y = NormalizedName("x"), NormalizedName("y")

_TRUE = """
    SELECT project, sum(files) AS files, sum(bytes) AS bytes, sum(pages) AS pages, max(checked_at) AS checked_at FROM (
        SELECT files.project, count(*) AS files, sum(size) AS bytes, 0 AS pages, 0.0 AS checked_at
        FROM files JOIN contents ON contents.sha256 = files.sha256 GROUP BY files.project
        UNION ALL
        SELECT project, 0, 0, count(*), max(checked_at) FROM pages WHERE tag IS NOT NULL GROUP BY project
    ) GROUP BY project ORDER BY project
"""


def index(database: Database) -> dict[str, ProjectTotals]:
    """Everything in the index, which must be what the rows say; uses have their own tests."""
    kept = database.all("SELECT project, files, bytes, pages, checked_at FROM projects ORDER BY project", {})
    true = database.all(_TRUE, {})
    assert [tuple(row) for row in kept] == [tuple(row) for row in true]
    answers = database.all("SELECT upstream_id, pages, missing FROM answers_by_upstream ORDER BY 1", {})
    counted = database.all(
        "SELECT upstream_id, count(tag), count(*) - count(tag) FROM pages GROUP BY upstream_id ORDER BY 1", {}
    )
    assert [tuple(row) for row in answers] == [tuple(row) for row in counted]
    return {each.project: each for each in ProjectIndex(database).of(row["project"] for row in kept)}


async def put(pages: PageStore, upstream: StoredUpstream, project: NormalizedName, when: float, tag: str = "") -> None:
    await pages.put_page(
        upstream.key, project, tag=tag or f"{project} {when}", body_z=b"body", etag=None, last_modified=None, url="u",
        checked_at=when,
    )  # fmt: skip


async def test_kept_files_are_counted_by_their_names(
    database: Database, open_store: OpenStore, clock: Clock
) -> None:
    files = open_store(None)
    await keep(files, b"1234", "x-1.whl")
    clock.now += 5
    await keep(files, b"123456", "x-2.whl")
    assert index(database)["x"].last_used == clock.now
    await keep(files, b"1234", "x-1.whl", upstream="b")
    assert index(database) == {"x": ProjectTotals(project="x", files=2, bytes=10, last_used=clock.now)}

    await files.add_name(sha256=sha256_of(b"1234"), project="y", filename="y-1.whl", upstream="a", hashes={})
    await files.add_name(sha256=sha256_of(b"1234"), project="y", filename="y-1b.whl", upstream="a", hashes={})
    found = index(database)
    assert (found["x"].bytes, found["y"].files, found["y"].bytes) == (10, 2, 8)

    await files.forget("y", "y-1.whl")
    await files.forget("x")
    assert list(index(database)) == ["y"]
    await files.forget("y")
    assert index(database) == {}


async def test_an_evicted_project_without_a_page_is_known_no_more(database: Database, open_store: OpenStore) -> None:
    files = open_store(10)
    await keep(files, b"1234567", "x-1.whl")
    await keep(files, b"12345678", "y-1.whl", "y")
    assert list(index(database)) == ["y"]


async def test_another_size_for_the_same_bytes_is_taken_over(database: Database, open_store: OpenStore) -> None:
    """As a manifest says it after the database was restored."""
    files = open_store(None)
    await keep(files, b"1234", "x-1.whl")
    await files.add_name(sha256=sha256_of(b"1234"), project="x", filename="x-1b.whl", upstream="a", hashes={})
    database.write_now(lambda connection: connection.execute("UPDATE contents SET size = 100"))
    assert index(database)["x"].bytes == 200


async def test_uses_and_the_last_one_count_once_for_a_project_and_stay_when_files_are_evicted(
    database: Database, open_store: OpenStore, clock: Clock, upstream: StoredUpstream
) -> None:
    files = open_store(None)
    await keep(files, b"1234", "x-1.whl")
    await files.add_name(sha256=sha256_of(b"1234"), project="x", filename="x-1b.whl", upstream="a", hashes={})
    await files.add_name(sha256=sha256_of(b"1234"), project="y", filename="y-1.whl", upstream="a", hashes={})
    for seconds in (5, 7):
        files.note_use(sha256_of(b"1234"), clock.now + seconds)
    await files.flush_uses()
    found = index(database)
    assert [(found[name].uses, found[name].last_used) for name in "xy"] == [(2, clock.now + 7)] * 2

    await put(PageStore(database), upstream, X, 1.0)
    await files.forget("x")
    assert index(database)["x"] == ProjectTotals(
        project="x", uses=2, last_used=clock.now + 7, pages=1, checked_at=1.0
    )


async def test_pages_count_while_they_are_found_with_their_newest_check(
    database: Database, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    pages, other = PageStore(database), upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/"))
    await put(pages, upstream, X, 10.0)
    await put(pages, other, X, 20.0)
    await pages.put_missing(upstream.key, Y, 5.0)
    assert index(database) == {"x": ProjectTotals(project="x", pages=2, checked_at=20.0)}

    await pages.touch(upstream.key, X, 30.0)
    assert index(database)["x"].checked_at == 30.0
    await pages.expire(X, 15.0)
    assert index(database)["x"].checked_at == 15.0
    await pages.put_missing(other.key, X, 40.0)
    assert index(database)["x"] == ProjectTotals(project="x", pages=1, checked_at=15.0)
    await pages.put_missing(upstream.key, X, 41.0)
    assert index(database) == {}
    await put(pages, other, X, 50.0)
    assert index(database)["x"].pages == 1


async def test_a_purge_takes_the_project_with_its_uses(
    database: Database, open_store: OpenStore, upstream: StoredUpstream, clock: Clock
) -> None:
    files, pages = open_store(None), PageStore(database)
    await put(pages, upstream, X, 10.0)
    await keep(files, b"1234", "x-1.whl")
    files.note_use(sha256_of(b"1234"), clock.now)
    await files.flush_uses()
    await pages.purge(X)
    await files.forget("x")
    assert index(database) == {}
    await keep(files, b"1234", "x-1.whl")
    assert index(database)["x"].uses == 0


async def test_what_goes_with_an_upstream_or_its_old_address_is_known_no_more(
    database: Database, open_store: OpenStore, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    pages = PageStore(database)
    await keep(open_store(None), b"1234", "x-1.whl")
    for project in (X, Y):
        await put(pages, upstream, project, 10.0)
    upstreams.change("a", replace(upstream.settings, url="https://new.example.org/"))
    assert index(database)["x"].checked_at is None
    assert list(index(database)) == ["x"]

    again = upstreams.get("a")
    for project in (X, Y):
        await put(pages, again, project, 20.0)
    upstreams.remove("a")
    assert list(index(database)) == ["x"]
    assert [each.pages for each in Inventory(database).by_upstream()] == [0]


async def test_pruned_answers_are_known_no_more(database: Database, upstream: StoredUpstream) -> None:
    pages = PageStore(database)
    await put(pages, upstream, X, 10.0)
    await put(pages, upstream, Y, 20.0)
    Outdated(database).remove(Horizon(15.0, 15.0))
    assert list(index(database)) == ["y"]


async def test_whatever_happens_in_whatever_order_the_index_is_true(
    database: Database, open_store: OpenStore, upstreams: UpstreamStore, clock: Clock
) -> None:
    files, pages, chance = open_store(400), PageStore(database), random.Random(4)
    keys = [upstreams.add(UpstreamSettings(name=name, url=f"https://{name}.example.org/")) for name in "ab"]
    for step in range(300):
        clock.now += 1
        project, upstream = NormalizedName(chance.choice("xyz")), chance.choice(keys)
        content = bytes([chance.randrange(12)]) * chance.randrange(1, 90)
        match chance.randrange(9):
            case 0 | 1 | 2:
                await keep(files, content, f"{project}-{chance.randrange(4)}.whl", project, upstream.settings.name)
            case 3:
                await files.forget(project, f"{project}-{chance.randrange(4)}.whl")
            case 4:
                files.note_use(sha256_of(content), clock.now)
                await files.flush_uses()
            case 5 | 6:
                await put(pages, upstream, project, float(step), tag=str(chance.randrange(3)))
            case 7:
                await pages.put_missing(upstream.key, project, float(step))
            case 8:
                await pages.purge(project)
        index(database)


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Database]:
    """A database of the schema before the index."""
    with closing(Database.open(tmp_path / "db", migrations=schema_before("projects"))) as database:
        yield database


async def test_an_upgrade_finds_what_was_there_before(before: Database, tmp_path: Path) -> None:
    clock = Clock()
    with closing(FileStore(tmp_path, before, clock=clock)) as files:
        await keep(files, b"1234", "x-1.whl")
        await keep(files, b"123456", "x-2.whl")
        await files.add_name(sha256=sha256_of(b"1234"), project="x", filename="x-1b.whl", upstream="a", hashes={})
        for content in (b"1234", b"1234", b"123456"):
            files.note_use(sha256_of(content), clock.now + 9)
        await files.flush_uses()

    def insert(connection: object) -> None:
        connection.execute(  # type: ignore[attr-defined]
            """
            INSERT INTO upstreams (id, priority, name, url, index_path, active, credential_hosts, verify_ssl,
                connect_timeout_ms, stall_timeout_ms, on_failure, redirect_hosts, projects, excluded_projects)
            VALUES (1, 1, 'a', 'https://a.example.org/', 'simple', 1, '', 1, 1, 1, 'next', '', '', '')
            """
        )
        connection.execute(  # type: ignore[attr-defined]
            """
            INSERT INTO pages (project, upstream_id, generation, tag, checked_at, changed_at)
            VALUES ('x', 1, 1, 'tag', 7, 7), ('y', 1, 1, 'tag', 8, 8), ('z', 1, 1, NULL, 9, 9)
            """
        )

    before.write_now(insert)
    with closing(Database.open(tmp_path / "db")) as after:
        assert index(after) == {
            "x": ProjectTotals(
                project="x", files=3, bytes=14, uses=3, last_used=clock.now + 9, pages=1, checked_at=7.0
            ),
            "y": ProjectTotals(project="y", pages=1, checked_at=8.0),
        }
        totals = Inventory(after).totals()
        assert (totals.projects, totals.pages, totals.missing) == (2, 2, 1)
