"""Where the bytes of an arriving file lie: in a temporary file, and past the end of the disk in a bounded window.

A small file may be held in memory until it is put away: to make a temporary file takes longer than all else about it.
So one is made by the thread that first writes to it.

Written by one worker thread at a time, read by many readers on the event loop. A file that begins again at another
upstream is compared with what readers were given of it before, so that nobody gets a mixture of two copies.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import threading
import weakref
from dataclasses import dataclass
from typing import IO, Protocol

from pyproxy.errors import StorageError
from pyproxy.net.allowance import Allowance
from pyproxy.net.file_reads import read_at
from pyproxy.net.overflow import Overflow

log = logging.getLogger(__name__)

WINDOW_BYTES = 4 << 20
"""How much of one file may lie in memory once the disk takes no more."""

HELD_BYTES = 2 << 20
"""The largest file that is held in memory: to hash it at one go takes the loop a millisecond or two."""


class Sink(Protocol):
    """A temporary file to download into, given by whoever keeps files.

    ``fd`` is open for reading and writing, and nobody else writes to it. ``discard`` removes the file; it may be
    called from a worker thread, and more than once.
    """

    @property
    def fd(self) -> int:
        """The open descriptor; the download works on a duplicate of its own. Raises `StorageError` where there can be
        none, which it logs."""
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
    of the first byte that is another than readers were given before, if any. ``opened`` is the spool's descriptor from
    now on, where it had none.
    """

    count: int
    unstored: bytes = b""
    differs_at: int | None = None
    opened: int | None = None


class Spool:
    """One file's bytes from offset 0 on, of which the first ``stored`` can be read. Without a ``sink`` everything
    passes through memory; with an ``allowance`` a small file is held there, as far as that goes.

    The sink is asked for its descriptor once there is something to write, or ``open`` is called.
    """

    def __init__(self, sink: Sink | None, *, allowance: Allowance | None = None) -> None:
        self.stored = 0
        self.overflow: Overflow | None = None
        self._fd = -1
        self._reserve = 0 if sink is None else sink.reserve
        self._finalizer: weakref.finalize[..., Spool] | None = None
        self._on_disk_before = 0
        self._compare_until = 0
        self._sink = sink
        self._allowance = allowance
        self._share: weakref.finalize[..., Spool] | None = None
        self._holdable = 0
        self._held = None if sink is None or allowance is None else b""
        if sink is None:
            self.overflow = Overflow(0, WINDOW_BYTES)

    @property
    def held(self) -> bytes | None:
        """All of the bytes so far, where they are held in memory."""
        return self._held

    def may_hold(self, size: int) -> bool:
        """Whether a file of so many bytes may be held in memory; room for it is taken then."""
        if self._held is None or self._allowance is None or size > HELD_BYTES:
            return False
        if self._share is None:
            share = self._allowance.take(size)
            if share is None:
                return False
            # Until nobody has the bytes any more, the last of their readers included.
            self._share = weakref.finalize(self, self._allowance.give_back, share)
            self._share.atexit = False
            self._holdable = share
        return size <= self._holdable

    def hold(self, data: bytes) -> None:
        """Take the next bytes into memory; readers may have them. On the loop."""
        assert self._held is not None
        self._held += data
        self.stored += len(data)

    def hold_no_more(self) -> None:
        """Put what is held into the sink, and from now on everything. On the loop, and harmless when repeated.

        A thread would spare the loop a millisecond, but who begins again could not tell which copy it writes.
        """
        if self._held is not None:
            held, self._held, self.stored = self._held, None, 0
            if held:
                self.settle(self.store(0, held))  # readers may still have it: its share is given back with the spool
            elif self._share is not None:
                self._share()

    def open(self) -> None:
        """Have a descriptor, also before there is something to write. On the loop, and harmless when repeated.

        Raises `StorageError` or `OSError` where there can be none.
        """
        if self._sink is not None:
            self._adopt(os.dup(self._sink.fd))

    def _adopt(self, fd: int) -> None:
        if self._fd >= 0:
            os.close(fd)  # opened on the loop and by the thread
            return
        self._fd, self._sink = fd, None
        # Whoever still holds the download may begin to read it: the descriptor lives exactly as long as the spool.
        self._finalizer = weakref.finalize(self, _close_unwatched, fd)
        self._finalizer.atexit = False

    @property
    def fd(self) -> int:
        """The descriptor of the file in which the first ``on_disk`` bytes lie; -1 without one."""
        return self._fd

    @property
    def on_disk(self) -> int:
        """How many of the first bytes lie in the file, and stay."""
        if self._held is not None:
            return 0
        return self.stored if self.overflow is None else min(self.overflow.base, self.stored)

    def begin_again(self, given: int) -> None:
        """The file starts over at offset 0; readers were ``given`` this many bytes of the earlier copy."""
        self._on_disk_before = max(self._on_disk_before, self.on_disk)
        self._compare_until = given
        self.stored = 0
        if self._held is not None:
            self._held = b""
            return
        self.overflow = None if self._fd >= 0 or self._sink is not None else Overflow(0, WINDOW_BYTES)

    def store(self, offset: int, data: bytes) -> Stored:
        """Write ``data`` at ``offset``, as far as the disk takes it. For a worker thread, one at a time; changes no
        attribute, which is what :meth:`settle` is for."""
        if self.overflow is not None:
            return Stored(len(data), data)
        differs_at = self._difference(offset, data) if offset < self._compare_until else None
        written = 0
        opened = None
        view = memoryview(data)
        try:
            sink = self._sink  # the loop may open it meanwhile
            if sink is not None:
                opened = os.dup(sink.fd)
            fd = self._fd if opened is None else opened
            if self._reserve and _free(fd) - len(data) < self._reserve:
                raise OSError(errno.ENOSPC, "what is left is reserved")
            while written < len(data):
                written += os.pwrite(fd, view[written:], offset + written)
        except StorageError:
            pass  # there is no file, and the sink has said why
        except OSError as error:
            log.warning("the disk takes no more of a file (%s): it is served from memory and not kept", error.strerror)
        return Stored(len(data), data[written:], differs_at, opened)

    def settle(self, result: Stored) -> None:
        """Let readers have what :meth:`store` reported. On the loop."""
        if result.unstored and self.overflow is None:
            self.overflow = Overflow(self.stored + result.count - len(result.unstored), WINDOW_BYTES)
        if result.opened is not None:
            self._adopt(result.opened)
        if self.overflow is not None:
            self.overflow.append(result.unstored)
        if result.differs_at is not None:
            self._compare_until = 0
        self.stored += result.count

    async def read(self, position: int, count: int) -> bytes:
        """Up to ``count`` bytes at ``position``, which must be stored. LookupError if they have passed through
        memory and are gone; OSError if the disk fails."""
        if self._held is not None:
            return self._held[position : position + count]
        if self.overflow is not None:
            if position >= self.overflow.base:
                return self.overflow.read(position, count)
            count = min(count, self.overflow.base - position)
        return await read_at(self._fd, count, position)

    def reading(self) -> IO[bytes]:
        """All of what is held or stored, to be closed. Others read and write at offsets meanwhile. Raises `OSError`."""
        return io.BytesIO(self._held) if self._held is not None else os.fdopen(os.dup(self._fd), "rb")

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
        if self._finalizer is not None and self._finalizer.detach() is not None:
            os.close(self._fd)

    def _difference(self, offset: int, data: bytes) -> int | None:
        before = os.pread(self._fd, min(len(data), self._compare_until - offset), offset)
        if data.startswith(before):
            return None
        return offset + _first_difference(data, before)


def _free(fd: int) -> int:
    disk = os.fstatvfs(fd)
    return disk.f_bavail * disk.f_frsize


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
    if os.fstat(fd).st_nlink:
        os.close(fd)
    else:
        # The last descriptor of a removed file frees its blocks: some 80 ms for a gigabyte.
        threading.Thread(target=os.close, args=(fd,), name="close a removed file").start()
