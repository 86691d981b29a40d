"""How one upstream stands: whether there is any point in asking it now, and what ends a rest."""

from __future__ import annotations

from collections.abc import Callable

from pyproxy.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from pyproxy.net.health import Health
from pyproxy.repositories.observer import Observer
from pyproxy.repositories.probes import Probes, Question
from pyproxy.repositories.recent_failures import RecentFailures
from pyproxy.simple.model import NormalizedName


class Standing:
    """One upstream's health, its failures of a moment ago, and the probes that end its rests.

    ``ask`` is how probes ask; ``clock`` gives unix seconds.
    """

    def __init__(
        self,
        upstream_id: int,
        name: str,
        *,
        health: Health,
        ask: Question,
        clock: Callable[[], float],
        observer: Observer,
    ) -> None:
        self._upstream_id = upstream_id
        self._name = name
        self._observer = observer
        self._recent = RecentFailures(clock)
        self._probes = Probes(name, health, ask, self.succeeded)
        self.health = health

    def refusal(self, project: NormalizedName) -> UpstreamError | None:
        """Why there is no point in asking now: the upstream rests, or failed for this project a moment ago."""
        if self.health.resting:
            self._probes.begin(project)  # where nobody does: the rest may have begun under other settings
            return self.rest_error()
        return self._recent.get(project)

    def rest_error(self) -> UpstreamError:
        """What a request to an upstream that rests comes to, at once."""
        last = self.health.last_error
        reason = f": it {last.reason}" if last is not None else ""
        kind = UpstreamTimeout if isinstance(last, UpstreamTimeout) else UpstreamUnreachable
        error = kind(self._name, f"rests after repeated failures{reason}")
        error.was_asked = False
        return error

    @property
    def rests_for(self) -> float | None:
        """Seconds until the next probe is due; ``None`` while the upstream does not rest."""
        return self.health.seconds_to_probe if self.health.resting else None

    def remember(self, project: NormalizedName, error: UpstreamError) -> None:
        """Do not repeat this failure at once; it says nothing about the upstream as a whole."""
        self._recent.add(project, error)

    def gave_up_waiting(self, project: NormalizedName, error: UpstreamError) -> None:
        """Somebody's time was over: the next who ask need not wait as long for the same silence.

        The asking goes on, and its success makes this forgotten.
        """
        self.health.overran()
        self._recent.add(project, error)

    def failed(self, project: NormalizedName, error: UpstreamError) -> None:
        """Count it against the upstream; when that makes it rest, probes begin."""
        rested = self.health.resting
        self.health.failed(error)
        self._probes.begin(project)
        self._tell(rested)

    def succeeded(self, project: NormalizedName | None = None) -> None:
        """The upstream answered (for this project): if it rested, that is over."""
        rested = self.health.resting
        self.health.succeeded()
        if project is not None:
            self._recent.forget(project)
        self._tell(rested)

    def forget(self, project: NormalizedName) -> None:
        """Ask for the project again although that failed a moment ago, unless the upstream rests."""
        self._recent.forget(project)

    def hand_over(self, successor: Standing | None) -> None:
        """Probe no more; the successor, if there is one, goes on with the probes, unless its health is a new one."""
        self._probes.stop()
        if self.health.resting and (successor is None or successor.health is not self.health):
            self._observer.rest_ended(self._upstream_id, self._name)
        if successor is not None and self._probes.project is not None:
            successor._probes.begin(self._probes.project)

    def _tell(self, rested: bool) -> None:
        if rested and not self.health.resting:
            self._observer.rest_ended(self._upstream_id, self._name)
        elif self.health.resting and not rested:
            self._observer.rest_began(self._upstream_id, self._name, self.health.last_error)
