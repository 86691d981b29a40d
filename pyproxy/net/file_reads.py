"""Reading open files from the event loop without making it wait for the disk."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

_NOWAIT = getattr(os, "RWF_NOWAIT", 0)
_NOT_AT_HAND = (errno.EAGAIN, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)


SMALL_BYTES = 64 * 1024
"""A piece for which it is quicker to be asked for at once, and copied once more, than to be asked for twice."""


async def read_at(descriptor: int, size: int, position: int) -> bytes:
    """Up to ``size`` bytes at ``position``, empty at the end of the file; raises `OSError`.

    What the kernel has at hand is read at once; what it would have to wait for is read in a thread. Whether it has
    a large piece is asked for its last byte alone, because the kernel reads ahead: asking with the whole piece means to
    clear and to copy it once more, which takes fifteen times as long for a piece of 256 KiB.
    """
    if size <= SMALL_BYTES:
        piece = _read_at_hand(descriptor, size, position)
        # Linux 5.9 and 5.10 say so of nothing at hand as well as of the end of the file.
        if piece:
            return piece
    elif is_at_hand(descriptor, position + size - 1):
        return os.pread(descriptor, size, position)
    return await asyncio.get_running_loop().run_in_executor(None, os.pread, descriptor, size, position)


def is_at_hand(descriptor: int, position: int) -> bool:
    """Whether the byte at ``position`` can be read without a wait for the disk; raises `OSError`."""
    return bool(_read_at_hand(descriptor, 1, position))


def at_hand_until(descriptor: int, start: int, stop: int, every: int) -> int:
    """How far the bytes from ``start`` to ``stop`` can be read without a wait for the disk; raises `OSError`.

    Looks at the first one and at the last of ``every`` so many, and takes what lies in between to be there as well: the
    kernel reads ahead, so the last byte is the last to come; but somebody may have read just that. Asked for 2 MB at a
    time while a file is sent, so it is one loop around the system's call.
    """
    if not _NOWAIT or start >= stop:
        return start
    known, byte = start, [bytearray(1)]
    try:
        if not os.preadv(descriptor, byte, start, _NOWAIT):
            return known
        for end in (*range(start + every, stop, every), stop):
            if not os.preadv(descriptor, byte, end - 1, _NOWAIT):
                break
            known = end
    except OSError as error:
        if error.errno not in _NOT_AT_HAND:
            raise
    return known


def _read_at_hand(descriptor: int, size: int, position: int) -> bytes | None:
    """As many bytes as can be read without a wait for the disk, ``None`` for none of those that there are."""
    if not _NOWAIT:
        return None
    piece = bytearray(size)
    try:
        count = os.preadv(descriptor, [piece], position, _NOWAIT)
    except OSError as error:
        if error.errno not in _NOT_AT_HAND:
            raise
        return None
    return bytes(memoryview(piece)[:count])


def read_at_hand(path: Path, size: int) -> bytes | None:
    """The file of exactly this size, if it can be read without a wait for the disk; ``None`` otherwise."""
    if not size:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if size < SMALL_BYTES:
            body = _read_at_hand(descriptor, size + 1, 0)
        elif is_at_hand(descriptor, size - 1):
            body = os.pread(descriptor, size + 1, 0)
        else:
            return None
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return body if body is not None and len(body) == size else None
