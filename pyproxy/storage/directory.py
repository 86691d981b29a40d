"""The storage directory: its creation, and what lies where in it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from pyproxy.errors import StorageError

DATABASE_NAME = "pyproxy.sqlite3"
LOCK_NAME = "pyproxy.lock"
SECRET_KEY_NAME = "secret.key"
FILES_NAME = "files"
LISTS_NAME = "lists"
TEMPORARY_NAME = "tmp"
CERTIFICATES_NAME = "certificates"
CLAIMS_NAME = "transfers.lock"

SMALLEST_ROOM = 64 * 1024
"""Bytes; with less than that SQLite cannot even be read, for want of its shared memory."""


OWNER_REMEDY = "run this as its owner, or give it to the user that runs pyproxy"
"""Commands too are refused: whoever runs one as the wrong user must not take the directory from the server."""


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
            f"{remedy(error, 'create it for the user that runs pyproxy')}, or choose another storage.directory"
        ) from error
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        refused = OSError(errno.EROFS if is_mounted_read_only(directory) else errno.EACCES, "")
        raise StorageError(
            f"cannot write to the storage directory {directory}: {remedy(refused)}, or choose another storage.directory"
        )
    return directory


def has_database(directory: Path) -> bool:
    """Whether a pyproxy has made its database there. Raises `StorageError` where this user may not look."""
    try:
        (directory / DATABASE_NAME).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StorageError(
            f"cannot look into the storage directory {directory} ({reason(error)}): "
            "run this as the user that runs pyproxy"
        ) from error
    return True


def prepare_whole(directory: Path) -> Path:
    """The same for the directory and those in it that a server writes: before it says that it serves."""
    directory = prepare_directory(directory)
    for name in (FILES_NAME, TEMPORARY_NAME, LISTS_NAME):
        prepare_directory(directory / name)
    return directory


def reason(error: OSError) -> str:
    """The system's own words for an error, without the path, which our sentences already name."""
    return (error.strerror or str(error)).lower()


def remedy(error: OSError, owner: str = OWNER_REMEDY) -> str:
    """What to do about an error of a file that must be written; ``owner`` is said where the file's owner is wrong."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room on its disk"
    if error.errno == errno.EROFS:
        return "mount its file system so that it can be written"
    return owner


def is_full(directory: Path) -> bool:
    """Whether its disk has no room even for the smallest of a database's files."""
    try:
        disk = os.statvfs(directory)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < SMALLEST_ROOM


def is_writable(directory: Path) -> bool:
    """Whether files may be kept below a storage directory, as far as its folders tell."""
    folders = [folder for name in (FILES_NAME, TEMPORARY_NAME) if (folder := directory / name).exists()]
    return all(os.access(place, os.W_OK | os.X_OK) and _takes_writes(place) for place in (directory, *folders))


def _takes_writes(folder: Path) -> bool:
    """Whether its file system does, tried with the one write that needs no room.

    After an error of the disk it may refuse all of them although it is mounted for writing, and its flags say so.
    """
    try:
        os.utime(folder)
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return True


def is_mounted_read_only(directory: Path) -> bool:
    """Whether its file system takes no writes at all."""
    try:
        return bool(os.statvfs(directory).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def sync_directory(directory: Path) -> None:
    """Make renames in a directory survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
