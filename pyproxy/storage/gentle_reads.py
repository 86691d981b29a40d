"""Whole files read without pushing others' out of the system's page cache.

What lies in the cache already is read from there and stays; what had to come from the disk is let go again. So a
check of a large store costs the clients of a running server nothing but some of the disk's time.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

CHUNK = 1024 * 1024


class Interrupted(Exception):
    """Somebody wants the work to end."""


def digests(
    path: Path, algorithms: Iterable[str], tell: Callable[[int], None], stopped: Callable[[], bool]
) -> tuple[dict[str, str], os.stat_result]:
    """The hex digests of a file by algorithm, and the state of the very file that was read.

    ``tell`` is called with the number of bytes as they are read. Raises `OSError`, and `Interrupted` once ``stopped``
    says so.
    """
    hashes = {name: hashlib.new(name) for name in algorithms}
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Without reading ahead, or the next chunk would look as if somebody had used it.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
        buffer = memoryview(bytearray(CHUNK))
        position = 0
        while count := _read(descriptor, buffer, position):
            if stopped():
                raise Interrupted
            for each in hashes.values():
                each.update(buffer[:count])
            position += count
            tell(count)
        return {name: each.hexdigest() for name, each in hashes.items()}, os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _read(descriptor: int, buffer: memoryview, position: int) -> int:
    """Some bytes from the cache, else from the disk; 0 at the end."""
    try:
        count = os.preadv(descriptor, [buffer], position, os.RWF_NOWAIT)
        if count:
            return count
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
    count = os.preadv(descriptor, [buffer], position)
    os.posix_fadvise(descriptor, position, count, os.POSIX_FADV_DONTNEED)
    return count
