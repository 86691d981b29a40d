"""Small disks, disks that may not be written, and the server in the test's own loop, as in ``tests/http``."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.http.conftest import clock, start_proxy, upstream  # noqa: F401
from tests.http.proxy import Proxy

Place = Callable[[Proxy], contextlib.AbstractContextManager[None]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The storage directory on a disk of 24 MB; skipped where this user may not mount one."""
    place = tmp_path / "storage"
    place.mkdir()
    _mount("-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A folder on a disk of its own, and what makes that fail: ext4 stops then, and only whoever writes is told."""
    image, place = tmp_path / "image", tmp_path / "failing"
    place.mkdir()
    with image.open("wb") as stream:
        stream.truncate(8_000_000)
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("there is no mkfs.ext4")
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", str(image)], check=True)
    _mount("-o", "loop,errors=remount-ro", str(image), str(place))
    device = subprocess.run(
        ["findmnt", "--noheadings", "--output", "SOURCE", str(place)], check=True, capture_output=True, text=True
    ).stdout.strip()
    trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
    try:
        if not trigger.exists():
            pytest.skip("this system's ext4 does not fail on demand")
        yield place, lambda: _write(trigger)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextlib.contextmanager
def full(proxy: Proxy) -> Iterator[None]:
    """Not a byte is free any more."""
    filler = proxy.config.storage.directory / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def read_only(proxy: Proxy) -> Iterator[None]:
    """Nothing can be written any more, as after an error of the disk.

    No file system with files open for writing can be made so by hand: the folders are covered, and SQLite is told.
    """
    folders = [proxy.config.storage.directory / name for name in ("files", "tmp")]
    for folder in folders:
        _mount("--bind", str(folder), str(folder))
        _mount("-o", "remount,bind,ro", str(folder))

    writers: list[sqlite3.Connection] = []
    proxy.server.resources.database.write_now(writers.append)
    writers[0].execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        writers[0].execute("PRAGMA query_only = OFF")
        for folder in folders:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _write(trigger: Path) -> None:
    trigger.write_text("1")


def _mount(*arguments: str) -> None:
    if subprocess.run(["mount", *arguments], capture_output=True).returncode:
        pytest.skip("only root may mount disks")
