"""The whole server over time: what clients asked for, how many bytes that took, and what upstreams were asked."""

from __future__ import annotations

from pyproxy.admin.amounts import count, data
from pyproxy.admin.charts.drawing import Series, Slots, Words, stacked_bars
from pyproxy.admin.charts.model import Chart
from pyproxy.admin.charts.slots import slot_name
from pyproxy.admin.charts.units import BYTES, COUNT
from pyproxy.admin.dashboard.model import Bucket, Overview, Sums
from pyproxy.admin.dashboard.ranges import TITLES


def requests_chart(overview: Overview) -> Chart:
    """How clients' requests ended."""
    sums, totals = _sums(overview), overview.totals
    sentence = (
        f"{count(totals.requests, 'request')} in {TITLES[overview.range]}: {totals.hits:,} answered from here, "
        f"{totals.misses:,} from upstreams, {totals.failed:,} failed, and {_others(totals):,} others."
    )
    if totals.requests:
        most = max(overview.buckets, key=lambda bucket: bucket.sums.requests)
        sentence += f" Most, {most.sums.requests:,}, came on {_name(overview, most)} UTC."
    return stacked_bars(
        Words(name="requests", title="Requests", sentence=sentence, total="All"),
        _slots(overview),
        COUNT,
        [
            Series("From here", "first", [each.hits for each in sums]),
            Series("From upstreams", "second", [each.misses for each in sums]),
            Series("Others", "other", [_others(each) for each in sums]),
            Series("Failed", "failed", [each.failed for each in sums]),
        ],
    )


def bytes_chart(overview: Overview) -> Chart:
    """What went out, and how much of it had not to come in for it."""
    sums, totals = _sums(overview), overview.totals
    return stacked_bars(
        Words(
            name="bytes",
            title="Bytes served",
            sentence=f"{data(totals.sent)} served in {TITLES[overview.range]}, of which {data(totals.saved)} saved: "
            "no upstream had to send them for it.",
            total="Served",
        ),
        _slots(overview),
        BYTES,
        [
            Series("Saved", "first", [min(each.saved, each.sent) for each in sums]),
            Series("From upstreams", "second", [max(0, each.sent - each.saved) for each in sums]),
        ],
    )


def calls_chart(overview: Overview) -> Chart:
    """What upstreams were asked, and how often that failed."""
    sums, totals = _sums(overview), overview.totals
    sentence = (
        f"{count(totals.calls, 'request')} to upstreams in {TITLES[overview.range]}, of which "
        f"{totals.call_failures:,} failed."
    )
    if totals.call_failures:
        worst = max(overview.buckets, key=lambda bucket: bucket.sums.call_failures)
        sentence += f" Most failed on {_name(overview, worst)} UTC: {worst.sums.call_failures:,}."
    return stacked_bars(
        Words(name="calls", title="Requests to upstreams", sentence=sentence, total="All"),
        _slots(overview),
        COUNT,
        [
            Series("Answered", "second", [max(0, each.calls - each.call_failures) for each in sums]),
            Series("Failed", "failed", [each.call_failures for each in sums]),
        ],
    )


def _others(sums: Sums) -> int:
    """Requests for what does not exist, or wrong ones, or to be led elsewhere."""
    return sums.requests - sums.hits - sums.misses - sums.failed


def _sums(overview: Overview) -> list[Sums]:
    return [bucket.sums for bucket in overview.buckets]


def _slots(overview: Overview) -> Slots:
    return Slots([bucket.start for bucket in overview.buckets], overview.bucket_seconds)


def _name(overview: Overview, bucket: Bucket) -> str:
    return slot_name(bucket.start, overview.bucket_seconds)
