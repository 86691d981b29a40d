"""The end of a foreseen walk in the words of the read model: who answers, with which status, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyproxy.admin.explanation.foresight import Foresight
from pyproxy.admin.explanation.model import Role, State
from pyproxy.errors import (
    NameReserved,
    NotKnownOffline,
    ProjectNotAdmitted,
    ProjectNotFound,
    ProjectUnavailable,
    PyproxyError,
    UpstreamError,
)
from pyproxy.repositories.resolution import Ask, Candidate, Freshness, GiveUp, NotFound, Rules, Serve, usable
from pyproxy.simple.model import NormalizedName


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``owner``, ``asked`` and ``stop`` are positions among the admitted upstreams.

    ``stop`` is the last one that is looked at. ``decides_until``: nobody is asked before (unix seconds).
    """

    state: State
    status: int | None
    error: str | None = None
    owner: int | None = None
    stop: int | None = None
    degraded: bool = False
    asked: tuple[int, ...] = ()
    because: tuple[str, ...] = ()
    decides_until: float | None = None

    def role_of(self, position: int) -> Role:
        """What the admitted upstream at this position has to do with the project."""
        if self.owner is not None:
            if position == self.owner:
                return Role.OWNER
            return Role.ASKED if position < self.owner else Role.AFTER_OWNER
        if self.stop is None or position <= self.stop:
            return Role.ASKED
        return Role.LATER if self.state is State.UNKNOWN else Role.AFTER_STOP


def not_asked(error: PyproxyError) -> Verdict:
    """Nobody may be asked, for this reason (what `admission.admitted` raised)."""
    if isinstance(error, NameReserved):
        return Verdict(state=State.RESERVED, status=503, error=str(error))
    if isinstance(error, ProjectNotAdmitted):
        return Verdict(state=State.NOT_ADMITTED, status=404, error=str(error))
    return Verdict(state=State.NO_UPSTREAM, status=503, error=str(error))


def verdict(
    foresight: Foresight,
    candidates: Sequence[Candidate],
    errors: Sequence[UpstreamError | None],
    project: NormalizedName,
    rules: Rules,
    now: float,
) -> Verdict:
    """What the foreseen walk means; ``errors`` are the candidates' last failures, where these are their last word."""
    asked = foresight.asked
    match foresight.step:
        case Serve() as step:
            return _served(step, asked, candidates, errors, rules, now)
        case NotFound():
            error = str(ProjectNotFound(project))
            until = None if asked else min(candidate.fresh_until() for candidate in candidates)
            return Verdict(state=State.MISSING, status=404, error=error, asked=asked, decides_until=until)
        case GiveUp(failures=()):
            offline = NotKnownOffline(f"offline, and nothing is known about {project}")
            return Verdict(state=State.OFFLINE, status=503, error=str(offline))
        case GiveUp(failures=failures):
            return _failing(ProjectUnavailable(project, failures), asked, candidates, errors, rules, now)
        case Ask(index=index):
            return Verdict(state=State.UNKNOWN, status=None, stop=index, asked=asked)


def _served(
    step: Serve,
    asked: tuple[int, ...],
    candidates: Sequence[Candidate],
    errors: Sequence[UpstreamError | None],
    rules: Rules,
    now: float,
) -> Verdict:
    decided = not asked and step.freshness is Freshness.HIT and not step.degraded
    return Verdict(
        state=State.STALE if step.freshness is Freshness.STALE else State.SERVED,
        status=200,
        owner=step.index,
        degraded=step.degraded,
        asked=asked,
        because=tuple(
            str(error)
            for position, error in enumerate(errors[: step.index + 1])
            if error is not None
            and not candidates[position].is_fresh(now)
            and (position == step.index or usable(candidates[position], rules, now) is None)
        ),
        decides_until=min(each.fresh_until() for each in candidates[: step.index + 1]) if decided else None,
    )


def _failing(
    error: ProjectUnavailable,
    asked: tuple[int, ...],
    candidates: Sequence[Candidate],
    errors: Sequence[UpstreamError | None],
    rules: Rules,
    now: float,
) -> Verdict:
    stops = (
        position
        for position, candidate in enumerate(candidates)
        if candidate.on_failure == "stop" and errors[position] is not None and usable(candidate, rules, now) is None
    )
    return Verdict(
        state=State.FAILING,
        status=504 if error.timed_out else 502,
        error=str(error),
        stop=next(stops, None),
        asked=asked,
        because=tuple(str(failure) for failure in error.failures),
    )
