"""One attempt to get one file: takes a response as it arrives, decodes, counts, hashes and stores it.

The loop only queues what comes. Writing and hashing happen in a worker thread, one batch at a time, because a busy
disk may block a write for hundreds of milliseconds. The queue is bounded: when it is full, the transfer is paused.
A small file that comes soon needs neither: it is gathered, hashed at one go and held in memory, of which all share an
allowance. With threads, whose every step wins the interpreter's lock from the loop, it costs half as much again.
Only what a transfer that cannot be paused delivers is stored at once, on the loop, which is then what slows it down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from pyproxy.errors import BrokenOff, PyproxyError, StorageError, UpstreamInvalidResponse
from pyproxy.net.archive_check import HEAD_BYTES, looks_like, starts_like
from pyproxy.net.decoding import BodyDecoding, FileDecoding, Identity
from pyproxy.net.file_requests import status_error
from pyproxy.net.response import Flow, ResponseHead
from pyproxy.net.spool import HELD_BYTES, Spool, Stored
from pyproxy.net.verification import Expected, Verification

GATHER_SECONDS = 0.25
"""How long the bytes of a small file wait for the rest of it. A hundred that come at once take longer than one; no
client gives up so soon, and one that is faster than the upstream has the last byte no later."""

HELD_BACK_BYTES = 64 << 10
"""The end of a file that leaves only when the whole is verified; without it nobody takes a file for complete."""

QUEUE_BYTES = 2 << 20
"""How much of one file may wait for the disk before the transfer is paused. Few big batches cost a third of the
processor time of many small ones, because the worker has to win the GIL back only once for each."""

FIRST_BYTES = 2 * HELD_BACK_BYTES
"""How much may wait at the beginning; then it is as much as is stored already. What arrives at full speed keeps the
loop busy, and the worker has to win the GIL from it several times before the first byte can leave: that takes tens of
milliseconds, or one where the transfer stands still meanwhile."""


class Reception:
    """A :class:`~pyproxy.net.response.Receiver` for one copy of a file; ``size`` is ``None`` until it is known.

    ``changed`` is called on the loop whenever there is more for readers, or the headers came; ``differs`` with the
    offset at which this copy departs from what readers got of an earlier one.
    """

    def __init__(
        self,
        expected: Expected,
        upstream: str,
        spool: Spool,
        *,
        changed: Callable[[], None],
        differs: Callable[[int], None],
    ) -> None:
        self.size = expected.size
        self.began = False
        self._expected = expected
        self._upstream = upstream
        self._spool = spool
        self._changed = changed
        self._differs = differs
        self._verification = Verification(expected)
        self._body: BodyDecoding = Identity()
        self._announced: int | None = None
        self._on_wire = 0
        self._received = 0
        self._first = b""
        self._first_checked = not expected.hashless
        self._queue: list[bytes] = []
        self._job: asyncio.Future[Stored] | None = None
        self._check: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._flow: Flow | None = None
        self._paused = False
        self._gathers = False
        self._gathered: asyncio.TimerHandle | None = None

    def started(self, response: ResponseHead) -> None:
        """Learn the size; raises UpstreamStatus for anything but a 200, and BrokenOff where the announced length
        contradicts the listed one."""
        if response.status != 200:
            raise status_error(self._upstream, response.status)
        self._flow = response.flow
        self._announced = response.content_length
        if response.encoded:
            self._body = FileDecoding(response, self._expected.filename, self._expected.size, self._upstream)
        elif self.size is None:
            self.size = response.content_length
        elif response.content_length not in (None, self.size):
            raise BrokenOff(
                self._upstream,
                f"announced {response.content_length} bytes of {self._expected.filename}, {self.size} are listed",
            )
        if self.size is not None and not self._spool.may_hold(self.size):
            self._spool.hold_no_more()
        self._gathers = self.size is not None and self._spool.held is not None and self._flow is not None
        self.began = True
        self._changed()
        self.regulate()

    def write(self, data: bytes) -> None:
        """Take the next bytes from the wire; raises what ends the transfer."""
        if self._failure is not None:
            raise self._failure
        self._on_wire += len(data)
        if self._announced is not None and self._on_wire > self._announced:
            raise BrokenOff(
                self._upstream, f"sent more of {self._expected.filename} than the {self._announced} bytes announced"
            )
        self._take(self._body.feed(data))

    async def finish(self) -> str:
        """The body has ended: judge it as a whole and give its sha256.

        Raises BrokenOff (too short), HashMismatch, or UpstreamInvalidResponse (not what its name says).
        """
        if self._announced is not None and self._on_wire < self._announced:
            raise BrokenOff(
                self._upstream, f"broke off {self._expected.filename} after {self._on_wire} of {self._announced} bytes"
            )
        self._take(self._body.finish())
        await self.settled()
        if self._failure is not None:
            raise self._failure
        self._check_first(final=True)
        self._verification.check(self._upstream)
        # With a listed hash there is usually nothing left to do, and clients wait for every turn of a thread.
        if self._expected.hashless or self._spool.has_rest:
            if self._spool.overflow is None and self._spool.held is None:
                self._open_empty()
            self._check = asyncio.get_running_loop().run_in_executor(None, self._check_whole)
            # Shielded: the thread works on the descriptor, which must stay open until it is done (``settled``).
            await asyncio.shield(self._check)
        self.size = self._received
        return self._verification.sha256

    async def settled(self) -> None:
        """No thread works on the file any more."""
        self._gathers = False
        while self._job is not None or self._queue:
            if self._job is None:
                self._pass_on()
            if self._job is not None:
                await asyncio.wait([self._job])
        if self._check is not None:
            await asyncio.wait([self._check])

    def let_go(self) -> None:
        """Hold nothing of the download any more: what has carried the bytes lives until the garbage is collected."""
        del self._spool, self._changed, self._differs

    @property
    def may_leave(self) -> int:
        """How many of the first bytes readers may have before the whole is verified: none of what is held."""
        if not self._first_checked or self._spool.held is not None:
            return 0
        stored = self._spool.stored
        end = stored if self.size is None else min(stored + HELD_BACK_BYTES, self.size)
        return max(0, end - HELD_BACK_BYTES)

    def regulate(self) -> None:
        """Pause or resume the transfer, by how much waits for the disk or for readers."""
        if self._flow is None:
            return
        overflow = self._spool.overflow
        stored = self._spool.stored
        allowed = HELD_BYTES if self._gathers else min(max(FIRST_BYTES, stored), QUEUE_BYTES)
        full = self._received - stored >= allowed or (overflow is not None and overflow.full)
        full = full and self._failure is None  # who is paused would never learn of it
        if full != self._paused:
            self._paused = full
            (self._flow.pause if full else self._flow.resume)()

    def _take(self, pieces: Iterator[bytes]) -> None:
        try:
            self._queue_up(pieces)
        except PyproxyError:
            self._queue.clear()  # of a copy that is no good nothing more need be stored, nor leave
            raise
        if self._job is None and self._queue:
            self._pass_on()
        self.regulate()
        overflow = self._spool.overflow
        if self._flow is None and overflow is not None and overflow.full:
            raise StorageError("the disk is full, and the readers are slower than a transfer that cannot be paused")

    def _pass_on(self) -> None:
        """What is queued waits for the rest of a small file, or goes into memory, or to the disk by a thread or not."""
        if self._gathers and self.size is not None and self._received < self.size:
            self._gather()
            return
        if self._gathered is not None:
            self._gathered.cancel()
        if self._can_wait_in_memory and self._spool.may_hold(self._received):
            self._hold(b"".join(self._next_batch()))
            return
        self._spool.hold_no_more()
        if self._flow is None:
            self._settle(self._store(self._next_batch()))
        else:
            self._begin_job()

    @property
    def _can_wait_in_memory(self) -> bool:
        """Whether it is whole, or so small that none of it leaves before that: of others readers get what there is."""
        size = self._received if self.size is None else self.size
        return size <= HELD_BACK_BYTES or self._received == self.size

    def _queue_up(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            self._received += len(piece)
            if self.size is not None and self._received > self.size:
                raise BrokenOff(self._upstream, f"sent more of {self._expected.filename} than its {self.size} bytes")
            if not self._first_checked:
                self._first += piece[:HEAD_BYTES]
                self._check_first(final=False)
            self._queue.append(piece)

    def _check_first(self, *, final: bool) -> None:
        """An early look, so that of a web page in place of a file not even the first bytes leave."""
        if self._first_checked or (len(self._first) < HEAD_BYTES and not final):
            return
        if not starts_like(self._expected.filename, self._first[:HEAD_BYTES]):
            raise UpstreamInvalidResponse(
                self._upstream, f"sent something as {self._expected.filename} that is not what its name says"
            )
        self._first_checked = True

    def _check_whole(self) -> None:
        """The slow end of the judgement, in a worker thread. What is not on disk cannot be opened, nor is it kept."""
        if self._spool.overflow is not None:
            return
        try:
            self._spool.cut()
            with self._spool.reading() as raw:
                whole = not self._expected.hashless or looks_like(self._expected.filename, raw)
        except OSError as error:
            raise _unreadable(error) from error
        if not whole:
            raise UpstreamInvalidResponse(
                self._upstream, f"sent something as {self._expected.filename} that is torn or not what its name says"
            )

    def _open_empty(self) -> None:
        """Nothing was written to a file of no bytes, and it is to be opened all the same."""
        try:
            self._spool.open()
        except OSError as error:
            raise _unreadable(error) from error

    def _next_batch(self) -> list[bytes]:
        batch, self._queue = self._queue, []
        return batch

    def _hold(self, data: bytes) -> None:
        """At once and on the loop, which a thread would keep busy for longer by winning the interpreter's lock."""
        self._verification.update(data)
        self._spool.hold(data)

    def _gather(self) -> None:
        """Wait for the rest of a file that is held as a whole, but not for long."""
        if self._gathered is None:
            self._gathered = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._gather_no_more)

    def _gather_no_more(self) -> None:
        self._gathers = False
        if self._job is None and self._queue:
            self._pass_on()

    def _begin_job(self) -> None:
        self._job = asyncio.get_running_loop().run_in_executor(None, self._store, self._next_batch())
        self._job.add_done_callback(self._job_done)

    def _store(self, batch: list[bytes]) -> Stored:
        data = batch[0] if len(batch) == 1 else b"".join(batch)
        batch.clear()  # else the executor's arguments keep a second copy of it for as long as the disk takes
        self._verification.update(data)
        try:
            return self._spool.store(self._spool.stored, data)
        except OSError as error:
            raise _unreadable(error) from error

    def _job_done(self, job: asyncio.Future[Stored]) -> None:
        self._job = None
        try:
            self._settle(job.result())
        except Exception as error:  # whatever a thread met belongs to whoever writes or finishes next
            self._queue.clear()
            self._failure = error
        if self._queue:
            self._begin_job()
        self.regulate()

    def _settle(self, result: Stored) -> None:
        if result.differs_at is not None:
            self._differs(result.differs_at)
        self._spool.settle(result)
        self._changed()


def _unreadable(error: OSError) -> StorageError:
    return StorageError(f"an arriving file cannot be read back: {error.strerror}")
