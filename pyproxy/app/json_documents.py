"""What answers ``/pypi/<project>/json``, built from the upstreams that have a place for such documents."""

from __future__ import annotations

from collections.abc import Callable

from pyproxy.app.resources import Resources
from pyproxy.config.model import CacheConfig
from pyproxy.net.connection import UpstreamConnection
from pyproxy.net.fetcher import PageFetcher
from pyproxy.net.json_fetcher import JsonFetcher
from pyproxy.repositories.files import UpstreamFiles
from pyproxy.repositories.json_api.documents import LegacyJson
from pyproxy.repositories.json_api.known_documents import KnownDocuments
from pyproxy.repositories.json_api.release_metadata import ReleaseMetadata
from pyproxy.repositories.json_api.rendered_documents import RenderedDocuments
from pyproxy.repositories.json_api.upstream_documents import UpstreamDocuments
from pyproxy.repositories.observer import Observer
from pyproxy.repositories.resolution import Rules
from pyproxy.repositories.stored import StoredContents
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.storage.json_documents import JsonDocumentStore
from pyproxy.storage.upstreams import StoredUpstream


class JsonWiring:
    """Keeps what is known of an upstream's documents as long as its pages are kept, and builds `LegacyJson` on top."""

    def __init__(
        self, resources: Resources, cache: CacheConfig, *, clock: Callable[[], float], observer: Observer
    ) -> None:
        self._resources = resources
        self._cache = cache
        self._clock = clock
        self._observer = observer
        self._store = JsonDocumentStore(resources.database)
        self._rendered = RenderedDocuments(resources.workshop)
        self._documents: list[UpstreamDocuments] = []

    def take(self, upstreams: list[tuple[StoredUpstream, UpstreamConnection, UpstreamPages]]) -> None:
        """The upstreams as they are now."""
        old = {id(documents.pages): documents for documents in self._documents}
        now = [old.get(id(pages)) or self._of(stored, connection, pages) for stored, connection, pages in upstreams]
        self._documents = [documents for documents in now if documents is not None]

    def forget(self) -> None:
        """Something was purged: what is only in memory counts no more."""
        for documents in self._documents:
            documents.known.forget_held()

    def build(self, files: UpstreamFiles, stored: StoredContents, rules: Rules) -> LegacyJson:
        """The component for one chain."""
        return LegacyJson(
            documents={documents.name: documents for documents in self._documents},
            metadata=ReleaseMetadata(local=self._resources.local, files=files, stored=stored, clock=self._clock),
            rendered=self._rendered,
            rules=rules,
            clock=self._clock,
        )

    async def close(self) -> None:
        """End what is being asked."""
        for documents in self._documents:
            await documents.close()

    def _of(
        self, stored: StoredUpstream, connection: UpstreamConnection, pages: UpstreamPages
    ) -> UpstreamDocuments | None:
        settings, cache = stored.settings, self._cache
        if settings.json_url is None:
            return None
        fetcher = PageFetcher(
            connection, settings.index_url, settings.name, max_page_size=cache.max_page_size, clock=self._clock
        )
        return UpstreamDocuments(
            pages,
            fetcher=JsonFetcher(fetcher, settings.json_url),
            known=KnownDocuments(stored.key, self._store),
            workshop=self._resources.workshop,
            timeout=cache.lookup_timeout,
            clock=self._clock,
            observer=self._observer,
        )
