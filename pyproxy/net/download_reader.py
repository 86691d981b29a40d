"""One reader of an arriving file: follows it at its own pace, from wherever it likes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from pyproxy.errors import StorageError
from pyproxy.net.spool import Spool
from pyproxy.net.stretch import Piece, Stretch

CHUNK_BYTES = 256 << 10
"""What one step of a reader gives at most; all the memory it ever takes."""

STRETCH_BYTES = 1 << 20
"""What one step gives at most of what stays in the file: it takes no memory."""


T = TypeVar("T")


class Followed(Protocol):
    """What a reader needs to know of the file it follows."""

    @property
    def spool(self) -> Spool:
        """Where the bytes lie."""
        ...

    @property
    def released(self) -> int:
        """How many of the first bytes readers may have by now."""
        ...

    @property
    def complete(self) -> bool:
        """Whether ``released`` is all there is."""
        ...

    @property
    def error(self) -> Exception | None:
        """Why no more will come."""
        ...

    async def change(self) -> None:
        """Returns once any of these may have changed."""
        ...


class DownloadReader:
    """An async iterator over bytes ``start`` (inclusive) to ``stop`` (exclusive, ``None``: the end), in chunks.

    It reads only when asked for the next chunk, so a slow client costs nothing but time. It raises the download's
    error where the bytes end for another reason than being complete. Call :meth:`aclose` when done with it early
    (``contextlib.aclosing``); running to the end or into an error closes it too.
    """

    def __init__(self, followed: Followed, start: int, stop: int | None, *, moved: Callable[[DownloadReader], None]):
        self.position = start
        self.broken: Exception | None = None
        self.closed = False
        self._followed = followed
        self._start = start
        self._stop = stop
        self._moved = moved

    @property
    def given(self) -> int:
        """The offset up to which the client may have got bytes; 0 while it has none."""
        return self.position if self.position > self._start else 0

    def __aiter__(self) -> DownloadReader:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._step(self._read)
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def next_piece(self) -> Piece:
        """The next bytes, left in the file where they lie in it; empty at the end. Raises as iterating does.

        A stretch counts as given. It can be used until the next one is asked for, and not once this reader is broken.
        """
        return await self._step(self._look)

    async def aclose(self) -> None:
        """Leave; harmless when repeated."""
        if not self.closed:
            self.closed = True
            self._moved(self)

    def begins_again(self) -> None:
        """The first bytes are about to be overwritten by another copy."""

    async def _step(self, take: Callable[[int], Awaitable[T]]) -> T | bytes:
        """What ``take`` gives of the next bytes, which end before the offset that it is given; empty at the end."""
        try:
            end = None if self.closed else await self._next()
            if end is not None:
                return await take(end)
        except BaseException:
            await self.aclose()
            raise
        await self.aclose()
        return b""

    async def _next(self) -> int | None:
        """Wait for the next bytes; the offset they end before, ``None`` if no more will come."""
        while True:
            self._raise_if_broken()
            if self._followed.complete and self.position >= self._followed.released:
                return None
            if self._stop is not None and self.position >= self._stop:
                if self.position > self._start or self._followed.complete:
                    return None
                # Of an empty file even the emptiness leaves only when it is verified.
            elif self.position < self._followed.released:
                return self._followed.released if self._stop is None else min(self._stop, self._followed.released)
            await self._followed.change()

    async def _look(self, end: int) -> Piece:
        spool, before = self._followed.spool, self.position
        held = spool.held
        if held is not None and (before, end) == (0, len(held)):
            self.position = end
            self._moved(self)
            return held  # not a copy of it, which a slow client would keep
        in_file = min(end, before + STRETCH_BYTES, spool.on_disk)
        if in_file <= before:
            return await self._read(end)
        self.position = in_file
        self._moved(self)
        return Stretch(spool.fd, before, in_file, "an arriving file", check=self.check_given)

    async def _read(self, end: int) -> bytes:
        before = self.position
        # Counted as given before the wait, so that a copy that differs here is noticed also while a thread reads.
        self.position = min(end, before + CHUNK_BYTES)
        try:
            chunk = await self._followed.spool.read(before, self.position - before)
        except LookupError as error:
            raise StorageError("the disk is full, and these bytes of the file have passed already") from error
        except OSError as error:
            raise StorageError(f"an arriving file cannot be read back: {error.strerror}") from error
        self._raise_if_broken()
        if not chunk:
            raise StorageError("an arriving file became shorter on disk")
        self.position = before + len(chunk)
        self._moved(self)
        return chunk

    def check_given(self) -> None:
        """Raises once a stretch that was given may no longer be read."""
        self._raise_if_broken()

    def _raise_if_broken(self) -> None:
        error = self.broken or self._followed.error
        if error is not None:
            raise error
