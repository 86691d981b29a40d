"""Quantiles of what was counted in buckets lie close to those of the times themselves."""

from __future__ import annotations

import random
from collections import Counter
from statistics import quantiles

import pytest

from pyproxy.storage.latencies import BOUNDS, bucket_of, quantile


def counted(times: list[float]) -> Counter[int]:
    return Counter(bucket_of(each) for each in times)


@pytest.mark.parametrize("median", [0.004, 0.05, 0.7, 9.0])
@pytest.mark.parametrize(("spread", "off"), [(0.1, 0.2), (0.5, 0.1), (1.0, 0.1)])
def test_median_and_p95_are_close_to_the_true_ones(median: float, spread: float, off: float) -> None:
    """Closest where times differ by more than a bucket reaches, as those of servers do."""
    chance = random.Random(7)
    times = [median * chance.lognormvariate(0, spread) for _ in range(20_000)]
    true = quantiles(times, n=100)
    for share in (50, 95):
        found = quantile(counted(times), share / 100)
        assert found == pytest.approx(true[share - 1], rel=off), share


def test_a_single_time_is_found_within_its_bucket() -> None:
    found = quantile(counted([0.2]), 0.5)
    assert found is not None
    assert found == pytest.approx(0.2, rel=0.2)


def test_counts_of_many_hours_are_those_of_all_their_times() -> None:
    hours = [[0.01 * number for number in range(1, 50)], [0.5] * 20, [3.0] * 7]
    together = Counter[int]()
    for hour in hours:
        together += counted(hour)
    assert together == counted([each for hour in hours for each in hour])


@pytest.mark.parametrize("counts", [{}, {3: 0}])
def test_nothing_has_no_median(counts: dict[int, int]) -> None:
    assert quantile(counts, 0.5) is None


def test_what_took_longer_than_all_buckets_counts_as_the_longest() -> None:
    assert quantile(counted([100_000.0]), 0.5) == BOUNDS[-1] > 60


def test_quantiles_rise_with_their_share() -> None:
    counts = {0: 3, 4: 1, 5: 0, 9: 20, 34: 2}
    found = [quantile(counts, share / 20) or 0.0 for share in range(21)]
    assert found == sorted(found)


def test_what_a_stored_number_means_never_changes() -> None:
    assert [round(BOUNDS[number], 6) for number in (0, 2, 4, 33)] == [0.001, 0.002, 0.004, 92.6819]
    assert (bucket_of(0.0), bucket_of(0.001), bucket_of(0.00101), bucket_of(1.0)) == (0, 0, 1, 20)
