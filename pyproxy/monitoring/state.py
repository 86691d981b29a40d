"""How the storage stands, looked up when somebody asks: the same answer from every process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Sizes in bytes; ``None`` is a limit that is not set, or a figure that cannot be had just now.

    ``active`` tells of each upstream whether it is switched on.
    """

    version: str
    active: dict[str, bool]
    cached_bytes: int | None
    cached_files: int | None
    known_pages: int | None
    max_bytes: int | None
    free_bytes: int | None
    min_free_bytes: int


class StateCollector(Collector):
    """One `State` as metrics."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """A metric for each figure that is known."""
        state = self._state
        yield InfoMetricFamily("pyproxy", "The program.", value={"version": state.version})
        active = GaugeMetricFamily(
            "pyproxy_upstream_active", "1 where the upstream is switched on.", labels=["upstream"]
        )
        for upstream, on in state.active.items():
            active.add_metric([upstream], float(on))
        yield active
        figures = (
            ("pyproxy_cached_bytes", "Bytes of kept files.", state.cached_bytes),
            ("pyproxy_cached_files", "Kept files, equal ones counted once.", state.cached_files),
            ("pyproxy_known_pages", "Kept answers for projects, absences included.", state.known_pages),
            ("pyproxy_cache_limit_bytes", "storage.max_size, where it is set.", state.max_bytes),
            ("pyproxy_disk_free_bytes", "Free space on the disk of the storage directory.", state.free_bytes),
            ("pyproxy_disk_min_free_bytes", "storage.min_free: with less, nothing new is kept.", state.min_free_bytes),
        )
        for name, text, value in figures:
            if value is not None:
                yield GaugeMetricFamily(name, text, value=value)
