"""Content that is not on the disk yet: a file that is arriving, a range passed through, a size that is only listed.

Each is a `base.FileContent`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from pyproxy.net.arriving_file import ArrivingFile
from pyproxy.net.range_transfer import RangeTransfer
from pyproxy.net.stretch import Piece


class ArrivingContent:
    """A file on its way, shared with everybody else who asks for it."""

    kept_as: str | None = None

    def __init__(self, download: ArrivingFile, *, sha256: str | None, joined: bool) -> None:
        self._download = download
        self.sha256 = sha256
        if joined and download.complete:
            self.cache_status = "hit"  # whole and verified; only its place on the disk is still being made sure
        else:
            self.cache_status = "fwd=miss; collapsed" if joined else "fwd=miss"

    @property
    def size(self) -> int | None:
        return self._download.size

    @property
    def upstream(self) -> str:
        return self._download.upstream or "-"

    async def chunks(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
        """The bytes as they are released; raises the download's error where they end early."""
        async with aclosing(self._download.reader(start, stop)) as reader:
            async for chunk in reader:
                yield chunk

    async def pieces(self, start: int, stop: int | None) -> AsyncGenerator[Piece]:
        """The same, where they lie in the file that is being written."""
        async with aclosing(self._download.reader(start, stop)) as reader:
            while piece := await reader.next_piece():
                yield piece

    @property
    def arrived(self) -> int:
        """How many bytes have come so far."""
        return self._download.released

    async def settle(self) -> None:
        """Wait for the whole, verified file."""
        self.sha256 = await self._download.done

    async def put_away(self) -> None:
        """Wait until it is kept, or turns out not to be; ``settle`` first."""
        await asyncio.wait({self._download.start()})

    def close(self) -> None:
        """The transfer goes on: the file will be kept."""


class PassedThroughContent:
    """One range of a file that is not here; ``chunks`` gives that range and no other."""

    kept_as: str | None = None

    def __init__(self, transfer: RangeTransfer, *, size: int, sha256: str | None, upstream: str) -> None:
        self._transfer = transfer
        self.size = size
        self.sha256 = sha256
        self.upstream = upstream
        self.cache_status = "fwd=miss; detail=range"

    async def chunks(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
        """The range; ``start`` and ``stop`` are those it was opened for."""
        async with aclosing(self._transfer.chunks()) as pieces:
            async for piece in pieces:
                yield piece

    pieces = chunks

    async def settle(self) -> None:
        """Its size is known."""

    def close(self) -> None:
        self._transfer.close()


class ListedContent:
    """The size and hash of a file that is not here, for HEAD; it has no bytes."""

    kept_as: str | None = None

    def __init__(self, *, size: int | None, sha256: str | None, upstream: str) -> None:
        self.size = size
        self.sha256 = sha256
        self.upstream = upstream
        self.cache_status = "fwd=miss; detail=listed"

    async def chunks(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
        """Nothing: only HEAD is answered so."""
        return
        yield b""

    pieces = chunks

    async def settle(self) -> None:
        """What is not known by now will not be."""

    def close(self) -> None:
        """Nothing is held open."""
