"""The newest list of an upstream's projects, rendered and compressed, as files that all server processes share.

``lists/`` below the storage directory holds the files and ``newest.json``, which names them and is swapped by rename
when all of them lie there: whoever reads it finds what it names, or a newer one. Nothing is fsynced, because all of it
can be fetched again; a file whose size is not the recorded one counts as gone. Who makes a new list holds the lock of
the directory, and removes what ``newest.json`` no longer names; an open file stays readable.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from pyproxy.errors import StorageError
from pyproxy.storage.directory import LISTS_NAME, prepare_directory, reason
from pyproxy.storage.temporary import TemporaryFile

NEWEST = "newest.json"


class ListFile(msgspec.Struct, frozen=True):
    """One file in ``lists/``: its name there, its size in bytes and its sha256 (hex)."""

    name: str
    size: int
    sha256: str


class ListForm(msgspec.Struct, frozen=True):
    """The list in one format, as it is and compressed (gzip)."""

    plain: ListFile
    gzipped: ListFile


class KeptList(msgspec.Struct, frozen=True, kw_only=True):
    """What ``newest.json`` says.

    ``upstream_id`` and ``generation`` say whose list it is, and under which settings it was asked for; ``etag`` and
    ``last_modified`` are its validators; ``checked_at`` (unix seconds) is when it was last confirmed. ``names`` holds
    the names as listed, ``selection`` (a hash) stands for what was left out and added when the forms were rendered.
    """

    upstream_id: int
    generation: int
    etag: str | None
    last_modified: str | None
    checked_at: float
    names: ListFile
    selection: str
    json: ListForm
    html: ListForm

    def files(self) -> tuple[ListFile, ...]:
        """Everything it names."""
        return self.names, self.json.plain, self.json.gzipped, self.html.plain, self.html.gzipped


class ProjectListStore:
    """The list below a storage directory; ``temporary`` makes the files in which a new one is prepared.

    Nothing is created before there is a list to keep. All methods wait for the disk, for a moment.
    """

    def __init__(self, directory: Path, temporary: Callable[[], TemporaryFile]) -> None:
        self._directory = directory.absolute() / LISTS_NAME
        self.temporary = temporary

    def newest(self) -> KeptList | None:
        """The newest list, whosever it is."""
        try:
            return msgspec.json.decode((self._directory / NEWEST).read_bytes(), type=KeptList)
        except (OSError, msgspec.DecodeError):
            return None

    def path(self, file: ListFile) -> Path:
        """Where a file lies."""
        return self._directory / file.name

    def open(self, file: ListFile) -> int | None:
        """A descriptor for reading, which stays good whatever happens; ``None`` for a file that has gone."""
        try:
            descriptor = os.open(self.path(file), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        if os.fstat(descriptor).st_size != file.size:
            os.close(descriptor)
            return None
        return descriptor

    def is_whole(self, kept: KeptList) -> bool:
        """Whether every file that the list names is there."""
        try:
            return all(self.path(file).stat().st_size == file.size for file in kept.files())
        except OSError:
            return False

    @contextlib.contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether nobody else is making a new list; if so, nobody else does until the end of the block.

        Raises `StorageError` when the directory cannot be used.
        """
        prepare_directory(self._directory)
        try:
            descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise StorageError(f"cannot open {self._directory} ({reason(error)})") from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def replace(self, kept: KeptList, made: Mapping[str, TemporaryFile]) -> None:
        """Make ``kept`` the newest list, for whoever has the turn; ``made`` are its new files by name.

        Raises `StorageError`.
        """
        try:
            for name, file in made.items():
                os.replace(file.path, self._directory / name)
            state = self.temporary()
            try:
                state.path.write_bytes(msgspec.json.encode(kept))
                os.replace(state.path, self._directory / NEWEST)
            finally:
                state.discard()
            named = {NEWEST, *(file.name for file in kept.files())}
            for path in self._directory.iterdir():
                if path.name not in named:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"the list of projects is not kept: cannot write it ({reason(error)})") from error
