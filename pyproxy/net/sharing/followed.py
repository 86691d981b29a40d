"""A download that another process makes: followed while it lasts, made by this process where it must be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pyproxy.errors import DownloadGivenUp, StorageError
from pyproxy.net.arriving_file import FileReader
from pyproxy.net.download import Download
from pyproxy.net.sharing.copies import Copy, CopyLost, Part
from pyproxy.net.sharing.followed_reader import FollowedReader

log = logging.getLogger(__name__)

ROUNDS = 4
"""So often one is looked for who fetches the file, before it is fetched here without a claim."""


class FollowedDownload:
    """An `ArrivingFile` that is a copy of another process, then perhaps the next one's, then perhaps our own.

    ``ask()`` finds somebody's copy. ``lead()`` gives a download that holds the claim, or the file where it is kept
    by now, or ``None`` where somebody has the claim; ``apart()`` a download without one.
    """

    def __init__(
        self,
        filename: str,
        *,
        ask: Callable[[], Awaitable[Copy | None]],
        lead: Callable[[], Part | None],
        apart: Callable[[], Download],
        part: Part | None = None,
    ) -> None:
        self._filename = filename
        self._ask = ask
        self._lead = lead
        self._apart = apart
        self._part = part
        self._failure: Exception | None = None
        self._pulse = asyncio.Event()
        self._done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None
        if isinstance(part, Copy):
            self._take(part)

    @property
    def size(self) -> int | None:
        return None if self._part is None else self._part.size

    @property
    def upstream(self) -> str | None:
        return None if self._part is None else self._part.upstream

    @property
    def error(self) -> Exception | None:
        return self._part.error if isinstance(self._part, Download) else self._failure

    @property
    def complete(self) -> bool:
        return self._part is not None and self._part.complete

    @property
    def released(self) -> int:
        return 0 if self._part is None else self._part.released

    @property
    def joinable(self) -> bool:
        return self._part.joinable if isinstance(self._part, Download) else self._failure is None

    @property
    def done(self) -> asyncio.Future[str]:
        return asyncio.shield(self._done)

    async def ready(self) -> None:
        while self.error is None and not isinstance(self._part, Download):
            if self._part is not None and self._part.began:
                return
            await self._pulse.wait()
        if isinstance(self._part, Download):
            await self._part.ready()
        elif self.error is not None:
            raise self.error

    def reader(self, start: int = 0, stop: int | None = None) -> FileReader:
        if isinstance(self._part, Download):
            return self._part.reader(start, stop)
        return FollowedReader(self.next_part, start, stop, self.size)

    async def next_part(self, after: Part | None) -> Part:
        """What the file comes from once that is no longer ``after``; raises why nothing more comes."""
        while self._part is None or self._part is after:
            if self.error is not None:
                raise self.error
            await self._pulse.wait()
        return self._part

    def start(self) -> asyncio.Task[None]:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"follow {self._filename}")
        return self._task

    def cancel(self) -> None:
        if isinstance(self._part, Download):
            self._part.cancel()
        else:
            self.leave()

    def leave(self) -> None:
        """Follow nobody any more; what is fetched by this process goes on."""
        if self._task is not None and not isinstance(self._part, Download):
            self._task.cancel()

    async def _run(self) -> None:
        try:
            await self._arrive()
        except asyncio.CancelledError:
            self._fail(DownloadGivenUp(f"the download of {self._filename} was given up"))
        except Exception:
            log.exception("%s cannot be followed", self._filename)
            self._fail(StorageError(f"{self._filename} cannot be followed"))

    async def _arrive(self) -> None:
        if self._done.done():
            return  # kept already
        for _ in range(ROUNDS):
            copy = await self._ask()
            if copy is not None:
                await self._follow(copy)
                if self._done.done():
                    return
                if copy.progress.apart or copy.silent:
                    break  # who is stuck keeps the claim
            part = self._lead()
            if part is not None:
                await self._go_on_with(part)
                return
        await self._go_on_with(self._apart())

    async def _follow(self, copy: Copy) -> None:
        self._take(copy)
        try:
            await copy.follow()
        finally:
            copy.changed = _nothing

    def _take(self, part: Part) -> None:
        self._part = part
        if isinstance(part, Copy):
            part.changed = self._changed
        self._changed()

    async def _go_on_with(self, part: Part) -> None:
        self._take(part)
        if isinstance(part, Copy):
            return
        running, done = part.start(), part.done
        await asyncio.wait([done])
        error = done.exception()
        if error is None:
            self._done.set_result(done.result())
        elif isinstance(error, Exception):
            self._fail(error)
        await asyncio.wait([running])

    def _changed(self) -> None:
        part = self._part
        if isinstance(part, Copy) and not self._done.done():
            if part.progress.sha256 is not None:
                self._done.set_result(part.progress.sha256)
            elif part.error is not None and not isinstance(part.error, CopyLost):
                self._fail(part.error)
        self._wake()

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._failure = error.with_traceback(None)
            self._done.set_exception(error)
            self._done.exception()  # seen: readers raise it, and nobody need wait for ``done``
        self._wake()

    def _wake(self) -> None:
        self._pulse.set()
        self._pulse.clear()


def _nothing() -> None:
    """What came to its end changes nothing any more."""
