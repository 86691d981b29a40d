"""For how long answers of upstreams count: when they are asked for again, and when they are of no use any more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from pyproxy.repositories.resolution import MISSING_USABLE_SECONDS
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.outdated import Horizon


class Ages(Protocol):
    """The part of the configuration that matters here, in seconds."""

    @property
    def index_ttl(self) -> float: ...

    @property
    def missing_ttl(self) -> float: ...

    @property
    def serve_stale_for(self) -> float: ...

    @property
    def offline(self) -> bool: ...


def just_stale(ages: Ages, upstreams: Iterable[UpstreamSettings], now: float) -> float:
    """A page confirmed at this time is asked for again, and may still be served meanwhile (unix seconds)."""
    return now - _longest(ages.index_ttl, (upstream.index_ttl for upstream in upstreams))


def horizon(ages: Ages, upstreams: Iterable[UpstreamSettings], now: float) -> Horizon:
    """What was last confirmed before these times can never be served again, as the settings are.

    Offline, answers of any age count.
    """
    if ages.offline:
        return Horizon(float("-inf"), float("-inf"))
    settings = list(upstreams)
    fresh = _longest(ages.index_ttl, (upstream.index_ttl for upstream in settings))
    missing = _longest(ages.missing_ttl, (upstream.missing_ttl for upstream in settings))
    return Horizon(now - max(fresh, ages.serve_stale_for), now - max(missing, MISSING_USABLE_SECONDS))


def _longest(general: float, own: Iterable[float | None]) -> float:
    return max([general, *(ttl for ttl in own if ttl is not None)])
