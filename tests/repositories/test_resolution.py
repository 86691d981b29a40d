"""The rules of resolution as a table, row by row.

Each upstream is written as ``<known answer> <outcome> [stop]``:

* known: ``new`` (never asked for this project), ``page@AGE`` or ``404@AGE`` with s, m, h or d (negative: in the future)
* outcome of asking: ``?`` (not asked yet), ``found``, ``missing``, ``fails``, ``overdue``, ``offline``,
  ``second-hand``

Pages are fresh for 5 minutes, 404s for one, pages are served stale for 30 days.
"""

from __future__ import annotations

import pytest

from pyproxy.errors import UpstreamUnreachable
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
    Step,
    decide,
)

NOW = 1_000_000_000.0
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def upstreams(*texts: str) -> list[Candidate]:
    candidates = []
    for number, text in enumerate(texts):
        known_text, outcome_text, *flags = text.split()
        kind, _, age = known_text.partition("@")
        known = None
        if kind != "new":
            known = KnownAnswer(found=kind == "page", checked_at=NOW - int(age[:-1]) * UNITS[age[-1]])
        name = "ab"[number] if number < 2 else f"u{number}"
        outcome = OUTCOMES.get(outcome_text)
        candidates.append(
            Candidate(
                upstream=name,
                index_ttl=300,
                missing_ttl=60,
                on_failure="stop" if "stop" in flags else "next",
                known=known,
                outcome=UpstreamUnreachable(name, "refused the connection") if outcome_text == "fails" else outcome,
            )
        )
    return candidates


def described(step: Step) -> str:
    match step:
        case Ask(index, wait, stands_in):
            return f"ask {'ab'[index]} for {wait:g}s" + (", known" if stands_in else "")
        case Serve(index, freshness, degraded):
            how = {Freshness.HIT: "hit", Freshness.MISS: "miss", Freshness.STALE: "stale"}[freshness]
            return f"serve {'ab'[index]} {how}" + (" degraded" if degraded else "")
        case NotFound():
            return "404"
        case GiveUp(failures):
            return "give up: " + (" ".join(failure.upstream for failure in failures) or "offline")
    raise AssertionError(step)


RULES = [
    # the rule                                                       a                       b                   step
    ("a page that is fresh decides by itself", ("page@4m ?", "new ?"), "serve a hit"),
    ("a 404 that is fresh moves on unasked", ("404@30s ?", "page@1m ?"), "serve b hit"),
    ("an unknown project is asked of the first, with its share", ("new ?", "new ?"), "ask a for 5s"),
    ("the last upstream gets all the time that is left", ("404@30s ?", "new ?"), "ask b for 10s"),
    ("a known page past its freshness is asked again for a second", ("page@6m ?", "new ?"), "ask a for 1s, known"),
    ("a known 404 past its freshness is asked again for a second", ("404@2m ?", "new ?"), "ask a for 1s, known"),
    ("a page too old to stand in gets the full share", ("page@31d ?", "new ?"), "ask a for 5s"),
    ("a valid page owns the project", ("new found", "page@1m ?"), "serve a miss"),
    ("so does one at second hand, but it is stale", ("new second-hand", "page@1m ?"), "serve a stale"),
    ("and degraded behind a failure", ("new fails", "new second-hand"), "serve b stale degraded"),
    ("404 or 410: the next upstream is tried", ("new missing", "new ?"), "ask b for 10s"),
    ("a later upstream's page is served after a 404", ("new missing", "new found"), "serve b miss"),
    ("a failure serves the last known page stale", ("page@6m fails", "page@1m ?"), "serve a stale"),
    ("a failure does so up to 30 days", ("page@29d fails", "new ?"), "serve a stale"),
    ("a page older than that is no answer", ("page@31d fails", "new found"), "serve b miss degraded"),
    ("a failure with a known 404 up to an hour old moves on", ("404@59m fails", "new found"), "serve b miss"),
    ("a known 404 older than an hour is no answer", ("404@61m fails", "new found"), "serve b miss degraded"),
    ("a failure without a known answer: next goes on", ("new fails", "new ?"), "ask b for 10s"),
    ("what is reached so is degraded", ("new fails", "new found"), "serve b miss degraded"),
    ("also when it is known and fresh", ("new fails", "page@1m ?"), "serve b hit degraded"),
    ("also when it is stale", ("new fails", "page@6m fails"), "serve b stale degraded"),
    ("stop ends with the failure", ("new fails stop", "page@1m ?"), "give up: a"),
    ("stop serves its own stale page", ("page@6m fails stop", "new ?"), "serve a stale"),
    ("stop moves on after a 404", ("new missing stop", "new found"), "serve b miss"),
    ("stop moves on at a fresh 404", ("404@30s ? stop", "page@1m ?"), "serve b hit"),
    ("stop does not move on at a 404 that is not fresh", ("404@2m fails stop", "page@1m ?"), "give up: a"),
    ("so its refresh gets the full share", ("404@2m ? stop", "new ?"), "ask a for 5s"),
    ("everybody says 404", ("new missing", "404@30s ?"), "404"),
    ("a 404 that stands in counts as one", ("404@10m fails", "new missing"), "404"),
    ("any failure makes it a failure, never a 404", ("new fails", "new missing"), "give up: a"),
    ("also the last one's", ("new missing", "new fails"), "give up: b"),
    ("all failures are named, the most trusted first", ("new fails", "new fails"), "give up: a b"),
    ("a refresh that is overdue serves what is known", ("page@6m overdue", "new ?"), "serve a stale"),
    ("an overdue 404 moves on", ("404@2m overdue", "page@1m ?"), "serve b hit"),
    ("a page from the future is not fresh: the clock was set back", ("page@-9d ?", "new ?"), "ask a for 1s, known"),
    ("but stands in like any other", ("page@-9d fails", "page@1m ?"), "serve a stale"),
    ("a 404 from the future is of unknown age", ("404@-9d fails", "new found"), "serve b miss degraded"),
    ("so stop does not move on at it", ("404@-9d fails stop", "page@1m ?"), "give up: a"),
]


@pytest.mark.parametrize(("sentence", "candidates", "expected"), RULES, ids=[row[0] for row in RULES])
def test_rule(sentence: str, candidates: tuple[str, ...], expected: str) -> None:
    step = decide(upstreams(*candidates), Rules(serve_stale_for=30 * 86400), now=NOW, time_left=10, patience_left=1)

    assert described(step) == expected


OFFLINE_RULES = [
    ("nobody is asked, and a known page of any age answers", ("page@90d ?", "new ?"), "serve a stale"),
    ("a fresh page is still a hit", ("page@1m ?", "new ?"), "serve a hit"),
    ("a known 404 of any age moves on", ("404@9d ?", "page@90d ?"), "serve b stale"),
    ("everybody is known to have nothing", ("404@9d ?", "404@9d ?"), "404"),
    ("an upstream never asked is passed over", ("new ?", "page@9d ?"), "serve b stale degraded"),
    ("but not one that says stop", ("new ? stop", "page@9d ?"), "give up: offline"),
    ("nothing known at all", ("new ?", "new ?"), "give up: offline"),
]


@pytest.mark.parametrize(("sentence", "candidates", "expected"), OFFLINE_RULES, ids=[row[0] for row in OFFLINE_RULES])
def test_rule_offline(sentence: str, candidates: tuple[str, ...], expected: str) -> None:
    rules = Rules(serve_stale_for=30 * 86400, offline=True)

    step = decide(upstreams(*candidates), rules, now=NOW, time_left=10, patience_left=1)

    assert described(step) == expected


def test_the_patience_is_shared_by_all_refreshes_of_one_look_up() -> None:
    candidates = upstreams("404@2m overdue", "page@6m ?")

    step = decide(candidates, Rules(serve_stale_for=86400), now=NOW, time_left=9, patience_left=0)

    assert described(step) == "ask b for 0s, known"


def test_a_walk_out_of_time_waits_no_longer() -> None:
    step = decide(upstreams("new fails", "new ?"), Rules(serve_stale_for=86400), now=NOW, time_left=-1, patience_left=1)

    assert described(step) == "ask b for 0s"


def test_freshness_ends_exactly_with_the_ttl() -> None:
    step = decide(upstreams("page@5m ?"), Rules(serve_stale_for=86400), now=NOW, time_left=10, patience_left=1)

    assert described(step) == "ask a for 1s, known"


def test_no_candidate_at_all_is_not_found() -> None:
    assert decide([], Rules(serve_stale_for=1), now=NOW, time_left=1, patience_left=1) == NotFound()
