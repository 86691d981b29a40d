"""How project pages are compressed: in zlib's format to be kept, in gzip's to be sent.

Intel's ISA-L packs a page in a fifth of zlib's time, and smaller than zlib's level 4 does. There are wheels of it for
all usual machines; elsewhere zlib does the same. What one of them packs, the other unpacks.
"""

from __future__ import annotations

import gzip
import zlib

try:
    from isal import igzip, isal_zlib
except ImportError:  # no wheel for this machine: setup.cfg asks for it only where there is one
    HAS_ISAL = False
else:
    HAS_ISAL = True

_ISAL_LEVEL = 1
"""Levels 2 and 3 take longer and make project pages no smaller."""

_GZIP = 16 + zlib.MAX_WBITS
_BIG_BODY = 1 << 20


def pack(data: bytes) -> bytes:
    """In zlib's format (RFC 1950)."""
    return isal_zlib.compress(data, _ISAL_LEVEL) if HAS_ISAL else zlib.compress(data, 1)


def unpack(packed: bytes) -> bytes:
    """What ``pack`` was given; raises ``zlib.error`` for anything else."""
    return _unpacked(packed, zlib.MAX_WBITS)


def to_gzip(data: bytes) -> bytes:
    """In gzip's format (RFC 1952), without a time in it: the ETags are strong, so equal pages must have equal bytes."""
    if HAS_ISAL:
        return igzip.compress(data, _ISAL_LEVEL, mtime=0)
    # 4 is a quarter quicker than zlib's own 6, for 3 % more bytes: who asks first waits for it.
    return gzip.compress(data, 4 if len(data) <= _BIG_BODY else 2, mtime=0)


def from_gzip(packed: bytes) -> bytes:
    """What ``to_gzip`` was given; raises ``zlib.error`` for anything else."""
    return _unpacked(packed, _GZIP)


def _unpacked(packed: bytes, form: int) -> bytes:
    if not HAS_ISAL:
        return zlib.decompress(packed, form)
    try:
        return isal_zlib.decompress(packed, form)
    except isal_zlib.error as error:  # type: ignore[misc]  # a class, whatever its stub says; it cannot be pickled
        raise zlib.error(str(error)) from None
