"""Room on the disk: what is free, what files in transfer take, and what the database gives back."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage.database import Database
from pyproxy.storage.directory import TEMPORARY_NAME, reason
from pyproxy.storage.temporary import INTENTION_SUFFIX

VACUUM_AT_ONCE = 2000
"""Database pages given back in one transaction, so that other writes get their turn."""


@dataclass(frozen=True, slots=True)
class Arriving:
    """Temporary files of transfers under way, of every process: how many, and their bytes so far."""

    files: int
    bytes: int


def free_bytes(directory: Path) -> int:
    """What may still be written to the disk that holds a directory. Raises `StorageError`."""
    try:
        disk = os.statvfs(directory)
    except OSError as error:
        raise StorageError(f"cannot tell how full the disk of {directory} is ({reason(error)})") from error
    return disk.f_bavail * disk.f_frsize


def arriving(directory: Path) -> Arriving:
    """The temporary files below a storage directory; what ends while they are counted is left out."""
    count = size = 0
    with contextlib.suppress(FileNotFoundError):
        for path in (directory / TEMPORARY_NAME).glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.suffix != INTENTION_SUFFIX:
                    size += path.stat().st_size
                    count += 1
    return Arriving(count, size)


def reclaim(database: Database, *, stopped: Callable[[], bool] = lambda: False) -> int:
    """Give the database's free pages back to the disk, until it is ``stopped``; how many bytes. Raises `StorageError`.

    The file itself shrinks when SQLite next moves its log into it, which a running server soon does.
    """
    freed = 0
    while not stopped() and (pages := database.write_now(_vacuum)) > 0:
        freed += pages
    row = database.one("SELECT page_size FROM pragma_page_size", {})
    return freed * int(row[0]) if row is not None else 0


def _vacuum(connection: sqlite3.Connection) -> int:
    before = connection.execute("PRAGMA freelist_count").fetchone()[0]
    # Fetched to the end: each step of the statement frees one page.
    connection.execute(f"PRAGMA incremental_vacuum({VACUUM_AT_ONCE})").fetchall()
    after = connection.execute("PRAGMA freelist_count").fetchone()[0]
    return int(before - after)
