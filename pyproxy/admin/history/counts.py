"""What was counted since the last batch was written: some additions for each request, in a bounded amount of memory."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

from pyproxy.repositories.failure_kinds import failure_kind
from pyproxy.repositories.observer import Asked
from pyproxy.repositories.outcomes import SAVING
from pyproxy.storage.counted import (
    CallKey,
    CallTally,
    Counted,
    Latest,
    ProjectKey,
    ProjectTally,
    RequestKey,
    RequestTally,
)
from pyproxy.storage.latencies import bucket_of
from pyproxy.storage.periods import HOUR, start_of

KEYS_LIMIT = 2000
"""Things that are counted apart at a time, of each kind: one more is not counted. Projects may be that many."""

_TIMED = ("page", "json")
"""What upstreams are asked for whose time tells of the upstream, and not of the size of what was asked for."""


class _Tally(Protocol):
    def add(self, other: Self, /) -> None: ...


K = TypeVar("K")
T = TypeVar("T", bound=_Tally)


class Counts:
    """One process's; ``now`` is in unix seconds everywhere."""

    def __init__(self, *, limit: int = KEYS_LIMIT) -> None:
        self._limit = limit
        self._counted = Counted()

    def request(self, now: float, route: str, outcome: str, sent: int) -> None:
        """A client's request has ended, after ``sent`` bytes of its body."""
        key = RequestKey(start_of(now, HOUR), route, outcome)
        tally = self._counted.requests.get(key)
        if tally is None:
            if len(self._counted.requests) >= self._limit:
                return
            tally = self._counted.requests[key] = RequestTally()
        tally.requests += 1
        tally.sent += sent
        if outcome in SAVING:
            tally.saved += sent

    def served(self, now: float, project: str, route: str) -> None:
        """A project's page, or a file of it, was served."""
        key = ProjectKey(start_of(now, HOUR), project)
        tally = self._counted.projects.get(key)
        if tally is None:
            if len(self._counted.projects) >= self._limit:
                return
            tally = self._counted.projects[key] = ProjectTally()
        if route == "page":
            tally.pages += 1
        elif route == "file":
            tally.files += 1

    def call(self, now: float, event: Asked) -> None:
        """A request to an upstream has ended."""
        self._note_latest(now, event)
        key = CallKey(start_of(now, HOUR), event.upstream)
        tally = self._counted.calls.get(key)
        if tally is None:
            if len(self._counted.calls) >= self._limit:
                return
            tally = self._counted.calls[key] = CallTally()
        tally.calls += 1
        tally.received += event.received or 0
        if event.error is not None:
            kind = failure_kind(event.error)
            tally.failures[kind] = tally.failures.get(kind, 0) + 1
            return
        if not event.found:
            tally.missing += 1
        if event.seconds is not None and event.route in _TIMED:
            bucket = bucket_of(event.seconds)
            tally.latencies[bucket] = tally.latencies.get(bucket, 0) + 1

    def take(self) -> Counted:
        """All of it; counting begins anew."""
        counted, self._counted = self._counted, Counted()
        return counted

    def take_back(self, counted: Counted) -> None:
        """What could not be written: it comes before all that was counted since."""
        later, self._counted = self._counted, counted
        _add(counted.requests, later.requests, self._limit)
        _add(counted.calls, later.calls, self._limit)
        _add(counted.projects, later.projects, self._limit)
        for upstream_id, latest in later.latest.items():
            counted.latest[upstream_id] = counted.latest.get(upstream_id, Latest()).then(latest)

    def _note_latest(self, now: float, event: Asked) -> None:
        ends = event.certificate_ends
        latest = Latest(
            succeeded_at=now if event.error is None else None,
            failed_at=None if event.error is None else now,
            failures_in_a_row=0 if event.error is None else 1,
            certificate_ends=ends,
            certificate_seen_at=None if ends is None else now,
        )
        known = self._counted.latest.get(event.upstream_id)
        self._counted.latest[event.upstream_id] = latest if known is None else known.then(latest)


def _add(earlier: dict[K, T], later: dict[K, T], limit: int) -> None:
    for key, tally in later.items():
        known = earlier.get(key)
        if known is not None:
            known.add(tally)
        elif len(earlier) < limit:
            earlier[key] = tally
