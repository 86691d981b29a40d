"""Some bytes of an upstream's file, read into memory: the end of a wheel, in which its METADATA lies.

No hash is listed for a part of a file, so these bytes are as good as the connection they come by: they are never
followed from https to http, not even where a listed hash would protect the whole file.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.errors import BrokenOff, UpstreamInvalidResponse
from pyproxy.net.file_requests import Part, Requests, fetch_file
from pyproxy.net.range_transfer import CONTENT_RANGE
from pyproxy.net.response import ResponseHead


@dataclass(frozen=True, slots=True)
class FilePart:
    """``data`` lies at ``start`` of a file of ``size`` bytes."""

    start: int
    data: bytes
    size: int


async def read_part(requests: Requests, url: str, wanted: Part, *, upstream: str) -> FilePart:
    """The wanted bytes, or as many of them as the upstream sends at once; at least one.

    Raises `UpstreamError`: an `UpstreamStatus` with 200 where it knows no ranges (none of the file is read then), an
    `UpstreamInvalidResponse` where it answers with something else than a part of what is wanted.
    """
    collected = _Collected(upstream, wanted)
    await fetch_file(requests, url, collected, upstream=upstream, hashed=False, part=wanted)
    return collected.whole()


class _Collected:
    """A `Receiver` of a 206."""

    def __init__(self, upstream: str, wanted: Part) -> None:
        self._upstream = upstream
        self._wanted = wanted
        self._start = self._stop = self._size = 0
        self._data = bytearray()

    def started(self, response: ResponseHead) -> None:
        found = CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if found is None or response.encoded:
            raise self._other_range()
        self._start, self._stop = int(found[1]), int(found[2]) + 1
        whole = self._stop if isinstance(self._wanted, int) else max(self._wanted[1], self._stop)
        self._size = whole if found[3] == "*" else int(found[3])
        if isinstance(self._wanted, int):
            right = self._stop == self._size and self._stop - self._start <= self._wanted
        else:
            right = self._start == self._wanted[0] and self._stop <= self._wanted[1]
        if not (right and self._start < self._stop <= self._size):
            raise self._other_range()

    def write(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > self._stop - self._start:
            raise BrokenOff(self._upstream, "sent more than the range that was asked for")

    def whole(self) -> FilePart:
        """What came; raises `BrokenOff` where the body ended early."""
        if len(self._data) < self._stop - self._start:
            raise BrokenOff(self._upstream, "broke off in the middle of a range")
        return FilePart(self._start, bytes(self._data), self._size)

    def _other_range(self) -> UpstreamInvalidResponse:
        return UpstreamInvalidResponse(self._upstream, "answered a range request with another range")
