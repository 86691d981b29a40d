"""What a test of an upstream takes from its surroundings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pyproxy.admin.upstream_test.page_findings import Page
from pyproxy.admin.upstream_test.page_reading import Judged

Work = Callable[[int, Callable[[Page], Judged], Page], Awaitable[Judged]]
"""``await work(size, function, page)`` is ``function(page)``, done where it disturbs nobody; ``size`` is in bytes.

Raises what the function raises, and `WorkTooLong`.
"""


async def in_a_thread(_size: int, function: Callable[[Page], Judged], page: Page) -> Judged:
    """A `Work` for who has nothing else to do meanwhile."""
    return await asyncio.to_thread(function, page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """As the server has them, so that the test behaves like it.

    ``contact`` is the URL in the User-Agent (``server.public_url``). ``environ`` is read for proxies and authorities.
    ``page_timeout`` (seconds) is ``cache.lookup_timeout``, ``max_page_size`` (bytes) ``cache.max_page_size``;
    ``clock`` tells unix seconds. ``total_seconds`` ends the test whatever happens. ``work`` reads the pages.
    """

    contact: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    page_timeout: float = 10.0
    max_page_size: int = 128 * 10**6
    clock: Callable[[], float] = time.time
    total_seconds: float = 180.0
    work: Work = in_a_thread
