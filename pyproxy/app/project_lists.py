"""What answers ``/simple/``, by ``project_list`` in the configuration; kept while the upstreams' settings change."""

from __future__ import annotations

from collections.abc import Callable

from pyproxy.app.resources import Resources
from pyproxy.config.model import CacheConfig, ProjectListSource
from pyproxy.net.connection import UpstreamConnection
from pyproxy.net.list_fetcher import ListFetcher
from pyproxy.repositories.observer import Observer
from pyproxy.repositories.project_lists.known_list import KnownProjects, ProjectLists
from pyproxy.repositories.project_lists.refresh import ListOwner, ListRefresh
from pyproxy.repositories.project_lists.upstream_list import ListSource, UpstreamProjectList
from pyproxy.repositories.recent_failures import RecentFailures
from pyproxy.repositories.resolution import Rules
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.storage.upstreams import StoredUpstream


class ListWiring:
    """Builds `lists` once, and tells it which upstream is the most trusted active one."""

    def __init__(
        self,
        resources: Resources,
        cache: CacheConfig,
        project_list: ProjectListSource,
        *,
        clock: Callable[[], float],
        observer: Observer,
    ) -> None:
        self._cache = cache
        self._clock = clock
        self._upstream: UpstreamProjectList | None = None
        known = KnownProjects(resources.pages, resources.local, resources.workshop)
        if project_list == "upstream":
            self._upstream = UpstreamProjectList(
                resources.lists,
                ListRefresh(resources.lists, resources.workshop, has_room=resources.files.has_room, clock=clock),
                known,
                rules=Rules(serve_stale_for=cache.serve_stale_for, offline=cache.offline),
                clock=clock,
                observer=observer,
            )
        self.lists: ProjectLists = self._upstream or known

    def take(self, upstreams: list[tuple[StoredUpstream, UpstreamConnection, UpstreamPages]]) -> None:
        """The upstreams in priority order, as they are now."""
        if self._upstream is not None:
            active = [each for each in upstreams if each[0].settings.active]
            self._upstream.source = self._source(*active[0]) if active else None

    async def close(self) -> None:
        """End what is being asked."""
        if self._upstream is not None:
            await self._upstream.close()

    def _source(self, stored: StoredUpstream, connection: UpstreamConnection, pages: UpstreamPages) -> ListSource:
        return ListSource(
            owner=ListOwner(stored.settings.name, stored.id, stored.generation),
            pages=pages,
            fetcher=ListFetcher(
                connection, stored.settings.index_url, max_size=self._cache.max_page_size, clock=self._clock
            ),
            failures=RecentFailures(self._clock),
        )
