"""Room on the disk: what is free, what files in transfer take, and what the database gives back."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage.database import Database
from pyproxy.storage.directory import TEMPORARY_NAME, reason
from pyproxy.storage.temporary import INTENTION_SUFFIX

VACUUM_AT_ONCE = 2000
"""Database pages given back in one transaction, so that other writes get their turn."""


PLENTY_BYTES = 1024**3
"""What is free beyond what is asked for, where nobody need look again at once: no disk writes so much meanwhile."""

PLENTY_SECONDS = 0.1


class FreeSpace:
    """Whether bytes fit on the disk that holds a directory; ``clock`` gives seconds.

    A look lets go of the interpreter's lock, which is won back only after other threads had their turn: with a hundred
    small files a second the event loop would mostly wait for that. So where there is plenty, a look counts for a
    moment.
    """

    def __init__(self, directory: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._clock = clock
        self._seen = -1
        self._seen_at = float("-inf")

    def look(self) -> int:
        """Bytes that may still be written; -1 where the disk does not tell."""
        try:
            self._seen = free_bytes(self._directory)
        except StorageError:
            self._seen = -1
        self._seen_at = self._clock()
        return self._seen

    def has(self, size: int) -> bool:
        """Whether so many bytes are free."""
        if self._seen - size >= PLENTY_BYTES and self._clock() - self._seen_at < PLENTY_SECONDS:
            return True
        return self.look() >= size


class Promised:
    """The bytes of files that are being kept right now."""

    def __init__(self) -> None:
        self.bytes = 0

    @contextlib.contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Count one of so many bytes, as long as the block runs."""
        self.bytes += size
        try:
            yield
        finally:
            self.bytes -= size


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
