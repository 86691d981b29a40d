"""How long a failure is not worth another try."""

from __future__ import annotations

from functools import partial

import pytest

from pyproxy.errors import UpstreamError, UpstreamStatus, UpstreamUnreachable
from pyproxy.repositories.recent_failures import REMEMBERED, RecentFailures
from pyproxy.simple.model import NormalizedName
from tests.http.proxy import Clock
from tests.net.test_health import raised_and_let_go

DEMO = NormalizedName("demo")

LASTING: list[tuple[str, UpstreamError, float]] = [
    ("three seconds", UpstreamUnreachable("a", "refused the connection"), 3),
    ("as long as the upstream says", UpstreamStatus("a", 429, "answered 429", 20), 20),
    ("not shorter than three seconds", UpstreamStatus("a", 503, "answered 503", 0), 3),
    ("not longer than a minute", UpstreamStatus("a", 503, "answered 503", 86400), 60),
]


@pytest.mark.parametrize(("sentence", "error", "seconds"), LASTING, ids=[row[0] for row in LASTING])
def test_a_failure_is_remembered_for(sentence: str, error: UpstreamError, seconds: float) -> None:
    clock = Clock()
    failures = RecentFailures(clock)
    failures.add(DEMO, error)

    clock.advance(seconds - 0.1)
    assert str(failures.get(DEMO)) == str(error)
    clock.advance(0.1)
    assert failures.get(DEMO) is None


def test_what_was_under_way_when_it_failed_is_not_remembered_with_it() -> None:
    """Ten thousand pages that are none would be as many pages in memory."""
    failures = RecentFailures(Clock())
    assert raised_and_let_go(partial(failures.add, DEMO))() is None
    assert failures.get(DEMO) is not None


def test_a_success_makes_it_forgotten_and_other_projects_have_their_own() -> None:
    failures = RecentFailures(Clock())
    failures.add(DEMO, UpstreamError("a", "failed"))

    assert failures.get(NormalizedName("other")) is None
    failures.forget(DEMO)
    assert failures.get(DEMO) is None


def test_their_number_is_bounded_and_the_newest_stay() -> None:
    failures = RecentFailures(Clock())
    for number in range(REMEMBERED + 1):
        failures.add(NormalizedName(f"p{number}"), UpstreamError("a", "failed"))

    assert failures.get(NormalizedName("p0")) is None
    assert failures.get(NormalizedName(f"p{REMEMBERED}")) is not None


def test_a_clock_that_is_set_back_does_not_make_them_last() -> None:
    clock = Clock()
    failures = RecentFailures(clock)
    failures.add(DEMO, UpstreamError("a", "failed"))

    clock.advance(-3600)
    assert failures.get(DEMO) is None
