"""A project, or one of its files, forgotten: as if nobody had ever asked for it here.

Everything goes that upstreams said of it: pages and 404s, documents of the JSON API, recorded hashes, metadata out of
wheels, failures; and the cached files, whichever upstream they came from, removed ones included. Downloads and readers
under way end well, and local files are never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pyproxy.admin.cache.whole_steps import whole
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.names import METADATA_SUFFIX
from pyproxy.storage.database import Database
from pyproxy.storage.extracted import ExtractedMetadata
from pyproxy.storage.failures import FailureStore
from pyproxy.storage.files import FileStore
from pyproxy.storage.json_documents import JsonDocumentStore
from pyproxy.storage.kept import Kept, KeptAnswer, KeptFile, RecordedHash
from pyproxy.storage.pages import PageStore
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.space import reclaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What is kept of a project, or of one file of it.

    ``freed_bytes`` is what the disk gets back with the files: bytes that another project has a name for stay.
    ``documents`` counts those of the JSON API, ``extracted`` wheels out of which metadata was read, ``failures`` the
    records of failed requests.
    """

    project: str
    filename: str | None
    answers: tuple[KeptAnswer, ...]
    documents: int
    recorded: tuple[RecordedHash, ...]
    failures: int
    files: tuple[KeptFile, ...]
    freed_bytes: int
    extracted: int = 0

    def __bool__(self) -> bool:
        said = self.answers or self.documents or self.recorded or self.extracted or self.failures
        return bool(said or self.files)


class Purging:
    """Says what is kept of a project, and forgets it. Everything raises `StorageError`."""

    def __init__(self, database: Database, *, pages: PageStore, recorded: RecordedHashes, files: FileStore) -> None:
        self._database = database
        self._pages = pages
        self._recorded = recorded
        self._files = files
        self._failures = FailureStore(database)
        self._documents = JsonDocumentStore(database)
        self._extracted = ExtractedMetadata(database)
        self._kept = Kept(database)

    def remembered(self, project: NormalizedName, filename: str | None = None) -> Remembered:
        """What `forget` would forget; with a ``filename``, of this file and its metadata only."""
        files: list[KeptFile] = []
        recorded: list[RecordedHash] = []
        for name in _names(filename):
            files += self._kept.files(project, name)
            recorded += self._kept.recorded(project, name)
        failures = self._failures.of_project(project)
        return Remembered(
            project=project,
            filename=filename,
            answers=tuple(self._kept.answers(project)) if filename is None else (),
            documents=self._documents.count(project) if filename is None else 0,
            recorded=tuple(recorded),
            failures=sum(filename is None or failure.filename in _names(filename) for failure in failures),
            files=tuple(files),
            freed_bytes=self._kept.sole_bytes(project, [file.sha256 for file in files], _names(filename)),
            extracted=self._extracted.count(project, filename),
        )

    async def forget(self, project: NormalizedName, filename: str | None, *, stale_since: float) -> None:
        """Forget it; a running server notices at once, and asks anew.

        For a single file the page is asked for again, which may list other sizes and hashes; if its upstream fails,
        it goes on counting as one that was confirmed at ``stale_since`` (unix seconds).
        What was said goes before the bytes: a client that asks in between must not get the old ones again.
        """
        await self._failures.forget(project, filename)
        for name in _names(filename):
            await self._recorded.forget(project, name)
        if filename is None:
            await self._pages.purge(project)  # documents and extracted metadata go with it, by triggers
        else:
            await self._extracted.forget(project, filename)
            await self._documents.expire(project, stale_since)
            await self._pages.expire(project, stale_since)
        for name in _names(filename):
            await self._files.forget(project, name)
        await whole(partial(reclaim, self._database))


def _names(filename: str | None) -> tuple[str | None, ...]:
    """``None`` stands for every file of the project."""
    return (None,) if filename is None else (filename, filename + METADATA_SUFFIX)
