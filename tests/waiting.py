"""Waiting in steps, and never for ever, for what has no event of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

STEP_SECONDS = 0.01

LIMIT_SECONDS = 60.0
"""Ends a wait in vain; never a measurement, and so long that a busy machine has what is waited for."""


async def until(condition: Callable[[], bool], *, within: float = LIMIT_SECONDS) -> None:
    """Look again and again until it is true; `TimeoutError` after ``within`` seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(STEP_SECONDS)


async def eventually(condition: Callable[[], Awaitable[bool]], *, within: float = LIMIT_SECONDS) -> None:
    """The same for a condition that takes a request to find out."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(STEP_SECONDS)


def wait_until(condition: Callable[[], bool], *, within: float = LIMIT_SECONDS) -> None:
    """The same in a test without a loop. (``asyncio.run`` there would leave the loop of other tests unclosed.)"""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(STEP_SECONDS)
