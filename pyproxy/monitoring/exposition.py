"""What ``/metrics`` answers: one process's figures, or those of all processes added up."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from pyproxy.monitoring.state import State, StateCollector

SAMPLED_BY_UPSTREAM = "pyproxy_upstream_resting"
"""A gauge whose labels outlive the upstream that they name."""


class Exposition:
    """Renders metrics; ``shared`` is the folder of several processes' values, ``None`` where they are in memory.

    One that serves ``alone`` tells of its own memory and garbage, too.
    """

    def __init__(self, shared: Path | None, *, alone: bool) -> None:
        self._shared = shared
        self.registry = CollectorRegistry()
        self._own = CollectorRegistry()
        if alone:
            ProcessCollector(registry=self._own)
            GCCollector(registry=self._own)

    def render(self, state: State, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that ``Accept`` asks for, and its Content-Type."""
        whole = CollectorRegistry(auto_describe=False)
        whole.register(_Counted(self._counted(), set(state.active)))
        whole.register(self._own)
        whole.register(StateCollector(state))
        encode, content_type = choose_encoder(accept)
        return encode(whole), content_type

    def _counted(self) -> CollectorRegistry:
        if self._shared is None:
            return self.registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._shared))  # type: ignore[no-untyped-call]
        return registry


class _Counted(Collector):
    """A registry's metrics, without the gauges of upstreams that are no more."""

    def __init__(self, registry: CollectorRegistry, upstreams: set[str]) -> None:
        self._registry = registry
        self._upstreams = upstreams

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            if metric.name == SAMPLED_BY_UPSTREAM:
                metric.samples = [each for each in metric.samples if each.labels["upstream"] in self._upstreams]
            yield metric
