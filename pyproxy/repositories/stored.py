"""Verified files on the disk as content, with their use counted."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import replace

from pyproxy.errors import StorageError
from pyproxy.net.file_reads import read_at_hand
from pyproxy.repositories.content import BytesContent, DiskContent
from pyproxy.storage.files import FileStore, StoredFile
from pyproxy.storage.proof import Proof

log = logging.getLogger(__name__)

NAMING_SECONDS = 1.0
"""So long a further name of a file waits for being stored; usually it takes a millisecond."""


class StoredContents:
    """Opens what the file store has."""

    def __init__(self, files: FileStore, proof: Proof, *, clock: Callable[[], float]) -> None:
        self._files = files
        self._proof = proof
        self._clock = clock

    def find(self, project: str, filename: str, sha256: str) -> StoredFile | None:
        """The stored file; ``None`` where it is not here, or no longer whole."""
        return self._files.find(project, filename, sha256)

    def open(self, project: str, filename: str, sha256: str) -> DiskContent | None:
        """The stored file, open for reading."""
        stored = self._files.find(project, filename, sha256)
        return None if stored is None else self._opened(stored)

    async def open_after_a_look(self, project: str, filename: str, sha256: str) -> DiskContent | None:
        """The same for bytes that somebody has written to, if they are right all the same."""
        return self.open(project, filename, sha256) if await self._proof.settle(sha256) else None

    def at_hand(self, project: str, filename: str, sha256: str, limit: int) -> BytesContent | None:
        """The stored file of at most ``limit`` bytes, read; ``None`` also where that would take a wait for the disk."""
        stored = self._files.find(project, filename, sha256)
        if stored is None or stored.size > limit:
            return None
        body = read_at_hand(stored.path, stored.size)
        if body is None:
            return None
        self._files.note_use(sha256, self._clock())
        return BytesContent(body, sha256=sha256, upstream=stored.upstream)

    async def adopt(self, project: str, filename: str, sha256: str, upstream: str) -> DiskContent | None:
        """The same bytes, stored under another name so far: one more name saves a transfer.

        Whether the name can be stored as well, now or at all, takes nothing from who waits for the bytes.
        """
        found = self._files.find_by_hash(sha256)
        if found is None:
            return None
        content = self._opened(replace(found, upstream=upstream))
        if content is None:
            return None
        naming = asyncio.ensure_future(self._add_name(project, filename, sha256, upstream))
        try:
            await asyncio.wait({naming}, timeout=NAMING_SECONDS)
        except BaseException:
            content.close()
            raise
        return content

    async def _add_name(self, project: str, filename: str, sha256: str, upstream: str) -> None:
        try:
            await self._files.add_name(
                sha256=sha256, project=project, filename=filename, upstream=upstream, hashes={"sha256": sha256}
            )
        except StorageError as error:
            log.warning("%s is served from the bytes of another file, and not kept by its name: %s", filename, error)

    def _opened(self, stored: StoredFile) -> DiskContent | None:
        try:
            descriptor = os.open(stored.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        if os.fstat(descriptor).st_size != stored.size:
            os.close(descriptor)
            return None
        self._files.note_use(stored.sha256, self._clock())
        return DiskContent(
            descriptor, size=stored.size, sha256=stored.sha256, upstream=stored.upstream, kept_as=stored.place
        )
