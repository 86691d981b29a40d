"""What an administrator does to one project in a running server: ask for it again, or forget it.

As ``pyproxy cache refresh`` and ``cache purge`` do beside one. This process follows at once, others within a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pyproxy.admin.cache.ages import Ages, just_stale
from pyproxy.admin.cache.purging import Purging, Remembered
from pyproxy.admin.cache.refreshing import Refreshed, Refreshing
from pyproxy.repositories.packages import PackageRepository
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.aside import aside
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.json_documents import JsonDocumentStore
from pyproxy.storage.pages import PageStore
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.upstreams import UpstreamStore


class ProjectActions:
    """Refreshes and purges. ``repository`` gives the server's as it is now, ``ages`` are the configured ones."""

    def __init__(
        self,
        database: Database,
        *,
        repository: Callable[[], PackageRepository],
        upstreams: UpstreamStore,
        pages: PageStore,
        recorded: RecordedHashes,
        files: FileStore,
        ages: Ages,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._repository = repository
        self._upstreams = upstreams
        self._pages = pages
        self._recorded = recorded
        self._files = files
        self._ages = ages
        self._clock = clock

    async def refresh(self, project: NormalizedName) -> Refreshed:
        """Ask the upstreams for the project again now, though what is known may be fresh. Raises `StorageError`."""
        repository = self._repository()
        documents = JsonDocumentStore(self._database)
        stored = self._upstreams.list(reveal=False)
        refreshing = Refreshing(repository, self._pages, documents, stored, stale_since=self._stale_since())
        try:
            return await refreshing.refresh(project)
        finally:
            await self._pages.announce()
            repository.priority.forget(project)

    async def would_go(self, project: NormalizedName, filename: str | None = None) -> Remembered:
        """What `purge` would forget. Raises `StorageError`."""
        return await aside(self._database, partial(self._remembered, project=project, filename=filename))

    async def purge(self, project: NormalizedName, filename: str | None = None) -> Remembered:
        """Forget the project, or one of its files; what that was. Thousands of files take seconds.

        Raises `StorageError`.
        """
        gone = await self.would_go(project, filename)
        await self._purging(self._database).forget(project, filename, stale_since=self._stale_since())
        priority = self._repository().priority
        for upstream in priority.upstreams:
            upstream.forget(project)
        priority.forget(project)
        return gone

    def _remembered(self, database: Database, *, project: NormalizedName, filename: str | None) -> Remembered:
        return self._purging(database).remembered(project, filename)

    def _purging(self, database: Database) -> Purging:
        return Purging(database, pages=self._pages, recorded=self._recorded, files=self._files)

    def _stale_since(self) -> float:
        settings = [upstream.settings for upstream in self._upstreams.list(reveal=False)]
        return just_stale(self._ages, settings, self._clock())
