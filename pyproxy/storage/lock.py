"""One server per storage directory.

The lock is ``flock`` on a file, so that the system lets go of it however the server ends; the process id inside
tells whose it is, and behind it stands which database is served (``served``). It is for its owner alone, because who
may read a file may lock it. Workers inherit its descriptor: it is free when the last of them is gone.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from pyproxy.errors import StorageError, StorageInUse
from pyproxy.storage.directory import LOCK_NAME, prepare_directory, reason, remedy


class StorageLock:
    """Holds the storage directory, from construction until ``release``.

    Raises `StorageInUse` when another server holds it, `StorageError` when the directory cannot be used.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = prepare_directory(directory)
        path = self.directory / LOCK_NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"cannot open {path} ({reason(error)}): {remedy(error)}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").partition("\n")[0].strip()
            os.close(descriptor)
            who = f" (process {holder})" if holder.isdecimal() else ""
            raise StorageInUse(
                f"another pyproxy{who} works on {self.directory}: stop it, or choose another storage.directory",
                abandoned=holder.isdecimal() and not _is_there(int(holder)),
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise StorageError(f"cannot lock {path} ({reason(error)}): use a file system that has locks") from error
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(descriptor)
            raise StorageError(f"cannot write {path} ({reason(error)}): {remedy(error)}") from error
        self._descriptor: int | None = descriptor

    def fileno(self) -> int:
        """Its descriptor, for those who are to hold it as well."""
        assert self._descriptor is not None
        return self._descriptor

    def release(self) -> None:
        """Let go; harmless when done twice. The file stays: removing it would let two servers lock two files."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
