"""What a test of an upstream takes from its surroundings."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """As the server has them, so that the test behaves like it.

    ``contact`` is the URL in the User-Agent (``server.public_url``). ``environ`` is read for proxies and authorities.
    ``page_timeout`` (seconds) is ``cache.lookup_timeout``, ``max_page_size`` (bytes) ``cache.max_page_size``;
    ``clock`` tells unix seconds. ``total_seconds`` ends the test whatever happens.
    """

    contact: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    page_timeout: float = 10.0
    max_page_size: int = 128 * 10**6
    clock: Callable[[], float] = time.time
    total_seconds: float = 180.0
