"""The downloads under way: one transfer of a file, however many ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

from pyproxy.net.download import Download


class Downloads:
    """The running downloads of one process, by a key that says which bytes are wanted (a sha256, or URL and name)."""

    def __init__(self) -> None:
        self._running: dict[Hashable, Download] = {}

    def __len__(self) -> int:
        return len(self._running)

    def find(self, key: Hashable) -> Download | None:
        """The download under way for this key, if one can still be joined."""
        download = self._running.get(key)
        return download if download is not None and download.joinable else None

    def join_or_start(self, key: Hashable, factory: Callable[[], Download]) -> Download:
        """The download under way for this key, else a new one from ``factory``, which is then started.

        It leaves by itself once it has failed, or its file is kept; a failure is not remembered.
        """
        download = self.find(key)
        if download is None:
            download = self._running[key] = factory()
            download.start().add_done_callback(lambda _: self._leave(key, download))
        return download

    async def close(self) -> None:
        """End every transfer; files that are verified already are still kept."""
        running = tuple(self._running.values())
        for download in running:
            download.cancel()
        if running:
            await asyncio.wait([download.start() for download in running])

    def _leave(self, key: Hashable, download: Download) -> None:
        if self._running.get(key) is download:
            del self._running[key]
