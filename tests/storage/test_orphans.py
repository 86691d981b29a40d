"""What nothing leads to any more is told, and what is in use is not among it."""

from __future__ import annotations

from pathlib import Path

from pyproxy.settings import UpstreamSettings
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.orphans import Orphans, find_orphans
from pyproxy.storage.pages import PageStore
from pyproxy.storage.upstreams import StoredUpstream, UpstreamStore
from tests.storage.conftest import OpenStore
from tests.storage.keeping import keep


async def put(pages: PageStore, upstream: StoredUpstream, project: str, tag: str) -> None:
    await pages.put_page(
        upstream.key, NormalizedName(project), tag=tag, body_z=b"body", etag=None, last_modified=None, url="u",
        checked_at=1.0,
    )  # fmt: skip


async def test_nothing_is_orphaned_while_all_is_well(
    database: Database, open_store: OpenStore, tmp_path: Path, upstream: StoredUpstream
) -> None:
    files = open_store(None)
    await keep(files, b"1234")
    await put(PageStore(database), upstream, "x", "one")
    await put(PageStore(database), upstream, "y", "one")
    temporary = files.temporary()
    assert find_orphans(database, tmp_path) == Orphans(page_bodies=0, temporary_files=0, temporary_bytes=0)
    temporary.discard()


async def test_bodies_of_a_removed_upstream_are_told_until_they_are_swept(
    database: Database, tmp_path: Path, upstreams: UpstreamStore, upstream: StoredUpstream
) -> None:
    pages, other = PageStore(database), upstreams.add(UpstreamSettings(name="b", url="https://b.example.org/"))
    await put(pages, upstream, "x", "one")
    await put(pages, upstream, "y", "two")
    await put(pages, other, "y", "two")
    upstreams.remove("a")
    assert find_orphans(database, tmp_path).page_bodies == 1
    await pages.sweep()
    assert find_orphans(database, tmp_path).page_bodies == 0


def test_files_of_processes_that_died_are_told(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "tmp" / "99-dead"
    folder.mkdir(parents=True)
    (folder / "1").write_bytes(b"12345")
    assert find_orphans(database, tmp_path) == Orphans(page_bodies=0, temporary_files=1, temporary_bytes=5)
