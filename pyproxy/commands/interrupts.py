"""Ctrl-C in the midst of a command's work: it counts once, however often it comes in a moment.

A terminal sends SIGINT to all processes of a job, a program in between sends it on, and some people press twice. The
first one cancels the work (asyncio does that); at the second asyncio raises `KeyboardInterrupt` wherever the process
just is: in a callback of curl, or while the database is being closed. Some of these ends were a traceback, some none.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

AGAIN_SECONDS = 2.0
"""One that comes so long after the first is another one: somebody will not wait for an orderly end."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` for commands: `counted_once` while it works."""

    async def counted() -> T:
        with counted_once():
            return await work

    return asyncio.run(counted())


@contextmanager
def counted_once(clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Within what asyncio runs: its own handling of SIGINT, but not again before `AGAIN_SECONDS` have passed.

    ``clock`` gives seconds. Once one has come, the command is ending, and this goes on after the block.
    """
    theirs = signal.getsignal(signal.SIGINT)
    if not callable(theirs) or threading.current_thread() is not threading.main_thread():
        yield  # ignored altogether, as of a job in the background, or for others to see to
        return
    came_at: float | None = None

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal came_at
        now = clock()
        if came_at is None or now - came_at >= AGAIN_SECONDS:
            came_at = now if came_at is None else came_at
            theirs(number, frame)

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        if came_at is None:
            signal.signal(signal.SIGINT, theirs)
