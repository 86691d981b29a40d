"""A range of a file that is not here, passed through from the upstream as it comes.

Reading the metadata at the end of a two-gigabyte wheel costs kilobytes this way. The bytes are not verified and not
kept: no hash is listed for a part of a file.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable

from pyproxy.errors import BrokenOff, UpstreamError, UpstreamInvalidResponse
from pyproxy.net.file_requests import Requests, fetch_file
from pyproxy.net.response import Flow, ResponseHead

WINDOW_BYTES = 1 << 20
"""How much may wait for a slow client before the upstream is paused."""

CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


class RangeTransfer:
    """Bytes ``start`` to ``stop`` (exclusive) of a file of ``size`` bytes.

    ``open`` starts it and waits for the upstream's word; ``close`` ends it, and must be called once it is open.
    ``on_ended`` hears how it ended, unless it was closed before: the error, or ``None``.
    """

    def __init__(
        self,
        requests: Requests,
        url: str,
        *,
        upstream: str,
        start: int,
        stop: int,
        size: int,
        hashed: bool,
        on_ended: Callable[[UpstreamError | None], None] | None = None,
    ) -> None:
        self._requests = requests
        self._url = url
        self._upstream = upstream
        self._start, self._stop, self._size = start, stop, size
        self._hashed = hashed
        self._on_ended = on_ended
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._left = stop - start
        self._flow: Flow | None = None
        self._news = asyncio.Event()
        self._opened = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Wait until the upstream begins to send exactly this range; raises `UpstreamError` where it does not."""
        self._task = asyncio.create_task(self._fetch(), name=f"range of {self._url}")
        self._task.add_done_callback(lambda _: self._news.set())
        try:
            while not self._opened and not self._task.done():
                await self._wait()
        except asyncio.CancelledError:
            self.close()
            raise
        if not self._opened:
            self._task.result()

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The bytes; raises `UpstreamError` where they end early."""
        assert self._task is not None
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._waiting -= len(piece)
                if self._flow is not None and self._waiting < WINDOW_BYTES:
                    self._flow.resume()
                yield piece
            if self._left == 0:
                return
            if self._task.done():
                self._task.result()
            await self._wait()

    def close(self) -> None:
        """End the transfer, if it is still under way; how it ended is of no interest any more."""
        if self._task is not None and not self._task.cancel() and not self._task.cancelled():
            self._task.exception()

    async def _fetch(self) -> None:
        error = None
        try:
            await self._fetch_part()
            if self._left:
                raise BrokenOff(self._upstream, "broke off in the middle of a range")
        except UpstreamError as failure:
            error = failure
            raise
        finally:
            if self._on_ended is not None and (error is not None or not self._left):
                self._on_ended(error)

    async def _fetch_part(self) -> None:
        await fetch_file(
            self._requests,
            self._url,
            self,
            upstream=self._upstream,
            hashed=self._hashed,
            part=(self._start, self._stop),
        )

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    def started(self, response: ResponseHead) -> None:
        """A `Receiver`'s: take only the very range that was asked for."""
        found = CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or response.encoded or (int(found[1]), int(found[2]) + 1) != (self._start, self._stop):
            raise UpstreamInvalidResponse(self._upstream, "answered a range request with another range")
        if found[3] not in ("*", str(self._size)):
            raise UpstreamInvalidResponse(self._upstream, f"has a file of {found[3]} bytes, not of {self._size}")
        self._flow = response.flow
        self._opened = True
        self._news.set()

    def write(self, data: bytes) -> None:
        """A `Receiver`'s: queue a piece for the client."""
        if len(data) > self._left:
            raise BrokenOff(self._upstream, "sent more than the range that was asked for")
        self._left -= len(data)
        self._pieces.append(data)
        self._waiting += len(data)
        if self._flow is not None and self._waiting >= WINDOW_BYTES:
            self._flow.pause()
        self._news.set()
