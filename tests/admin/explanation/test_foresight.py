"""What the next request comes to if every upstream repeats its last word, as a table.

Each upstream is ``<known answer> [fails] [rests] [stop]`` with a known answer as in ``test_resolution``: ``new``,
``page@AGE`` or ``404@AGE``. Pages are fresh for 5 minutes, 404s for one, pages are served stale for 30 days.
"""

from __future__ import annotations

import pytest

from pyproxy.admin.explanation.foresight import Foresight, foresee
from pyproxy.errors import UpstreamError, UpstreamUnreachable
from pyproxy.repositories.resolution import (
    Ask,
    Candidate,
    Freshness,
    GiveUp,
    KnownAnswer,
    NotFound,
    Outcome,
    Rules,
    Serve,
    decide,
)

NOW = 1_000_000_000.0
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

TABLE = [
    # what is known                                         then      who is asked on the way
    ("a fresh page: nobody is asked", ("page@4m", "new"), "a hit", ""),
    ("an older page: its upstream is asked again", ("page@6m", "new"), "a miss", "a"),
    ("fresh 404, fresh page: nobody is asked", ("404@30s", "page@4m"), "b hit", ""),
    ("older 404, fresh page: the first is asked again", ("404@2m", "page@4m"), "b hit", "a"),
    ("nobody was ever asked", ("new", "new"), "open at a", "a"),
    ("the first says 404, the second was never asked", ("404@30s", "new"), "open at b", "b"),
    ("all say 404", ("404@30s", "404@30s"), "404", ""),
    ("all said 404 an hour ago", ("404@2h", "404@2h"), "404", "ab"),
    ("a failure with a known page", ("page@6m fails", "new"), "a stale", "a"),
    ("a failure that a fresh page hides", ("page@4m fails", "new"), "a hit", ""),
    ("a failure with a known 404", ("404@5m fails", "page@4m"), "b hit", "a"),
    ("a failure without a known answer", ("new fails", "page@4m"), "b hit degraded", "a"),
    ("the same with stop", ("new fails stop", "page@4m"), "fails: a", "a"),
    ("a rest is not asked", ("page@6m rests", "new"), "a stale", ""),
    ("a rest without a known answer", ("new rests", "404@30s"), "fails: a", ""),
    ("all fail", ("new fails", "new fails"), "fails: a b", "ab"),
    ("a page that is too old to stand in", ("page@31d fails", "new fails"), "fails: a b", "ab"),
]


def candidate(name: str, text: str) -> Candidate:
    known_text, *flags = text.split()
    kind, _, age = known_text.partition("@")
    known = None if kind == "new" else KnownAnswer(kind == "page", NOW - int(age[:-1]) * UNITS[age[-1]])
    return Candidate(
        upstream=name,
        index_ttl=300,
        missing_ttl=60,
        on_failure="stop" if "stop" in flags else "next",
        known=known,
    )


def foreseen(texts: tuple[str, ...], rules: Rules) -> tuple[list[Candidate], Foresight]:
    candidates = [candidate(name, text) for name, text in zip("ab", texts, strict=True)]

    def errors(flag: str) -> list[UpstreamError | None]:
        return [
            UpstreamUnreachable(name, flag) if flag in text.split() else None
            for name, text in zip("ab", texts, strict=True)
        ]

    foresight = foresee(candidates, rules, now=NOW, lookup_timeout=10, resting=errors("rests"), failed=errors("fails"))
    return candidates, foresight


def described(foresight: Foresight) -> str:
    match foresight.step:
        case Serve(index, freshness, degraded):
            how = {Freshness.HIT: "hit", Freshness.MISS: "miss", Freshness.STALE: "stale"}[freshness]
            return f"{'ab'[index]} {how}" + (" degraded" if degraded else "")
        case NotFound():
            return "404"
        case GiveUp(failures):
            return "fails: " + " ".join(failure.upstream for failure in failures)
        case Ask(index=index):
            return f"open at {'ab'[index]}"


@pytest.mark.parametrize(("texts", "then", "asked"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_foresight(texts: tuple[str, ...], then: str, asked: str) -> None:
    candidates, foresight = foreseen(texts, Rules(serve_stale_for=30 * 86400))
    assert described(foresight) == then
    assert "".join("ab"[index] for index in foresight.asked) == asked
    assert all(each.outcome is None for each in candidates), "what is only foreseen leaves no trace"


@pytest.mark.parametrize("texts", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_it_is_the_servers_own_walk(texts: tuple[str, ...]) -> None:
    """With the same outcomes written in, `decide` comes to the same end."""
    rules = Rules(serve_stale_for=30 * 86400)
    candidates, foresight = foreseen(texts, rules)
    for each, text in zip(candidates, texts, strict=True):
        words = text.split()
        if each.is_fresh(NOW):
            continue
        if "fails" in words or "rests" in words:
            each.outcome = UpstreamUnreachable(each.upstream, "fails" if "fails" in words else "rests")
        elif each.known is not None:
            each.outcome = Outcome.FOUND if each.known.found else Outcome.MISSING
    step = decide(candidates, rules, now=NOW, time_left=10, patience_left=1)
    assert described(Foresight(step, ())) == described(foresight)


def test_offline_nobody_is_asked() -> None:
    _, foresight = foreseen(("404@2h", "page@90d"), Rules(serve_stale_for=60, offline=True))
    assert (described(foresight), foresight.asked) == ("b stale", ())
