"""Who answers for a project page: the rules, as one pure function over what is known and what was answered.

``decide`` walks the candidates in priority order and says what to do next: ask one of them, serve one's page, or
give up. The caller does it, writes the outcome into the candidate, and asks again, until the step is final. There
is no I/O and no clock in here, so ``tests/repositories/test_resolution.py`` holds the rules as a table.

An upstream's newest known answer decides while it is fresh; otherwise the upstream is asked:

===================  =======================================================================================
outcome              what follows
===================  =======================================================================================
``FOUND``            this upstream owns the project; nobody further is asked
``SECOND_HAND``      the same, but the upstream is a pyproxy that says its page is stale: so it is ours, and the
                     next request asks again
``MISSING``          (404, 410, an index page without files) the next upstream
a failure            its last known answer: a page up to ``serve_stale_for`` old is served stale; a 404 up to
                     an hour old moves on. Nothing known: ``on_failure`` ``next`` moves on, and what answers
                     then is *degraded*; ``stop`` ends with the failure (so does any 404 that is not fresh).
``OVERDUE``          like a failure, but the refresh goes on behind: nobody waits long for what is known
===================  =======================================================================================

The walk ends with "not found" only if everybody who was asked said so; any failure on the way makes it a failure.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from pyproxy.errors import UpstreamError
from pyproxy.settings import OnFailure

MISSING_USABLE_SECONDS = 3600.0
"""How old a known 404 may be and still move on when its upstream fails."""

PATIENCE_SECONDS = 1.0
"""How long one look-up waits, in all, for refreshes of answers that are already known."""


class Outcome(enum.Enum):
    """What asking an upstream came to, in this look-up; a failure is the `UpstreamError` itself."""

    FOUND = "found"
    SECOND_HAND = "second-hand"
    MISSING = "missing"
    OVERDUE = "overdue"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """An upstream's newest answer for the project: a page (``found``) or a 404, last confirmed at ``checked_at``."""

    found: bool
    checked_at: float


@dataclass(slots=True)
class Candidate:
    """One admitted, active upstream in one look-up; ``outcome`` is filled in as the walk goes on.

    ``index_ttl`` and ``missing_ttl`` are seconds of freshness of its pages and 404s.
    """

    upstream: str
    index_ttl: float
    missing_ttl: float
    on_failure: OnFailure = "next"
    known: KnownAnswer | None = None
    outcome: Outcome | UpstreamError | None = None

    def fresh_until(self) -> float:
        """When the known answer stops deciding by itself (unix seconds; minus infinity without one)."""
        if self.known is None:
            return -math.inf
        return self.known.checked_at + (self.index_ttl if self.known.found else self.missing_ttl)

    def is_fresh(self, now: float) -> bool:
        """Whether the known answer decides by itself. One from the future does not: the clock has been set back."""
        return self.known is not None and self.known.checked_at <= now < self.fresh_until()


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of the walk, in seconds. Offline, known answers of any age are used."""

    serve_stale_for: float
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask ``candidates[index]`` and wait at most ``wait`` seconds for it.

    Then its outcome is ``OVERDUE`` where a known answer ``stands_in``, else a time-out failure.
    """

    index: int
    wait: float
    stands_in: bool


class Freshness(enum.Enum):
    """How the served page came about: asked just now, known and fresh, or kept past its freshness."""

    MISS = "miss"
    HIT = "hit"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Serve:
    """Final: ``candidates[index]`` owns the project."""

    index: int
    freshness: Freshness
    degraded: bool


@dataclass(frozen=True, slots=True)
class NotFound:
    """Final: every upstream that may be asked says that there is no such project."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Final: some upstream failed and nothing better is known. Empty ``failures``: offline and not known."""

    failures: tuple[UpstreamError, ...]


Step = Ask | Serve | NotFound | GiveUp


def decide(
    candidates: Sequence[Candidate], rules: Rules, *, now: float, time_left: float, patience_left: float
) -> Step:
    """The next step of the walk.

    ``now`` is in unix seconds; ``time_left`` is what remains of the look-up's time, ``patience_left`` what remains
    of `PATIENCE_SECONDS`. Each upstream without a known answer gets an equal share of the time that is left.
    """
    failures: list[UpstreamError] = []
    passed_over = False
    for index, candidate in enumerate(candidates):
        outcome, known = candidate.outcome, candidate.known
        if outcome is Outcome.FOUND:
            return Serve(index, Freshness.MISS, passed_over)
        if outcome is Outcome.SECOND_HAND:
            return Serve(index, Freshness.STALE, passed_over)
        if outcome is Outcome.MISSING:
            continue
        if outcome is None:
            if candidate.is_fresh(now):
                assert known is not None
                if known.found:
                    return Serve(index, Freshness.HIT, passed_over)
                continue
            if not rules.offline:
                share = max(time_left, 0.0) / (len(candidates) - index)
                stands_in = usable(candidate, rules, now) is not None
                return Ask(index, min(share, max(patience_left, 0.0)) if stands_in else share, stands_in)
        # Failed, overdue or offline: the last known answer stands in.
        if isinstance(outcome, UpstreamError):
            failures.append(outcome)
        stand_in = usable(candidate, rules, now)
        if stand_in is not None:
            if stand_in.found:
                return Serve(index, Freshness.STALE, passed_over)
            if isinstance(outcome, UpstreamError):
                failures.pop()  # a usable 404 is an answer, so the failure behind it is none
            continue
        if candidate.on_failure == "stop":
            return GiveUp(tuple(failures))
        passed_over = True
    if passed_over:
        return GiveUp(tuple(failures))
    return NotFound()


def usable(candidate: Candidate, rules: Rules, now: float) -> KnownAnswer | None:
    """The candidate's last known answer, if it may stand in for an upstream that cannot be asked."""
    known = candidate.known
    if known is None:
        return None
    if rules.offline:
        return known
    age = now - known.checked_at
    if known.found:
        return known if age <= rules.serve_stale_for else None
    if candidate.is_fresh(now):
        return known
    return known if candidate.on_failure == "next" and 0 <= age <= MISSING_USABLE_SECONDS else None
