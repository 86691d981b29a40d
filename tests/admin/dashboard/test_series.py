"""From sums to points: gaps are zeros, and every outcome counts as what it is."""

from __future__ import annotations

import pytest

from pyproxy.admin.dashboard.model import Sums, UpstreamBucket
from pyproxy.admin.dashboard.series import buckets, total, upstream_buckets
from pyproxy.admin.history.client_requests import OUTCOMES
from pyproxy.storage.history_reads import CallSum, FailureSum, RequestSum, Window
from pyproxy.storage.latencies import bucket_of

WINDOW = Window(3600, 7200, 3600, 4)


def test_a_place_of_which_nothing_was_counted_is_a_point_of_zeros() -> None:
    points = buckets(WINDOW, [RequestSum(2, "hit", 3, 30, 20)], [], [])
    assert [point.start for point in points] == [7200, 10800, 14400, 18000]
    assert [point.sums.requests for point in points] == [0, 0, 3, 0]
    assert points[0].sums == Sums()


def test_outcomes_upstreams_and_kinds_of_a_place_are_added_up() -> None:
    requests = [
        RequestSum(0, "hit", 1, 10, 10),
        RequestSum(0, "stale", 2, 20, 20),
        RequestSum(0, "collapsed", 4, 40, 40),
        RequestSum(0, "miss", 8, 80, 0),
        RequestSum(0, "failed", 16, 0, 0),
        RequestSum(0, "broken", 32, 5, 0),
        RequestSum(0, "missing", 64, 1, 0),
    ]
    calls = [CallSum(0, "a", 3, 1, 100), CallSum(0, "b", 2, 0, 50), CallSum(1, "a", 7, 0, 0)]
    failures = [FailureSum(0, "a", "timeout", 1), FailureSum(0, "a", "status", 1), FailureSum(0, "b", "timeout", 2)]
    points = buckets(WINDOW, requests, calls, failures)
    assert points[0].sums == Sums(
        requests=127, hits=7, misses=8, failed=48, sent=156, saved=70, calls=5, call_failures=4, received=150
    )
    assert total(points).calls == 12
    assert total(points).requests == 127


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_counts_as_a_request_and_once_at_most_besides(outcome: str) -> None:
    sums = total(buckets(WINDOW, [RequestSum(0, outcome, 1, 0, 0)], [], []))
    assert sums.requests == 1
    assert sums.hits + sums.misses + sums.failed <= 1


def test_the_hit_ratio_is_that_of_what_was_served() -> None:
    assert Sums(requests=100, hits=3, misses=1, failed=50).hit_ratio == 0.75
    assert Sums(requests=100, failed=100).hit_ratio is None
    assert Sums(requests=1, misses=1).hit_ratio == 0.0


def test_an_upstream_without_answers_in_a_place_has_no_median_there() -> None:
    found = upstream_buckets(
        WINDOW,
        [CallSum(1, "a", 5, 0, 0), CallSum(3, "a", 1, 0, 0)],
        [FailureSum(1, "a", "timeout", 1), FailureSum(1, "a", "status", 2), FailureSum(3, "a", "status", 1)],
        {1: {bucket_of(0.1): 2}},
    )
    assert [(each.calls, each.failures, each.median is None) for each in found] == [
        (0, 0, True),
        (5, 3, False),
        (0, 0, True),
        (1, 1, True),
    ]
    assert isinstance(found[1], UpstreamBucket)
    assert found[1].median == pytest.approx(0.1, rel=0.2)
