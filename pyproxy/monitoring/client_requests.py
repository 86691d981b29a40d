"""Requests of clients, counted when they have ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram

from pyproxy.repositories.outcomes import SAVING

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
"""Upper bounds in seconds."""


class Answered(Protocol):
    """A request that has ended: ``sent`` bytes of its body went out, ``seconds`` after it came."""

    @property
    def route(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def sent(self) -> int: ...
    @property
    def seconds(self) -> float: ...


class _OfAKind(NamedTuple):
    """What counts one kind of request: to look them up by their labels costs as much as to count."""

    requests: Counter
    seconds: Histogram
    served: Counter
    saved: Counter | None


class ClientRequests:
    """Counters and a histogram of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._at_hand: dict[tuple[str, str, int], _OfAKind] = {}
        self._requests = Counter(
            "pyproxy_requests", "Requests answered.", ("route", "outcome", "status"), registry=registry
        )
        self._seconds = Histogram(
            "pyproxy_request_seconds",
            "From a request to the end of its response, which includes the client's own pace.",
            ("route",),
            buckets=BUCKETS,
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

    def answered(self, requests: Iterable[Answered]) -> None:
        """These requests have ended. Those of a kind are counted together: each count takes a lock, and with several
        processes a file."""
        tallies: dict[tuple[str, str, int], list[int]] = {}
        for request in requests:
            key = (request.route, request.outcome, request.status)
            of_this_kind = self._at_hand.get(key)
            if of_this_kind is None:
                of_this_kind = self._at_hand[key] = self._of_kind(*key)
            of_this_kind.seconds.observe(request.seconds)
            tally = tallies.get(key)
            if tally is None:
                tallies[key] = [1, request.sent]
            else:
                tally[0] += 1
                tally[1] += request.sent
        for key, (count, sent) in tallies.items():
            of_this_kind = self._at_hand[key]
            of_this_kind.requests.inc(count)
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
