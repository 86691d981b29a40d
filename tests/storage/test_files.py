"""Keeping, finding and forgetting verified files."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.storage import file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.files import RESERVE, FileStore
from pyproxy.storage.space import FreeSpace
from tests.http.test_file_disk import files_end_at
from tests.storage.conftest import Clock
from tests.storage.keeping import PROJECT, keep, manifest, on_disk, sha256_of

CONTENT = b"the bytes of a wheel"
SHA256 = sha256_of(CONTENT)
PLACE = f"files/{SHA256[:2]}/{SHA256}"


class Room(FreeSpace):
    """A disk with so much room."""

    def __init__(self, directory: Path, free: int) -> None:
        super().__init__(directory)
        self.free = free

    def look(self) -> int:
        self._seen = self.free
        return self.free


@pytest.fixture
def files(tmp_path: Path, database: Database, clock: Clock) -> Iterator[FileStore]:
    files = FileStore(tmp_path, database, clock=clock)
    yield files
    files.close()


def rows(database: Database) -> list[tuple[str, str, str]]:
    found = database.all("SELECT project, filename, sha256 FROM files ORDER BY project, filename", {})
    return [(row["project"], row["filename"], row["sha256"]) for row in found]


async def settled(database: Database) -> None:
    """Until the writes that nobody waits for are done."""
    await database.write(lambda _: None)


async def test_a_kept_file_is_found_with_its_bytes(files: FileStore, tmp_path: Path, clock: Clock) -> None:
    kept = await keep(files, CONTENT)
    found = files.find(PROJECT, "x-1.whl", SHA256)
    assert found == kept
    assert (found.path, found.size, found.sha256) == (tmp_path / PLACE, len(CONTENT), SHA256)
    assert (found.stored_at, found.upstream) == (clock.now, "a")
    with found.open() as stream:
        assert stream.read() == CONTENT
    assert on_disk(tmp_path) == [PLACE, f"{PLACE}.json"]


async def test_a_manifest_tells_names_hashes_size_and_time(files: FileStore, tmp_path: Path, clock: Clock) -> None:
    await keep(files, CONTENT)
    beside = manifest(tmp_path, SHA256)
    assert beside is not None
    (name,) = beside.names
    assert (beside.sha256, beside.size) == (SHA256, len(CONTENT))
    assert (name.project, name.filename, name.upstream, name.time) == (PROJECT, "x-1.whl", "a", clock.now)
    assert name.hashes == {"sha256": SHA256}


@pytest.mark.parametrize(
    ("project", "filename", "sha256"),
    [
        ("y", "x-1.whl", SHA256),
        (PROJECT, "x-2.whl", SHA256),
        (PROJECT, "x-1.whl", "0" * 64),
        (PROJECT, "x-1.whl", "../../pyproxy.sqlite3"),
    ],
)
async def test_project_filename_and_hash_must_all_fit(
    files: FileStore, project: str, filename: str, sha256: str
) -> None:
    await keep(files, CONTENT)
    assert files.find(project, filename, sha256) is None


async def test_a_temporary_file_stays_readable_for_those_who_follow_it(files: FileStore) -> None:
    temporary = files.temporary()
    os.write(temporary.fd, CONTENT)
    await files.keep(
        temporary,
        sha256=SHA256,
        size=len(CONTENT),
        project=PROJECT,
        filename="x-1.whl",
        upstream="a",
        hashes={},
    )
    assert os.pread(temporary.fd, 100, 0) == CONTENT
    temporary.discard()
    temporary.discard()
    assert files.find(PROJECT, "x-1.whl", SHA256) is not None


async def test_bytes_in_memory_are_kept_like_those_of_a_temporary_file(files: FileStore, tmp_path: Path) -> None:
    await keep(files, CONTENT)
    before = on_disk(tmp_path)
    await files.forget(PROJECT)

    listed = {"sha256": SHA256}
    kept = await files.keep(
        CONTENT, sha256=SHA256, size=len(CONTENT), project=PROJECT, filename="x-1.whl", upstream="a", hashes=listed
    )
    assert kept.path.read_bytes() == CONTENT
    assert on_disk(tmp_path) == before
    assert files.find(PROJECT, "x-1.whl", SHA256) is not None


async def test_bytes_in_memory_that_cannot_be_written_leave_nothing(files: FileStore, tmp_path: Path) -> None:
    with files_end_at(len(CONTENT) - 1), pytest.raises(StorageError, match="cannot write"):
        await files.keep(
            CONTENT, sha256=SHA256, size=len(CONTENT), project=PROJECT, filename="x-1.whl", upstream="a", hashes={}
        )
    assert on_disk(tmp_path) == []
    assert files.find(PROJECT, "x-1.whl", SHA256) is None


async def test_bytes_in_memory_need_room_of_their_own(tmp_path: Path, database: Database, clock: Clock) -> None:
    """Those of a temporary file lie on the disk already. Many in memory are counted together."""
    files = FileStore(tmp_path, database, min_free=1_000_000, clock=clock)
    files._free = Room(tmp_path, 1_000_000 + 30)
    try:
        assert (files.may_keep(20), files.may_keep(40)) == (True, False)
        listed = {"sha256": SHA256}
        keeping = asyncio.ensure_future(
            files.keep(CONTENT, sha256=SHA256, size=20, project=PROJECT, filename="a", upstream="a", hashes=listed)
        )
        await asyncio.sleep(0)
        assert not files.may_keep(20)
        await keeping
        assert files.may_keep(20)
    finally:
        files.close()


def test_a_discarded_temporary_file_leaves_nothing(files: FileStore, tmp_path: Path) -> None:
    temporary = files.temporary()
    os.write(temporary.fd, CONTENT)
    temporary.discard()
    assert on_disk(tmp_path) == []


async def test_a_row_without_its_bytes_is_not_found_and_heals(
    files: FileStore, tmp_path: Path, database: Database
) -> None:
    await keep(files, CONTENT)
    (tmp_path / PLACE).unlink()
    assert files.find(PROJECT, "x-1.whl", SHA256) is None
    await settled(database)
    assert rows(database) == []
    await keep(files, CONTENT)
    assert files.find(PROJECT, "x-1.whl", SHA256) is not None


async def test_bytes_of_another_size_are_not_served(files: FileStore, tmp_path: Path, database: Database) -> None:
    await keep(files, CONTENT)
    (tmp_path / PLACE).write_bytes(CONTENT[:-1])
    assert files.find(PROJECT, "x-1.whl", SHA256) is None
    assert files.find_by_hash(SHA256) is None
    await settled(database)
    assert rows(database) == []


async def test_a_file_that_came_back_meanwhile_is_not_dropped(
    files: FileStore, tmp_path: Path, database: Database
) -> None:
    await keep(files, CONTENT)
    (tmp_path / PLACE).rename(tmp_path / "aside")
    assert files.find(PROJECT, "x-1.whl", SHA256) is None
    await settled(database)
    (tmp_path / "aside").rename(tmp_path / PLACE)
    await keep(files, CONTENT)
    assert files.find(PROJECT, "x-1.whl", SHA256) is not None


async def test_losing_the_whole_folder_under_a_running_store_is_survived(files: FileStore, tmp_path: Path) -> None:
    await keep(files, CONTENT)
    shutil.rmtree(tmp_path / PLACE[:8])
    assert files.find(PROJECT, "x-1.whl", SHA256) is None
    await keep(files, CONTENT)
    assert files.find(PROJECT, "x-1.whl", SHA256) is not None


async def test_the_same_bytes_under_two_names_are_stored_once(
    files: FileStore, tmp_path: Path, database: Database
) -> None:
    await keep(files, CONTENT)
    added = await files.add_name(sha256=SHA256, project="y", filename="y-1.whl", upstream="b", hashes={})
    assert added is not None
    assert added == files.find("y", "y-1.whl", SHA256)
    assert on_disk(tmp_path) == [PLACE, f"{PLACE}.json"]
    beside = manifest(tmp_path, SHA256)
    assert beside is not None
    assert [name.filename for name in beside.names] == ["x-1.whl", "y-1.whl"]


async def test_the_bytes_are_found_by_their_hash_alone(files: FileStore) -> None:
    assert files.find_by_hash(SHA256) is None
    kept = await keep(files, CONTENT)
    assert files.find_by_hash(SHA256) == kept


async def test_a_name_for_bytes_that_are_not_there_is_not_given(files: FileStore, tmp_path: Path) -> None:
    for _ in range(2):
        added = await files.add_name(sha256=SHA256, project="y", filename="y-1.whl", upstream="b", hashes={})
        assert added is None
        await keep(files, CONTENT)
        (tmp_path / PLACE).unlink()
    assert files.find("y", "y-1.whl", SHA256) is None


async def test_forgetting_one_name_keeps_the_bytes_for_the_other(files: FileStore, tmp_path: Path) -> None:
    await keep(files, CONTENT)
    await keep(files, CONTENT, project="y", filename="y-1.whl")
    assert await files.forget(PROJECT) == ("x-1.whl",)
    assert files.find(PROJECT, "x-1.whl", SHA256) is None
    assert files.find("y", "y-1.whl", SHA256) is not None
    beside = manifest(tmp_path, SHA256)
    assert beside is not None
    assert [name.filename for name in beside.names] == ["y-1.whl"]


async def test_forgetting_the_last_name_removes_bytes_and_manifest(
    files: FileStore, tmp_path: Path, database: Database
) -> None:
    await keep(files, CONTENT)
    await keep(files, b"another", filename="x-2.whl")
    assert await files.forget(PROJECT, "x-1.whl") == ("x-1.whl",)
    assert files.find(PROJECT, "x-1.whl", SHA256) is None
    assert files.find(PROJECT, "x-2.whl", sha256_of(b"another")) is not None
    assert await files.forget(PROJECT) == ("x-2.whl",)
    assert await files.forget(PROJECT) == ()
    assert (on_disk(tmp_path), rows(database)) == ([], [])


async def test_a_temporary_file_of_another_size_is_never_kept(
    files: FileStore, tmp_path: Path, database: Database
) -> None:
    temporary = files.temporary()
    os.write(temporary.fd, CONTENT)
    with pytest.raises(StorageError, match="is not kept"):
        await files.keep(
            temporary,
            sha256=SHA256,
            size=len(CONTENT) + 1,
            project=PROJECT,
            filename="x-1.whl",
            upstream="a",
            hashes={},
        )
    assert os.pread(temporary.fd, 100, 0) == CONTENT
    temporary.discard()
    assert (on_disk(tmp_path), rows(database)) == ([], [])


async def test_what_cannot_be_moved_into_place_is_not_kept(
    files: FileStore, tmp_path: Path, database: Database
) -> None:
    (tmp_path / PLACE).mkdir(parents=True)
    with pytest.raises(StorageError, match=r"x-1.whl is not kept: cannot write it \(is a directory\)"):
        await keep(files, CONTENT)
    assert (on_disk(tmp_path), rows(database)) == ([], [])


async def test_what_the_database_does_not_take_is_not_kept(
    files: FileStore, tmp_path: Path, database: Database
) -> None:
    database.write_now(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchall())
    filename = "x" * 100_000
    with pytest.raises(StorageError, match="the disk is full"):
        await keep(files, CONTENT, filename=filename)
    assert (on_disk(tmp_path), rows(database)) == ([], [])
    assert files.find(PROJECT, filename, SHA256) is None


async def test_many_who_keep_and_forget_the_same_bytes_leave_it_whole_or_not_at_all(
    files: FileStore, tmp_path: Path, database: Database
) -> None:
    for round_number in range(10):
        names = [f"x-{round_number}-{number}.whl" for number in range(6)]
        await asyncio.gather(*(keep(files, CONTENT, filename=name) for name in names), files.forget(PROJECT))
        for project, filename, sha256 in rows(database):
            assert files.find(project, filename, sha256) is not None
        beside = manifest(tmp_path, SHA256)
        listed = [] if beside is None else sorted(name.filename for name in beside.names)
        assert listed == [filename for _, filename, _ in rows(database)]


async def test_a_caller_that_goes_away_does_not_end_the_keeping(files: FileStore, database: Database) -> None:
    task = asyncio.get_running_loop().create_task(keep(files, CONTENT))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    files.close()
    assert rows(database) == [(PROJECT, "x-1.whl", SHA256)]


def test_the_minimum_of_free_disk_is_respected(tmp_path: Path, database: Database) -> None:
    disk = os.statvfs(tmp_path)
    free = disk.f_bavail * disk.f_frsize
    greedy = FileStore(tmp_path, database, min_free=2 * free)
    modest = FileStore(tmp_path, database, min_free=0)
    assert not greedy.may_keep(0)
    assert modest.may_keep(1)
    assert not modest.may_keep(2 * free)
    # What is not kept may still be held for the clients who wait for it, as long as the disk takes it.
    assert greedy.has_room(1)
    assert not greedy.has_room(2 * free)
    assert not modest.has_room(2 * free)
    greedy.close()
    modest.close()


async def test_uses_are_counted_in_memory_and_written_together(
    files: FileStore, database: Database, clock: Clock
) -> None:
    await keep(files, CONTENT)
    for when in (clock.now + 1, clock.now + 3, clock.now + 2):
        files.note_use(SHA256, when)
    files.note_use("0" * 64, clock.now)
    assert await files.flush_uses() == 2
    assert await files.flush_uses() == 0
    row = database.one("SELECT uses, last_used FROM contents", {})
    assert row is not None
    assert (row["uses"], row["last_used"]) == (3, clock.now + 3)


async def test_a_use_noted_while_others_are_written_is_not_lost(
    files: FileStore, database: Database, clock: Clock
) -> None:
    await keep(files, CONTENT)
    files.note_use(SHA256, clock.now)
    flushing = asyncio.get_running_loop().create_task(files.flush_uses())
    await asyncio.sleep(0)
    files.note_use(SHA256, clock.now + 1)
    await flushing
    await files.flush_uses()
    row = database.one("SELECT uses FROM contents", {})
    assert row is not None
    assert row["uses"] == 2


@pytest.mark.parametrize("sql", [file_rows.FIND, file_rows.FIND_BY_HASH])
def test_finding_a_file_scans_no_table(database: Database, sql: str) -> None:
    parameters = {"project": PROJECT, "filename": "x-1.whl", "sha256": SHA256}
    plan = [row["detail"] for row in database.all(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    assert all(step.startswith("SEARCH") or step == "USE TEMP B-TREE FOR ORDER BY" for step in plan), plan


def test_arriving_files_leave_the_database_its_room(tmp_path: Path, database: Database) -> None:
    """Where ``min_free`` is that much; else as much as is left to everybody."""
    for min_free, reserve in ((10**12, RESERVE), (1000, 1000)):
        store = FileStore(tmp_path, database, min_free=min_free)
        arriving = store.temporary()
        assert arriving.reserve == reserve
        arriving.discard()
        store.close()
