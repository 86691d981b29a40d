"""Small disks, disks that may not be written, and the server in the test's own loop, as in ``tests/http``."""

from __future__ import annotations

import contextlib
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


def _mount(*arguments: str) -> None:
    if subprocess.run(["mount", *arguments], capture_output=True).returncode:
        pytest.skip("only root may mount disks")
