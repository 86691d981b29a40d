"""What is counted while serving.

Names follow Prometheus' conventions: base units, counters end in ``_total``. Labels take few values: routes, outcomes,
statuses, the upstreams' names; never a project or a file, of which there are millions.
"""

from __future__ import annotations

from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pyproxy.errors import UpstreamError
from pyproxy.repositories.failure_kinds import failure_kind
from pyproxy.repositories.observer import Asked

REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
UPSTREAM_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper bounds in seconds."""

SAVING = frozenset({"hit", "stale", "collapsed"})
"""Outcomes for which no upstream had to send these bytes to us for this client."""


class _OfAKind(NamedTuple):
    """What counts one kind of request: to look them up by their labels costs as much as to count."""

    requests: Counter
    seconds: Histogram
    served: Counter
    saved: Counter | None


class Meters:
    """Counters and histograms of one process; an `Observer` of what upstreams are asked.

    With several processes ``prometheus_client`` keeps the values in files that all of them share
    (``exposition.py``), so that they add up.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._at_hand: dict[tuple[str, str, int], _OfAKind] = {}
        self._requests = Counter(
            "pyproxy_requests", "Requests answered.", ("route", "outcome", "status"), registry=registry
        )
        self._seconds = Histogram(
            "pyproxy_request_seconds",
            "From a request to the end of its response, which includes the client's own pace.",
            ("route",),
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self._served = Counter(
            "pyproxy_served_bytes", "Bytes of response bodies sent.", ("route", "outcome"), registry=registry
        )
        self._saved = Counter(
            "pyproxy_saved_bytes",
            "Bytes sent that no upstream had to send for it: from the cache, or from a transfer shared with others.",
            ("route",),
            registry=registry,
        )
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
            buckets=UPSTREAM_BUCKETS,
            registry=registry,
        )
        self._fetched = Counter(
            "pyproxy_fetched_bytes",
            "Bytes received from upstreams; of files, those that were whole and right.",
            ("upstream", "route"),
            registry=registry,
        )
        self._lag = Histogram(
            "pyproxy_loop_lag_seconds",
            "How late the event loop was, sampled four times a second: what everybody waits when it is busy.",
            buckets=LAG_BUCKETS,
            registry=registry,
        )
        self._transfers = Gauge(
            "pyproxy_transfers",
            "Transfers of files from upstreams under way.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._running = Gauge(
            "pyproxy_requests_under_way",
            "Requests being answered.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._resting = Gauge(
            "pyproxy_upstream_resting",
            "1 while an upstream is not asked, after repeated failures of its connection.",
            ("upstream",),
            multiprocess_mode="livemax",
            registry=registry,
        )

    # -- requests of clients -------------------------------------------------------------------------------------

    def answered(self, route: str, outcome: str, status: int, sent: int, seconds: float) -> None:
        """A request has ended: ``sent`` bytes of its body went out, ``seconds`` after it came."""
        key = (route, outcome, status)
        of_this_kind = self._at_hand.get(key)
        if of_this_kind is None:
            of_this_kind = self._at_hand[key] = self._of_kind(route, outcome, status)
        of_this_kind.requests.inc()
        of_this_kind.seconds.observe(seconds)
        if sent:
            of_this_kind.served.inc(sent)
            if of_this_kind.saved is not None:
                of_this_kind.saved.inc(sent)

    def _of_kind(self, route: str, outcome: str, status: int) -> _OfAKind:
        return _OfAKind(
            self._requests.labels(route, outcome, str(status)),
            self._seconds.labels(route),
            self._served.labels(route, outcome),
            self._saved.labels(route) if outcome in SAVING else None,
        )

    # -- requests to upstreams (`Observer`) ------------------------------------------------------------------------

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

    # -- samples -------------------------------------------------------------------------------------------------

    def sampled(self, *, lag: float, transfers: int, requests: int, resting: dict[str, bool]) -> None:
        """How things are now; ``lag`` in seconds, ``resting`` by upstream."""
        self._lag.observe(lag)
        self._transfers.set(transfers)
        self._running.set(requests)
        for upstream, rests in resting.items():
            self._resting.labels(upstream).set(rests)
