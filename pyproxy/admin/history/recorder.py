"""Records what clients asked for and what upstreams answered, in batches, and never in anybody's way.

Told on the event loop at the end of each request: there it only counts. Writing is the database's thread's work, waits
for nobody, and may fail: what could not be written is tried again with the next batch, within bounds. A server that is
killed loses the last seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pyproxy.admin.history.client_requests import EndedRequest, kind_of, row_of
from pyproxy.admin.history.counts import Counts
from pyproxy.admin.history.recent import Recent
from pyproxy.errors import StorageError, UpstreamError
from pyproxy.repositories.failure_kinds import failure_kind
from pyproxy.repositories.observer import Asked
from pyproxy.storage.activity import ActivityStore, Batch, ClientRequest, UpstreamRequest
from pyproxy.storage.failures import LONGEST_REASON
from pyproxy.storage.history import HistoryStore

log = logging.getLogger(__name__)

ROWS_SECONDS = 1.0
"""How often recent requests are written."""

COUNTS_SECONDS = 10.0
"""How often counts are written."""

TRIES_BEFORE_LOG = 3
"""Failed writes in a row of which nothing is said: whatever keeps the database busy is often over by then."""


class Recorder:
    """An `Observer`, and told of clients' requests. ``clock`` gives unix seconds."""

    def __init__(self, history: HistoryStore, activity: ActivityStore, clock: Callable[[], float]) -> None:
        self._history = history
        self._activity = activity
        self._clock = clock
        self._counts = Counts()
        self._clients: Recent[ClientRequest] = Recent()
        self._upstreams: Recent[UpstreamRequest] = Recent()
        self._failed_writes: dict[str, int] = {}

    def answered(self, request: EndedRequest) -> None:
        """A client's request has ended."""
        route = request.route
        kind = kind_of(route, request.outcome, request.status)
        if kind is None:
            return
        now = self._clock()
        if kind.counted:
            self._counts.request(now, route, kind.outcome, request.sent)
            if kind.served and request.project and request.method == "GET":
                self._counts.served(now, request.project, route)
        self._clients.offer(kind.failed, row_of, request, kind.outcome, now)

    def asked(self, event: Asked) -> None:
        """A request to an upstream has ended."""
        now = self._clock()
        self._counts.call(now, event)
        self._upstreams.offer(event.error is not None, _row_of, event, now)

    def rest_began(self, upstream_id: int, upstream: str, error: UpstreamError | None) -> None:
        """Not counted: `FailureRecords` stores rests."""

    def rest_ended(self, upstream_id: int, upstream: str) -> None:
        """Not counted: `FailureRecords` stores rests."""

    async def keep(self) -> None:
        """Write what was told, for ever."""
        await asyncio.gather(_again(ROWS_SECONDS, self._write_rows), _again(COUNTS_SECONDS, self._write_counts))

    async def flush(self) -> None:
        """Write all that was told so far; what cannot be written waits for the next time."""
        await self._write_rows()
        await self._write_counts()

    async def _write_rows(self) -> None:
        clients, clients_left_out = self._clients.take()
        upstreams, upstreams_left_out = self._upstreams.take()
        if not (clients or upstreams):
            return
        batch = Batch(clients, clients_left_out, upstreams, upstreams_left_out)
        if not await self._is_written("recent requests", self._activity.add(batch)):
            self._clients.take_back(clients, clients_left_out)
            self._upstreams.take_back(upstreams, upstreams_left_out)

    async def _write_counts(self) -> None:
        counted = self._counts.take()
        if counted and not await self._is_written("counts of requests", self._history.add(counted, self._clock())):
            self._counts.take_back(counted)

    async def _is_written(self, what: str, write: Awaitable[None]) -> bool:
        try:
            await write
        except StorageError as error:
            tries = self._failed_writes[what] = self._failed_writes.get(what, 0) + 1
            if tries == TRIES_BEFORE_LOG:  # once, not every second
                log.error("%s cannot be recorded for now: %s", what, error)
            return False
        self._failed_writes[what] = 0
        return True


def _row_of(event: Asked, at: float) -> UpstreamRequest:
    error = event.error
    return UpstreamRequest(
        at=at,
        upstream=event.upstream,
        route=event.route,
        project=event.project,
        filename=event.filename,
        result="failed" if error is not None else "found" if event.found else "missing",
        kind="" if error is None else failure_kind(error),
        reason="" if error is None else error.reason[:LONGEST_REASON],
        seconds=event.seconds,
        received=event.received,
    )


async def _again(seconds: float, write: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await write()
        except Exception:  # a defect of ours: what comes later must be recorded all the same
            log.exception("what happens could not be recorded")
