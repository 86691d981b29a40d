"""Who lists a file: the upstreams in the order in which they may answer for its project.

The sha256 in a file's address carries the decision that was made when the page was served, so the file is looked for
at any upstream that lists this filename with this sha256. A page that is known, however old, settles it without
asking. One thing is not done: once an upstream is found to have the project, but not this file, later upstreams are
not asked about a name that is not theirs; only what is already known of them counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from pyproxy.errors import (
    FileNotListed,
    NotAnswered,
    NotKnownOffline,
    ProjectNotFound,
    ProjectUnavailable,
    PyproxyError,
    UpstreamError,
)
from pyproxy.repositories.priority import DECISIONS, PriorityRepository
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.simple.canonical import Link
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.pages import KnownPage

ASKED_JUST_NOW_SECONDS = 3.0
"""A page confirmed so recently is not asked again for a file that it does not list."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as one upstream lists it; ``sha256`` is the listed one, or the one recorded at its first download."""

    upstream: UpstreamPages
    project: NormalizedName
    link: Link
    sha256: str | None


@dataclass(slots=True)
class _Walk:
    """What was met on the way through the upstreams.

    ``overtaken``: a page that an upstream had was purged, or replaced, before it was looked at.
    """

    has_project: bool = False
    overtaken: bool = False
    failures: list[UpstreamError] = field(default_factory=list)
    unknown_offline: bool = False

    def verdict(self, project: NormalizedName, filename: str) -> PyproxyError:
        """Why nobody lists the file: an absence only if everybody says so."""
        if self.failures:
            return ProjectUnavailable(filename, self.failures)
        if self.unknown_offline:
            return NotKnownOffline(f"offline, and {filename} is not in the cache")
        if self.has_project:
            return FileNotListed(f"no index lists a file {filename} of {project} with this sha256")
        return ProjectNotFound(project)


class Listings:
    """Finds files on the upstreams' pages."""

    def __init__(self, priority: PriorityRepository, *, lookup_timeout: float, clock: Callable[[], float]) -> None:
        self._priority = priority
        self._lookup_timeout = lookup_timeout
        self._clock = clock

    @property
    def offline(self) -> bool:
        """Whether no upstream may be asked for anything."""
        return self._priority.offline

    async def known_wheel(
        self, project: NormalizedName, filename: str, sha256: str, offers: Callable[[ListedFile], bool]
    ) -> ListedFile | None:
        """The wheel as some upstream's newest known page lists it, the inactive ones' too; nobody is asked.

        The most trusted upstream's that advertises metadata for it, or for which ``offers`` says that it is offered
        here: the page that a client has may be a later upstream's, and what that advertised must be found.
        """
        found = None
        for upstream in self._priority.upstreams:
            listed = await self._listed_as(upstream, project, filename, sha256)
            if listed is not None:
                if listed.link.core_metadata is not False or offers(listed):
                    return listed
                found = found or listed
        return found

    def may_be_asked(self, listed: ListedFile) -> bool:
        """Whether the upstream may be asked for files of this project, as the settings are now."""
        return listed.upstream in self._priority.admitted(listed.project)

    async def on_page(self, project: NormalizedName, filename: str) -> ListedFile:
        """The file as the project's current page lists it; for addresses without a sha256.

        Raises what `PriorityRepository.get_project_detail` raises, and `FileNotListed`.
        """
        for _ in range(DECISIONS):
            page = await self._priority.get_project_detail(project)
            owner = next((each for each in self._priority.upstreams if each.name == page.upstream), None)
            listed = None if owner is None else await self._listed(owner, project, filename)
            if listed is not None:
                return listed
            known = None if owner is None else owner.known_page(project)
            if owner is not None and known is not None and known.tag == page.tag:
                # Looked for again: the page may have been purged, and have come again meanwhile.
                listed = await self._listed(owner, project, filename)
                if listed is not None:
                    return listed
                raise FileNotListed(f"{page.upstream} lists no file {filename} of {project}")
            self._priority.forget(project)  # purged or replaced while we were looking: no word about the file
        raise NotAnswered(f"{project} is being purged from the cache; ask again")

    async def first(self, project: NormalizedName, filename: str, sha256: str) -> ListedFile:
        """The listing of the most trusted upstream that has the file with this sha256.

        Raises `FileNotListed` or `ProjectNotFound` if everybody says so, `ProjectUnavailable` if somebody failed who
        might have it, `NotKnownOffline`, `NotAnswered` where purges overtake every try, or what `admission.admitted`
        raises. All upstreams together are waited for no longer than for a page.
        """
        deadline = asyncio.get_running_loop().time() + self._lookup_timeout
        for _ in range(DECISIONS):
            walk = _Walk()
            listed = await self._through_all(project, filename, sha256, walk, deadline)
            if listed is not None:
                return listed
            if walk.failures or not walk.overtaken:
                raise walk.verdict(project, filename)
        raise NotAnswered(f"{project} is being purged from the cache; ask again")

    def after(self, listed: ListedFile) -> list[UpstreamPages]:
        """The upstreams that may be tried when this one's copy is no good, in order."""
        admitted = self._priority.admitted(listed.project)
        if listed.upstream not in admitted:
            return []
        return admitted[admitted.index(listed.upstream) + 1 :]

    async def at(self, upstream: UpstreamPages, listed: ListedFile) -> ListedFile:
        """The same file (name and sha256) as another upstream lists it.

        Raises `FileNotListed` where it does not, `UpstreamError` where it cannot be asked.
        """
        filename = listed.link.filename
        other = await self._listed_as(upstream, listed.project, filename, listed.sha256)
        if other is None:
            walk = _Walk()
            await self._ask_again(upstream, listed.project, walk, self._lookup_timeout)
            if walk.failures:
                raise walk.failures[0]
            other = await self._listed_as(upstream, listed.project, filename, listed.sha256)
        if other is None:
            raise FileNotListed(f"{upstream.name} lists no file {filename} with this sha256")
        return other

    async def again(self, listed: ListedFile) -> ListedFile | None:
        """The same file as its upstream lists it now; ``None`` where it does not, or cannot be asked."""
        await self._ask_again(listed.upstream, listed.project, _Walk(), self._lookup_timeout)
        return await self._listed_as(listed.upstream, listed.project, listed.link.filename, listed.sha256)

    async def _through_all(
        self, project: NormalizedName, filename: str, sha256: str, walk: _Walk, deadline: float
    ) -> ListedFile | None:
        """The first listing that is met; ``deadline`` is by the event loop's clock."""
        loop, upstreams = asyncio.get_running_loop(), self._priority.admitted(project)
        for index, upstream in enumerate(upstreams):
            listed = await self._listed_as(upstream, project, filename, sha256)
            if listed is None and not walk.has_project:
                share = max(0.0, deadline - loop.time()) / (len(upstreams) - index)
                stop = await self._ask_again(upstream, project, walk, share)
                if stop:
                    break
                known = upstream.known_page(project)
                listed = await self._listed_as(upstream, project, filename, sha256)
                walk.overtaken = walk.overtaken or not (self.offline or _is_still(known, upstream.known_page(project)))
            if listed is not None:
                return listed
            walk.has_project = walk.has_project or _has_project(upstream, project)
        return None

    async def _ask_again(self, upstream: UpstreamPages, project: NormalizedName, walk: _Walk, wait: float) -> bool:
        """Ask for the project's page, unless its newest answer is too new to have changed; ``wait`` is in seconds.

        Whether the walk ends here: the upstream failed, may have the file, and nobody may answer for it.
        """
        known = upstream.known_page(project)
        if self.offline:
            # Who asks for a file that the known page does not list may have a newer page.
            walk.unknown_offline = walk.unknown_offline or known is None or known.tag is not None
            return known is None and upstream.on_failure == "stop"
        if known is not None:
            unchanged_for = ASKED_JUST_NOW_SECONDS if known.tag is not None else upstream.lifetimes.missing_ttl
            if 0 <= self._clock() - known.checked_at < unchanged_for:
                return False
        answer = await self._priority.ask_again(upstream, project, wait)
        if not isinstance(answer, UpstreamError):
            return False
        stand_in = self._priority.stand_in(upstream, project)
        if stand_in is not None and not stand_in.found:
            return False  # a known 404 that still counts
        walk.failures.append(answer)
        return upstream.on_failure == "stop"

    async def _listed(self, upstream: UpstreamPages, project: NormalizedName, filename: str) -> ListedFile | None:
        try:
            link = await upstream.link(project, filename)
        except LookupError:
            return None  # purged while we were looking
        if link is None:
            return None
        sha256 = link.sha256 or upstream.recorded_hashes(project).get(filename)
        return ListedFile(upstream, project, link, sha256)

    async def _listed_as(
        self, upstream: UpstreamPages, project: NormalizedName, filename: str, sha256: str | None
    ) -> ListedFile | None:
        """The same, if it is the file with this sha256; ``None`` is that of a file whose hash nobody knows."""
        listed = await self._listed(upstream, project, filename)
        return listed if listed is not None and listed.sha256 == sha256 else None


def _is_still(known: KnownPage | None, now: KnownPage | None) -> bool:
    """Whether the newest answer is there, and the one that was looked at."""
    return known is not None and now is not None and known.tag == now.tag


def _has_project(upstream: UpstreamPages, project: NormalizedName) -> bool:
    known = upstream.known_page(project)
    return known is not None and known.tag is not None
