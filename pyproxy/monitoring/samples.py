"""How things are just now, as far as nothing counts it by itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, Histogram

LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper bounds in seconds."""


class Samples:
    """Gauges and a histogram of one process; of several, gauges add up or show the worst."""

    def __init__(self, registry: CollectorRegistry) -> None:
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

    def take(self, *, lag: float, transfers: int, requests: int, resting: dict[str, bool]) -> None:
        """How things are now; ``lag`` in seconds, ``resting`` by upstream."""
        self._lag.observe(lag)
        self._transfers.set(transfers)
        self._running.set(requests)
        for upstream, rests in resting.items():
            self._resting.labels(upstream).set(rests)
