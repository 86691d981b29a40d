"""The charts of one upstream."""

from __future__ import annotations

from pyproxy.admin.charts.of_upstreams import upstream_charts
from pyproxy.admin.dashboard.model import UpstreamBucket, UpstreamHistory, UpstreamSummary
from tests.admin.charts.drawn import bars, column, points

EIGHT = 1_800_000_000


def history(*buckets: tuple[int, int, float | None, float | None]) -> UpstreamHistory:
    medians = [each[2] for each in buckets if each[2] is not None]
    return UpstreamHistory(
        range="24h",
        now=EIGHT + 3600.0 * len(buckets),
        bucket_seconds=3600,
        summary=UpstreamSummary(
            id=1,
            name="first",
            priority=1,
            state="active",
            median=min(medians, default=None),
            p95=max(medians, default=None),
        ),
        buckets=tuple(UpstreamBucket(EIGHT + 3600 * place, *each) for place, each in enumerate(buckets)),
    )


def test_latency_and_errors_are_drawn_over_time() -> None:
    latency, calls = upstream_charts(history((10, 2, 0.1, 0.4), (0, 0, None, None), (5, 5, None, None)))
    assert [(pen, slot) for pen, slot, _ in points(latency, "Median")] == [(".", 0)]
    assert column(latency, "95 % within") == ["400 ms", "–", "–"]
    assert set(bars(calls, "Answered")) == {0}
    assert set(bars(calls, "Failed")) == {0, 2}
    assert column(calls, "Requests") == ["10", "0", "5"]
    assert column(calls, "Answered") == ["8", "0", "0"]
    assert column(calls, "Failed") == ["2", "0", "5"]


def test_sentences_say_what_there_is_to_see() -> None:
    latency, calls = upstream_charts(history((10, 2, 0.1, 0.4), (5, 5, 0.3, 0.9)))
    assert latency.sentence == (
        "In 24 hours, half of the answers took 100 ms at most, and 95 % 300 ms. It was slowest on Fri 15 Jan, 09:00 to "
        "10:00 UTC: 95 % took 900 ms at most."
    )
    assert calls.sentence == (
        "15 requests to this upstream in 24 hours, of which 7 failed. Most failed on Fri 15 Jan, 09:00 to 10:00 UTC: "
        "5 of 5."
    )


def test_an_upstream_that_was_not_asked_has_empty_charts() -> None:
    latency, calls = upstream_charts(history((0, 0, None, None)))
    assert (latency.empty, calls.empty) == (True, True)
    assert latency.sentence == "Nothing was answered in 24 hours."
    assert calls.sentence == "0 requests to this upstream in 24 hours, of which 0 failed."
