"""The chain of components, built from the stored upstreams, and built anew when they change.

Requests under way end on the chain they began with. What a change does not touch stays: an upstream's connections
as long as its connection settings are the same, its health and the questions under way as long as all of them are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyproxy.app.extraction import Extraction
from pyproxy.app.json_documents import JsonWiring
from pyproxy.app.project_lists import ListWiring
from pyproxy.app.resources import Resources
from pyproxy.config.model import CacheConfig, ProjectListSource
from pyproxy.errors import PyproxyError
from pyproxy.net.connection import UpstreamConnection, same_connection_settings, user_agent
from pyproxy.net.fetcher import PageFetcher
from pyproxy.net.health import PAUSES, Health
from pyproxy.repositories.files import UpstreamFiles
from pyproxy.repositories.listings import Listings
from pyproxy.repositories.look_ahead import LookAhead
from pyproxy.repositories.metadata import MetadataFiles
from pyproxy.repositories.metadata_at_hand import MetadataAtHand
from pyproxy.repositories.observer import Observer
from pyproxy.repositories.packages import PackageRepository
from pyproxy.repositories.priority import PriorityRepository
from pyproxy.repositories.resolution import Rules
from pyproxy.repositories.stored import StoredContents
from pyproxy.repositories.transfers import Transfers
from pyproxy.repositories.upstream_pages import Lifetimes, UpstreamPages
from pyproxy.repositories.wheel_metadata import MetadataOffers
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.extracted import ExtractedMetadata
from pyproxy.storage.proof import Proof
from pyproxy.storage.upstreams import StoredUpstream

log = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.4
"""How often the revision of the settings is read: changes are taken over within a second."""


@dataclass(frozen=True, slots=True)
class _Member:
    """One upstream in the chain."""

    stored: StoredUpstream
    connection: UpstreamConnection
    pages: UpstreamPages


class Chain:
    """Builds the repository; ``current`` is the newest one. ``alone``: no other worker answers for this one."""

    def __init__(
        self,
        resources: Resources,
        cache: CacheConfig,
        *,
        contact: str | None,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        observer: Observer,
        project_list: ProjectListSource = "known",
        rest_pauses: Sequence[float] = PAUSES,
        alone: bool = False,
    ) -> None:
        self._resources = resources
        self._cache = cache
        self._contact = contact
        self._environ = environ
        self._clock = clock
        self._observer = observer
        self._rest_pauses = rest_pauses
        self._alone = alone
        self._lists = ListWiring(resources, cache, project_list, clock=clock, observer=observer)
        self._json = JsonWiring(resources, cache, clock=clock, observer=observer)
        self._members: dict[int, _Member] = {}
        self._revision = -1
        self._shown_revision = self._read_shown_revision()
        self._trouble = ""
        self.current = self._build()

    async def follow(self, take: Callable[[PackageRepository], None]) -> None:
        """Watch for changes of the settings for ever; each new chain is given to ``take``."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                if self._resources.upstreams.revision() != self._revision:
                    self.current = self._build()
                    take(self.current)
                    self._trouble = ""
                    log.info("the upstreams' settings changed: %s", self.described())
                self._follow_shown()
            except Exception as error:  # later changes must be noticed all the same
                self._report(error)

    def _follow_shown(self) -> None:
        """Decide anew what others changed: a sha256 recorded by another worker, a purge or refresh by a command."""
        revision = self._read_shown_revision()
        if revision != self._shown_revision:
            purged = self._resources.pages.purged_since(self._shown_revision[1])
            for member in self._members.values():
                for project in purged:
                    member.pages.forget(project)
                if revision[1] != self._shown_revision[1]:
                    member.pages.forget_put_off()
            self._shown_revision = revision
            self._json.forget()
            self.current.priority.forget()

    def _read_shown_revision(self) -> tuple[int, int]:
        return self._resources.recorded.revision(), self._resources.pages.revision()

    def _report(self, error: Exception) -> None:
        """Say it once, though it is tried again and again."""
        if str(error) != self._trouble:
            defect = None if isinstance(error, PyproxyError) else error
            log.error("the changed settings cannot be used, the old ones go on: %s", error, exc_info=defect)
        self._trouble = str(error)

    def described(self) -> str:
        """The upstreams in order, for the log."""
        members = sorted(self._members.values(), key=lambda member: member.stored.priority)
        names = [
            member.pages.name if member.stored.settings.active else f"{member.pages.name} (off)" for member in members
        ]
        return ", ".join(names) or "none"

    async def close(self) -> None:
        """End every question under way and close the connections."""
        await self._lists.close()
        await self._json.close()
        for member in self._members.values():
            await member.pages.close()
        for member in self._members.values():
            member.connection.close()

    def _build(self) -> PackageRepository:
        revision = self._resources.upstreams.revision()
        members = [self._member(stored) for stored in self._resources.upstreams.list()]
        current = {member.stored.id: member for member in members}
        connections = {id(member.connection) for member in members}
        pages = {id(member.pages) for member in members}
        for old in self._members.values():
            if id(old.pages) not in pages:
                successor = current.get(old.stored.id)
                old.pages.retire(successor.pages if successor is not None else None)
            if id(old.connection) not in connections:
                old.connection.close_when_idle()
        self._members, self._revision = current, revision
        upstreams = [(member.stored, member.connection, member.pages) for member in members]
        self._lists.take(upstreams)
        self._json.take(upstreams)
        return self._repository(members)

    def _member(self, stored: StoredUpstream) -> _Member:
        old = self._members.get(stored.id)
        if old is not None and (old.stored.generation, old.stored.settings) == (stored.generation, stored.settings):
            return _Member(stored, old.connection, old.pages)
        if old is not None and same_connection_settings(old.stored.settings, stored.settings):
            return _Member(stored, old.connection, self._pages(stored, old.connection, old.pages.standing.health))
        agent = user_agent(self._contact)
        connection = UpstreamConnection(
            stored.settings,
            environ=self._environ,
            user_agent=agent,
            connections=self._cache.connections_per_upstream,
        )
        return _Member(stored, connection, self._pages(stored, connection, Health(time.monotonic, self._rest_pauses)))

    def _pages(self, stored: StoredUpstream, connection: UpstreamConnection, health: Health) -> UpstreamPages:
        settings, cache = stored.settings, self._cache
        fetcher = PageFetcher(
            connection,
            settings.index_url,
            settings.name,
            max_page_size=cache.max_page_size,
            clock=self._clock,
        )
        lifetimes = Lifetimes(
            index_ttl=cache.index_ttl if settings.index_ttl is None else settings.index_ttl,
            missing_ttl=cache.missing_ttl if settings.missing_ttl is None else settings.missing_ttl,
        )
        return UpstreamPages(
            stored,
            fetcher=fetcher,
            pages=self._resources.pages,
            recorded=self._resources.recorded,
            workshop=self._resources.workshop,
            health=health,
            lifetimes=lifetimes,
            page_timeout=cache.lookup_timeout,
            clock=self._clock,
            observer=self._observer,
            lull=self._resources.lull,
            alone=self._alone,
        )

    def _repository(self, members: list[_Member]) -> PackageRepository:
        """The wiring of the behaviour: local files, then upstreams in order; pages and files decide alike."""
        resources, cache, clock = self._resources, self._cache, self._clock
        rules = Rules(serve_stale_for=cache.serve_stale_for, offline=cache.offline)
        extracted = ExtractedMetadata(resources.database, clock) if cache.extract_metadata else None
        priority = PriorityRepository(
            [member.pages for member in members],
            rules=rules,
            lookup_timeout=cache.lookup_timeout,
            clock=clock,
            offers=MetadataOffers(extracted, offline=cache.offline).of_page,
        )
        listings = Listings(priority, lookup_timeout=cache.lookup_timeout, clock=clock)
        stored = StoredContents(resources.files, Proof(resources.database, resources.files), clock=clock)
        extraction = Extraction(
            extracted=extracted,
            stored=stored,
            listings=listings,
            upstreams={member.stored.id: (member.pages.name, member.connection) for member in members},
            observer=self._observer,
            forget_page=priority.forget,
            clock=clock,
        )
        transfers = Transfers(
            downloads=resources.downloads,
            files=resources.files,
            recorded=resources.recorded,
            pages=resources.pages,
            listings=listings,
            connections={member.stored.id: member.connection for member in members},
            observer=self._observer,
            on_kept=extraction.on_kept,
        )
        files = UpstreamFiles(
            listings=listings,
            transfers=transfers,
            stored=stored,
            metadata=MetadataFiles(
                listings=listings, transfers=transfers, stored=stored, wheels=extraction.wheels(transfers)
            ),
            whole_file_below=cache.whole_file_below,
            forget_page=priority.forget,
        )
        return PackageRepository(
            local=resources.local,
            priority=priority,
            files=files,
            lists=self._lists.lists,
            legacy_json=self._json.build(files, stored, rules),
            metadata=MetadataAtHand(lambda sha256: resources.files.note_use(sha256, clock()), alone=self._alone),
            look_ahead=self._look_ahead(priority) if cache.look_ahead and not cache.offline else None,
        )

    def _look_ahead(self, priority: PriorityRepository) -> LookAhead | None:
        local, active = self._resources.local, [each.name for each in priority.upstreams if each.settings.active]
        if not active:
            return None

        def at_hand(project: NormalizedName) -> bool:
            return priority.warm(project) is not None or (local is not None and local.has(project))

        return LookAhead(active[-1], priority.get_project_detail, at_hand=at_hand, lull=self._resources.lull)
