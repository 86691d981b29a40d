"""A file that another process fetches, or that is kept, as its readers here see it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO

from pyproxy.errors import PyproxyError, StorageError
from pyproxy.net.download import Download
from pyproxy.net.download_reader import DownloadReader
from pyproxy.net.sharing.progress import MESSAGE_BYTES, Progress, decode
from pyproxy.net.spool import Spool

SILENT_SECONDS = 10.0
"""Who fetches tells at least every second that it is there (``telling.py``): if silent for so long, it is stuck."""


class CopyLost(PyproxyError):
    """Whoever fetched the file is gone, or goes on without the disk. Never leaves this package."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that is kept, open for reading; ``size`` in bytes."""

    stream: FileIO
    size: int
    sha256: str
    upstream: str


@dataclass(frozen=True, slots=True)
class _Lent:
    """A sink that is somebody else's."""

    fd: int
    reserve: int = 0

    def discard(self) -> None:
        """Its owner does that."""


class Copy:
    """One process's copy of a file, told of over ``connection``; ``descriptor`` is -1 where it has no file.

    It is lost where nothing is told for ``silent_seconds``; ``silent`` says so. ``comparable``: should it be lost, its
    file still tells what readers were given, which that of a silent one does not: should its process go on after all,
    it may overwrite the file, and nobody hears of it. ``changed`` is called for news.
    """

    def __init__(
        self,
        descriptor: int,
        progress: Progress,
        connection: socket.socket | None = None,
        *,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self.progress = progress
        self.comparable = True
        self.error: Exception | None = CopyLost() if progress.apart else progress.error
        self.spool = Spool(_Lent(descriptor) if descriptor >= 0 else None)
        self.spool.open()
        self.spool.stored = progress.released
        self.changed: Callable[[], None] = _nobody_asks
        self.silent = False
        self._connection = connection
        self._silent_seconds = silent_seconds
        self._pulse = asyncio.Event()

    @classmethod
    def of(cls, whole: Whole) -> Copy:
        """A file that is kept."""
        progress = Progress(True, whole.size, whole.upstream, whole.size, whole.sha256)
        with whole.stream as stream:
            return cls(stream.fileno(), progress)

    @property
    def began(self) -> bool:
        return self.progress.began

    @property
    def size(self) -> int | None:
        return self.progress.size

    @property
    def upstream(self) -> str | None:
        return self.progress.upstream

    @property
    def released(self) -> int:
        return self.progress.released

    @property
    def complete(self) -> bool:
        return self.progress.sha256 is not None

    async def change(self) -> None:
        """Returns once there is news."""
        await self._pulse.wait()

    def reader(self, start: int, stop: int | None) -> DownloadReader:
        """Its bytes as they come; raises `CopyLost` where they end early."""
        return _CopyReader(self, start, stop)

    async def follow(self) -> None:
        """Take what is told until nobody tells any more: it is complete (and kept, if it can be), failed, or lost."""
        if self._connection is None:
            return
        try:
            with self._connection as connection:
                while message := await self._message(connection):
                    self._take(decode(message))
        except (OSError, ValueError):
            pass  # lost
        finally:
            if not self.complete:
                self._fail(CopyLost())

    def close(self) -> None:
        """Follow no more."""
        if self._connection is not None:
            self._connection.close()

    async def _message(self, connection: socket.socket) -> bytes:
        """The next one, empty at the end; raises `OSError`, also where none comes in time."""
        loop = asyncio.get_running_loop()
        if self.complete:
            return await loop.sock_recv(connection, MESSAGE_BYTES)  # nothing is told any more, until it is kept
        try:
            async with asyncio.timeout(self._silent_seconds):
                return await loop.sock_recv(connection, MESSAGE_BYTES)
        except TimeoutError:
            self.silent, self.comparable = True, False
            raise

    def _take(self, progress: Progress) -> None:
        if progress.again:
            self.comparable = False
        elif progress.apart:
            self.progress = Progress(self.began, self.size, self.upstream, self.released, apart=True)
            self._fail(CopyLost())
        elif progress.error is not None:
            self._fail(progress.error)
        else:
            self.progress = progress
            self.spool.stored = progress.released
            self._wake()

    def _fail(self, error: Exception) -> None:
        if self.error is None:
            self.error = error
        self._wake()

    def _wake(self) -> None:
        self._pulse.set()
        self._pulse.clear()
        self.changed()


class _CopyReader(DownloadReader):
    def __init__(self, copy: Copy, start: int, stop: int | None) -> None:
        super().__init__(copy, start, stop, moved=_nobody_minds)
        self._copy = copy

    def check_given(self) -> None:
        """What was given before the copy was lost still lies in its file, unless that was being overwritten."""
        if not isinstance(self._copy.error, CopyLost):
            super().check_given()
        elif self._copy.silent:
            raise stuck()
        elif not self._copy.comparable:
            raise StorageError("an arriving file was lost while it began again")


def stuck() -> StorageError:
    """Why a client that has bytes of a silent copy gets no more."""
    return StorageError("the process that fetches the file is stuck")


Part = Copy | Download
"""What a file may come from."""


def _nobody_asks() -> None:
    """Before anybody has asked to be told."""


def _nobody_minds(reader: DownloadReader) -> None:
    """A reader here holds up nobody there."""
