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
    UpstreamUnreachable,
)
from pyproxy.net.addresses import Origin, origin_of
from pyproxy.net.file_requests import Part, Requests, file_size
from pyproxy.net.part_read import FilePart, read_part
from pyproxy.repositories.bounded_cache import BoundedCache
from pyproxy.repositories.listings import ListedFile, Listings
from pyproxy.repositories.observer import Asked, Observer
from pyproxy.repositories.transfers import ADDRESS_IS_OLD, is_own
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

NO_RANGES_SECONDS = 3600.0
"""How long a host that answered with a whole file is not asked for a range of one, or for its last bytes, again."""

HOSTS_LIMIT = 1000
"""Hosts without ranges that are remembered."""

_NO_RANGES = (200, 405, 501)
"""How servers answer that know no ranges: nothing is wrong with them."""

_NO_SUCH_RANGE = 416
"""The file is not what the page says; that says nothing of the server."""


class RangesRefused(Exception):
    """The upstream is well, but sends no parts of files."""

    def __init__(self, upstream: str) -> None:
        super().__init__(f"{upstream} sends no parts of files")


class _Hosts:
    """Hosts that cannot do something, by the addresses of files at them; forgotten after a while."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = BoundedCache[Origin, float](HOSTS_LIMIT, lambda _: 1)

    def add(self, url: str) -> None:
        self._until.put(origin_of(url), self._clock() + NO_RANGES_SECONDS)

    def has(self, url: str) -> bool:
        try:
            return (self._until.get(origin_of(url)) or 0.0) > self._clock()
        except ValueError:
            return False  # no address that can be asked


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
        self._without_ranges = _Hosts(clock)
        self._without_suffixes = _Hosts(clock)

    async def metadata(self, listed: ListedFile) -> bytes:
        """The METADATA of a listed wheel.

        Raises `RangesRefused`, `DistributionUnreadable` (what came is no wheel's end, or too much of the wheel would
        be wanted), `UpstreamError`.
        """
        try:
            found, received = await self._read(listed)
        except UpstreamError as error:
            if not self._refuses(listed, error):
                self._tell(listed, error, None)
                raise
            self._tell(listed, None, None)
            raise RangesRefused(listed.upstream.name) from error
        self._tell(listed, None, received)
        return found

    def _refuses(self, listed: ListedFile, error: UpstreamError) -> bool:
        """Whether nothing is wrong but that no part of the file can be had; a host without ranges is remembered."""
        if isinstance(error, UpstreamForbidden):
            # What is not verified does not come by less than https; the whole file, whose hash is listed, may.
            return error.rule == "scheme"
        if not isinstance(error, UpstreamStatus):
            return False
        if error.status in _NO_RANGES:
            self._without_ranges.add(listed.link.url)
        return error.status in (*_NO_RANGES, _NO_SUCH_RANGE)

    async def _read(self, listed: ListedFile) -> tuple[bytes, int]:
        """METADATA, and how many bytes were read for it."""
        if self._without_ranges.has(listed.link.url):
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
        if size is None and not self._without_suffixes.has(url):
            try:
                return await self._part(listed, UNKNOWN_TAIL_BYTES)
            except UpstreamStatus as error:
                if error.status not in (*_NO_RANGES, _NO_SUCH_RANGE):
                    raise
                self._without_suffixes.add(url)
        if size is None:
            size = await self._size(listed)
        return await self._part(listed, _end_of(size))

    async def _size(self, listed: ListedFile) -> int:
        """What the upstream says; raises `RangesRefused` where it does not."""
        upstream, url = listed.upstream, listed.link.url
        size = None
        with contextlib.suppress(UpstreamStatus):
            requests = self._connections[upstream.upstream_id]
            size = await file_size(requests, url, upstream=upstream.name, hashed=False)
        if size is None:
            self._without_ranges.add(url)
            raise RangesRefused(upstream.name)
        return size

    async def _part(self, listed: ListedFile, wanted: Part) -> FilePart:
        upstream, url = listed.upstream, listed.link.url
        if upstream.standing.health.resting:
            raise upstream.standing.rest_error()
        own = is_own(upstream, url)
        try:
            part = await read_part(self._connections[upstream.upstream_id], url, wanted, upstream=upstream.name)
        except UpstreamUnreachable as error:
            if own:
                upstream.standing.failed(listed.project, error)
            raise
        if own:
            upstream.standing.succeeded()
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
