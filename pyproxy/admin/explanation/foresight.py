"""What the next request for a project comes to, without asking anybody.

The walk is the server's own (``resolution.decide``). Where that would ask an upstream, the last word of this upstream
stands for its answer: what it said, or how it failed, the last time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyproxy.errors import UpstreamError
from pyproxy.repositories.resolution import (
    PATIENCE_SECONDS,
    Ask,
    Candidate,
    GiveUp,
    NotFound,
    Outcome,
    Rules,
    Serve,
    decide,
)


@dataclass(frozen=True, slots=True)
class Foresight:
    """How the walk ends if everybody repeats their last word.

    ``asked`` are the candidates (by index) that the next request asks, in order. A ``step`` that is an `Ask` means
    that everything depends on this candidate, which has not said anything so far.
    """

    step: Ask | Serve | NotFound | GiveUp
    asked: tuple[int, ...]


def foresee(
    candidates: Sequence[Candidate],
    rules: Rules,
    *,
    now: float,
    lookup_timeout: float,
    resting: Sequence[UpstreamError | None],
    failed: Sequence[UpstreamError | None],
) -> Foresight:
    """Walk over copies of the candidates; ``now`` is in unix seconds.

    ``resting`` and ``failed`` are parallel to them: why one is not asked at all now, and the failure that is newer
    than its known answer.
    """
    walked = [replace(candidate) for candidate in candidates]
    asked: list[int] = []
    while True:
        step = decide(walked, rules, now=now, time_left=lookup_timeout, patience_left=PATIENCE_SECONDS)
        if not isinstance(step, Ask):
            return Foresight(step, tuple(asked))
        candidate, rest = walked[step.index], resting[step.index]
        if rest is not None:
            candidate.outcome = rest
            continue
        asked.append(step.index)
        last_word = failed[step.index] or _repeated(candidate)
        if last_word is None:
            return Foresight(step, tuple(asked))
        candidate.outcome = last_word


def _repeated(candidate: Candidate) -> Outcome | None:
    if candidate.known is None:
        return None
    return Outcome.FOUND if candidate.known.found else Outcome.MISSING
