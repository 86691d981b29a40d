"""What is listed of each project."""

from __future__ import annotations

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.kept import Kept, Order
from pyproxy.storage.pages import PageStore
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore
from tests.storage.conftest import Clock, OpenStore
from tests.storage.keeping import keep, sha256_of


async def put(database: Database, upstream: StoredUpstream, project: str, checked_at: float = 1.0) -> None:
    await PageStore(database).put_page(
        upstream.key, NormalizedName(project), tag=f"{upstream.id} {project}", body_z=b"", etag=None,
        last_modified=None, url="u", checked_at=checked_at,
    )  # fmt: skip


async def test_a_project_is_listed_with_its_page_and_its_files(
    database: Database, upstream: StoredUpstream, open_store: OpenStore, clock: Clock
) -> None:
    await put(database, upstream, "x", checked_at=7.0)
    files = open_store(None)
    await keep(files, b"123", "x-1.whl")
    clock.now += 5
    await keep(files, b"12345", "x-2.whl")

    [project] = Kept(database).projects()
    assert (project.project, project.upstream, project.files, project.bytes) == ("x", "a", 2, 8)
    assert (project.checked_at, project.last_used) == (7.0, clock.now)


async def test_the_most_trusted_active_upstream_with_a_page_is_named(
    database: Database, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    off = upstreams.add(UpstreamSettings(name="off", url="https://off.example.org/", active=False), 1)
    last = upstreams.add(UpstreamSettings(name="last", url="https://last.example.org/"))
    for each in (off, upstream, last):
        await put(database, each, "x")
    assert [project.upstream for project in Kept(database).projects()] == ["a"]


async def test_files_without_a_page_name_the_upstream_they_came_from(database: Database, open_store: OpenStore) -> None:
    await keep(open_store(None), b"123", upstream="removed")
    [project] = Kept(database).projects()
    assert (project.upstream, project.checked_at) == ("removed", None)


@pytest.mark.parametrize(
    ("order", "expected"), [("name", "a b c d"), ("size", "c a b d"), ("used", "b c a d")], ids=str
)
async def test_the_order_is_as_wanted_and_projects_without_files_come_last(
    database: Database,
    upstream: StoredUpstream,
    open_store: OpenStore,
    clock: Clock,
    order: Order,
    expected: str,
) -> None:
    files = open_store(None)
    for project, size in (("a", 2), ("c", 3), ("b", 1)):
        clock.now += 1
        await keep(files, project.encode() * size, f"{project}-1.whl", project)
    for project in "abd":
        await put(database, upstream, project)

    assert " ".join(project.project for project in Kept(database, at_once=3).projects(order)) == expected


async def test_names_without_any_page_or_file_are_not_listed(database: Database, upstream: StoredUpstream) -> None:
    await PageStore(database).put_missing(upstream.key, NormalizedName("x"), 1.0)
    assert list(Kept(database).projects()) == []


async def test_files_answers_and_recorded_hashes_of_a_project(
    database: Database, upstream: StoredUpstream, open_store: OpenStore, clock: Clock
) -> None:
    x = NormalizedName("x")
    files = open_store(None)
    await keep(files, b"123", "x-1.whl")
    await keep(files, b"12345", "x-2.whl")
    files.note_use(sha256_of(b"123"), clock.now + 9)
    await files.flush_uses()
    await PageStore(database).put_missing(upstream.key, x, 4.0)
    await RecordedHashes(database).record(upstream.id, x, "x-1.whl", "ab")

    kept = Kept(database)
    first, second = kept.files(x)
    assert (first.filename, first.size, first.upstream, first.uses) == ("x-1.whl", 3, "a", 1)
    assert (first.kept_at, first.last_used, second.uses) == (clock.now, clock.now + 9, 0)
    assert [file.filename for file in kept.files(x, "x-2.whl")] == ["x-2.whl"]
    assert [(answer.upstream, answer.found, answer.checked_at) for answer in kept.answers(x)] == [("a", False, 4.0)]
    assert [(hash.filename, hash.sha256) for hash in kept.recorded(x)] == [("x-1.whl", "ab")]
    assert kept.recorded(x, "x-2.whl") == []


async def test_bytes_that_have_other_names_are_not_given_back(database: Database, open_store: OpenStore) -> None:
    x, kept = NormalizedName("x"), Kept(database)
    files = open_store(None)
    both, own = sha256_of(b"123"), sha256_of(b"12345")
    await keep(files, b"123", "x-1.whl")
    await keep(files, b"12345", "x-2.whl")
    assert kept.sole_bytes(x, [both, own]) == 8

    await files.add_name(sha256=both, project="y", filename="y-1.whl", upstream="a", hashes={})
    assert kept.sole_bytes(x, [both, own]) == 5
    await files.add_name(sha256=own, project="x", filename="x-2b.whl", upstream="a", hashes={})
    assert kept.sole_bytes(x, [both, own]) == 5
    assert kept.sole_bytes(x, [own], ["x-2.whl"]) == 0, "the other file has the same bytes"
