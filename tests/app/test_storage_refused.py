"""A storage directory that cannot be used: one line says why and what to do, and the status is 1."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.migrations import Migration
from pyproxy.storage.schema import MIGRATIONS
from tests.app.command import CHECKOUT

SOMEBODY = 65534
"""The user id of ``nobody``."""

SERVE, LIST = ("serve",), ("upstream", "list")
LOOKING = (("explain", "demo"), ("cache", "stats"), ("cache", "purge", "demo"), ("upstream", "test", "pypi"))
"""Commands on a directory that is there already: they make none."""

every_command = pytest.mark.parametrize("arguments", [SERVE, LIST], ids=" ".join)
every_look = pytest.mark.parametrize("arguments", LOOKING, ids=" ".join)

as_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root, who can give files to another user"
)

MountDisk = Callable[..., Path]


def refused(directory: Path, arguments: tuple[str, ...]) -> str:
    """The one line of a command that must fail; it runs without root's right to other users' files."""
    plain = ["setpriv", "--bounding-set=-all"] if os.geteuid() == 0 and shutil.which("setpriv") else []
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYPROXY_")}
    ended = subprocess.run(
        [*plain, sys.executable, "-m", "pyproxy", *arguments],
        cwd=directory.parent,
        env={
            **kept,
            "PYTHONPATH": str(CHECKOUT),
            "PYPROXY_SERVER__PORT": "0",
            "PYPROXY_STORAGE__DIRECTORY": str(directory),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    (line,) = ended.stderr.splitlines()
    assert str(directory) in line
    return line


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A storage directory that was used before."""
    directory = tmp_path / "storage"
    directory.mkdir()
    Database.open(directory / DATABASE_NAME).close()
    return directory


@pytest.fixture
def mount_disk(tmp_path: Path) -> Iterator[MountDisk]:
    """``mount_disk(size, options="ro")``: a small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(size: str, options: str = "rw") -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},{options}", "tmpfs", str(place)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("this user may not mount a small disk")
        return place

    yield mount
    subprocess.run(["umount", str(place)], capture_output=True, check=False)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite_a_page(path: Path) -> None:
    """One of which the start itself needs nothing."""
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'audit'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xa5" * size)


def write_something_else(path: Path) -> None:
    path.write_bytes(b"this is no database, however one looks at it" * 100)


@pytest.mark.parametrize("damage", [cut_off, overwrite_a_page, write_something_else])
def test_a_damaged_database_ends_the_start_with_what_to_do(damage: Callable[[Path], None], directory: Path) -> None:
    """In one line: where, what SQLite says, a backup, or the way without one."""
    damage(directory / DATABASE_NAME)

    line = refused(directory, SERVE)

    assert line.startswith(f"pyproxy: {directory / DATABASE_NAME} is damaged or no database (")
    assert "restore it from a backup, or move it away" in line
    assert "run pyproxy cache verify --rebuild" in line


@pytest.mark.parametrize("arguments", [SERVE, LIST, *LOOKING], ids=" ".join)
def test_a_database_of_a_newer_version_is_refused(arguments: tuple[str, ...], directory: Path) -> None:
    tomorrow = Migration("of tomorrow", ("CREATE TABLE tomorrow (a)",))
    Database.open(directory / DATABASE_NAME, migrations=(*MIGRATIONS, tomorrow)).close()
    line = refused(directory, arguments)
    assert "made by a newer pyproxy (it has the step 'of tomorrow'): use that version" in line


@every_command
def test_a_database_of_another_program_is_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    directory = tmp_path / "storage"
    directory.mkdir()
    other = sqlite3.connect(directory / DATABASE_NAME)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    assert "belongs to another program: choose another storage.directory" in refused(directory, arguments)


@as_root
@every_command
def test_a_directory_of_another_user_is_refused(arguments: tuple[str, ...], directory: Path) -> None:
    os.chown(directory, SOMEBODY, SOMEBODY)
    line = refused(directory, arguments)
    assert "cannot write to the storage directory" in line
    assert "give it to the user that runs pyproxy, or choose another storage.directory" in line


@as_root
@every_look
def test_a_directory_that_this_user_may_not_look_into_is_refused(arguments: tuple[str, ...], directory: Path) -> None:
    """As systemd and the container image make it: for the server's user alone."""
    os.chown(directory, SOMEBODY, SOMEBODY)
    directory.chmod(0o700)
    line = refused(directory, arguments)
    assert "cannot look into the storage directory" in line
    assert "run this as the user that runs pyproxy" in line


@as_root
@every_command
def test_a_directory_whose_files_are_another_users_is_refused(arguments: tuple[str, ...], directory: Path) -> None:
    """As after a command that somebody ran as another user than the server."""
    os.chown(directory / DATABASE_NAME, SOMEBODY, SOMEBODY)
    line = refused(directory, arguments)
    assert str(directory / DATABASE_NAME) in line
    assert "give it to the user that runs pyproxy" in line


@as_root
@pytest.mark.parametrize("name", ["files", "tmp", "lists"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_folder_in_it_of_another_user_keeps_the_server_from_starting(
    workers: str, name: str, directory: Path
) -> None:
    (directory / name).mkdir()
    os.chown(directory / name, SOMEBODY, SOMEBODY)
    assert f"cannot write to the storage directory {directory / name}" in refused(
        directory, ("serve", "--workers", workers)
    )


@every_command
def test_a_disk_mounted_for_reading_is_refused(arguments: tuple[str, ...], mount_disk: MountDisk) -> None:
    disk = mount_disk("1m", "ro")
    assert "mount its file system so that it can be written" in refused(disk, arguments)
    assert "mount its file system so that it can be written" in refused(disk / "storage", arguments)


@every_command
@pytest.mark.parametrize("size", ["4k", "64k"])
def test_a_disk_without_room_for_a_database_is_refused(
    size: str, arguments: tuple[str, ...], mount_disk: MountDisk
) -> None:
    assert "make room on it" in refused(mount_disk(size), arguments)


@every_command
def test_a_disk_that_has_become_full_is_refused(arguments: tuple[str, ...], mount_disk: MountDisk) -> None:
    disk = mount_disk("2m")
    Database.open(disk / DATABASE_NAME).close()
    with (disk / "filling").open("wb", buffering=0) as filling:
        for _ in range(100):
            try:
                filling.write(bytes(1 << 16))
            except OSError:
                break
    assert "make room on it" in refused(disk, arguments)
