"""Steps that wait for the disk, done in threads one after the other; a cancelled caller waits for the running one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def whole(step: Callable[[], T], interrupt: Callable[[], object] | None = None) -> T:
    """``step()`` in a thread; when this is cancelled, the step has ended before it is left.

    So nothing that the step works with is closed under its hands. ``interrupt`` makes a long step end early.
    """
    running = asyncio.create_task(asyncio.to_thread(step))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if interrupt is not None:
            interrupt()
        await asyncio.wait({running})
        running.exception()  # nobody else asks for it
        raise
