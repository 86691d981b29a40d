"""What is stored about each upstream and one project: its newest answer, its failures, its rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyproxy.admin.explanation.model import KnownView
from pyproxy.admin.explanation.pages_read import PageReader, PageSummary
from pyproxy.errors import PageGone, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from pyproxy.repositories.priority import PriorityRepository, candidate_of
from pyproxy.repositories.resolution import MISSING_USABLE_SECONDS
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.simple.model import File, NormalizedName
from pyproxy.storage.failures import Failure, FailureStore, Rest
from pyproxy.storage.pages import KnownPage

REST_HEARD_SECONDS = 120.0
"""A rest whose next probe has been due for so long is one of a server that was killed."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One upstream's. ``file`` is the wanted one as its page lists it.

    ``rest_is_old``: told by a server that was not heard of since.
    """

    upstream: UpstreamPages
    file: File | None
    known: KnownView | None
    rest: Rest | None
    rest_is_old: bool
    failures: tuple[Failure, ...]

    @property
    def failing(self) -> Failure | None:
        """The failure of the page that is newer than what is known of it."""
        since = -math.inf if self.known is None else self.known.checked_at
        pages = (failure for failure in self.failures if failure.route == "page")
        return next((failure for failure in pages if failure.over_at is None and failure.last_at >= since), None)

    @property
    def resting(self) -> UpstreamError | None:
        """Why the upstream is not asked at all now, as the server puts it."""
        if self.rest is None or self.rest_is_old:
            return None
        error = UpstreamTimeout if self.rest.kind == "timeout" else UpstreamUnreachable
        return error(self.upstream.name, f"rests after repeated failures: it {self.rest.reason}")

    @property
    def failed(self) -> UpstreamError | None:
        """Its last word, where that is a failure."""
        if self.failing is None:
            return None
        error = UpstreamTimeout if self.failing.kind == "timeout" else UpstreamError
        return error(self.upstream.name, self.failing.reason)


class FactFinder:
    """Looks at what is stored, and asks nobody."""

    def __init__(self, priority: PriorityRepository, failures: FailureStore, reader: PageReader) -> None:
        self._priority = priority
        self._failures = failures
        self._reader = reader

    async def facts(self, project: NormalizedName, now: float, *, filename: str | None) -> list[Facts]:
        """Of every upstream in priority order, the inactive ones too; of pages the file of this name.

        Raises `StorageError`.
        """
        rests = self._failures.rests()
        failures = self._failures.of_project(project)
        return [
            await self._facts_of(upstream, project, rests.get(upstream.upstream_id), failures, now, filename)
            for upstream in self._priority.upstreams
        ]

    async def _facts_of(
        self,
        upstream: UpstreamPages,
        project: NormalizedName,
        rest: Rest | None,
        failures: Sequence[Failure],
        now: float,
        filename: str | None,
    ) -> Facts:
        answer = upstream.known_page(project)
        summary, file = None, None
        if answer is not None and (tag := answer.tag) is not None:
            try:
                body = upstream.page_body(tag)
            except PageGone:
                answer = None  # replaced at this very moment
            else:
                summary = await self._reader.summary(tag, body, project)
                file = None if filename is None else await self._reader.file(body, filename)
        known = None if answer is None else self._known(upstream, project, answer, summary)
        return Facts(
            upstream=upstream,
            file=file,
            known=known,
            rest=rest,
            rest_is_old=rest is not None and now > (rest.probe_at or rest.since) + REST_HEARD_SECONDS,
            failures=tuple(
                _ended(failure, known) for failure in failures if failure.upstream_id == upstream.upstream_id
            ),
        )

    def _known(
        self, upstream: UpstreamPages, project: NormalizedName, answer: KnownPage, page: PageSummary | None
    ) -> KnownView:
        fresh_until = candidate_of(upstream, project).fresh_until()
        return KnownView(
            found=page is not None,
            checked_at=answer.checked_at,
            changed_at=answer.changed_at,
            fresh_until=fresh_until,
            usable_until=self._usable_until(upstream, answer, fresh_until),
            conditional=answer.etag is not None or answer.last_modified is not None,
            url=answer.page_url,
            files=page.files if page else 0,
            releases=page.releases if page else 0,
            newest=page.newest if page else None,
            unhashed=page.unhashed if page else 0,
            status=page.status if page else None,
        )

    def _usable_until(self, upstream: UpstreamPages, answer: KnownPage, fresh_until: float) -> float | None:
        """Until when the answer may stand in for the upstream, as `resolution.usable` has it."""
        rules = self._priority.rules
        if rules.offline:
            return None
        if answer.tag is not None:
            return answer.checked_at + rules.serve_stale_for
        if upstream.on_failure == "stop":
            return fresh_until
        return max(fresh_until, answer.checked_at + MISSING_USABLE_SECONDS)


def _ended(failure: Failure, known: KnownView | None) -> Failure:
    """The failure, over where an answer is newer: one that a command asked for is in no server's records."""
    if failure.route != "page" or failure.over_at is not None or known is None or known.checked_at <= failure.last_at:
        return failure
    return replace(failure, over_at=known.checked_at)
