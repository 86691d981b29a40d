"""Where the bytes of an arriving file lie: in a temporary file, and past the end of the disk in a bounded window.

Written by one worker thread at a time, read by many readers on the event loop. A file that begins again at another
upstream is compared with what readers were given of it before, so that nobody gets a mixture of two copies.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import weakref
from dataclasses import dataclass
from typing import Protocol

from pyproxy.net.file_reads import read_at
from pyproxy.net.overflow import Overflow

log = logging.getLogger(__name__)

WINDOW_BYTES = 4 << 20
"""How much of one file may lie in memory once the disk takes no more."""


class Sink(Protocol):
    """A temporary file to download into, given by whoever keeps files.

    ``fd`` is open for reading and writing, and nobody else writes to it. ``discard`` removes the file; it may be
    called from a worker thread, and more than once.
    """

    @property
    def fd(self) -> int:
        """The open descriptor; the download works on a duplicate of its own."""
        ...

    @property
    def reserve(self) -> int:
        """Bytes that must stay free on the disk, whatever the file's size turns out to be."""
        ...

    def discard(self) -> None:
        """Remove the file and close the descriptor."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch of bytes.

    ``count`` is their number, ``unstored`` the part the disk had no room for (at the end), ``differs_at`` the offset
    of the first byte that is another than readers were given before, if any.
    """

    count: int
    unstored: bytes = b""
    differs_at: int | None = None


class Spool:
    """One file's bytes from offset 0 on, of which the first ``stored`` can be read. Without a ``sink`` everything
    passes through memory.
    """

    def __init__(self, sink: Sink | None) -> None:
        self.stored = 0
        self.overflow: Overflow | None = None
        self._fd = -1 if sink is None else os.dup(sink.fd)
        self._reserve = 0 if sink is None else sink.reserve
        # Whoever still holds the download may begin to read it: the descriptor lives exactly as long as the spool.
        self._finalizer = weakref.finalize(self, _close_unwatched, self._fd)
        self._finalizer.atexit = False
        self._on_disk_before = 0
        self._compare_until = 0
        if sink is None:
            self.overflow = Overflow(0, WINDOW_BYTES)

    @property
    def fd(self) -> int:
        """The descriptor of the file in which the first ``on_disk`` bytes lie; -1 without one."""
        return self._fd

    @property
    def on_disk(self) -> int:
        """How many of the first bytes lie in the file, and stay."""
        return self.stored if self.overflow is None else min(self.overflow.base, self.stored)

    def begin_again(self, given: int) -> None:
        """The file starts over at offset 0; readers were ``given`` this many bytes of the earlier copy."""
        self._on_disk_before = max(self._on_disk_before, self.on_disk)
        self._compare_until = given
        self.stored = 0
        self.overflow = None if self._fd >= 0 else Overflow(0, WINDOW_BYTES)

    def store(self, offset: int, data: bytes) -> Stored:
        """Write ``data`` at ``offset``, as far as the disk takes it. For a worker thread, one at a time; changes no
        attribute, which is what :meth:`settle` is for."""
        if self.overflow is not None:
            return Stored(len(data), data)
        differs_at = self._difference(offset, data) if offset < self._compare_until else None
        written = 0
        view = memoryview(data)
        try:
            if self._reserve and self._free() - len(data) < self._reserve:
                raise OSError(errno.ENOSPC, "what is left is reserved")
            while written < len(data):
                written += os.pwrite(self._fd, view[written:], offset + written)
        except OSError as error:
            log.warning("the disk takes no more of a file (%s): it is served from memory and not kept", error.strerror)
        return Stored(len(data), data[written:], differs_at)

    def settle(self, result: Stored) -> None:
        """Let readers have what :meth:`store` reported. On the loop."""
        if result.unstored and self.overflow is None:
            self.overflow = Overflow(self.stored + result.count - len(result.unstored), WINDOW_BYTES)
        if self.overflow is not None:
            self.overflow.append(result.unstored)
        if result.differs_at is not None:
            self._compare_until = 0
        self.stored += result.count

    async def read(self, position: int, count: int) -> bytes:
        """Up to ``count`` bytes at ``position``, which must be stored. LookupError if they have passed through
        memory and are gone; OSError if the disk fails."""
        if self.overflow is not None:
            if position >= self.overflow.base:
                return self.overflow.read(position, count)
            count = min(count, self.overflow.base - position)
        return await read_at(self._fd, count, position)

    @property
    def has_rest(self) -> bool:
        """Whether an earlier, longer copy left something behind the end."""
        return self._on_disk_before > self.stored

    def cut(self) -> None:
        """Drop what an earlier, longer copy left behind the end. For a worker thread."""
        if self.has_rest:
            os.ftruncate(self._fd, self.stored)

    def close(self) -> None:
        """Close the descriptor now; nothing of the file will be used. Takes a while for a big one: in a thread."""
        if self._finalizer.detach() is not None and self._fd >= 0:
            os.close(self._fd)

    def _free(self) -> int:
        disk = os.fstatvfs(self._fd)
        return disk.f_bavail * disk.f_frsize

    def _difference(self, offset: int, data: bytes) -> int | None:
        before = os.pread(self._fd, min(len(data), self._compare_until - offset), offset)
        if data.startswith(before):
            return None
        return offset + _first_difference(data, before)


def _first_difference(data: bytes, before: bytes) -> int:
    """The index of the first byte in which ``data`` departs from ``before``, which is no prefix of it."""
    same, differs = 0, min(len(data), len(before))
    while differs - same > 1:
        middle = (same + differs) // 2
        if data[same:middle] == before[same:middle]:
            same = middle
        else:
            differs = middle
    return same


def _close_unwatched(fd: int) -> None:
    """Close from wherever the last holder let go, which may be the event loop."""
    if fd < 0:
        return
    if os.fstat(fd).st_nlink:
        os.close(fd)
    else:
        # The last descriptor of a removed file frees its blocks: some 80 ms for a gigabyte.
        threading.Thread(target=os.close, args=(fd,), name="close a removed file").start()
