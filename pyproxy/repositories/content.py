"""The bytes of files that lie on the disk, read without stalling the event loop."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator

from pyproxy.net.stretch import Stretch


class DiskContent:
    """A whole, verified file, open for reading; it stays readable when its name is removed meanwhile.

    A `base.FileContent`. ``size`` is in bytes; the caller has checked it against the open file.
    """

    def __init__(
        self, descriptor: int, *, size: int, sha256: str, upstream: str, kept_as: str | None = None
    ) -> None:
        self._descriptor = descriptor
        self.size: int = size
        self.sha256: str = sha256
        self.upstream = upstream
        self.cache_status = "hit"
        self.kept_as = kept_as

    async def chunks(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
        """The bytes from ``start`` to ``stop``; raises `StorageError` where the disk no longer has them."""
        async for stretch in self.pieces(start, stop):
            async for chunk in stretch.chunks():
                yield chunk

    async def pieces(self, start: int, stop: int | None) -> AsyncGenerator[Stretch]:
        """The same, as a stretch of the file."""
        end = self.size if stop is None else min(stop, self.size)
        if start < end:
            yield Stretch(self._descriptor, start, end, "a cached file")

    async def settle(self) -> None:
        """It is whole."""

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class BytesContent:
    """A small file that is in memory already, such as a ``METADATA`` taken from its wheel. A `base.FileContent`."""

    kept_as: str | None = None

    def __init__(self, body: bytes, *, sha256: str, upstream: str) -> None:
        self.body = body
        self.size: int = len(body)
        self.sha256: str = sha256
        self.upstream = upstream
        self.cache_status = "hit"

    async def chunks(self, start: int, stop: int | None) -> AsyncGenerator[bytes]:
        """The bytes from ``start`` to ``stop``."""
        chunk = self.body[start:stop]
        if chunk:
            yield chunk

    pieces = chunks

    async def settle(self) -> None:
        """It is whole."""

    def close(self) -> None:
        """Nothing is held open."""
