"""Verified files: found on the event loop by one look-up and one ``stat``, kept and forgotten in threads of ours.

How bytes, rows and manifests are changed together is told in ``shelf.py``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import ParamSpec, TypeVar

from pyproxy.errors import StorageError
from pyproxy.storage import file_rows
from pyproxy.storage.damage import remember
from pyproxy.storage.database import Database
from pyproxy.storage.directory import FILES_NAME, TEMPORARY_NAME, prepare_directory, reason
from pyproxy.storage.eviction import Eviction
from pyproxy.storage.manifests import FileName, Places, is_sha256, read_manifest
from pyproxy.storage.rebuild import FileIndex
from pyproxy.storage.shelf import Shelf, is_whole
from pyproxy.storage.space import PLENTY_BYTES, FreeSpace, Promised, arriving
from pyproxy.storage.temporary import TemporaryFile, TemporaryFolder
from pyproxy.storage.uses import Uses
from pyproxy.storage.written_to import is_written_to

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

KEEPERS = 4
"""Threads that fsync and rename."""

LOOKS = 4
"""How often the disk is looked at before a file is kept on one that is nearly full."""

RESERVE = 64 * 1024 * 1024
"""Bytes that files in transfer leave to the database, where ``min_free`` is more than that."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Verified bytes on the disk. ``upstream`` is where they came from, ``stored_at`` in unix seconds."""

    path: Path
    size: int
    sha256: str
    stored_at: float
    upstream: str

    @property
    def place(self) -> str:
        """The path below the folder of kept files."""
        return f"{self.path.parent.name}/{self.path.name}"

    def open(self) -> FileIO:
        """The bytes, unbuffered. Raises `StorageError` when they have gone meanwhile."""
        try:
            return FileIO(os.open(self.path, os.O_RDONLY | os.O_CLOEXEC), "rb")
        except OSError as error:
            raise StorageError(f"cannot open {self.path} ({reason(error)})") from error


class FileStore:
    """The files below a storage directory.

    Opening one sweeps what dead processes left behind. Where the database is new, files are found by their manifests
    until ``index`` is complete. ``min_free`` and ``max_size`` are in bytes, as is ``reserve``, which stays free however
    many files arrive; with the latter the least recently used
    files go to make room for new ones. Raises `StorageError` when the directory cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        database: Database,
        *,
        min_free: int = 0,
        max_size: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self.min_free = min_free
        self.reserve = min(min_free, RESERVE)
        self.clock = clock
        self._uses = Uses(database)
        self._directory = directory
        self._promised = Promised()  # of temporary files
        self._unwritten = Promised()  # of what is in memory
        self._places = Places(prepare_directory(directory / FILES_NAME))
        self._free = FreeSpace(self._places.root)
        self.index = FileIndex(self._places, database, clock)
        self.shelf = Shelf(self._places, database)
        self._temporary = TemporaryFolder(directory.absolute() / TEMPORARY_NAME, self.shelf.recover)
        self._eviction = Eviction(
            database, self.shelf, self._uses, max_size=max_size, workspace=self._temporary.path
        )
        self._keepers = ThreadPoolExecutor(max_workers=KEEPERS, thread_name_prefix="files")

    @property
    def workspace(self) -> Path:
        """This process's own temporary folder, as the methods of ``shelf`` want it."""
        return self._temporary.path

    # -- finding -------------------------------------------------------------------------------------------------

    def find(self, project: str, filename: str, sha256: str) -> StoredFile | None:
        """The file by project, name and hash. A row without its bytes is dropped and counts as not found.

        Nor are bytes found that somebody wrote to, before they were looked at (`proof.Proof`).

        Where the database cannot be read, or is new, the manifest beside the bytes tells.
        """
        values = {"project": project, "filename": filename, "sha256": sha256}
        try:
            row = self._database.one(file_rows.FIND, values)
            if row is not None or self.index.complete:
                return self._found(row)
        except StorageError:
            pass
        return self._told(sha256, lambda name: (name.project, name.filename) == (project, filename))

    def find_by_hash(self, sha256: str) -> StoredFile | None:
        """The same bytes under whatever name."""
        try:
            row = self._database.one(file_rows.FIND_BY_HASH, {"sha256": sha256})
            if row is not None or self.index.complete:
                return self._found(row)
        except StorageError:
            pass
        return self._told(sha256, lambda name: True)

    def note_use(self, sha256: str, when: float) -> None:
        """Count a use, in memory."""
        self._uses.note(sha256, when)

    async def flush_uses(self) -> int:
        """Write the counted uses; of how many files. Raises `StorageError`."""
        return await self._uses.flush()

    # -- keeping -------------------------------------------------------------------------------------------------

    def temporary(self) -> TemporaryFile:
        """A new file to write to. Raises `StorageError`."""
        return self._temporary.create(self.reserve)

    def may_keep(self, size: int) -> bool:
        """Whether ``size`` more bytes leave at least ``min_free`` on the disk."""
        return self._free.has(self.min_free + self._unwritten.bytes + size)

    @property
    def has_plenty(self) -> bool:
        """Whether the disk is far from being full."""
        return self._free.has(self.min_free + PLENTY_BYTES)

    def may_keep_arrived(self, size: int) -> bool:
        """The same for bytes that lie on the disk already, beside others that are arriving: those do not count.

        They go again, or are kept only if there is room for them, too; else many that come at once leave no room for
        any of them.
        """
        if self._free.has(self.min_free):
            return True
        # The others grow and go while they are counted: the smallest number of a few is taken.
        room = min(self._room_without_arriving() for _ in range(LOOKS))
        return room - self._promised.bytes - size >= self.min_free

    def _room_without_arriving(self) -> int:
        before, others = self._free.look(), arriving(self._directory).bytes
        return min(before, self._free.look()) + others

    def has_room(self, size: int) -> bool:
        """Whether the disk takes ``size`` more bytes for a while, for clients that are waiting for them."""
        return self._free.has(self.reserve + size)

    async def keep(
        self,
        arrived: TemporaryFile | bytes,
        *,
        sha256: str,
        size: int,
        project: str,
        filename: str,
        upstream: str,
        hashes: Mapping[str, str],
    ) -> StoredFile:
        """Keep verified bytes under a name; a caller that is cancelled does not end it.

        A temporary file stays open for its readers: discard it when they are done, kept or not. On any failure nothing
        is kept, nor is a file that is larger than ``max_size``. Raises `StorageError`.
        """
        name = self._name(project, filename, upstream, hashes)
        if isinstance(arrived, bytes):
            with self._unwritten.of(size):
                await self._in_thread(self._keep_bytes, arrived, sha256, name)
        else:
            with self._promised.of(size):
                await self._in_thread(self._keep, arrived.path, arrived.hand_over(), sha256, size, name)
        return StoredFile(self._places.content(sha256), size, sha256, name.time, upstream)

    async def add_name(
        self, *, sha256: str, project: str, filename: str, upstream: str, hashes: Mapping[str, str]
    ) -> StoredFile | None:
        """One more name for stored bytes; ``None`` when they have gone meanwhile. Raises `StorageError`."""
        name = self._name(project, filename, upstream, hashes)
        size = await self._in_thread(self.shelf.add_name, sha256, name, self._temporary.path)
        return None if size is None else StoredFile(self._places.content(sha256), size, sha256, name.time, upstream)

    async def forget(self, project: str, filename: str | None = None) -> tuple[str, ...]:
        """Forget a project's files, or one of them, and remove bytes that have no other name.

        The filenames that were forgotten, sorted. Raises `StorageError`.
        """
        return await self._in_thread(self.shelf.forget, project, filename, self._temporary.path)

    async def trim(self) -> None:
        """Evict what is more than ``max_size``, such as after it was lowered. Raises `StorageError`."""
        if self._eviction.is_over():
            await self._in_thread(self._eviction.trim)

    def close(self) -> None:
        """Finish what is being kept, then remove the temporary files."""
        self._eviction.stop()
        self.index.stop()
        self._keepers.shutdown(wait=True)
        self._temporary.close()

    def _keep_bytes(self, content: bytes, sha256: str, name: FileName) -> None:
        arrived = self.temporary()
        try:
            arrived.write(content)
            self._keep(arrived.path, arrived.hand_over(), sha256, len(content), name)
        finally:
            arrived.discard()

    def _keep(self, arrived: Path, descriptor: int, sha256: str, size: int, name: FileName) -> None:
        self.shelf.keep(arrived, descriptor, sha256, size, name, self._eviction.make_room)
        self._eviction.settle(sha256, size)

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            future = self._keepers.submit(function, *args, **kwargs)
        except RuntimeError as error:
            raise StorageError(f"{self._places.root} is closed already") from error
        return await asyncio.shield(asyncio.wrap_future(future))

    def _name(self, project: str, filename: str, upstream: str, hashes: Mapping[str, str]) -> FileName:
        return FileName(
            project=project, filename=filename, upstream=upstream, hashes=dict(hashes), time=self.clock()
        )

    def _found(self, row: sqlite3.Row | None) -> StoredFile | None:
        if row is None:
            return None
        sha256, size = row["sha256"], row["size"]
        path = self._places.content(sha256)
        status = _status(path)
        if status is None or status.st_size != size:
            self._database.write_later(lambda connection: self._drop_if_gone(connection, sha256, size))
            return None
        if is_written_to(path, status):
            return None
        return StoredFile(path, size, sha256, row["stored_at"], row["upstream"])

    def _told(self, sha256: str, wanted: Callable[[FileName], bool]) -> StoredFile | None:
        """What the manifest says of the bytes, if one of their names is wanted."""
        if not is_sha256(sha256):
            return None
        manifest, path = read_manifest(self._places.manifest(sha256)), self._places.content(sha256)
        name = None if manifest is None else next(filter(wanted, manifest.names), None)
        if manifest is None or name is None or not is_whole(path, manifest.size) or is_written_to(path):
            return None
        return StoredFile(path, manifest.size, sha256, name.time, name.upstream)

    def _drop_if_gone(self, connection: sqlite3.Connection, sha256: str, size: int) -> None:
        # Looked at again, because the bytes may have been fetched again meanwhile.
        path, known = self._places.content(sha256), file_rows.manifest_of(connection, sha256)
        if known is not None and not is_whole(path, size):
            file_rows.delete_content(connection, sha256)
            names = ", ".join(name.filename for name in known.names)
            what = "was cut or changed on the disk" if path.exists() else "is gone from the disk"
            remember(connection, known, what, self.clock())
            log.error("%s (%s) %s: it is fetched again when it is asked for", path, names, what)


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
