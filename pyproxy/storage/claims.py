"""Who fetches a file: one process of all that work on the storage directory.

A claim is a lock on a single byte of an empty file; the name's hash says on which. So nothing is written, nothing is
left over to be swept, and the system lets go of a claim however its process ends. It takes the locks of an *open file
description*, fcntl(2): there may be many on one file, which ``flock`` does not offer, and they are not lost when the
same process closes another descriptor of the file, as those of POSIX are. The file is for its owner alone: who may read
it may lock all of it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage.directory import CLAIMS_NAME, reason, remedy

_SET_LOCK = getattr(fcntl, "F_OFD_SETLK", None)

_LOCK = struct.Struct("@hhqqi")
"""``struct flock``: type, whence, start, length, and a process id that must be 0."""

OFFSET_BITS = 62
"""Two names on one byte would only mean that one of the files is fetched twice."""


class Claim:
    """Held until ``release``, or until the process ends."""

    def __init__(self, claims: Claims, offset: int) -> None:
        self._claims = claims
        self._offset = offset

    def release(self) -> None:
        """Let go; harmless when done twice."""
        self._claims._release(self._offset)


class Claims:
    """The claims of this process in a storage directory, which must exist. For one thread.

    Raises `StorageError` when their file cannot be opened.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / CLAIMS_NAME
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"cannot open {path} ({reason(error)}): {remedy(error)}") from error
        self._held: set[int] = set()

    def take(self, name: str) -> Claim | None:
        """The claim of this name, ``None`` where somebody has it, who may be this process; never waits.

        Raises `StorageError` where the system or the file system has no such locks.
        """
        offset = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> (64 - OFFSET_BITS)
        if offset in self._held:
            return None
        try:
            self._lock(fcntl.F_WRLCK, offset)
        except (BlockingIOError, PermissionError):
            return None
        except OSError as error:
            raise StorageError(f"cannot lock {CLAIMS_NAME} ({reason(error)})") from error
        self._held.add(offset)
        return Claim(self, offset)

    def close(self) -> None:
        """Let go of all."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._held.clear()

    def _release(self, offset: int) -> None:
        if offset in self._held:
            self._held.discard(offset)
            self._lock(fcntl.F_UNLCK, offset)

    def _lock(self, kind: int, offset: int) -> None:
        if _SET_LOCK is None or self._descriptor < 0:
            raise OSError(0, "no such locks here")
        fcntl.fcntl(self._descriptor, _SET_LOCK, _LOCK.pack(kind, os.SEEK_SET, offset, 1, 0))
