"""Zip archives of strangers: opened so that their directory alone cannot fill the memory."""

from __future__ import annotations

import zipfile
from typing import IO

DIRECTORY_LIMIT = 16 * 1024 * 1024
"""Bytes of a directory, which `zipfile` takes into memory at once, tenfold; the largest wheels have 8 MB of it."""


def open_zip(stream: IO[bytes]) -> zipfile.ZipFile:
    """The archive. Raises what `zipfile` does; `zipfile.BadZipFile` for a longer directory."""
    return zipfile.ZipFile(_InBoundedReads(stream))


class _InBoundedReads:
    """A file of which nobody reads more than the limit at a time."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1, /) -> bytes:
        if size > DIRECTORY_LIMIT:
            raise zipfile.BadZipFile(f"its directory is larger than {DIRECTORY_LIMIT >> 20} MiB, a fixed limit")
        return self._stream.read(size)
