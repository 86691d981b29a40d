"""Failures that are too new to be worth another try."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from pyproxy.errors import UpstreamError, UpstreamStatus
from pyproxy.simple.model import NormalizedName

FAILURE_REMEMBERED_SECONDS = 3.0
"""A failure is not repeated for so long, so that a client's retries do not repeat the wait."""

RETRY_AFTER_LIMIT_SECONDS = 60.0
"""An upstream's own ``Retry-After`` is obeyed up to this."""

REMEMBERED = 10_000


class RecentFailures:
    """One upstream's failures by project. ``clock`` gives seconds; the bounded number of entries is the newest."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._times: OrderedDict[NormalizedName, tuple[float, float, UpstreamError]] = OrderedDict()

    def get(self, project: NormalizedName) -> UpstreamError | None:
        """How asking for the project ended a moment ago, if it failed."""
        added, until, error = self._times.get(project, (0.0, 0.0, None))
        # Before it was added: the clock has been set back, and would make seconds of it hours.
        if error is not None and not added <= self._clock() < until:
            del self._times[project]
            return None
        return error

    def add(self, project: NormalizedName, error: UpstreamError) -> None:
        """Remember a failure, for as long as the upstream itself asks to be left alone."""
        seconds = FAILURE_REMEMBERED_SECONDS
        if isinstance(error, UpstreamStatus) and error.retry_after is not None:
            seconds = min(max(error.retry_after, seconds), RETRY_AFTER_LIMIT_SECONDS)
        now = self._clock()
        self._times[project] = (now, now + seconds, error.kept())
        self._times.move_to_end(project)
        while len(self._times) > REMEMBERED:
            self._times.popitem(last=False)

    def forget(self, project: NormalizedName) -> None:
        """It has been answered."""
        self._times.pop(project, None)
