"""The index of files made again from their manifests, at somebody's wish; see ``storage/rebuild.py``."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.admin.cache.whole_steps import whole
from pyproxy.errors import StorageError
from pyproxy.storage.files import FileStore


@dataclass(slots=True)
class ManifestsRead:
    """How far a rebuild has come."""

    total: int = 0
    read: int = 0


class Rebuilding:
    """Rebuilds the index of a storage directory, beside a running server as well.

    ``progress`` may be looked at all the time.
    """

    def __init__(self, files: FileStore) -> None:
        self._index = files.index
        self._places = files.shelf.places
        self.progress = ManifestsRead()

    async def run(self) -> int:
        """How many files were found again. May be cancelled at any point, and begun again. Raises `StorageError`."""
        return await whole(self._run, interrupt=self._index.stop)

    def _run(self) -> int:
        self.progress.total = sum(1 for _ in self._places.manifests())
        found = self._index.rebuild(self._count)
        if found is None:
            raise StorageError("another process is making the index of files: look again when it has ended")
        return found

    def _count(self, manifests: int) -> None:
        self.progress.read += manifests
