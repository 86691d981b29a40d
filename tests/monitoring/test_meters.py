"""What is counted, under which names: dashboards and alert rules rely on them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from prometheus_client import CollectorRegistry

from pyproxy.errors import HashMismatch, UpstreamStatus, UpstreamTimeout
from pyproxy.monitoring.meters import Meters
from pyproxy.repositories.observer import Asked


@dataclass(frozen=True)
class Ended:
    """An `Answered`."""

    route: str = "file"
    outcome: str = "hit"
    status: int = 200
    sent: int = 100
    seconds: float = 0.01


def meters() -> tuple[Meters, CollectorRegistry]:
    registry = CollectorRegistry()
    return Meters(registry), registry


def test_requests_are_counted_by_route_outcome_and_status() -> None:
    counted, registry = meters()
    counted.clients.answered([Ended(sent=100), Ended(status=206, sent=50), Ended(status=304, sent=0)])
    counted.clients.answered([Ended(status=206, sent=5), Ended(status=206, sent=7), Ended(outcome="miss", sent=9)])
    labels = {"route": "file", "outcome": "hit"}
    assert registry.get_sample_value("pyproxy_requests_total", {**labels, "status": "206"}) == 3
    assert registry.get_sample_value("pyproxy_requests_total", {**labels, "status": "304"}) == 1
    assert registry.get_sample_value("pyproxy_served_bytes_total", labels) == 162
    assert registry.get_sample_value("pyproxy_served_bytes_total", labels | {"outcome": "miss"}) == 9
    assert registry.get_sample_value("pyproxy_request_seconds_count", {"route": "file"}) == 6
    assert registry.get_sample_value("pyproxy_request_seconds_sum", {"route": "file"}) == pytest.approx(0.06)


def test_bytes_are_saved_by_what_no_upstream_had_to_send_again() -> None:
    counted, registry = meters()
    outcomes = ("hit", "stale", "collapsed", "miss", "failed")
    counted.clients.answered([Ended(outcome=outcome) for outcome in outcomes])
    assert registry.get_sample_value("pyproxy_saved_bytes_total", {"route": "file"}) == 300


def test_requests_to_upstreams_are_counted_by_result_and_failures_by_kind() -> None:
    counted, registry = meters()
    counted.upstreams.asked(
        Asked(upstream_id=1, upstream="a", route="page", project="x", found=True, seconds=0.2, received=77)
    )
    counted.upstreams.asked(Asked(upstream_id=1, upstream="a", route="page", project="y", seconds=0.1))
    errors = (HashMismatch("a", "sent other bytes"), UpstreamTimeout("a", "was silent"), UpstreamStatus("a", 401, "no"))
    for error in errors:
        counted.upstreams.asked(
            Asked(upstream_id=1, upstream="a", route="file", project="x", filename="x.whl", error=error)
        )
    page = {"upstream": "a", "route": "page"}
    assert registry.get_sample_value("pyproxy_upstream_requests_total", {**page, "result": "found"}) == 1
    assert registry.get_sample_value("pyproxy_upstream_requests_total", {**page, "result": "missing"}) == 1
    assert registry.get_sample_value("pyproxy_upstream_seconds_count", page) == 2
    assert registry.get_sample_value("pyproxy_fetched_bytes_total", page) == 77
    file = {"upstream": "a", "route": "file"}
    assert registry.get_sample_value("pyproxy_upstream_requests_total", {**file, "result": "failed"}) == 3
    for kind in ("hash mismatch", "timeout", "credentials refused"):
        assert registry.get_sample_value("pyproxy_upstream_failures_total", {**file, "kind": kind}) == 1


def test_refused_connections_are_there_from_the_start_by_reason() -> None:
    """A first one that begins a series is no increase to Prometheus."""
    counted, registry = meters()
    counted.refused.count("too many")
    counted.refused.count("too many")
    refused = {
        reason: registry.get_sample_value("pyproxy_refused_connections_total", {"reason": reason})
        for reason in ("too many", "stalled")
    }
    assert refused == {"too many": 2, "stalled": 0}


def test_a_sample_says_how_things_are_now() -> None:
    counted, registry = meters()
    counted.samples.take(lag=0.3, transfers=4, requests=9, resting={"a": True, "b": False})
    counted.samples.take(lag=0.0, transfers=1, requests=2, resting={"a": False, "b": False})
    assert registry.get_sample_value("pyproxy_loop_lag_seconds_count") == 2
    assert registry.get_sample_value("pyproxy_loop_lag_seconds_bucket", {"le": "0.25"}) == 1
    assert registry.get_sample_value("pyproxy_transfers") == 1
    assert registry.get_sample_value("pyproxy_requests_under_way") == 2
    assert registry.get_sample_value("pyproxy_upstream_resting", {"upstream": "a"}) == 0
