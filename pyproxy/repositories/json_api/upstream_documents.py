"""One upstream's documents of the legacy JSON API: what is known of them, and asking again.

As ``upstream_pages`` does for project pages, but for one thing: nothing that happens here counts against the upstream,
because many indexes have no such API, and installs must not suffer from asking for it. What is no document (a web
page, a redirect elsewhere, most 4xx) means that there is none, unless one was known before.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from http import HTTPStatus

from pyproxy.errors import (
    BrokenOff,
    NotAnIndexPage,
    StorageError,
    UpstreamError,
    UpstreamForbidden,
    UpstreamInvalidResponse,
    UpstreamStatus,
    WorkTooLong,
)
from pyproxy.net.fetcher import FetchedPage, Missing
from pyproxy.net.json_fetcher import JsonFetcher
from pyproxy.repositories.json_api.known_documents import KnownDocuments
from pyproxy.repositories.observer import Asked, Observer
from pyproxy.repositories.recent_failures import RecentFailures
from pyproxy.repositories.resolution import Outcome
from pyproxy.repositories.upstream_pages import Answer, UpstreamPages
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.legacy_json.work import prepare_document
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.json_documents import DocumentName
from pyproxy.storage.pages import KnownPage

log = logging.getLogger(__name__)

_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""What begins with 4 and still says nothing about the document."""


class UpstreamDocuments:
    """What one upstream says in its JSON API; kept as long as its ``pages``, whose settings and standing count here.

    ``timeout``: an answer that has not begun after so many seconds is silence. ``clock`` gives unix seconds.
    """

    def __init__(
        self,
        pages: UpstreamPages,
        *,
        fetcher: JsonFetcher,
        known: KnownDocuments,
        workshop: Workshop,
        timeout: float,
        clock: Callable[[], float],
        observer: Observer,
    ) -> None:
        self.pages = pages
        self.known = known
        self._fetcher = fetcher
        self._workshop = workshop
        self._timeout = timeout
        self._clock = clock
        self._observer = observer
        self._failures = RecentFailures(clock)
        self._asking: dict[DocumentName, asyncio.Task[Answer]] = {}

    @property
    def name(self) -> str:
        return self.pages.name

    def refusal(self, name: DocumentName) -> UpstreamError | None:
        """Why there is no point in asking now, if there is none."""
        return self.pages.standing.refusal(name.project) or self._failures.get(_key(name))

    def gave_up_waiting(self, name: DocumentName, error: UpstreamError) -> None:
        """The next who ask need not wait as long for the same silence; the asking goes on."""
        self._failures.add(_key(name), error)

    def ask(self, name: DocumentName) -> asyncio.Task[Answer]:
        """Ask, or join those who are asking; the task raises nothing, and must not be cancelled."""
        task = self._asking.get(name)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(name))
            self._asking[name] = task
            task.add_done_callback(lambda _: self._asking.pop(name, None))
        return task

    async def close(self) -> None:
        """End what is still being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, name: DocumentName) -> Answer:
        began = time.monotonic()
        try:
            answer, received = await self._fetch(name)
        except UpstreamError as error:
            log.warning("%s: the JSON document: %s", _key(name), error)
            self._tell(name, began, error=error)
            return self._failed(name, error)
        except StorageError as error:
            return self._failed(name, UpstreamError(self.name, f"could not be asked: {error}"))
        except Exception:  # the end of a task that many may wait for: nobody else would see it
            log.exception("asking upstream %s for the JSON document of %s failed", self.name, name.project)
            return self._failed(name, UpstreamError(self.name, "could not be asked because of a defect in pyproxy"))
        self._tell(name, began, found=answer is not Outcome.MISSING, received=received)
        self._failures.forget(_key(name))
        return answer

    async def _fetch(self, name: DocumentName) -> tuple[Outcome, int]:
        """What asking came to, and how many bytes of a document came."""
        known = self.known.get(name)
        document = known if known is not None and known.tag is not None else None
        try:
            return await self._answer(name, document)
        except UpstreamError as error:
            if document is not None or not _says_that_there_is_none(error):
                raise
            return await self._keep_absent(name, f"it {error.reason}"), 0

    async def _answer(self, name: DocumentName, document: KnownPage | None) -> tuple[Outcome, int]:
        answer = await self._fetcher.fetch(
            name.project,
            name.version,
            etag=document.etag if document is not None else None,
            last_modified=document.last_modified if document is not None else None,
            page_timeout=self._timeout,
        )
        now = self._clock()
        if isinstance(answer, Missing):
            return await self._keep_absent(name, f"it answered {answer.status}"), 0
        if answer.second_hand:
            # As for pages: known from now on, but not fresh.
            now = max(now - self.pages.lifetimes.index_ttl, document.checked_at if document is not None else 0.0)
        if isinstance(answer, FetchedPage):
            await self._take(name, answer, now)
        elif document is None:
            raise UpstreamInvalidResponse(self.name, "answered 304 Not Modified to an unconditional request")
        else:
            await self.known.confirm(name, document, now, answer.etag if document.etag is None else None)
        received = len(answer.body) if isinstance(answer, FetchedPage) else 0
        return (Outcome.SECOND_HAND if answer.second_hand else Outcome.FOUND), received

    async def _keep_absent(self, name: DocumentName, because: str) -> Outcome:
        log.debug("%s: upstream %s has no JSON document of it: %s", _key(name), self.name, because)
        now = self._clock()
        absent = KnownPage(
            tag=None, etag=None, last_modified=None, checked_at=now, changed_at=now, page_url=None, serial=None
        )
        await self.known.keep(name, absent, None)
        return Outcome.MISSING

    async def _take(self, name: DocumentName, answer: FetchedPage, now: float) -> None:
        body = answer.body
        try:
            prepared = await self._workshop.run(
                len(body), prepare_document, body, answer.content_type, answer.url, name.project, name.version
            )
        except (NotAnIndexPage, WorkTooLong) as error:
            raise UpstreamInvalidResponse(self.name, f"sent no document of the JSON API: {error}") from error
        known = KnownPage(
            tag=prepared.tag,
            etag=answer.etag,
            last_modified=answer.last_modified,
            checked_at=now,
            changed_at=now,
            page_url=answer.url,
            serial=answer.serial,
        )
        await self.known.keep(name, known, prepared.canonical_z)

    def _failed(self, name: DocumentName, error: UpstreamError) -> UpstreamError:
        self._failures.add(_key(name), error)
        return error

    def _tell(
        self,
        name: DocumentName,
        began: float,
        *,
        found: bool = False,
        error: UpstreamError | None = None,
        received: int | None = None,
    ) -> None:
        self._observer.asked(
            Asked(
                upstream_id=self.pages.upstream_id,
                upstream=self.name,
                route="json",
                project=name.project,
                found=found,
                error=error,
                seconds=time.monotonic() - began,
                received=received,
            )
        )


def _key(name: DocumentName) -> NormalizedName:
    """A document, where failures are remembered by project."""
    return name.project if name.version is None else NormalizedName(f"{name.project} {name.version}")


def _says_that_there_is_none(error: UpstreamError) -> bool:
    """Whether an answer that is no document says that there is none, rather than that something is wrong."""
    match error:
        case UpstreamStatus():
            return error.status < HTTPStatus.INTERNAL_SERVER_ERROR and error.status not in _PASSING
        case BrokenOff():
            return False
        case UpstreamInvalidResponse() | UpstreamForbidden():
            return True
        case _:
            return False
