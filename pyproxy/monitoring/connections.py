"""Connections of clients that a limit has ended, before or while something was asked."""

from __future__ import annotations

from typing import Literal

from prometheus_client import CollectorRegistry, Counter

Reason = Literal["too many", "stalled"]
"""``too many`` there were already, or ``stalled``: the client took nothing of its answer for too long."""

REASONS: tuple[Reason, ...] = ("too many", "stalled")


class RefusedConnections:
    """A counter of one process, for each reason from the start on: else the first of a kind would be no increase."""

    def __init__(self, registry: CollectorRegistry) -> None:
        counter = Counter(
            "pyproxy_refused_connections",
            "Connections of clients that were refused, or cut off, because of a limit.",
            ("reason",),
            registry=registry,
        )
        self._by_reason = {reason: counter.labels(reason) for reason in REASONS}

    def count(self, reason: Reason) -> None:
        """One of them."""
        self._by_reason[reason].inc()
