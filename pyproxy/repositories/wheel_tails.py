"""Asking upstreams for the end of a wheel, to read its METADATA there: kilobytes instead of the wheel.

Usually that is one request: the last bytes hold METADATA, the archive's directory and its end, because tools write
them there. What came is not verified: no hash is listed for a part of a file.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from pyproxy.errors import (
    UpstreamError,
    UpstreamForbidden,
    UpstreamInvalidResponse,
    UpstreamStatus,
)
from pyproxy.net.file_requests import Part, Requests, file_size
from pyproxy.net.part_read import FilePart, read_part
from pyproxy.repositories.file_contact import counted
from pyproxy.repositories.listings import ListedFile, Listings
from pyproxy.repositories.observer import Asked, Observer
from pyproxy.repositories.range_hosts import RangeHosts
from pyproxy.repositories.transfers import ADDRESS_IS_OLD
from pyproxy.simple.names import METADATA_SUFFIX
from pyproxy.storage.distributions import DistributionUnreadable
from pyproxy.storage.partial_wheel import PartialWheel, Span

TAILS = ((512 * 1024, 32 * 1024), (4 * 1024 * 1024, 64 * 1024))
"""How many bytes of the end are asked for first, of wheels below a size: larger ones have longer directories."""

LARGE_TAIL_BYTES = 128 * 1024
"""The same of the largest wheels: enough for some 900 members."""

UNKNOWN_TAIL_BYTES = 64 * 1024
"""The same where no size is listed."""

READ_AT_ONCE_BYTES = 64 * 1024
"""The directory in so many bytes is read in a few milliseconds."""

MOST_REQUESTS = 4
"""For one wheel; honest ones take one, or two."""

_NO_RANGES = (200, 405, 501)
"""How servers answer that know no ranges: nothing is wrong with them."""

_NO_SUCH_RANGE = 416
"""The file is not what the page says; that says nothing of the server."""


class RangesRefused(Exception):
    """The upstream is well, but sends no parts of files."""

    def __init__(self, upstream: str) -> None:
        super().__init__(f"{upstream} sends no parts of files")


class WheelTails:
    """Reads METADATA out of upstreams' wheels. ``connections`` are by upstream id; ``clock`` gives unix seconds."""

    def __init__(
        self,
        *,
        connections: Mapping[int, Requests],
        listings: Listings,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        self._connections = connections
        self._listings = listings
        self._observer = observer
        self._hosts = RangeHosts(clock)

    async def metadata(self, listed: ListedFile) -> bytes:
        """The METADATA of a listed wheel.

        Raises `RangesRefused`, `DistributionUnreadable` (what came is no wheel's end, or too much of the wheel would
        be wanted), `UpstreamError`.
        """
        try:
            found, received = await self._read(listed)
        except UpstreamError as error:
            if not _refuses(error):
                self._tell(listed, error, None)
                raise
            self._tell(listed, None, None)
            raise RangesRefused(listed.upstream.name) from error
        self._tell(listed, None, received)
        return found

    async def _read(self, listed: ListedFile) -> tuple[bytes, int]:
        """METADATA, and how many bytes were read for it."""
        async with self._hosts.finding_out(listed.link.url):
            if self._hosts.refuses(listed.link.url):
                raise RangesRefused(listed.upstream.name)
            first, listed = await self._first(listed)
        wheel, part, received = PartialWheel(first.size), first, 0
        for _ in range(MOST_REQUESTS):
            if part.size != wheel.size:
                name, size = listed.upstream.name, part.size
                raise UpstreamInvalidResponse(name, f"has a file of {size} bytes, and of {wheel.size} before")
            received += len(part.data)
            wheel.add(part.start, part.data)
            found = await _metadata(wheel, len(part.data))
            if isinstance(found, bytes):
                return found, received
            part = await self._part(listed, (found.start, found.stop))
        raise DistributionUnreadable("its METADATA takes more requests than a wheel's")

    async def _first(self, listed: ListedFile) -> tuple[FilePart, ListedFile]:
        """The end of the wheel, and its listing as its address is right now."""
        try:
            return await self._end(listed), listed
        except UpstreamStatus as error:
            if error.status not in ADDRESS_IS_OLD:
                raise
            again = await self._listings.again(listed)
            if again is None or again.link.url == listed.link.url:
                raise
            return await self._end(again), again

    async def _end(self, listed: ListedFile) -> FilePart:
        """By its place where the size is listed; else the last bytes, or by its place where a host cannot do that."""
        size, url = listed.link.size, listed.link.url
        if size is None and not self._hosts.refuses_last_bytes(url):
            try:
                return await self._part(listed, UNKNOWN_TAIL_BYTES)
            except UpstreamStatus as error:
                if error.status not in (*_NO_RANGES, _NO_SUCH_RANGE):
                    raise
                self._hosts.note_last_bytes_refused(url)
        if size is None:
            size = await self._size(listed)
        try:
            return await self._part(listed, _end_of(size))
        except UpstreamStatus as error:
            if error.status in _NO_RANGES:
                self._hosts.note_refusal(url)
            raise

    async def _size(self, listed: ListedFile) -> int:
        """What the upstream says; raises `RangesRefused` where it does not."""
        upstream, url = listed.upstream, listed.link.url
        size = None
        with contextlib.suppress(UpstreamStatus):
            requests = self._connections[upstream.upstream_id]
            size = await file_size(requests, url, upstream=upstream.name, hashed=False)
        if size is None:
            raise RangesRefused(upstream.name)
        return size

    async def _part(self, listed: ListedFile, wanted: Part) -> FilePart:
        upstream, url = listed.upstream, listed.link.url
        with counted(upstream, listed.project, url):
            part = await read_part(self._connections[upstream.upstream_id], url, wanted, upstream=upstream.name)
        self._hosts.note_well(url)
        return part

    def _tell(self, listed: ListedFile, error: UpstreamError | None, received: int | None) -> None:
        if error is not None and not error.was_asked:
            return
        self._observer.asked(
            Asked(
                upstream_id=listed.upstream.upstream_id,
                upstream=listed.upstream.name,
                route="metadata",
                project=listed.project,
                filename=listed.link.filename + METADATA_SUFFIX,
                found=error is None,
                error=error,
                received=received,
                part=received is None,
                rests_for=None if error is None else listed.upstream.standing.rests_for,
            )
        )


def _refuses(error: UpstreamError) -> bool:
    """Whether nothing is wrong but that no part of the file can be had."""
    if isinstance(error, UpstreamForbidden):
        # What is not verified does not come by less than https; the whole file, whose hash is listed, may.
        return error.rule == "scheme"
    return isinstance(error, UpstreamStatus) and error.status in (*_NO_RANGES, _NO_SUCH_RANGE)


async def _metadata(wheel: PartialWheel, size: int) -> bytes | Span:
    """What `PartialWheel.metadata` says now that ``size`` more bytes are known: off the loop where those are many."""
    if size <= READ_AT_ONCE_BYTES:
        return wheel.metadata()
    return await asyncio.get_running_loop().run_in_executor(None, wheel.metadata)


def _end_of(size: int) -> Part:
    """What to ask for first."""
    if size == 0:
        raise DistributionUnreadable("it is empty")
    tail = next((tail for below, tail in TAILS if size < below), LARGE_TAIL_BYTES)
    return max(0, size - tail), size
