"""What an administrator should know at the start: settings that are allowed but dangerous."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pyproxy.settings import warnings
from pyproxy.storage.upstreams import StoredUpstream

log = logging.getLogger(__name__)


def warn(stored: Sequence[StoredUpstream]) -> None:
    """Log the upstreams in order, each with its warnings."""
    for upstream in stored:
        switched = "" if upstream.settings.active else " (off)"
        log.info(
            "upstream %d: %s%s %s", upstream.priority, upstream.settings.name, switched, upstream.settings.index_url
        )
        for warning in warnings(upstream.settings):
            log.warning("upstream %s: %s", upstream.settings.name, warning)
    if not stored:
        log.warning("there is no upstream: only local and cached packages are served")
