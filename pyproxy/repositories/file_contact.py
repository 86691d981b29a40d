"""How a request for a file, or for a part of one, counts for the upstream that lists it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyproxy.errors import UpstreamUnreachable
from pyproxy.net.addresses import origin_of
from pyproxy.repositories.upstream_pages import UpstreamPages
from pyproxy.simple.model import NormalizedName


def check_awake(upstream: UpstreamPages) -> None:
    """Raises the `UpstreamError` of an upstream that rests: it is not asked."""
    if upstream.standing.health.resting:
        raise upstream.standing.rest_error()


@contextmanager
def counted(upstream: UpstreamPages, project: NormalizedName, url: str) -> Iterator[None]:
    """A request to ``url``: whether it reached anybody counts, where that is the upstream's own place.

    Raises as `check_awake` does.
    """
    check_awake(upstream)
    own = _is_own(upstream, url)
    try:
        with upstream.lull.arriving():
            yield
    except UpstreamUnreachable as error:
        if own:
            upstream.standing.failed(project, error)
        raise
    if own:
        upstream.standing.succeeded()


def _is_own(upstream: UpstreamPages, url: str) -> bool:
    """Whether the address is at the upstream's own place.

    Another host that only holds the files must not make the index rest when it is dead, nor wake it when it is not.
    """
    try:
        return origin_of(url) == upstream.settings.origin
    except ValueError:
        return False
