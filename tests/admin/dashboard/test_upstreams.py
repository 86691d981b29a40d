"""One line for each upstream: what it did, and one word for how it stands."""

from __future__ import annotations

import pytest

from pyproxy.admin.dashboard.upstreams import Standing, state_of, summaries
from pyproxy.storage.counted import Latest
from pyproxy.storage.failures import Rest
from pyproxy.storage.history_reads import CallSum, FailureSum
from pyproxy.storage.latencies import bucket_of
from tests.admin.dashboard.seen import NOW, failure, standing, stored

REST = Rest(NOW, "timeout", "was silent", NOW + 5)


@pytest.mark.parametrize(
    ("active", "known", "state"),
    [
        (True, standing(), "never asked"),
        (True, standing(Latest(succeeded_at=NOW)), "active"),
        (True, standing(Latest(NOW, NOW - 1, 0)), "active"),
        (True, standing(Latest(NOW - 1, NOW, 2)), "failing"),
        (True, standing(Latest(None, NOW, 1)), "failing"),
        (True, standing(Latest(NOW, None, 0), rest=REST), "resting"),
        (False, standing(Latest(None, NOW, 1), rest=REST), "off"),
        (True, standing(Latest(NOW, None, 0), failure=failure()), "active"),
    ],
)
def test_one_word_says_how_it_stands(active: bool, known: Standing, state: str) -> None:
    assert state_of(stored(active=active), known) == state


def test_what_was_counted_lands_at_the_upstream_of_that_name_in_the_order_of_priorities() -> None:
    calls = [CallSum(0, "second", 1, 0, 10), CallSum(0, "first", 2, 1, 20), CallSum(3, "first", 4, 0, 30)]
    failures = [
        FailureSum(0, "first", "timeout", 1),
        FailureSum(2, "first", "timeout", 2),
        FailureSum(2, "removed", "status", 9),
    ]
    latencies = {"first": {bucket_of(0.1): 95, bucket_of(5.0): 5}}
    first, second = summaries([stored(), stored(2, "second")], standing(), calls, failures, latencies)
    assert (first.name, first.calls, first.missing, first.received) == ("first", 6, 1, 50)
    assert first.failures == {"timeout": 3}
    assert first.median == pytest.approx(0.1, rel=0.2)
    assert (second.name, second.calls, second.failures, second.median) == ("second", 1, {}, None)


def test_its_newest_failure_rest_and_certificate_are_told() -> None:
    known = standing(Latest(NOW - 9, NOW, 3), failure=failure(), rest=REST, ends=NOW + 99, seen_at=NOW)
    (summary,) = summaries([stored()], known, [], [], {})
    assert (summary.last_failure, summary.rest, summary.failures_in_a_row) == (failure(), REST, 3)
    assert (summary.succeeded_at, summary.failed_at) == (NOW - 9, NOW)
    assert (summary.certificate_ends, summary.certificate_seen_at) == (NOW + 99, NOW)
