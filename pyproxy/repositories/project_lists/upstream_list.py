"""The list of the most trusted active upstream, with the local names (``project_list: upstream``).

It is fetched when somebody asks, never at the start, and once for all who ask, in this process and in others. Who
comes first waits for it; later a known list is served while a stale one is refreshed behind, as project pages are.
It decides nothing: whether a project exists is for its page to say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pyproxy.errors import NoActiveUpstream, NotAnswered, PyproxyError, StorageError, UpstreamError
from pyproxy.net.list_fetcher import ListFetcher
from pyproxy.repositories.base import ListAnswer
from pyproxy.repositories.content import DiskContent
from pyproxy.repositories.observer import Asked, Observer
from pyproxy.repositories.priority import because
from pyproxy.repositories.project_lists.known_list import KnownProjects
from pyproxy.repositories.project_lists.refresh import ListOwner, ListRefresh, Received, Wanted
from pyproxy.repositories.project_lists.work import Selection
from pyproxy.repositories.recent_failures import RecentFailures
from pyproxy.repositories.resolution import PATIENCE_SECONDS, Freshness, Outcome, Rules
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.negotiate import Format
from pyproxy.storage.project_lists import KeptList, ProjectListStore

log = logging.getLogger(__name__)

_THE_LIST = NormalizedName("")
"""Stands for the list where failures are remembered by project."""

SWAPS = 3
"""A list that is replaced while it is being opened is looked for again, so many times in all."""

_Ended = PyproxyError | None


@dataclass(frozen=True, slots=True)
class ListSource:
    """The upstream whose list is served, as its settings are now."""

    owner: ListOwner
    pages: UpstreamPages
    fetcher: ListFetcher
    failures: RecentFailures


class UpstreamProjectList:
    """Serves the list of `source`, which is replaced when settings change (``None``: no upstream is active)."""

    def __init__(
        self,
        store: ProjectListStore,
        refresh: ListRefresh,
        known: KnownProjects,
        *,
        rules: Rules,
        clock: Callable[[], float],
        observer: Observer,
    ) -> None:
        self.source: ListSource | None = None
        self._store = store
        self._refresh = refresh
        self._known = known
        self._rules = rules
        self._clock = clock
        self._observer = observer
        self._asking: tuple[ListSource, asyncio.Task[_Ended], float] | None = None
        self._tasks: set[asyncio.Task[_Ended]] = set()

    async def get(self, format: Format, *, gzip: bool) -> ListAnswer:
        """The list, as `project_list.ProjectLists` promises; whoever stops waiting does not end the asking.

        Offline, what is kept is served however old it is, else the names that are known here.
        """
        source = self.source
        if source is None:
            raise NoActiveUpstream("no upstream is active whose projects could be listed")
        kept = self._kept(source)
        if kept is None and self._rules.offline:
            return await self._known.get(format, gzip=gzip)
        freshness, why = Freshness.HIT, ""
        if kept is None or not self._is_current(source, kept):
            outcome = await self._brought_up_to_date(source, kept)
            freshness = Freshness.MISS if outcome is Outcome.FOUND else Freshness.STALE
            why = because(outcome) if freshness is Freshness.STALE else ""
        answer = self._opened(source, format, gzip, freshness, why)
        if answer is None:
            raise NotAnswered("the list of projects was taken away just now; ask again")
        return answer

    async def close(self) -> None:
        """End what is being asked."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _brought_up_to_date(self, source: ListSource, kept: KeptList | None) -> Outcome | UpstreamError:
        """How asking ended; a failure is raised where nothing known may stand in for the list."""
        if self._rules.offline:
            return Outcome.OFFLINE
        stands_in = kept is not None and self._clock() - kept.checked_at <= self._rules.serve_stale_for
        ended: PyproxyError | None = self._refusal(source)
        if ended is None:
            task, since = self._ask(source)
            patience = max(0.0, since + PATIENCE_SECONDS - asyncio.get_running_loop().time())
            done, _ = await asyncio.wait({task}, timeout=patience if stands_in else None)
            if not done:
                return Outcome.OVERDUE
            if task.cancelled():
                raise NotAnswered("the server is stopping")
            ended = task.result()
        if ended is None:
            return Outcome.FOUND
        if not stands_in:
            raise ended
        return ended if isinstance(ended, UpstreamError) else Outcome.OVERDUE

    def _refusal(self, source: ListSource) -> UpstreamError | None:
        standing = source.pages.standing
        return standing.rest_error() if standing.health.resting else source.failures.get(_THE_LIST)

    def _ask(self, source: ListSource) -> tuple[asyncio.Task[_Ended], float]:
        """Ask, or join those who are asking, and since when (the loop's clock)."""
        if self._asking is None or self._asking[0] is not source or self._asking[1].done():
            loop = asyncio.get_running_loop()
            task = loop.create_task(self._asked(source))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._asking = (source, task, loop.time())
        return self._asking[1], self._asking[2]

    async def _asked(self, source: ListSource) -> _Ended:
        wanted = Wanted(
            owner=source.owner,
            fetcher=source.fetcher,
            selection=self._selection(source),
            is_fresh=lambda kept: self._is_fresh(source, kept),
        )
        try:
            received = await self._refresh.run(wanted)
        except UpstreamError as error:
            self._tell(source, None, error)
            source.failures.add(_THE_LIST, error)
            log.warning("the list of projects: %s", error)
            return error
        except StorageError as error:
            log.warning("the list of projects: %s", error)
            return error
        except Exception:  # nobody else would see it: this is the end of a task that many may wait for
            name = source.owner.upstream
            log.exception("asking upstream %s for its list failed", name)
            return UpstreamError(name, "could not be asked because of a defect in pyproxy (see its log)")
        if received is not None:
            self._tell(source, received, None)
        return None

    def _tell(self, source: ListSource, received: Received | None, error: UpstreamError | None) -> None:
        self._observer.asked(
            Asked(
                upstream_id=source.owner.upstream_id,
                upstream=source.owner.upstream,
                route="list",
                found=error is None,
                error=error,
                seconds=received.seconds if received is not None else None,
                received=received.size if received is not None else None,
            )
        )

    def _kept(self, source: ListSource) -> KeptList | None:
        kept = self._store.newest()
        return kept if kept is not None and source.owner.owns(kept) and self._store.is_whole(kept) else None

    def _is_fresh(self, source: ListSource, kept: KeptList) -> bool:
        return 0 <= self._clock() - kept.checked_at < source.pages.lifetimes.index_ttl

    def _is_current(self, source: ListSource, kept: KeptList) -> bool:
        return self._is_fresh(source, kept) and kept.selection == self._selection(source).tag()

    def _selection(self, source: ListSource) -> Selection:
        settings = source.pages.settings
        return Selection(self._known.local_names(), settings.projects, settings.excluded_projects)

    def _opened(
        self, source: ListSource, format: Format, gzip: bool, freshness: Freshness, why: str
    ) -> ListAnswer | None:
        for _ in range(SWAPS):
            kept = self._kept(source)
            if kept is None:
                return None
            form = kept.json if format is Format.JSON_V1 else kept.html
            file = form.gzipped if gzip else form.plain
            descriptor = self._store.open(file)
            if descriptor is None:
                continue
            content = DiskContent(descriptor, size=file.size, sha256=file.sha256, upstream=source.owner.upstream)
            return ListAnswer(
                etag_base=form.plain.sha256[:32],
                size=file.size,
                pieces=partial(content.pieces, 0, None),
                close=content.close,
                upstream=source.owner.upstream,
                freshness=freshness,
                fresh_until=kept.checked_at + source.pages.lifetimes.index_ttl,
                stale_because=why,
            )
        return None
