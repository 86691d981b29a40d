"""The side of the process that fetches: tells the others that follow how far its files are."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path

from pyproxy.errors import DownloadGivenUp, StorageError
from pyproxy.net.download import Download
from pyproxy.net.download_reader import DownloadReader
from pyproxy.net.sharing import sockets
from pyproxy.net.sharing.progress import Progress, encode

log = logging.getLogger(__name__)

NAME_BYTES = 256

STUCK_SECONDS = 5.0
"""A process that takes no message for so long is left to itself; a full disk's window must not wait for it."""

ALIVE_SECONDS = 1.0
"""How often somebody is told that nothing has changed: that tells a slow upstream from a process that is stuck."""

EXHAUSTED_SECONDS = 0.5
"""How long nobody is accepted where there are no descriptors left."""


class Telling:
    """Listens in ``folder``, this process's own, and tells of the downloads that ``find`` gives by name.

    Every ``alive_seconds`` it tells something, news or not.
    """

    def __init__(
        self, folder: Path, find: Callable[[str], Download | None], *, alive_seconds: float = ALIVE_SECONDS
    ) -> None:
        self._find = find
        self._alive_seconds = alive_seconds
        self._listener = sockets.listen(folder)
        self._accepting = asyncio.create_task(self._accept(), name="tell of transfers")
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def tasks(self) -> frozenset[asyncio.Task[None]]:
        """One for each download and process that follows it."""
        return frozenset(self._tasks)

    async def close(self) -> None:
        """Let everybody go: they look for somebody else, or take over."""
        for task in (self._accepting, *self._tasks):
            task.cancel()
        await asyncio.wait([self._accepting, *self._tasks])
        self._listener.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._listener)
            except OSError as error:
                log.warning("other processes cannot follow transfers for now: %s", error.strerror)
                await asyncio.sleep(EXHAUSTED_SECONDS)
                continue
            task = asyncio.create_task(self._serve(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with connection, contextlib.suppress(OSError, asyncio.CancelledError):
            async with asyncio.timeout(STUCK_SECONDS):
                name = await loop.sock_recv(connection, NAME_BYTES)
            download = self._find(name.decode("ascii", "replace"))
            if download is None:
                return
            # Who follows says nothing more: what can be read then is the end.
            task = asyncio.current_task()
            assert task is not None
            loop.add_reader(connection.fileno(), task.cancel)
            try:
                await _tell(download, connection, self._alive_seconds)
            finally:
                loop.remove_reader(connection.fileno())


class Follower(DownloadReader):
    """Stands for all readers in another process: they may have got whatever was told to be released."""

    connection: socket.socket

    def begins_again(self) -> None:
        """Said before the first byte is overwritten, and not to be lost: else nobody could tell what was given."""
        try:
            self.connection.send(encode(Progress(again=True)))
        except ConnectionError:
            pass  # gone: its task will see that, too
        except OSError as error:
            raise StorageError("another process that serves the file cannot be told that it begins again") from error


async def _tell(download: Download, connection: socket.socket, alive_seconds: float) -> None:
    """Until the end, which is told. Going without a word means that somebody else may try."""
    follower = download.follow(Follower)
    follower.connection = connection
    try:
        if not _put_into_file(download) and download.complete:
            # It has come to its place out of memory: who asks again finds it there.
            await asyncio.wait([download.start()])
            return
        told = None
        while told is None or not told.final:
            if follower.broken is not None or isinstance(download.error, DownloadGivenUp):
                # Broken by a copy that differs: they know that it began again, and those that have nothing may go on.
                return
            progress = _progress(download)
            if progress == told and await _changes(download, within=alive_seconds):
                continue
            follower.position = max(follower.position, progress.released)
            if told is None and not progress.apart:
                socket.send_fds(connection, [encode(progress)], [download.spool.fd])
            else:
                await sockets.send(connection, encode(progress), STUCK_SECONDS)
            told = progress
        if download.complete:
            await asyncio.wait([download.start()])  # until it is kept, newcomers are served from what they have
    finally:
        await follower.aclose()


def _put_into_file(download: Download) -> bool:
    """Whether there is a file that others can read; where there can be none, they fetch their own."""
    try:
        download.spool.open()
        download.spool.hold_no_more()
    except (StorageError, OSError):
        return False
    return True


async def _changes(download: Download, *, within: float) -> bool:
    """Wait for a change; whether there was one in so many seconds."""
    try:
        async with asyncio.timeout(within):
            await download.change()
    except TimeoutError:
        return False
    return True


def _progress(download: Download) -> Progress:
    if download.error is not None:
        return Progress(error=download.error)
    if download.spool.overflow is not None or download.spool.fd < 0:
        return Progress(apart=True)
    return Progress(
        began=download.began,
        size=download.size,
        upstream=download.upstream,
        released=download.released,
        sha256=download.done.result() if download.complete else None,
    )
