"""One transfer of one file that many readers follow while it arrives.

The transfer owes nothing to the readers' comings and goings: it runs to its end, because the file will be kept. Each
reader follows the growing file at its own pace. The last 64 KiB leave only after the whole is verified, so whatever
goes wrong, nobody holds bytes that look like a complete file and are not.

Life: ``Download(...)``, ``start()``; ``ready()`` once the upstream has begun to answer; ``done`` once the bytes are
verified and all released; then ``on_verified`` keeps them, and the task given by ``start()`` ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pyproxy.errors import DownloadGivenUp, PyproxyError, StorageError, UpstreamError
from pyproxy.net.allowance import Allowance
from pyproxy.net.download_reader import DownloadReader
from pyproxy.net.reception import Reception
from pyproxy.net.response import Receiver
from pyproxy.net.spool import Sink, Spool
from pyproxy.net.verdict import verdict
from pyproxy.net.verification import Expected

log = logging.getLogger(__name__)

ABANDON_AFTER_SECONDS = 10.0
"""How long a file that cannot be kept goes on without any reader; one may still be on its way."""

ReaderKind = TypeVar("ReaderKind", bound=DownloadReader)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file can be had: ``fetch`` makes one request and returns when the body has ended.

    It raises an UpstreamError, or FileNotListed or ProjectNotFound where ``upstream`` turns out not to list the file
    after all.
    """

    upstream: str
    fetch: Callable[[Receiver], Awaitable[None]]


class Download:
    """A file on its way. ``upstream`` names the source it comes from; ``error`` says why it failed, if it did.

    ``sources`` are tried in order until one gives the expected bytes. ``sink`` is where they go, ``None`` where
    nothing can be stored. ``on_verified(sha256, size)`` keeps the sink's file, or what the spool has ``held``; when it
    raises, nothing is kept and no reader notices. ``on_failed(upstream, error)`` hears of every source that failed.
    With an ``allowance`` a small file stays in memory, and does not go to the sink.
    """

    def __init__(
        self,
        expected: Expected,
        sources: Sequence[Source],
        sink: Sink | None,
        *,
        on_verified: Callable[[str, int], Awaitable[object]],
        on_failed: Callable[[str, PyproxyError], None] | None = None,
        abandon_after: float = ABANDON_AFTER_SECONDS,
        allowance: Allowance | None = None,
    ) -> None:
        self.expected = expected
        self.size: int | None = expected.size
        self.upstream: str | None = None
        self.error: Exception | None = None
        self.complete = False
        self.spool = Spool(sink, allowance=allowance)
        self._sources = tuple(sources)
        self._sink = sink
        self._on_verified = on_verified
        self._on_failed = on_failed
        self._abandon_after = abandon_after
        self._abandoning: asyncio.TimerHandle | None = None
        self.began = False
        self._reception: Reception | None = None
        self._readers: set[DownloadReader] = set()
        self._pulse = asyncio.Event()
        self._done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Begin; the task ends when nothing is left to do, also for the disk, and never raises an error."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"download {self.expected.filename}")
        return self._task

    async def ready(self) -> None:
        """Wait for an upstream's 200 (``size`` is known by then, where it will be), or raise why there is none."""
        while not self.began and self.error is None:
            await self.change()
        if self.error is not None:
            raise self.error

    def reader(self, start: int = 0, stop: int | None = None) -> DownloadReader:
        """The bytes from ``start`` to ``stop`` (exclusive; ``None``: the end), as they come."""
        reader = DownloadReader(self, start, stop, moved=self._reader_moved)
        self._readers.add(reader)
        return reader

    def follow(self, kind: type[ReaderKind]) -> ReaderKind:
        """A reader of this kind, from the first byte on: it stands for those of another process."""
        follower = kind(self, 0, None, moved=self._reader_moved)
        self._readers.add(follower)
        return follower

    @property
    def done(self) -> asyncio.Future[str]:
        """The sha256, once every byte is verified and released; or the error. Each access gives a future of its own,
        so that who stops waiting disturbs nobody."""
        return asyncio.shield(self._done)

    @property
    def released(self) -> int:
        """How many of the first bytes readers may have by now."""
        if self.complete:
            return self.size or 0
        return self._reception.may_leave if self._reception else 0

    @property
    def joinable(self) -> bool:
        """Whether a newcomer can still get every byte from the first one on."""
        overflow = self.spool.overflow
        return self.error is None and (overflow is None or overflow.start == overflow.base)

    async def change(self) -> None:
        """Returns once more bytes are released, the headers have come, or the end has."""
        await self._pulse.wait()

    def cancel(self) -> None:
        """End the transfer (the server stops); a file that is verified already is still kept."""
        if self._task is not None and not self._ended:
            self._task.cancel()

    async def _run(self) -> None:
        kept = False
        try:
            sha256 = await self._transfer()
            self._succeed(sha256)
            kept = await self._keep(sha256)
        except asyncio.CancelledError:
            self._fail(DownloadGivenUp(f"the download of {self.expected.filename} was given up"))
        except PyproxyError as error:
            self._fail(error)
        except Exception as error:
            log.exception("the download of %s failed in an unexpected way", self.expected.filename)
            self._fail(error)
        finally:
            await self._clean_up(kept)

    async def _transfer(self) -> str:
        """Try source after source; the sha256 of the first right copy."""
        failures: list[PyproxyError] = []
        for source in self._sources:
            if failures:
                given = max((reader.given for reader in self._readers), default=0)
                if not self._may_begin_again(given):
                    break
                for reader in tuple(self._readers):
                    reader.begins_again()
                self.spool.begin_again(given)
                if self._reception is not None:
                    self._reception.let_go()
            reception = Reception(
                self.expected, source.upstream, self.spool, changed=self._changed, differs=self._break_readers
            )
            self.upstream, self._reception = source.upstream, reception
            try:
                await source.fetch(reception)
                return await reception.finish()
            except StorageError:
                raise  # our disk's fault: another upstream would not help
            except PyproxyError as error:
                await reception.settled()
                failures.append(error)
                self._report(source, error)
        raise verdict(self.expected.filename, failures)

    def _may_begin_again(self, given: int) -> bool:
        """Readers that have bytes of a broken copy can only go on where those bytes can be compared with the next."""
        return given == 0 or ("sha256" in self.expected.checkable and given <= self.spool.on_disk)

    def _report(self, source: Source, error: PyproxyError) -> None:
        level = logging.WARNING if isinstance(error, UpstreamError) else logging.INFO
        log.log(level, "downloading %s: %s", self.expected.filename, error)
        if self._on_failed is not None:
            self._on_failed(source.upstream, error)

    def _succeed(self, sha256: str) -> None:
        self.size = self.spool.stored
        self.complete = True
        # An earlier copy may have been longer than the right one.
        self._break_readers(self.size)
        if self._reception is not None:
            self._reception.let_go()
            self._reception = None
        self._done.set_result(sha256)
        self._wake()

    @property
    def _ended(self) -> bool:
        return self.complete or self.error is not None

    def _fail(self, error: Exception) -> None:
        if self._ended:
            return
        # Its frames hold this download: without them the descriptor closes as soon as nobody needs it.
        self.error = error.with_traceback(None)
        self._done.set_exception(error)
        self._done.exception()  # seen: readers raise it, and nobody need wait for ``done``
        self._wake()

    async def _keep(self, sha256: str) -> bool:
        if self._sink is None or self.spool.overflow is not None:
            return False
        try:
            await self._on_verified(sha256, self.spool.stored)
        except PyproxyError as error:
            # As text: whoever keeps the line would keep the frames of the error, and with them the file open.
            log.warning("%s was served but is not kept: %s", self.expected.filename, str(error))
            return False
        return True

    async def _clean_up(self, kept: bool) -> None:
        reception, self._reception = self._reception, None
        if reception is not None:
            await reception.settled()
            reception.let_go()
        if self._abandoning is not None:
            self._abandoning.cancel()
        loop = asyncio.get_running_loop()
        if not kept and self._sink is not None:
            await loop.run_in_executor(None, self._sink.discard)
        if not self.complete:
            await loop.run_in_executor(None, self.spool.close)
        # The caller's callbacks may refer to this download: without them it goes, descriptor and all, with its last
        # reader, instead of waiting for the garbage collector.
        self._sources, self._on_verified, self._on_failed, self._sink = (), _nothing, None, None

    def _changed(self) -> None:
        reception = self._reception
        if reception is not None and reception.began and not self.complete:
            if self.size is not None and reception.size not in (None, self.size):
                # Clients were promised the length that an earlier source announced.
                self._break_readers(-1)
            self.began = True
            if reception.size is not None:
                self.size = reception.size
        if self.spool.overflow is not None and not self._readers:
            self._abandon_soon()
        self._wake()

    def _wake(self) -> None:
        """One wake-up for whoever waits now; who waits later waits for the next."""
        self._pulse.set()
        self._pulse.clear()

    def _break_readers(self, offset: int) -> None:
        """The right copy departs at ``offset`` from what was given before: who got more than that cannot go on."""
        for reader in self._readers:
            if reader.given > offset:
                reader.broken = StorageError(
                    f"{self.expected.filename} began with other bytes than those that were verified in the end"
                )

    def _reader_moved(self, reader: DownloadReader) -> None:
        if reader.closed:
            self._readers.discard(reader)
        overflow = self.spool.overflow
        if overflow is None or self.complete:
            return
        if self._readers:
            overflow.release(min(other.position for other in self._readers))
        else:
            self._abandon_soon()
        if self._reception is not None:
            self._reception.regulate()

    def _abandon_soon(self) -> None:
        """What cannot be kept is of no use without readers."""
        if self._abandoning is None and not self._ended:
            self._abandoning = asyncio.get_running_loop().call_later(self._abandon_after, self._abandon)

    def _abandon(self) -> None:
        self._abandoning = None
        if not self._readers and self.spool.overflow is not None:
            self.cancel()


async def _nothing(sha256: str, size: int) -> None:
    """Stands in for a callback that has been called."""
