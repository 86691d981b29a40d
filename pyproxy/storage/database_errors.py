"""What SQLite's failures mean and what to do about them, in words for people."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from pyproxy.errors import StorageDamaged, StorageError
from pyproxy.storage.directory import OWNER_REMEDY, is_full, is_mounted_read_only, remedy

OUR_MISTAKES = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
    sqlite3.NotSupportedError,
)
"""A wrong statement of ours, not a state of the disk: it stays a traceback."""


def sentence(error: sqlite3.Error, path: Path) -> StorageError:
    """What a failure of SQLite means and what to do, for people."""
    primary = _primary_code(error)
    if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return damaged(path, str(error))
    if is_busy(error):
        return StorageError(f"{path} is busy: another process has been writing for too long; try again")
    # Without room for its shared memory, SQLite speaks of an I/O error.
    if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and is_full(path.parent)):
        return StorageError(f"{path} cannot grow: the disk is full; make room on it")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        way = remedy(OSError(errno.EROFS, "")) if is_mounted_read_only(path.parent) else OWNER_REMEDY
        return StorageError(f"{path} cannot be opened or written ({error}): {way}")
    return StorageError(f"{path} cannot be used: {error}")


def damaged(path: Path, found: str) -> StorageDamaged:
    """A database of which something cannot be read; ``found`` is what SQLite says."""
    return StorageDamaged(
        f"{path} is damaged or no database ({found}): restore it from a backup, or move it away with its -wal and "
        "-shm and run pyproxy cache verify --rebuild, which finds the cached files again, but not upstreams, users "
        "and tokens"
    )


def _primary_code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process is writing, and trying again helps."""
    return _primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
