"""A stretch of an open file on its way to a client, sent by the kernel itself where that is possible.

``sendfile`` hands pages of the page cache to the socket. Compared with reading them into this process and writing them
out again it spares two copies of every byte: a third of the processor time, measured, and the memory of the pieces.
What speaks against it is that it waits for the disk, and the whole event loop with it. So it is asked only for
bytes that are at hand (`file_reads`), and for few enough of them that one turn stays short; all others are read in a
thread. What it cannot send for any reason is read as well, and the read tells why.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from pyproxy.errors import StorageError
from pyproxy.net.file_reads import at_hand_until, read_at

STEP = 256 * 1024
"""Bytes read at a time, and looked at before they are sent: large enough to be quick, small enough for thousands of
clients, and for a disk that has them in a moment."""


def _whole() -> None:
    """What does not change can be read at any time."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes ``start`` to ``stop`` (exclusive) of an open file, which somebody else keeps open.

    ``check`` raises once the file may no longer be read; it is asked before every step. ``what`` names the file in
    errors.
    """

    descriptor: int
    start: int
    stop: int
    what: str
    check: Callable[[], None] = _whole

    def __len__(self) -> int:
        return self.stop - self.start

    async def read(self, position: int, size: int = STEP) -> bytes:
        """Up to ``size`` bytes at ``position``, at least one; raises `StorageError`, and what ``check`` raises."""
        self.check()
        try:
            piece = await read_at(self.descriptor, min(size, self.stop - position), position)
        except OSError as error:
            raise StorageError(f"{self.what} cannot be read: {error.strerror}") from error
        self.check()
        if not piece:
            raise StorageError(f"{self.what} was cut while it was being sent")
        return piece

    async def chunks(self) -> AsyncGenerator[bytes]:
        """All of it; raises as ``read`` does."""
        position = self.start
        while position < self.stop:
            piece = await self.read(position)
            position += len(piece)
            yield piece

    def at_hand(self, position: int, limit: int) -> int:
        """How many bytes at ``position``, of at most ``limit``, can be sent without a wait for the disk.

        Raises what ``check`` raises.
        """
        self.check()
        try:
            return at_hand_until(self.descriptor, position, min(position + limit, self.stop), STEP) - position
        except OSError:
            return 0

    def send(self, socket: int, position: int, size: int) -> int | None:
        """Let the kernel send ``size`` bytes at ``position`` to a non-blocking socket; how many it takes now.

        ``None`` where it cannot: ``read`` then tells why.
        """
        try:
            return os.sendfile(socket, self.descriptor, position, size) or None
        except BlockingIOError:
            return 0
        except OSError:
            return None


Piece = bytes | Stretch
"""Part of a body: in memory, or still where it lies in a file."""
