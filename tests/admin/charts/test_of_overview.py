"""The charts of the dashboard."""

from __future__ import annotations

from pyproxy.admin.charts.of_overview import bytes_chart, calls_chart, requests_chart
from pyproxy.admin.dashboard.model import Bucket, Disk, Overview, Sums
from pyproxy.admin.dashboard.series import total
from tests.admin.charts.drawn import bars, column

EIGHT = 1_800_000_000


def overview(*sums: Sums) -> Overview:
    buckets = tuple(Bucket(EIGHT + 3600 * place, each) for place, each in enumerate(sums))
    return Overview(
        range="24h",
        now=EIGHT + 3600.0 * len(sums),
        bucket_seconds=3600,
        totals=total(buckets),
        buckets=buckets,
        projects=(),
        projects_since=EIGHT,
        upstreams=(),
        disk=Disk(cached=0, database=0, max_size=None, free=None, min_free=0),
        attention=(),
    )


def test_requests_are_drawn_by_how_they_ended() -> None:
    chart = requests_chart(overview(Sums(requests=10, hits=5, misses=2, failed=1), Sums(), Sums(requests=4)))
    assert chart.columns == ("All", "From here", "From upstreams", "Others", "Failed")
    assert [row.cells for row in chart.rows] == [
        ("4", "0", "0", "4", "0"),
        ("0", "0", "0", "0", "0"),
        ("10", "5", "2", "2", "1"),
    ]
    assert set(bars(chart, "Others")) == {0, 2}
    assert chart.sentence == (
        "14 requests in 24 hours: 5 answered from here, 2 from upstreams, 1 failed, and 6 others. Most, 10, came on "
        "Fri 15 Jan, 08:00 to 09:00 UTC."
    )


def test_bytes_are_drawn_by_whether_they_had_to_come_in() -> None:
    chart = bytes_chart(overview(Sums(sent=3_000_000, saved=1_000_000), Sums(sent=500, saved=500)))
    assert column(chart, "Served") == ["3.0 MB", "500 bytes"]
    assert column(chart, "Saved") == ["1.0 MB", "500 bytes"]
    assert column(chart, "From upstreams") == ["2.0 MB", "0 bytes"]
    assert chart.hints[0].splitlines()[1] == "Served: 3.0 MB (3,000,000 bytes)"
    assert chart.sentence.startswith("3.0 MB served in 24 hours, of which 1.0 MB saved")


def test_calls_are_drawn_by_whether_they_failed() -> None:
    chart = calls_chart(overview(Sums(calls=5), Sums(calls=4, call_failures=3)))
    assert column(chart, "Answered") == ["5", "1"]
    assert column(chart, "Failed") == ["0", "3"]
    assert chart.sentence == (
        "9 requests to upstreams in 24 hours, of which 3 failed. Most failed on Fri 15 Jan, 09:00 to 10:00 UTC: 3."
    )


def test_where_nothing_happened_the_charts_are_empty_and_say_so() -> None:
    idle = overview(Sums(), Sums())
    assert requests_chart(idle).sentence == (
        "0 requests in 24 hours: 0 answered from here, 0 from upstreams, 0 failed, and 0 others."
    )
    assert all(chart(idle).empty for chart in (requests_chart, bytes_chart, calls_chart))


def test_what_was_counted_apart_and_does_not_fit_draws_nothing_below_the_axis() -> None:
    odd = overview(Sums(sent=10, saved=2000, calls=1, call_failures=2))
    assert column(bytes_chart(odd), "From upstreams") == ["0 bytes"]
    assert column(calls_chart(odd), "Answered") == ["0"]
