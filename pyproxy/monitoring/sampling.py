"""Figures that nothing counts by itself, looked at four times a second: how busy the loop is, what is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from pyproxy.monitoring.samples import Samples

SAMPLE_SECONDS = 0.25


async def sample(
    samples: Samples,
    *,
    transfers: Callable[[], int],
    requests: Callable[[], int],
    resting: Callable[[], Mapping[str, bool]],
) -> None:
    """Sample for ever."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + SAMPLE_SECONDS
        await asyncio.sleep(SAMPLE_SECONDS)
        samples.take(
            lag=max(0.0, loop.time() - due), transfers=transfers(), requests=requests(), resting=dict(resting())
        )
