"""Which database the server of a storage directory works on, for the commands beside it.

It may not be the one at the path any more (``database_file``): what a command did to that would change nothing for the
server, or remove files that the server counts on. So the server writes the inode of the one that it has opened into
its lock. Inodes alone are compared: not every system gives a device the same number everywhere.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage.database_file import DatabaseFile, Loss, taken_away
from pyproxy.storage.directory import DATABASE_NAME, LOCK_NAME

_LIMIT = 100
"""Bytes; a number of a process, and one of a file."""


def tell_served(directory: Path, file: DatabaseFile) -> None:
    """Tell it, as a worker of the server that holds the directory; the last one tells what counts."""
    if file.identity is None:
        return
    with contextlib.suppress(OSError), os.fdopen(os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CLOEXEC)) as lock:
        process, _, _ = os.pread(lock.fileno(), _LIMIT, 0).partition(b"\n")
        os.pwrite(lock.fileno(), b"%s\n%20d\n" % (process, file.identity[1]), 0)


def check_served(directory: Path) -> None:
    """For a command: raises `StorageError` where a running server has had its database taken away."""
    try:
        with os.fdopen(os.open(directory / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)) as lock:
            loss = _loss(directory, lock.fileno())
    except OSError:
        return  # whoever may not look at the lock may not use the database either
    if loss is not None:
        raise StorageError(taken_away(directory / DATABASE_NAME, loss))


def _loss(directory: Path, lock: int) -> Loss | None:
    _, _, told = os.pread(lock, _LIMIT, 0).partition(b"\n")
    if not told.strip().isdigit():
        return None
    now = DatabaseFile.of(directory / DATABASE_NAME).identity
    if now is not None and now[1] == int(told):
        return None
    # Asked last, for a server that starts at this moment would take it for another server.
    return ("removed" if now is None else "replaced") if _is_held(lock) else None


def _is_held(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
