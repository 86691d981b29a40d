"""This process among those on its storage directory: what it fetches for all of them, and what it follows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from pyproxy.errors import StorageError
from pyproxy.net.download import Download
from pyproxy.net.sharing.asking import ask
from pyproxy.net.sharing.copies import SILENT_SECONDS, Copy, Part, Whole
from pyproxy.net.sharing.followed import FollowedDownload
from pyproxy.net.sharing.telling import ALIVE_SECONDS, Telling

log = logging.getLogger(__name__)


class Claim(Protocol):
    """The right to fetch a file."""

    def release(self) -> None:
        """Let somebody else have it; harmless when done twice."""
        ...


class Claims(Protocol):
    """What only one process can have; given by whoever keeps files."""

    def take(self, name: str) -> Claim | None:
        """The claim, ``None`` where somebody has it; `StorageError` where there can be none."""
        ...

    def close(self) -> None:
        """Let go of all."""
        ...


class Processes:
    """Shares downloads with other processes. ``folder`` is this process's own, beside those of the others.

    ``alive_seconds`` are `Telling`'s, ``silent_seconds`` those of a `Copy`.
    """

    def __init__(
        self,
        claims: Claims,
        folder: Path,
        *,
        alive_seconds: float = ALIVE_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._claims = claims
        self._folder = folder
        self._alive_seconds = alive_seconds
        self._silent_seconds = silent_seconds
        self._led: dict[str, Download] = {}
        self._telling: Telling | None = None
        self._trouble = ""

    def begin(
        self, name: str, filename: str, factory: Callable[[], Download], kept: Callable[[], Whole | None]
    ) -> Download | FollowedDownload:
        """The file with this name: what somebody else fetches, or has kept by now, else a new one, not started.

        ``kept()`` gives the file if it is kept; it is called once nobody else can be about to keep it.
        """
        lead = partial(self._lead, name, factory, kept)
        part = lead()
        if isinstance(part, Download):
            return part
        find = partial(ask, self._folder, name, self._silent_seconds)
        return FollowedDownload(filename, ask=find, lead=lead, apart=factory, part=part)

    async def told(self) -> None:
        """Wait until nobody follows a download of this process any more."""
        while self._telling is not None and self._telling.tasks:
            await asyncio.wait(self._telling.tasks)

    async def close(self) -> None:
        """Fetch nothing for others any more, and let go of all claims."""
        if self._telling is not None:
            await self._telling.close()
        self._claims.close()

    def _lead(self, name: str, factory: Callable[[], Download], kept: Callable[[], Whole | None]) -> Part | None:
        try:
            if self._telling is None:
                self._telling = Telling(self._folder, self._led.get, alive_seconds=self._alive_seconds)
            claim = self._claims.take(name)
        except (OSError, StorageError) as error:
            self._report(error)
            return factory()
        if claim is None:
            return None
        try:
            whole = kept()
            if whole is None:
                download = factory()
        except BaseException:
            claim.release()
            raise
        if whole is not None:
            claim.release()
            return Copy.of(whole)
        self._led[name] = download
        # A failure leaves nothing to do for the disk: somebody else may try at once.
        download.done.add_done_callback(lambda done: self._leave(name, download, claim) if _failed(done) else None)
        download.start().add_done_callback(lambda _: self._leave(name, download, claim))
        return download

    def _report(self, error: Exception) -> None:
        """Say it once, though it is tried again and again."""
        if str(error) != self._trouble:
            log.warning("transfers are not shared with other processes: %s", error)
        self._trouble = str(error)

    def _leave(self, name: str, download: Download, claim: Claim) -> None:
        if self._led.get(name) is download:
            del self._led[name]
        claim.release()


def _failed(done: asyncio.Future[str]) -> bool:
    return not done.cancelled() and done.exception() is not None
