"""Requests to upstreams, counted when they have ended: an `Observer`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from pyproxy.errors import UpstreamError
from pyproxy.repositories.failure_kinds import failure_kind
from pyproxy.repositories.observer import Asked

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds."""


class UpstreamRequests:
    """Counters and a histogram of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._asked = Counter(
            "pyproxy_upstream_requests",
            "Requests to upstreams that have ended, by result: found, missing or failed.",
            ("upstream", "route", "result"),
            registry=registry,
        )
        self._failures = Counter(
            "pyproxy_upstream_failures", "Failures of upstreams.", ("upstream", "route", "kind"), registry=registry
        )
        self._latency = Histogram(
            "pyproxy_upstream_seconds",
            "How long upstreams took for pages and other documents.",
            ("upstream", "route"),
            buckets=BUCKETS,
            registry=registry,
        )
        self._fetched = Counter(
            "pyproxy_fetched_bytes",
            "Bytes received from upstreams; of files, those that were whole and right.",
            ("upstream", "route"),
            registry=registry,
        )

    def asked(self, event: Asked) -> None:
        """A request to an upstream has ended."""
        result = "failed" if event.error is not None else "found" if event.found else "missing"
        self._asked.labels(event.upstream, event.route, result).inc()
        if event.error is not None:
            self._failures.labels(event.upstream, event.route, failure_kind(event.error)).inc()
        if event.seconds is not None:
            self._latency.labels(event.upstream, event.route).observe(event.seconds)
        if event.received:
            self._fetched.labels(event.upstream, event.route).inc(event.received)

    def rest_began(self, upstream_id: int, upstream: str, error: UpstreamError | None) -> None:
        """Not counted: rests are sampled."""

    def rest_ended(self, upstream_id: int, upstream: str) -> None:
        """Not counted: rests are sampled."""
