"""Totals that the database keeps by itself are the true ones, whatever was kept, renamed and removed."""

from __future__ import annotations

from pathlib import Path

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.inventory import Inventory
from pyproxy.storage.pages import PageStore
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore
from tests.storage.conftest import OpenStore
from tests.storage.keeping import keep, sha256_of
from tests.storage.older_schemas import schema_before

X, Y = NormalizedName("x"), NormalizedName("y")


def by_upstream(database: Database) -> dict[str, tuple[int, int]]:
    """Files and bytes by upstream, which must be the true ones."""
    true = database.all(
        """
        SELECT upstream, count(*), sum(size) FROM files JOIN contents ON contents.sha256 = files.sha256
        GROUP BY upstream
        """,
        {},
    )
    found = {each.upstream: (each.files, each.file_bytes) for each in Inventory(database).by_upstream() if each.files}
    assert found == {row[0]: (row[1], row[2]) for row in true}
    return found


async def put(pages: PageStore, upstream: StoredUpstream, project: NormalizedName, tag: str, body: bytes) -> None:
    await pages.put_page(
        upstream.key, project, tag=tag, body_z=body, etag=None, last_modified=None, url="u", checked_at=1.0
    )


async def test_files_are_counted_by_the_upstream_they_came_from(database: Database, open_store: OpenStore) -> None:
    files = open_store(None)
    await keep(files, b"1234", "x-1.whl", upstream="a")
    await keep(files, b"123456", "x-2.whl", upstream="b")
    assert by_upstream(database) == {"a": (1, 4), "b": (1, 6)}

    await keep(files, b"1234", "x-1.whl", upstream="b")
    assert by_upstream(database) == {"b": (2, 10)}, "the same name from another upstream"

    await files.add_name(sha256=sha256_of(b"1234"), project="y", filename="x-1.whl", upstream="a", hashes={})
    assert by_upstream(database) == {"a": (1, 4), "b": (2, 10)}, "one more name for the same bytes"

    await files.forget("x")
    assert by_upstream(database) == {"a": (1, 4)}
    await files.forget("y")
    assert by_upstream(database) == {}


async def test_an_evicted_file_is_counted_no_more(database: Database, open_store: OpenStore) -> None:
    files = open_store(10)
    await keep(files, b"1234567", "x-1.whl", upstream="a")
    await keep(files, b"12345678", "x-2.whl", upstream="b")
    assert by_upstream(database) == {"b": (1, 8)}


async def test_pages_are_counted_with_their_bytes(database: Database, upstream: StoredUpstream) -> None:
    pages = PageStore(database)
    await put(pages, upstream, X, "one", b"12345")
    await put(pages, upstream, Y, "two", b"123")
    await put(pages, upstream, X, "three", b"1234567")
    await pages.put_missing(upstream.key, NormalizedName("z"), 1.0)

    totals = Inventory(database).totals()
    assert (totals.projects, totals.missing, totals.pages, totals.page_bytes) == (2, 1, 2, 10)

    await pages.purge(X)
    totals = Inventory(database).totals()
    assert (totals.projects, totals.pages, totals.page_bytes) == (1, 1, 3)


async def test_a_removed_upstream_that_left_files_is_listed_last(
    database: Database, open_store: OpenStore, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    await keep(open_store(None), b"1234", "x-1.whl", upstream="old")
    upstreams.add(UpstreamSettings(name="z", url="https://z.example.org/", active=False))

    found = [(each.upstream, each.configured, each.active, each.files) for each in Inventory(database).by_upstream()]
    assert found == [("a", True, True, 0), ("z", True, False, 0), ("old", False, False, 1)]


async def test_an_upgrade_counts_what_was_there_before(tmp_path: Path) -> None:
    before = Database.open(tmp_path / "db", migrations=schema_before("totals"))
    files = FileStore(tmp_path, before)
    await keep(files, b"1234", "x-1.whl", upstream="a")
    await keep(files, b"123456", "x-2.whl", upstream="b")
    before.write_now(lambda connection: connection.execute("INSERT INTO page_bodies VALUES ('tag', x'0102')"))
    files.close()
    before.close()

    after = Database.open(tmp_path / "db")
    try:
        assert by_upstream(after) == {"a": (1, 4), "b": (1, 6)}
        assert Inventory(after).totals().page_bytes == 2
    finally:
        after.close()
