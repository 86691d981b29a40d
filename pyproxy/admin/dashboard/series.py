"""From what SQLite has added up to points of charts: gaps are zeros."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from pyproxy.admin.dashboard.model import Bucket, Sums, UpstreamBucket
from pyproxy.admin.history.client_requests import has_failed
from pyproxy.repositories.outcomes import SAVING
from pyproxy.storage.history_reads import CallSum, FailureSum, RequestSum, Window
from pyproxy.storage.latencies import quantile

MEDIAN, P95 = 0.5, 0.95

_FIELDS = tuple(field.name for field in fields(Sums))


def buckets(
    window: Window, requests: Iterable[RequestSum], calls: Iterable[CallSum], failures: Iterable[FailureSum]
) -> tuple[Bucket, ...]:
    """A point for each bucket of the window."""
    places = [dict.fromkeys(_FIELDS, 0) for _ in range(window.buckets)]
    for row in requests:
        place = places[row.place]
        place["requests"] += row.requests
        place["sent"] += row.sent
        place["saved"] += row.saved
        if row.outcome in SAVING:
            place["hits"] += row.requests
        elif row.outcome == "miss":
            place["misses"] += row.requests
        elif has_failed(row.outcome):
            place["failed"] += row.requests
    for call in calls:
        places[call.place]["calls"] += call.calls
        places[call.place]["received"] += call.received
    for failure in failures:
        places[failure.place]["call_failures"] += failure.failures
    return tuple(Bucket(start, Sums(**place)) for start, place in zip(window.starts, places, strict=True))


def total(points: Sequence[Bucket]) -> Sums:
    """All of them together."""
    return Sums(**{name: sum(getattr(point.sums, name) for point in points) for name in _FIELDS})


def upstream_buckets(
    window: Window,
    calls: Iterable[CallSum],
    failures: Iterable[FailureSum],
    latencies: Mapping[int, Mapping[int, int]],
) -> tuple[UpstreamBucket, ...]:
    """A point of one upstream for each bucket; all that is given must be of this upstream."""
    called = dict.fromkeys(range(window.buckets), 0)
    failed = dict(called)
    for call in calls:
        called[call.place] += call.calls
    for failure in failures:
        failed[failure.place] += failure.failures
    return tuple(
        UpstreamBucket(
            start,
            called[place],
            failed[place],
            quantile(latencies.get(place, {}), MEDIAN),
            quantile(latencies.get(place, {}), P95),
        )
        for place, start in enumerate(window.starts)
    )
