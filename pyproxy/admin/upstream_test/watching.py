"""A test for somebody who watches: what begins, and the steps as they end, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from pyproxy.admin.upstream_test.steps import Begins, Step


@dataclass(frozen=True, slots=True)
class Begun:
    """Something is under way; what ended before is told before."""

    name: str


async def watched(walk: Callable[[Begins], AsyncGenerator[Step]]) -> AsyncGenerator[Begun | Step]:
    """What ``walk`` begins and yields, in its order. Closing it ends the walk; what the walk raises comes out."""
    told: asyncio.Queue[Begun | Step | None] = asyncio.Queue()

    async def go() -> None:
        try:
            async with aclosing(walk(lambda name: told.put_nowait(Begun(name)))) as steps:
                async for step in steps:
                    told.put_nowait(step)
        finally:
            told.put_nowait(None)

    walking = asyncio.create_task(go())
    try:
        while (each := await told.get()) is not None:
            yield each
        await walking
    finally:
        walking.cancel()
        await asyncio.gather(walking, return_exceptions=True)
