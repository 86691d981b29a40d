"""What was counted since the last batch was written: some additions for each request, in a bounded amount of memory."""

from __future__ import annotations

import math

from pyproxy.repositories.failure_kinds import failure_kind
from pyproxy.repositories.observer import Asked
from pyproxy.repositories.outcomes import SAVING
from pyproxy.storage.counted import CallTally, Counted, Hour, Latest, ProjectTally, RequestTally
from pyproxy.storage.latencies import bucket_of
from pyproxy.storage.periods import HOUR, start_of

PROJECTS_LIMIT = 2000
"""Projects counted in an hour at a time: one more is not. Other things that are told apart are few by nature."""

HOURS_LIMIT = 24
"""Hours that wait while the database cannot be written; then the oldest is lost."""

_TIMED = ("page", "json")
"""What upstreams are asked for whose time tells of the upstream, and not of the size of what was asked for."""

_NEVER = math.inf
"""Begins before no time at all."""


class Counts:
    """One process's; ``now`` is in unix seconds everywhere."""

    def __init__(self, *, projects_limit: int = PROJECTS_LIMIT) -> None:
        self._projects_limit = projects_limit
        self._counted = Counted()
        self._began = _NEVER
        self._hour = Hour()

    def request(self, now: float, route: str, outcome: str, sent: int) -> None:
        """A client's request has ended, after ``sent`` bytes of its body."""
        requests = self._hour_of(now).requests
        tally = requests.get((route, outcome))
        if tally is None:
            tally = requests[route, outcome] = RequestTally()
        tally.requests += 1
        tally.sent += sent
        if outcome in SAVING:
            tally.saved += sent

    def served(self, now: float, project: str, route: str) -> None:
        """A project's page, or a file of it, was served."""
        projects = self._hour_of(now).projects
        tally = projects.get(project)
        if tally is None:
            if len(projects) >= self._projects_limit:
                return
            tally = projects[project] = ProjectTally()
        if route == "page":
            tally.pages += 1
        elif route == "file":
            tally.files += 1

    def call(self, now: float, event: Asked) -> None:
        """A request to an upstream has ended."""
        self._note_latest(now, event)
        tally = self._hour_of(now).calls.setdefault(event.upstream, CallTally())
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
        counted, self._counted, self._began = self._counted, Counted(), _NEVER
        return counted

    def take_back(self, counted: Counted) -> None:
        """What could not be written: it comes before all that was counted since."""
        later, self._counted, self._began = self._counted, counted, _NEVER
        for began, hour in later.hours.items():
            known = counted.hours.setdefault(began, hour)
            if known is not hour:
                known.add(hour)
            while len(known.projects) > self._projects_limit:
                known.projects.popitem()
        while len(counted.hours) > HOURS_LIMIT:
            del counted.hours[min(counted.hours)]
        for upstream_id, latest in later.latest.items():
            counted.latest[upstream_id] = counted.latest.get(upstream_id, Latest()).then(latest)

    def _hour_of(self, now: float) -> Hour:
        if not 0 <= now - self._began < HOUR:
            began = start_of(now, HOUR)
            self._began, self._hour = began, self._counted.hours.setdefault(began, Hour())
        return self._hour

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
