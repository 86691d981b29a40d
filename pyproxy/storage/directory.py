"""The storage directory: its creation, and what lies where in it."""

from __future__ import annotations

import os
from pathlib import Path

from pyproxy.errors import StorageError

DATABASE_NAME = "pyproxy.sqlite3"
LOCK_NAME = "pyproxy.lock"
SECRET_KEY_NAME = "secret.key"
FILES_NAME = "files"
TEMPORARY_NAME = "tmp"


def prepare_directory(directory: Path) -> Path:
    """The directory, created where it was missing, as an absolute path.

    Raises `StorageError` when it cannot be created or written.
    """
    directory = directory.absolute()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise StorageError(f"{directory} is not a directory: choose another storage.directory") from error
    except OSError as error:
        raise StorageError(
            f"cannot create the storage directory {directory} ({reason(error)}): "
            "create it for the user that runs pyproxy, or choose another storage.directory"
        ) from error
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise StorageError(
            f"cannot write to the storage directory {directory}: "
            "give it to the user that runs pyproxy, or choose another storage.directory"
        )
    return directory


def reason(error: OSError) -> str:
    """The system's own words for an error, without the path, which our sentences already name."""
    return (error.strerror or str(error)).lower()


def sync_directory(directory: Path) -> None:
    """Make renames in a directory survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
