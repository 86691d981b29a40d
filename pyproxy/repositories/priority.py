"""The upstreams in priority order: the first that has a project owns it.

Order is trust: a project found at one upstream is never completed from a later one, so a name taken on a public
index cannot displace a private project (dependency confusion). The rules are in ``resolution.py``; this module asks,
waits, and remembers decisions that are still fresh, so that a warm page costs one look-up.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from pyproxy.errors import (
    NotAnswered,
    NotKnownOffline,
    PageGone,
    ProjectNotFound,
    ProjectUnavailable,
    UpstreamError,
    UpstreamStatus,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from pyproxy.repositories.admission import admitted
from pyproxy.repositories.base import ProjectPage, tag_of
from pyproxy.repositories.reading import readable
from pyproxy.repositories.resolution import (
    PATIENCE_SECONDS,
    Ask,
    Candidate,
    Freshness,
    GiveUp,
    KnownAnswer,
    NotFound,
    Outcome,
    Rules,
    Serve,
    decide,
    usable,
)
from pyproxy.repositories.upstream_pages import Answer, UpstreamPages
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.offered import NOTHING_OFFERED, OfferedMetadata

WARM_DECISIONS = 20_000
"""Fresh decisions kept at hand; each is a few hundred bytes."""

DECISIONS = 3
"""A decision that a purge overtakes is made anew, so many times in all."""


class PriorityRepository:
    """Finds the owner of a project among the upstreams, and its page.

    ``offers`` tells which wheels of an upstream's page (by its id) get metadata files here.
    """

    def __init__(
        self,
        upstreams: Sequence[UpstreamPages],
        *,
        rules: Rules,
        lookup_timeout: float,
        clock: Callable[[], float],
        offers: Callable[[int, NormalizedName], OfferedMetadata] = lambda *_: NOTHING_OFFERED,
    ) -> None:
        self._upstreams = tuple(upstreams)
        self._rules = rules
        self._lookup_timeout = lookup_timeout
        self._clock = clock
        self._offers = offers
        self._warm: OrderedDict[NormalizedName, ProjectPage] = OrderedDict()

    @property
    def offline(self) -> bool:
        return self._rules.offline

    @property
    def rules(self) -> Rules:
        return self._rules

    @property
    def lookup_timeout(self) -> float:
        """Seconds that one look-up may take."""
        return self._lookup_timeout

    @property
    def upstreams(self) -> tuple[UpstreamPages, ...]:
        """All of them in priority order, the inactive ones too."""
        return self._upstreams

    def admitted(self, project: NormalizedName) -> list[UpstreamPages]:
        """The upstreams that may be asked for the project, in order; raises as `admission.admitted` does."""
        return admitted(self._upstreams, project)

    def warm(self, project: NormalizedName) -> ProjectPage | None:
        """The decision for the project, if there is one that is still fresh."""
        page = self._warm.get(project)
        # A decision from the future was made before the clock was set back.
        if page is not None and not page.decided_at <= self._clock() < page.fresh_until:
            del self._warm[project]
            return None
        return page

    def forget(self, project: NormalizedName | None = None) -> None:
        """Decide anew: for one project, or for all."""
        if project is None:
            self._warm.clear()
        else:
            self._warm.pop(project, None)

    async def get_project_detail(self, project: NormalizedName) -> ProjectPage:
        """The owner's page, as `base.Repository` promises."""
        warm = self.warm(project)
        if warm is not None:
            return warm
        for _ in range(DECISIONS):
            page = await self._decide(project)
            if page is not None:
                return page
        raise NotAnswered(f"{project} is being purged from the cache; ask again")

    def offered(self, source: UpstreamPages, project: NormalizedName) -> OfferedMetadata:
        """Which wheels on this upstream's page get metadata files here."""
        return self._offers(source.upstream_id, project)

    async def ask_again(self, source: UpstreamPages, project: NormalizedName, wait: float) -> Answer:
        """Ask one upstream, or join those who are asking, for at most ``wait`` seconds."""
        if wait <= 0:
            over = "was not asked: the time for the look-up was over (cache.lookup_timeout)"
            return source.standing.refusal(project) or UpstreamTimeout(source.name, over)
        answer = await self._answer_within(source, project, wait)
        if answer is not None:
            return answer
        error = UpstreamTimeout(source.name, f"did not answer within {wait:.3g} s (cache.lookup_timeout)")
        source.standing.gave_up_waiting(project, error)
        return error

    def stand_in(self, source: UpstreamPages, project: NormalizedName) -> KnownAnswer | None:
        """The upstream's last known answer, if it may stand in for one that cannot be had (``resolution.py``)."""
        return usable(candidate_of(source, project), self._rules, self._clock())

    async def _decide(self, project: NormalizedName) -> ProjectPage | None:
        """The owner's page; ``None`` when a purge took it while it was being decided."""
        sources = self.admitted(project)
        candidates = [candidate_of(source, project) for source in sources]
        step = await self._walk(sources, candidates, project)
        if isinstance(step, NotFound):
            raise ProjectNotFound(project)
        if isinstance(step, GiveUp):
            if not step.failures:
                raise NotKnownOffline(f"offline, and nothing is known about {project}")
            raise ProjectUnavailable(project, step.failures)
        return self._page(sources, step, project, because(candidates[step.index].outcome))

    async def _walk(
        self, sources: Sequence[UpstreamPages], candidates: Sequence[Candidate], project: NormalizedName
    ) -> Serve | NotFound | GiveUp:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._lookup_timeout
        patience = PATIENCE_SECONDS
        while True:
            step = decide(
                candidates, self._rules, now=self._clock(), time_left=deadline - loop.time(), patience_left=patience
            )
            if not isinstance(step, Ask):
                return step
            source = sources[step.index]
            if step.stands_in:
                began = loop.time()
                candidates[step.index].outcome = await self._refresh(source, project, step.wait)
                patience -= loop.time() - began
            else:
                candidates[step.index].outcome = await self.ask_again(source, project, step.wait)

    async def _refresh(self, source: UpstreamPages, project: NormalizedName, wait: float) -> Answer:
        """Ask for what is known already: nobody waits long, and nobody waits for an upstream that hangs."""
        answer = await self._answer_within(source, project, 0 if source.standing.health.suspect else wait)
        if answer is not None:
            return answer
        source.standing.health.overran()
        return Outcome.OVERDUE

    async def _answer_within(self, source: UpstreamPages, project: NormalizedName, wait: float) -> Answer | None:
        """The upstream's answer, or why it is not asked; ``None`` when it takes longer, and then it goes on."""
        refusal = source.standing.refusal(project)
        if refusal is not None:
            return refusal
        task = source.ask(project)
        done, _ = await asyncio.wait({task}, timeout=wait)
        if task.cancelled():
            raise NotAnswered("the server is stopping")
        return task.result() if done else None

    def _page(
        self, sources: Sequence[UpstreamPages], step: Serve, project: NormalizedName, stale_because: str
    ) -> ProjectPage | None:
        owner = sources[step.index]
        known = owner.known_page(project)
        if known is None or known.tag is None:
            return None
        recorded = readable(lambda: owner.recorded_hashes(project)) or {}
        offered = readable(lambda: self.offered(owner, project)) or NOTHING_OFFERED
        page = ProjectPage(
            project=project,
            upstream=owner.name,
            tag=known.tag,
            body=partial(self._body, owner, project, known.tag),
            freshness=step.freshness,
            degraded=step.degraded,
            decided_at=self._clock(),
            fresh_until=min(candidate_of(source, project).fresh_until() for source in sources[: step.index + 1]),
            recorded=recorded,
            offered=offered,
            recorded_tag=tag_of(recorded, offered),
            stale_because=stale_because,
        )
        if not page.degraded and page.freshness is not Freshness.STALE:
            self._remember(page)
        return page

    def _body(self, owner: UpstreamPages, project: NormalizedName, tag: str) -> bytes:
        try:
            return owner.page_body(tag)
        except PageGone:
            self.forget(project)  # so that who asks again gets a new decision
            raise

    def _remember(self, page: ProjectPage) -> None:
        self._warm[page.project] = replace(page, freshness=Freshness.HIT, stale_because="")
        self._warm.move_to_end(page.project)
        while len(self._warm) > WARM_DECISIONS:
            self._warm.popitem(last=False)


def candidate_of(source: UpstreamPages, project: NormalizedName) -> Candidate:
    """The upstream as the walk sees it, not asked yet."""
    return Candidate(
        upstream=source.name,
        index_ttl=source.lifetimes.index_ttl,
        missing_ttl=source.lifetimes.missing_ttl,
        on_failure=source.on_failure,
        known=source.known(project),
    )


def because(outcome: Answer | None) -> str:
    """Why a known answer stands in for a fresh one, as an RFC 8941 token."""
    match outcome:
        case UpstreamStatus():
            return f"status-{outcome.status}"
        case UpstreamTimeout():
            return "timeout"
        case UpstreamUnreachable():
            return "unreachable"
        case UpstreamError():
            return "invalid-response"
        case Outcome.SECOND_HAND:
            return "upstream-stale"
        case Outcome.OVERDUE:
            return "refreshing"
        case Outcome.OFFLINE | None:
            return "offline"
        case _:
            return "unchanged"
