"""What a start finds after a process was killed, or after the database was lost."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from pyproxy.errors import StorageError
from pyproxy.storage import rebuild
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from pyproxy.storage.manifests import FileName, Manifest, Places, write_manifest
from tests.storage.keeping import PROJECT, keep, manifest, on_disk, sha256_of

ROOT = Path(__file__).parents[2]
CONTENT = b"the bytes of a wheel"
SHA256 = sha256_of(CONTENT)

KEEPER = """
import asyncio, sys
from pathlib import Path
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from tests.storage.keeping import keep

async def main():
    directory = Path(sys.argv[1])
    database = Database.open(directory / DATABASE_NAME)
    files = FileStore(directory, database)
    print("begun", flush=True)
    number = int(sys.argv[2])
    while True:
        content = str(number).encode() * 50_000
        await asyncio.gather(keep(files, content, f"x-{number}.whl"), keep(files, b"shared", f"x-{number}.zip"))
        if number % 3 == 0:
            await files.forget("x", f"x-{number - 1}.whl")
        number += 1

asyncio.run(main())
"""


def lose_database(directory: Path) -> None:
    for path in directory.glob(f"{DATABASE_NAME}*"):
        path.unlink()


def assert_sound(directory: Path, database: Database, files: FileStore) -> int:
    """Each row has whole bytes and a manifest, and no file lies around without; the number of rows."""
    rows = database.all("SELECT project, filename, sha256 FROM files", {})
    expected = set()
    for row in rows:
        found = files.find(row["project"], row["filename"], row["sha256"])
        assert found is not None, row["filename"]
        assert sha256_of(found.path.read_bytes()) == row["sha256"]
        beside = manifest(directory, row["sha256"])
        assert beside is not None
        assert (row["project"], row["filename"]) in {(name.project, name.filename) for name in beside.names}
        place = f"files/{row['sha256'][:2]}/{row['sha256']}"
        expected |= {place, f"{place}.json"}
    assert set(on_disk(directory)) == expected
    return len(rows)


def test_a_process_killed_while_keeping_leaves_nothing_wrong(tmp_path: Path) -> None:
    """Killed at arbitrary points; every start afterwards finds whole files only, and no leftovers."""
    dice = random.Random(20)
    kept = 0
    for round_number in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(tmp_path), str(round_number * 1_000_000)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        with process:
            assert process.stdout.readline() == b"begun\n"
            try:
                process.wait(dice.uniform(0.0, 0.15))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        database = Database.open(tmp_path / DATABASE_NAME)
        files = FileStore(tmp_path, database)
        kept = assert_sound(tmp_path, database, files)
        files.close()
        database.close()
    assert kept > 0


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from pyproxy.errors import StorageError
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from tests.storage.keeping import keep, on_disk

async def main():
    directory = Path(sys.argv[1])
    database = Database.open(directory / DATABASE_NAME)
    files = FileStore(directory, database)
    before = await keep(files, b"was here before", "x-1.whl")
    content = b"does not fit"
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(content), resource.RLIM_INFINITY))
    try:
        await keep(files, content, "x-2.whl")
    except StorageError as error:
        print(error)
    print(files.find("x", "x-1.whl", before.sha256) == before, len(on_disk(directory)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await keep(files, content, "x-2.whl")
    print("kept now")
    files.close()
    database.close()

asyncio.run(main())
"""


def test_where_nothing_more_can_be_written_nothing_is_kept_and_the_rest_still_answers(tmp_path: Path) -> None:
    """A limit on file sizes stands for the full disk: the bytes fit, their manifest does not."""
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "x-2.whl is not kept: cannot write it (file too large)",
        "True 2",
        "kept now",
    ]


def open_store(directory: Path) -> tuple[Database, FileStore]:
    """As a server opens it."""
    database = Database.open(directory / DATABASE_NAME)
    files = FileStore(directory, database)
    if not files.index.complete:
        files.index.rebuild()
    return database, files


def close(database: Database, files: FileStore) -> None:
    files.close()
    database.close()


def dead_folder(directory: Path) -> Path:
    """A folder of temporary files whose process is gone."""
    folder = directory / "tmp" / "99999-dead"
    folder.mkdir(parents=True)
    return folder


def intention(size: int = len(CONTENT)) -> Manifest:
    name = FileName(project=PROJECT, filename="x-1.whl", upstream="a", hashes={"sha256": SHA256}, time=5.0)
    return Manifest(sha256=SHA256, size=size, names=(name,))


def test_half_a_download_of_a_dead_process_is_swept(tmp_path: Path) -> None:
    (dead_folder(tmp_path) / "1").write_bytes(b"half")
    database, files = open_store(tmp_path)
    assert on_disk(tmp_path) == []
    close(database, files)


def test_the_files_of_a_living_process_are_left_alone(tmp_path: Path) -> None:
    database, files = open_store(tmp_path)
    temporary = files.temporary()
    FileStore(tmp_path, database).close()
    assert temporary.path.exists()
    temporary.discard()
    close(database, files)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_bytes_that_reached_their_place_without_a_row_are_kept_after_all(tmp_path: Path) -> None:
    place = Places(tmp_path / "files").content(SHA256)
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    write_manifest(dead_folder(tmp_path) / f"{SHA256}.json", intention())
    database, files = open_store(tmp_path)
    assert files.find(PROJECT, "x-1.whl", SHA256) is not None
    assert assert_sound(tmp_path, database, files) == 1
    close(database, files)


def test_an_intention_whose_bytes_never_arrived_comes_to_nothing(tmp_path: Path) -> None:
    folder = dead_folder(tmp_path)
    write_manifest(folder / f"{SHA256}.json", intention())
    (folder / f"{'0' * 64}.json").write_text('{"half')
    database, files = open_store(tmp_path)
    assert files.find(PROJECT, "x-1.whl", SHA256) is None
    assert on_disk(tmp_path) == []
    close(database, files)


async def test_a_removal_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    database, files = open_store(tmp_path)
    await keep(files, CONTENT)
    database.write_now(lambda connection: connection.execute("DELETE FROM contents"))
    close(database, files)
    write_manifest(dead_folder(tmp_path) / f"{SHA256}.json", replace(intention(), names=()))
    database, files = open_store(tmp_path)
    assert on_disk(tmp_path) == []
    close(database, files)


async def test_a_removal_that_was_cut_short_spares_bytes_that_have_a_row(tmp_path: Path) -> None:
    database, files = open_store(tmp_path)
    await keep(files, CONTENT)
    close(database, files)
    write_manifest(dead_folder(tmp_path) / f"{SHA256}.json", replace(intention(), names=()))
    database, files = open_store(tmp_path)
    assert assert_sound(tmp_path, database, files) == 1
    close(database, files)


async def test_an_intention_adds_to_the_names_that_are_known(tmp_path: Path) -> None:
    database, files = open_store(tmp_path)
    await keep(files, CONTENT, filename="x-1.zip")
    close(database, files)
    write_manifest(dead_folder(tmp_path) / f"{SHA256}.json", intention())
    database, files = open_store(tmp_path)
    assert assert_sound(tmp_path, database, files) == 2
    close(database, files)


async def test_files_are_found_again_when_the_database_was_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "AT_ONCE", 2)
    database, files = open_store(tmp_path)
    for number in range(5):
        await keep(files, b"%d" % number, filename=f"x-{number}.whl")
    await keep(files, b"0", filename="y-0.whl", project="y", upstream="b")
    before = {tuple(row) for row in database.all("SELECT project, filename, sha256, upstream, hashes FROM files", {})}
    close(database, files)
    lose_database(tmp_path)
    with caplog.at_level(logging.WARNING):
        database, files = open_store(tmp_path)
    after = {tuple(row) for row in database.all("SELECT project, filename, sha256, upstream, hashes FROM files", {})}
    assert after == before
    assert "5 were found again" in caplog.text
    assert assert_sound(tmp_path, database, files) == 6
    close(database, files)


async def test_rebuilding_leaves_out_what_is_damaged(tmp_path: Path) -> None:
    database, files = open_store(tmp_path)
    for content in (b"whole", b"short", b"gone", b"unreadable"):
        await keep(files, content, filename=f"{content.decode()}.whl")
    close(database, files)
    places = Places(tmp_path / "files")
    places.content(sha256_of(b"short")).write_bytes(b"shor")
    places.content(sha256_of(b"gone")).unlink()
    places.manifest(sha256_of(b"unreadable")).write_text("{")
    (tmp_path / "files" / "README").write_text("put here by somebody")
    lose_database(tmp_path)
    database, files = open_store(tmp_path)
    assert [row["filename"] for row in database.all("SELECT filename FROM files", {})] == ["whole.whl"]
    close(database, files)


async def test_a_rebuild_that_was_interrupted_begins_again(tmp_path: Path) -> None:
    database, files = open_store(tmp_path)
    await keep(files, CONTENT)
    close(database, files)
    lose_database(tmp_path)
    # Without the mark, whatever rows there are: the rebuild did not come to its end.
    Database.open(tmp_path / DATABASE_NAME).close()
    database, files = open_store(tmp_path)
    assert files.find(PROJECT, "x-1.whl", SHA256) is not None
    close(database, files)


async def test_an_ordinary_start_reads_no_manifests(tmp_path: Path) -> None:
    database, files = open_store(tmp_path)
    await keep(files, CONTENT)
    await keep(files, b"forgotten by a purge")
    database.write_now(lambda connection: connection.execute("DELETE FROM contents"))
    close(database, files)
    database, files = open_store(tmp_path)
    assert files.find(PROJECT, "x-1.whl", SHA256) is None
    close(database, files)


def test_temporary_files_on_a_file_in_place_of_the_folder_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tmp").write_text("")
    database = Database.open(tmp_path / DATABASE_NAME)
    with pytest.raises(StorageError, match="is not a directory"):
        FileStore(tmp_path, database)
    database.close()


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    close(*open_store(tmp_path))
    before = descriptors()
    close(*open_store(tmp_path))
    assert descriptors() == before
