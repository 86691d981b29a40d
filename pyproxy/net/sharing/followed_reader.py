"""A reader whose file may have to come from another process in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sized
from typing import TypeVar

from pyproxy.errors import StorageError
from pyproxy.net.arriving_file import FileReader
from pyproxy.net.sharing.copies import Copy, CopyLost, Part, stuck
from pyproxy.net.stretch import Piece

T = TypeVar("T", bound=Sized)


class FollowedReader:
    """The bytes from ``start`` to ``stop``, from one copy after the other: a `FileReader`.

    ``next_part(after)`` gives what the file comes from. What the client has is compared with each copy that follows,
    from ``start`` on, so that it never gets a mixture of two. ``promised`` is the size that it was told, if it was.
    """

    def __init__(
        self,
        next_part: Callable[[Part | None], Awaitable[Part]],
        start: int,
        stop: int | None,
        promised: int | None,
    ) -> None:
        self._next_part = next_part
        self._start = start
        self._stop = stop
        self._promised = promised
        self._given = start
        self._seen = start
        self._part: Part | None = None
        self._given_from: Copy | None = None
        self._inner: FileReader | None = None
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._step(anext)
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def next_piece(self) -> Piece:
        """The next bytes, left in the file where they lie in it; empty at the end. Raises as iterating does."""
        return await self._step(_next_piece)

    async def _step(self, take: Callable[[FileReader], Awaitable[T]]) -> T | bytes:
        """What ``take`` gets of the next bytes; in memory, where they have to be compared first. Empty at the end."""
        while not self._closed:
            inner = self._inner or await self._go_over()
            try:
                if self._seen < self._given:
                    news = await self._news(await anext(inner))
                    if news:
                        return news
                    continue
                piece = await take(inner)
            except CopyLost:
                self._inner = None
                continue
            except StopAsyncIteration:
                break
            self._give(piece)
            return piece
        return self._end()

    async def aclose(self) -> None:
        """Leave; harmless when repeated."""
        self._closed = True
        if self._inner is not None:
            await self._inner.aclose()

    async def _go_over(self) -> FileReader:
        part = self._part = await self._next_part(self._part)
        if self._given > self._start and self._given_from is not None and not self._given_from.comparable:
            raise stuck() if self._given_from.silent else _different()
        if not isinstance(part, Copy):
            await part.ready()
        if self._promised is not None and part.size not in (None, self._promised):
            raise _different()
        self._seen = self._start
        self._inner = part.reader(self._start, self._stop)
        return self._inner

    async def _news(self, chunk: bytes) -> bytes:
        """What of the chunk the client has not got yet; raises `StorageError` where the rest is not what it got."""
        known = min(len(chunk), self._given - self._seen)
        assert self._given_from is not None
        before = await self._given_from.spool.read(self._seen, known)
        if before != chunk[:known]:
            raise _different()
        self._seen += known
        if known < len(chunk):
            self._give(chunk[known:])
        return chunk[known:]

    def _give(self, piece: Sized) -> None:
        self._seen += len(piece)
        self._given = self._seen
        if isinstance(self._part, Copy):
            self._given_from = self._part

    def _end(self) -> bytes:
        if self._seen < self._given and not self._closed:
            raise _different()
        return b""


async def _next_piece(reader: FileReader) -> Piece:
    return await reader.next_piece()


def _different() -> StorageError:
    return StorageError("the file began with other bytes than those of the copy that was verified in the end")
