"""A file on its way, whoever fetches it: this process (`Download`) or another one (`FollowedDownload`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from pyproxy.net.stretch import Piece


class FileReader(Protocol):
    """The bytes of one reader, in chunks; ends where they end, raises why they end early."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def __anext__(self) -> bytes: ...

    async def next_piece(self) -> Piece:
        """The next bytes, left in the file where they lie in it; empty at the end."""
        ...

    async def aclose(self) -> None:
        """Leave; harmless when repeated."""
        ...


class ArrivingFile(Protocol):
    """What readers need of it; its size in bytes is ``None`` as long as nobody has told it."""

    @property
    def size(self) -> int | None: ...

    @property
    def upstream(self) -> str | None:
        """Where it comes from."""
        ...

    @property
    def error(self) -> Exception | None:
        """Why no more will come."""
        ...

    @property
    def complete(self) -> bool:
        """Whether all of it is verified and released."""
        ...

    @property
    def released(self) -> int:
        """How many of the first bytes readers may have by now."""
        ...

    @property
    def joinable(self) -> bool:
        """Whether a newcomer can still get every byte from the first one on."""
        ...

    @property
    def done(self) -> asyncio.Future[str]:
        """The sha256, once every byte is verified and released; or the error."""
        ...

    async def ready(self) -> None:
        """Wait for an upstream's 200 (``size`` is known by then, where it will be), or raise why there is none."""
        ...

    def reader(self, start: int = 0, stop: int | None = None) -> FileReader:
        """The bytes from ``start`` to ``stop`` (exclusive; ``None``: the end), as they come."""
        ...

    def start(self) -> asyncio.Task[None]:
        """Begin; the task ends when nothing is left to do, and never raises an error."""
        ...

    def cancel(self) -> None:
        """End it (the server stops); a file that is verified already is still kept."""
        ...
