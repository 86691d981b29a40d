"""The part of an arriving file for which the disk has no room: a bounded window in memory.

With a full disk a client is still served in full (and nothing is kept). Bytes pass through this window from the
transfer to the readers present: what all of them have read is let go, and while it is full the transfer is paused.
"""

from __future__ import annotations

from collections import deque


class Overflow:
    """The bytes from ``start`` to ``end`` (offsets in the file), in order; all that came since ``base``, where the
    disk ended, minus what was let go. Lives on the event loop's thread."""

    def __init__(self, base: int, capacity: int) -> None:
        self.base = base
        self.start = base
        self.end = base
        self._capacity = capacity
        self._read_until = base
        self._pieces: deque[bytes] = deque()

    @property
    def full(self) -> bool:
        """Whether as much waits here as may; what is on its way is taken all the same."""
        return self.end - self._read_until >= self._capacity

    def append(self, data: bytes) -> None:
        """Add the bytes that follow ``end``."""
        if data:
            self._pieces.append(data)
            self.end += len(data)

    def read(self, position: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``position`` on; LookupError if they were let go already."""
        if position < self.start:
            raise LookupError(position)
        offset = self.start
        for piece in self._pieces:
            if position < offset + len(piece):
                return piece[position - offset : position - offset + count]
            offset += len(piece)
        return b""

    def release(self, position: int) -> None:
        """All readers have what lies before ``position``: let go of the pieces that lie there as a whole."""
        self._read_until = max(self._read_until, position)
        while self._pieces and self.start + len(self._pieces[0]) <= position:
            self.start += len(self._pieces.popleft())
