"""Files that are still arriving, in a folder per process that the process holds locked.

The system lets go of a lock however its process ends, so an unlocked folder belongs to nobody: the next start
removes it, after asking what was to become of the intentions in it (see ``files.py``).
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from pyproxy.errors import StorageError
from pyproxy.storage.directory import prepare_directory, reason

INTENTION_SUFFIX = ".json"
"""``<sha256>.json``: a manifest on its way to the file that is being kept."""


class TemporaryFile:
    """An open file at ``path``, ``fd`` for reading and writing, that vanishes unless it is kept.

    Whoever writes leaves ``reserve`` bytes free on the disk.
    """

    def __init__(self, path: Path, fd: int, reserve: int) -> None:
        self.path = path
        self.fd = fd
        self.reserve = reserve
        self._handed_over = False
        self._open = True

    def write(self, content: bytes) -> None:
        """Make this the file's content. Raises `StorageError`."""
        try:
            written = 0
            while written < len(content):
                written += os.pwrite(self.fd, content[written:], written)
        except OSError as error:
            raise StorageError(f"cannot write {self.path} ({reason(error)})") from error

    def hand_over(self) -> int:
        """Give the file at ``path`` to somebody else, with a descriptor of their own; ``discard`` only closes then.

        So the keeper may outlive whoever asked for it, and never works on a descriptor that was closed.
        """
        descriptor = os.dup(self.fd)
        self._handed_over = True
        return descriptor

    def discard(self) -> None:
        """Close, and remove the file unless it was handed over; harmless when done twice."""
        if self._open:
            self._open = False
            if not self._handed_over:
                discard(self.path)
            os.close(self.fd)


def discard(path: Path) -> None:
    """Remove a temporary file, where the disk takes that; else the next start sweeps it."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


class TemporaryFolder:
    """This process's own folder below ``root``; made, and those of dead processes swept, at construction.

    ``recover`` is called with every intention found in a dead process's folder, before the folder goes.
    Raises `StorageError` when the folder cannot be made.
    """

    def __init__(self, root: Path, recover: Callable[[Path], None]) -> None:
        prepare_directory(root)
        with contextlib.suppress(OSError):  # somebody else's, who lets us write
            root.chmod(0o700)  # who may read a directory may lock it, and the next start would wait
        self.path = root / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._numbers = itertools.count(1)
        try:
            # Held by whoever makes or sweeps: a folder is never seen between its creation and its locking.
            with locked(root):
                _sweep(root, recover)
                self.path.mkdir()
                self._lock: int | None = _lock(self.path, wait=False)
        except OSError as error:
            raise StorageError(f"cannot make temporary files in {root} ({reason(error)})") from error

    def create(self, reserve: int = 0) -> TemporaryFile:
        """A new, empty file. Raises `StorageError` (disk full, too many open files)."""
        path = self.path / str(next(self._numbers))
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(f"cannot make a temporary file in {self.path} ({reason(error)})") from error
        return TemporaryFile(path, fd, reserve)

    def close(self) -> None:
        """Remove the folder and what is left in it."""
        if self._lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold a directory against other processes and other threads of this one; waits for them."""
    descriptor = _lock(directory, wait=True)
    assert descriptor is not None
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(directory: Path) -> Iterator[bool]:
    """The same without waiting; whether it is held now, or somebody else holds it."""
    descriptor = _lock(directory, wait=False)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def is_held(directory: Path) -> bool:
    """Whether a process is alive that holds this directory, such as one that made its temporary folder there."""
    try:
        descriptor = _lock(directory, wait=False)
    except OSError:
        return False
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def _lock(directory: Path, *, wait: bool) -> int | None:
    """A descriptor that holds the lock, ``None`` when somebody else does."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _sweep(root: Path, recover: Callable[[Path], None]) -> None:
    for folder in list(root.iterdir()):
        if not folder.is_dir():
            continue
        lock = _lock(folder, wait=False)
        if lock is None:
            continue
        try:
            for intention in sorted(folder.glob(f"*{INTENTION_SUFFIX}")):
                recover(intention)
            shutil.rmtree(folder)
        finally:
            os.close(lock)
