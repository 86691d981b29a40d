"""Reading a wheel's METADATA when only some of its bytes are here: the end first, then what that calls for.

A zip archive (APPNOTE.TXT; PEP 427 wants METADATA physically at its end) is read from behind: the end of the central
directory, the directory, the member. `zipfile` itself does the reading, on a file with gaps, so that comments, ZIP64
and bytes in front of the archive mean here what they mean to installers.
"""

from __future__ import annotations

import io
import zipfile
from typing import NamedTuple

from pyproxy.storage.distributions import BROKEN_ZIP, DistributionUnreadable, metadata_entry, read_member

PART_LIMIT = 4 * 1024 * 1024
"""Bytes of a wheel that are asked for at a time; a directory, or METADATA, that takes more is read from the whole."""

BEFORE_DIRECTORY = 32 * 1024
"""Bytes asked for in front of the directory, and half as many more as the directory has: METADATA usually lies there,
with RECORD between them, which has a line for each member and takes about so much room."""

_LOCAL_HEADER = 30 + 2 * 0xFFFF
"""A member's own header at its longest: fixed part, name and extra field."""


class Span(NamedTuple):
    """Bytes of a file from ``start`` to ``stop`` (exclusive)."""

    start: int
    stop: int


class PartialWheel:
    """A wheel of ``size`` bytes of which some are known."""

    def __init__(self, size: int) -> None:
        self._file = _FileWithGaps(size)

    @property
    def size(self) -> int:
        return self._file.size

    def add(self, start: int, data: bytes) -> None:
        """These bytes are known now."""
        self._file.add(start, data)

    def metadata(self) -> bytes | Span:
        """METADATA, or which bytes are wanted for it.

        Raises `DistributionUnreadable` where this is no wheel with METADATA, or too much of it would be wanted.
        """
        self._file.seek(0)
        try:
            with zipfile.ZipFile(self._file) as archive:
                entry = metadata_entry(archive)
                span = _span_of(archive, entry)
                if not self._file.has(span):
                    return _bounded(span)
                return read_member(archive, entry)
        except _Gap as gap:
            # Up to what is known: several small gaps in a row would cost a request each.
            unknown, directory = self._file.unknown_from(gap.span.start), gap.span
            more = BEFORE_DIRECTORY + (directory.stop - directory.start) // 2
            return _bounded(Span(max(unknown.start, directory.start - more), unknown.stop))
        except BROKEN_ZIP as error:
            raise DistributionUnreadable(f"it is no readable wheel ({error})") from error


class _Gap(Exception):
    """Bytes are wanted that are not known; no error of `zipfile`, which would take it for a broken archive."""

    def __init__(self, span: Span) -> None:
        super().__init__(span)
        self.span = span


class _FileWithGaps(io.RawIOBase):
    """A file to read from, of ``size`` bytes; raises `_Gap` for those that are not known."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._position = 0
        self._pieces: list[tuple[int, bytes]] = []

    def add(self, start: int, data: bytes) -> None:
        """Keep a piece, as one with those that it touches."""
        apart = []
        for other, bytes_ in self._pieces:
            if other + len(bytes_) < start or start + len(data) < other:
                apart.append((other, bytes_))
            elif other <= start:
                start, data = other, bytes_[: start - other] + data + bytes_[start - other + len(data) :]
            else:
                data += bytes_[start + len(data) - other :]
        self._pieces = sorted([*apart, (start, data)])

    def has(self, span: Span) -> bool:
        return self._piece(span) is not None

    def unknown_from(self, position: int) -> Span:
        """The gap with the first unknown byte at or behind this one, in its whole length."""
        before = 0
        for start, data in self._pieces:
            if position < start:
                return Span(before, start)
            before = start + len(data)
            position = max(position, before)
        return Span(before, self.size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning of the file")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        stop = self.size if size is None or size < 0 else min(self._position + size, self.size)
        span = Span(self._position, stop)
        if span.start >= stop:
            return b""
        piece = self._piece(span)
        if piece is None:
            raise _Gap(span)
        start, data = piece
        self._position = stop
        return data[span.start - start : stop - start]

    def _piece(self, span: Span) -> tuple[int, bytes] | None:
        for start, data in self._pieces:
            if start <= span.start and span.stop <= start + len(data):
                return start, data
        return None


def _span_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Span:
    """Where a member lies with its own header: up to the next member, or to the directory."""
    start = entry.header_offset
    behind = [other.header_offset for other in archive.infolist() if other.header_offset > start]
    stop = min([*behind, archive.start_dir, start + _LOCAL_HEADER + entry.compress_size])
    if not 0 <= start < stop:
        raise DistributionUnreadable("it is no readable wheel (its directory makes no sense)")
    return Span(start, stop)


def _bounded(span: Span) -> Span:
    if span.stop - span.start > PART_LIMIT:
        raise DistributionUnreadable("its METADATA takes more than some bytes of its end to be read")
    return span
