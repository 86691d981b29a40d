"""Upstreams and what is known of them, as short to write as tests need them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyproxy.admin.dashboard.upstreams import Standing
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.counted import Latest
from pyproxy.storage.failures import Failure, Rest
from pyproxy.storage.upstreams import StoredUpstream

NOW = 1_800_014_400.0


def stored(id: int = 1, name: str = "first", **settings: Any) -> StoredUpstream:
    return StoredUpstream(id, 1, id, UpstreamSettings(name=name, url=f"https://{name}.example.org/", **settings))


def failure(kind: str = "status", reason: str = "answered 503", *, over: bool = False, **fields: Any) -> Failure:
    values = {"upstream_id": 1, "route": "page", "project": "demo", "filename": "", "first_at": NOW, "last_at": NOW}
    return Failure(**{**values, **fields}, kind=kind, reason=reason, times=1, over_at=NOW if over else None)


def standing(
    latest: Latest | None = None,
    *,
    failure: Failure | None = None,
    rest: Rest | None = None,
    ends: float | None = None,
    seen_at: float | None = None,
) -> Standing:
    """Of the first upstream."""
    return Standing(
        latest={} if latest is None else {1: replace(latest, certificate_ends=ends, certificate_seen_at=seen_at)},
        failures={} if failure is None else {1: failure},
        rests={} if rest is None else {1: rest},
    )
