"""Verified files on the disk as content, with their use counted."""

from __future__ import annotations

import os
from collections.abc import Callable

from pyproxy.repositories.content import DiskContent
from pyproxy.storage.files import FileStore, StoredFile


class StoredContents:
    """Opens what the file store has."""

    def __init__(self, files: FileStore, *, clock: Callable[[], float]) -> None:
        self._files = files
        self._clock = clock

    def find(self, project: str, filename: str, sha256: str) -> StoredFile | None:
        """The stored file; ``None`` where it is not here, or no longer whole."""
        return self._files.find(project, filename, sha256)

    def open(self, project: str, filename: str, sha256: str) -> DiskContent | None:
        """The stored file, open for reading."""
        stored = self._files.find(project, filename, sha256)
        return None if stored is None else self._opened(stored)

    async def adopt(self, project: str, filename: str, sha256: str, upstream: str) -> DiskContent | None:
        """The same bytes, stored under another name so far: one more name saves a transfer."""
        if self._files.find_by_hash(sha256) is None:
            return None
        stored = await self._files.add_name(
            sha256=sha256, project=project, filename=filename, upstream=upstream, hashes={"sha256": sha256}
        )
        return None if stored is None else self._opened(stored)

    def _opened(self, stored: StoredFile) -> DiskContent | None:
        try:
            descriptor = os.open(stored.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        if os.fstat(descriptor).st_size != stored.size:
            os.close(descriptor)
            return None
        self._files.note_use(stored.sha256, self._clock())
        return DiskContent(descriptor, size=stored.size, sha256=stored.sha256, upstream=stored.upstream)
