"""A disk that is full to the last byte: files can be removed all the same (F34)."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from pyproxy.storage.headroom import HEADROOM, forget_gone, make_headroom
from pyproxy.storage.space import free_bytes
from tests.storage.conftest import Clock
from tests.storage.evicting import assert_sound
from tests.storage.keeping import keep

SIZE = 700_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own; skipped where this user may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


async def fill(disk: Path, clock: Clock) -> None:
    """Four files of `SIZE`, the first three of project x, used one after the other; then not a byte is free."""
    database = Database.open(disk / DATABASE_NAME)
    files = FileStore(disk, database, clock=clock)
    for letter, project in (("a", "x"), ("b", "x"), ("c", "x"), ("d", "y")):
        clock.now += 1
        await keep(files, letter.encode() * SIZE, f"{letter}.whl", project)
    files.close()
    database.close()
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    assert free_bytes(disk) == 0


async def test_the_least_recently_used_make_room_and_are_forgotten(disk: Path, clock: Clock) -> None:
    await fill(disk, clock)

    gone = make_headroom(disk)

    assert len(gone) == 2
    assert free_bytes(disk) >= HEADROOM
    database = Database.open(disk / DATABASE_NAME)
    files = FileStore(disk, database)
    try:
        forget_gone(files, gone)
        left = [row["filename"] for row in database.all("SELECT filename FROM files ORDER BY filename", {})]
        assert left == ["c.whl", "d.whl"]
        assert_sound(disk, database, files)
    finally:
        files.close()
        database.close()


async def test_for_one_project_only_its_own_files_go(disk: Path, clock: Clock) -> None:
    await fill(disk, clock)
    assert len(make_headroom(disk, "y")) == 1
    assert make_headroom(disk, "unknown") == ()


def test_a_disk_with_room_loses_nothing(tmp_path: Path) -> None:
    Database.open(tmp_path / DATABASE_NAME).close()
    assert make_headroom(tmp_path) == ()
    assert make_headroom(tmp_path / "nowhere") == ()
