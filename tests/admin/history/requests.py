"""Requests as handlers and upstreams tell of them, as short to write as tests need them."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.errors import UpstreamError
from pyproxy.repositories.observer import Asked, Route


@dataclass(frozen=True, slots=True)
class Ended:
    """An `EndedRequest`: a page from the cache, unless said otherwise."""

    route: str = "page"
    outcome: str = "hit"
    status: int = 200
    sent: int = 100
    project: str = "demo"
    filename: str = ""
    method: str = "GET"
    seconds: float = 0.25
    upstream: str = "first"
    client: str = "10.0.0.1"
    agent: str = 'pip/24.0 {"ci": true}'
    path: str = "/simple/demo/"


def asked(
    error: UpstreamError | None = None,
    *,
    found: bool = True,
    route: Route = "page",
    seconds: float | None = 0.2,
    received: int | None = 10,
    upstream: str = "first",
) -> Asked:
    """A request to the first upstream."""
    return Asked(
        upstream_id=1,
        upstream=upstream,
        route=route,
        project="demo",
        found=found and error is None,
        error=error,
        seconds=seconds,
        received=received,
    )
