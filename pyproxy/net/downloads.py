"""The downloads under way: one transfer of a file, however many ask for it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Hashable

from pyproxy.net.allowance import Allowance
from pyproxy.net.arriving_file import ArrivingFile
from pyproxy.net.download import Download
from pyproxy.net.sharing.copies import Whole
from pyproxy.net.sharing.followed import FollowedDownload
from pyproxy.net.sharing.processes import Processes


class Downloads:
    """The running downloads of one process, by a key that says which bytes are wanted (a sha256, or URL and name).

    ``processes`` are those with which they are shared; a key must have the same ``repr`` in all of them. ``allowance``
    is what small files among them may take of the memory.
    """

    def __init__(self, processes: Processes | None = None) -> None:
        self.allowance = Allowance()
        self._processes = processes
        self._running: dict[Hashable, ArrivingFile] = {}

    def __len__(self) -> int:
        return len(self._running)

    def find(self, key: Hashable) -> ArrivingFile | None:
        """The download under way for this key, if one can still be joined."""
        download = self._running.get(key)
        return download if download is not None and download.joinable else None

    def join_or_start(
        self,
        key: Hashable,
        factory: Callable[[], Download],
        *,
        filename: str = "",
        kept: Callable[[], Whole | None] | None = None,
    ) -> ArrivingFile:
        """The download under way for this key, in this process or another, else a new one from ``factory``, which is
        then started.

        It leaves by itself once it has failed, or its file is kept; a failure is not remembered. ``kept`` looks once
        more whether the file is here: another process may have kept it since the caller has looked.
        """
        download = self.find(key)
        if download is None:
            download = self._running[key] = self._begin(key, factory, filename, kept or _nothing_kept)
            download.start().add_done_callback(lambda _: self._leave(key, download))
        return download

    async def finish_for_others(self) -> None:
        """Nobody here waits for a file any more: follow no other process, and wait until none follows this one."""
        for download in tuple(self._running.values()):
            if isinstance(download, FollowedDownload):
                download.leave()
        if self._processes is not None:
            await self._processes.told()

    async def close(self) -> None:
        """End every transfer; files that are verified already are still kept."""
        running = tuple(self._running.values())
        for download in running:
            download.cancel()
        if running:
            await asyncio.wait([download.start() for download in running])
        if self._processes is not None:
            await self._processes.close()

    def _begin(
        self, key: Hashable, factory: Callable[[], Download], filename: str, kept: Callable[[], Whole | None]
    ) -> ArrivingFile:
        if self._processes is None:
            return factory()
        name = hashlib.sha256(repr(key).encode()).hexdigest()
        return self._processes.begin(name, filename, factory, kept)

    def _leave(self, key: Hashable, download: ArrivingFile) -> None:
        if self._running.get(key) is download:
            del self._running[key]


def _nothing_kept() -> Whole | None:
    return None
