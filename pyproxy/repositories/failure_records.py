"""Remembers what went wrong at upstreams, so that `explain` can tell it from another process and after a restart.

What is told on the event loop is only added up in memory; once a second the sums are written together. Nothing waits
for that, and a crash costs one second of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from pyproxy.errors import StorageError, UpstreamError
from pyproxy.repositories.failure_kinds import failure_kind
from pyproxy.repositories.observer import Asked
from pyproxy.storage.failures import FailureStore, Rest, Subject, Tally

log = logging.getLogger(__name__)

WRITE_SECONDS = 1.0
"""How often what was told is written."""

PENDING_LIMIT = 2000
"""Subjects that wait for being written; with more of them in a second, the oldest are lost."""


class FailureRecords:
    """An `Observer` that stores failures, what ended them, and rests. ``clock`` gives unix seconds."""

    def __init__(
        self, store: FailureStore, clock: Callable[[], float], *, write_seconds: float = WRITE_SECONDS
    ) -> None:
        self._store = store
        self._clock = clock
        self._write_seconds = write_seconds
        self._tallies: OrderedDict[Subject, Tally] = OrderedDict()
        self._rests: dict[int, Rest | None] = {}
        self._trouble = False

    def asked(self, event: Asked) -> None:
        """Count a failure, or note that the subject's failures are over."""
        now, error = self._clock(), event.error
        if error is None and event.part:
            return  # a few right bytes do not make a file whose hash was wrong right
        subject = Subject(event.upstream_id, event.route, event.project, event.filename)
        if error is None:
            self._add(subject, Tally(over_at=now))
            return
        self._add(subject, Tally(1, failure_kind(error), error.reason, now, now))
        if event.rests_for is not None:
            self._probe_due(event.upstream_id, error, now, now + event.rests_for)

    def rest_began(self, upstream_id: int, upstream: str, error: UpstreamError | None) -> None:
        """Note it, with the reason."""
        self._rests[upstream_id] = _rest(error, self._clock())

    def rest_ended(self, upstream_id: int, upstream: str) -> None:
        """Note that, too."""
        self._rests[upstream_id] = None

    async def keep(self) -> None:
        """Write what was told, for ever."""
        while True:
            await asyncio.sleep(self._write_seconds)
            try:
                await self.flush()
            except Exception:  # a defect of ours: what comes later must be recorded all the same
                log.exception("what went wrong at upstreams could not be recorded")

    async def flush(self) -> None:
        """Write what was told so far; what cannot be written waits for the next time."""
        if not (self._tallies or self._rests):
            return
        tallies, self._tallies = self._tallies, OrderedDict()
        rests, self._rests = self._rests, {}
        try:
            await self._store.write(tallies, rests)
        except StorageError as error:
            self._take_back(tallies, rests)
            if not self._trouble:  # once, not every second
                log.error("what goes wrong at upstreams cannot be recorded for now: %s", error)
            self._trouble = True
        else:
            self._trouble = False

    def _add(self, subject: Subject, tally: Tally) -> None:
        known = self._tallies.get(subject)
        self._tallies[subject] = tally if known is None else known.then(tally)
        self._tallies.move_to_end(subject)
        while len(self._tallies) > PENDING_LIMIT:
            self._tallies.popitem(last=False)

    def _probe_due(self, upstream_id: int, error: UpstreamError, now: float, probe_at: float) -> None:
        known = self._rests.get(upstream_id)
        rest = known if known is not None else replace(_rest(error, now), began=False)
        self._rests[upstream_id] = replace(rest, probe_at=probe_at)

    def _take_back(self, tallies: OrderedDict[Subject, Tally], rests: dict[int, Rest | None]) -> None:
        later, self._tallies = self._tallies, tallies
        for subject, tally in later.items():
            self._add(subject, tally)
        self._rests = {**rests, **self._rests}


def _rest(error: UpstreamError | None, now: float) -> Rest:
    if error is None:
        return Rest(now, "other", "failed")
    return Rest(now, failure_kind(error), error.reason)
