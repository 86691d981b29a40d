"""A project asked for again now, although what is known of it may be fresh: for who has just published a release.

The upstreams are asked as the server would ask them once freshness is over: conditionally, in priority order, until
the owner is found. So a project that was published at a more trusted upstream is seen. A local project is not asked
for: its name never leaves the house.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pyproxy.errors import PyproxyError, StorageError, UpstreamError
from pyproxy.repositories.packages import PackageRepository
from pyproxy.repositories.priority import PriorityRepository
from pyproxy.repositories.resolution import Outcome
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.work import links
from pyproxy.storage.json_documents import JsonDocumentStore
from pyproxy.storage.pages import KnownPage, PageStore
from pyproxy.storage.upstreams import StoredUpstream

ANSWER_SECONDS = 120.0
"""How long one upstream's answer may take as a whole: who asks by hand waits for more than a client would."""

Kind = Literal["unchanged", "changed", "new", "missing", "gone", "failed"]
"""A page as before, another one, the first one; no such project, or no longer; no usable answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one upstream said. ``added`` and ``removed`` count files against its page before; ``reason`` of a failure.

    ``stands_in``: a failed upstream's last known answer goes on counting: its ``page``, or that it has ``none``.
    """

    upstream: str
    kind: Kind
    files: int = 0
    added: int = 0
    removed: int = 0
    reason: str = ""
    stands_in: Literal["", "page", "none"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What came of one project. ``owner`` is the upstream whose page is served now; ``local``: nobody was asked.

    ``problem``: why nobody may be asked, or that what was said could not be stored.
    """

    project: str
    said: tuple[Said, ...] = ()
    owner: str | None = None
    local: bool = False
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether everybody was asked on whom the answer depends."""
        return not self.problem and all(said.kind != "failed" or said.stands_in == "none" for said in self.said)


class Refreshing:
    """Refreshes projects of one storage directory; ``stored`` are its upstreams.

    Documents of the JSON API are let go stale (as of ``stale_since``, unix seconds), so that the next request for one
    asks again, too.
    """

    def __init__(
        self,
        repository: PackageRepository,
        pages: PageStore,
        documents: JsonDocumentStore,
        stored: Sequence[StoredUpstream],
        *,
        stale_since: float,
    ) -> None:
        self._repository = repository
        self._priority: PriorityRepository = repository.priority
        self._pages = pages
        self._documents = documents
        self._stale_since = stale_since
        self._keys = {upstream.id: upstream.key for upstream in stored}

    async def refresh(self, project: NormalizedName) -> Refreshed:
        """Ask, and store what is said. Raises nothing that concerns one project only."""
        if self._repository.local is not None and self._repository.local.has(project):
            return Refreshed(project=project, local=True)
        if self._priority.offline:
            return Refreshed(project=project, problem="cache.offline is on: no upstream is asked")
        try:
            sources = self._priority.admitted(project)
        except PyproxyError as error:
            return Refreshed(project=project, problem=str(error))
        said: list[Said] = []
        try:
            return await self._walk(sources, project, said)
        except StorageError as error:
            return Refreshed(project=project, said=tuple(said), problem=str(error))

    async def _walk(self, sources: Sequence[UpstreamPages], project: NormalizedName, said: list[Said]) -> Refreshed:
        """Raises `StorageError`; ``said`` has what was said until then."""
        await self._documents.expire(project, self._stale_since)
        for source in sources:
            said.append(await self._ask(source, project))
            if said[-1].kind in ("unchanged", "changed", "new") or said[-1].stands_in == "page":
                return Refreshed(project=project, said=tuple(said), owner=source.name)
            if said[-1].kind == "failed" and not said[-1].stands_in and source.on_failure == "stop":
                break
        return Refreshed(project=project, said=tuple(said))

    async def _ask(self, source: UpstreamPages, project: NormalizedName) -> Said:
        """Raises `StorageError` where the answer could not be stored: it would be lost with this process."""
        before = source.known_page(project)
        names = _filenames(source, before)
        answer = await self._priority.ask_again(source, project, ANSWER_SECONDS)
        if isinstance(answer, UpstreamError):
            stand_in = self._priority.stand_in(source, project)
            stands_in: Literal["", "page", "none"] = ""
            if stand_in is not None:
                stands_in = "page" if stand_in.found else "none"
            return Said(upstream=source.name, kind="failed", reason=answer.reason, stands_in=stands_in)
        now = source.known_page(project)
        self._check_stored(source, project, now)
        had_page = before is not None and before.tag is not None
        if answer is Outcome.MISSING or now is None:
            return Said(upstream=source.name, kind="gone" if had_page else "missing")
        if had_page and before is not None and before.tag == now.tag:
            return Said(upstream=source.name, kind="unchanged", files=len(names))
        newer = _filenames(source, now)
        return Said(
            upstream=source.name,
            kind="changed" if had_page else "new",
            files=len(newer),
            added=len(newer - names),
            removed=len(names - newer),
        )

    def _check_stored(self, source: UpstreamPages, project: NormalizedName, now: KnownPage | None) -> None:
        key = self._keys.get(source.upstream_id)
        if key is None:
            raise StorageError(f"{source.name} was added or removed at this very moment: ask again")
        stored = self._pages.get(key, project)
        if now is not None and (stored is None or (stored.tag, stored.checked_at) != (now.tag, now.checked_at)):
            raise StorageError(f"{source.name} answered, but its answer for {project} could not be stored")


def _filenames(source: UpstreamPages, page: KnownPage | None) -> set[str]:
    if page is None or page.tag is None:
        return set()
    try:
        return set(links(source.page_body(page.tag)))
    except PyproxyError:  # a newer page has taken its place at this very moment
        return set()
