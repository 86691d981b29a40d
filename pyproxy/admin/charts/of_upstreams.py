"""One upstream over time: how long it took to answer, and what it was asked."""

from __future__ import annotations

from pyproxy.admin.amounts import count, took
from pyproxy.admin.charts.drawing import Series, Slots, Words, lines, stacked_bars
from pyproxy.admin.charts.model import Chart
from pyproxy.admin.charts.slots import slot_name
from pyproxy.admin.charts.units import COUNT, SECONDS
from pyproxy.admin.dashboard.model import UpstreamHistory
from pyproxy.admin.dashboard.ranges import TITLES


def upstream_charts(history: UpstreamHistory) -> tuple[Chart, ...]:
    """Latency, and requests with their errors."""
    return _latency(history), _calls(history)


def _latency(history: UpstreamHistory) -> Chart:
    buckets, summary = history.buckets, history.summary
    if summary.median is None or summary.p95 is None:
        sentence = f"Nothing was answered in {TITLES[history.range]}."
    else:
        slowest = max(buckets, key=lambda bucket: bucket.p95 or 0)
        when = slot_name(slowest.start, history.bucket_seconds)
        sentence = (
            f"In {TITLES[history.range]}, half of the answers took {took(summary.median)} at most, and 95 % "
            f"{took(summary.p95)}. It was slowest on {when} UTC: 95 % took {took(slowest.p95 or 0)} at most."
        )
    return lines(
        Words(name="latency", title="Latency", sentence=sentence),
        _slots(history),
        SECONDS,
        [
            Series("95 % within", "second", [bucket.p95 for bucket in buckets]),
            Series("Median", "first", [bucket.median for bucket in buckets]),
        ],
    )


def _calls(history: UpstreamHistory) -> Chart:
    buckets = history.buckets
    calls, failures = sum(each.calls for each in buckets), sum(each.failures for each in buckets)
    sentence = f"{count(calls, 'request')} to this upstream in {TITLES[history.range]}, of which {failures:,} failed."
    if failures:
        worst = max(buckets, key=lambda bucket: bucket.failures)
        when = slot_name(worst.start, history.bucket_seconds)
        sentence += f" Most failed on {when} UTC: {worst.failures:,} of {worst.calls:,}."
    return stacked_bars(
        Words(name="calls", title="Requests and errors", sentence=sentence, total="Requests"),
        _slots(history),
        COUNT,
        [
            Series("Answered", "second", [each.calls - each.failures for each in buckets]),
            Series("Failed", "failed", [each.failures for each in buckets]),
        ],
    )


def _slots(history: UpstreamHistory) -> Slots:
    return Slots([bucket.start for bucket in history.buckets], history.bucket_seconds)
