"""What has to hold for any archive: it is read within bounds, or said to be none."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyproxy.net.archive_check import looks_like
from pyproxy.storage.distributions import (
    METADATA_LIMIT,
    DistributionUnreadable,
    read_sdist_metadata,
    read_wheel_metadata,
)
from pyproxy.storage.partial_wheel import PART_LIMIT, PartialWheel
from tests.fuzz.sentences import explains

SUFFIXES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".egg", ".exe", ".whl.metadata", ".tar.Z", ".tar")
"""One of them is chosen by the first byte."""

MOST_ROUNDS = 12
"""A wheel's end asks for more bytes so often at most, when each is given them: fewer than there are gaps."""


def check_wheel(data: bytes) -> None:
    """What the end tells is what the whole tells; never more than the limit, and always nearer to an end."""
    try:
        whole = read_wheel_metadata(io.BytesIO(data))
    except DistributionUnreadable as error:
        explains(error)
        whole = None
    assert whole is None or len(whole) <= METADATA_LIMIT
    if data:
        from_end = _from_its_end(data)
        assert from_end is None or whole is None or from_end == whole


def _from_its_end(data: bytes) -> bytes | None:
    wheel = PartialWheel(len(data))
    wheel.add(max(0, len(data) - 256), data[-256:])
    for _ in range(MOST_ROUNDS):
        try:
            found = wheel.metadata()
        except DistributionUnreadable:
            return None
        if isinstance(found, bytes):
            assert len(found) <= METADATA_LIMIT
            return found
        assert 0 <= found.start < found.stop <= len(data)
        assert found.stop - found.start <= PART_LIMIT
        wheel.add(found.start, data[found.start : found.stop])
    raise AssertionError("it always wants more")


def check_sdist(data: bytes) -> None:
    """It has a PKG-INFO of bounded length, or none."""
    with _file(data) as descriptor:
        try:
            found = read_sdist_metadata(Path(f"/proc/self/fd/{descriptor}"))
        except DistributionUnreadable as error:
            explains(error)
        else:
            assert len(found) <= METADATA_LIMIT


def check_archive(data: bytes) -> None:
    """It is what its name says, or not."""
    suffix = SUFFIXES[data[0] % len(SUFFIXES)] if data else ".whl"
    assert looks_like(f"quick_fox-1.0{suffix}", io.BytesIO(data[1:])) in (True, False)


@contextmanager
def _file(data: bytes) -> Iterator[int]:
    descriptor = os.memfd_create("archive")
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
