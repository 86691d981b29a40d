"""One upstream's project pages: what is known of them, and asking again.

A page is asked for once however many wait for it, and asking goes on when they stop waiting. Whether to ask, and
what an answer or a failure means for the project, is decided elsewhere (``resolution.py``).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyproxy.errors import (
    EmptyIndexPage,
    NotAnIndexPage,
    PageGone,
    StorageError,
    UpstreamError,
    UpstreamInvalidResponse,
    WorkTooLong,
)
from pyproxy.net.fetcher import FetchedPage, Missing, PageFetcher
from pyproxy.net.health import Health
from pyproxy.net.lull import Lull
from pyproxy.repositories.known_answers import KnownAnswers
from pyproxy.repositories.link_tables import LinkTables
from pyproxy.repositories.observer import Asked, Observer
from pyproxy.repositories.preparing import prepared
from pyproxy.repositories.resolution import KnownAnswer, Outcome
from pyproxy.repositories.serials import Serials
from pyproxy.repositories.standing import Standing
from pyproxy.repositories.workshop import Workshop
from pyproxy.settings import OnFailure, UpstreamSettings
from pyproxy.simple.canonical import Link
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.pages import KnownPage, PageStore
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.upstreams import StoredUpstream

log = logging.getLogger(__name__)

Answer = Outcome | UpstreamError


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long this upstream's answers stay fresh, in seconds."""

    index_ttl: float
    missing_ttl: float


class UpstreamPages:
    """What one upstream says of projects; kept as long as its settings stay the same.

    ``page_timeout``: an answer that has not begun after so many seconds is silence. ``alone``: no other process is
    asked for what this one has just heard.
    """

    def __init__(
        self,
        upstream: StoredUpstream,
        *,
        fetcher: PageFetcher,
        pages: PageStore,
        recorded: RecordedHashes,
        workshop: Workshop,
        health: Health,
        lifetimes: Lifetimes,
        page_timeout: float,
        clock: Callable[[], float],
        observer: Observer,
        lull: Lull,
        alone: bool,
    ) -> None:
        self._upstream = upstream
        self._fetcher = fetcher
        self.lull = lull
        self._answers = KnownAnswers(upstream.key, pages, lull=lull if alone else None)
        self._recorded = recorded
        self._workshop = workshop
        self._clock = clock
        self._page_timeout = page_timeout
        self._asking: dict[NormalizedName, asyncio.Task[Answer]] = {}
        self._serials = Serials(upstream.settings.name)
        self._observer = observer
        self._link_tables = LinkTables(workshop)
        self.standing = Standing(
            upstream.id, upstream.settings.name, health=health, ask=self._probe, clock=clock, observer=observer
        )
        self.lifetimes = lifetimes

    @property
    def name(self) -> str:
        return self._upstream.settings.name

    @property
    def settings(self) -> UpstreamSettings:
        return self._upstream.settings

    @property
    def upstream_id(self) -> int:
        return self._upstream.id

    @property
    def on_failure(self) -> OnFailure:
        return self._upstream.settings.on_failure

    # -- what is known -------------------------------------------------------------------------------------------

    def known_page(self, project: NormalizedName) -> KnownPage | None:
        """The newest answer, a page or a 404, however old."""
        return self._answers.get(project)

    def known(self, project: NormalizedName) -> KnownAnswer | None:
        """The same as `resolution.decide` wants it."""
        page = self.known_page(project)
        return None if page is None else KnownAnswer(found=page.tag is not None, checked_at=page.checked_at)

    def page_body(self, tag: str) -> bytes:
        """The canonical form of a page (zlib-compressed).

        Raises `PageGone` when a newer page or a purge has taken its place meanwhile.
        """
        body = self._answers.body(tag)
        if body is None:
            raise PageGone(f"a page of {self.name} was replaced just now")
        return body

    def forget(self, project: NormalizedName) -> None:
        """The project was purged elsewhere: what was not stored, and so not purged with the rest, counts no more."""
        self._answers.forget(project)
        self.standing.forget(project)

    def forget_put_off(self) -> None:
        """Something was purged or has expired elsewhere: what is not stored yet counts no more."""
        self._answers.forget_put_off()

    def recorded_hashes(self, project: NormalizedName) -> Mapping[str, str]:
        """sha256 by filename, for files that the page lists without one."""
        return self._recorded.for_project(self._upstream.id, project)

    async def link(self, project: NormalizedName, filename: str) -> Link | None:
        """The file as the newest known page lists it."""
        page = self.known_page(project)
        if page is None or page.tag is None:
            return None
        tag = page.tag
        return await self._link_tables.link(tag, filename, lambda: self._answers.body(tag))

    # -- asking --------------------------------------------------------------------------------------------------

    def ask(self, project: NormalizedName) -> asyncio.Task[Answer]:
        """Ask, or join those who are asking; the task's result is an answer, it raises nothing.

        Whoever waits for it must not cancel it: others may be waiting too, and the next request profits.
        """
        task = self._asking.get(project)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(project))
            self._asking[project] = task
            task.add_done_callback(lambda _: self._asking.pop(project, None))
        return task

    def retire(self, successor: UpstreamPages | None = None) -> None:
        """Another object speaks for the upstream now: probe no more; questions under way end by themselves.

        A ``successor`` goes on with the probes, unless it is switched off.
        """
        heir = successor.standing if successor is not None and successor.settings.active else None
        self.standing.hand_over(heir)

    async def close(self) -> None:
        """End what is still being asked, and the probes; store what was put off."""
        self.standing.hand_over(None)
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._answers.stored()

    async def _probe(self, project: NormalizedName) -> Answer:
        return await asyncio.shield(self.ask(project))

    async def _ask(self, project: NormalizedName) -> Answer:
        stopwatch = _Stopwatch()
        try:
            outcome = await self._fetch(project, stopwatch)
        except UpstreamError as error:
            self.standing.failed(project, error)
            self._tell(project, stopwatch, None, error)
            self.standing.remember(project, error)
            log.warning("%s: %s", project, error)
            return error
        except StorageError as error:
            return self._our_failure(project, f"could not be asked: {error}")
        except Exception:  # nobody else would see it: this is the end of a task that many may wait for
            log.exception("asking upstream %s for %s failed", self.name, project)
            return self._our_failure(project, "could not be asked because of a defect in pyproxy (see its log)")
        self._tell(project, stopwatch, outcome, None)
        self.standing.succeeded(project)
        return outcome

    def _tell(
        self, project: NormalizedName, stopwatch: _Stopwatch, outcome: Outcome | None, error: UpstreamError | None
    ) -> None:
        self._observer.asked(
            Asked(
                upstream_id=self.upstream_id,
                upstream=self.name,
                route="page",
                project=project,
                found=outcome in (Outcome.FOUND, Outcome.SECOND_HAND),
                error=error,
                seconds=stopwatch.seconds,
                received=stopwatch.received,
                rests_for=self.standing.rests_for,
                certificate_ends=self._fetcher.certificate_ends,
            )
        )

    def _our_failure(self, project: NormalizedName, reason: str) -> UpstreamError:
        """A failure that is not the upstream's, but leaves its answer as unknown as one."""
        error = UpstreamError(self.name, reason)
        self.standing.remember(project, error)
        return error

    async def _fetch(self, project: NormalizedName, stopwatch: _Stopwatch) -> Outcome:
        known = self.known_page(project)
        page = known if known is not None and known.tag is not None else None
        with self.lull.arriving():
            answer = await self._fetcher.fetch(
                project,
                etag=page.etag if page is not None else None,
                last_modified=page.last_modified if page is not None else None,
                page_timeout=self._page_timeout,
            )
        stopwatch.stop(len(answer.body) if isinstance(answer, FetchedPage) else 0)
        now = self._clock()
        if isinstance(answer, Missing):
            await self._answers.keep_missing(project, now)
            return Outcome.MISSING
        if answer.second_hand:
            # Known from now on, but not fresh: there may be better as soon as those behind that upstream are back.
            now = max(now - self.lifetimes.index_ttl, known.checked_at if known is not None else 0.0)
        if isinstance(answer, FetchedPage):
            return await self._take(project, answer, page, now)
        if page is None:
            raise UpstreamInvalidResponse(self.name, "answered 304 Not Modified to an unconditional request")
        # Another ETag than ours names another page (RFC 9111 section 4.3.4): to ask with it next time would be to
        # hear for ever that the page, which we never had, is unchanged.
        await self._answers.confirm(project, page, now, answer.etag if page.etag is None else None)
        return Outcome.SECOND_HAND if answer.second_hand else Outcome.FOUND

    async def _take(self, project: NormalizedName, answer: FetchedPage, known: KnownPage | None, now: float) -> Outcome:
        self._serials.check(project, answer.url, answer.serial, known)
        try:
            page_now = await prepared(self._workshop, answer, project)
        except EmptyIndexPage:
            await self._answers.keep_missing(project, now)
            return Outcome.MISSING
        except WorkTooLong as error:
            raise UpstreamInvalidResponse(self.name, f"sent a page that cannot be used: {error}") from error
        except NotAnIndexPage as error:
            raise UpstreamInvalidResponse(self.name, f"sent something that is no index page: {error}") from error
        page = KnownPage(
            tag=page_now.tag,
            etag=answer.etag,
            last_modified=answer.last_modified,
            checked_at=now,
            changed_at=now,
            page_url=answer.url,
            serial=answer.serial,
        )
        await self._answers.keep_page(project, page, page_now.canonical_z)
        return Outcome.SECOND_HAND if answer.second_hand else Outcome.FOUND


class _Stopwatch:
    """How long the upstream took, without our own work on its answer."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._seconds: float | None = None
        self.received = 0

    def stop(self, received: int) -> None:
        self._seconds = time.monotonic() - self._began
        self.received = received

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began if self._seconds is None else self._seconds
