"""A step in a thread is never left half done."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pyproxy.admin.cache.whole_steps import whole
from pyproxy.errors import StorageError


async def test_the_result_of_the_step_comes_back() -> None:
    assert await whole(lambda: 1 + 1) == 2


async def test_its_error_comes_back() -> None:
    def fail() -> None:
        raise StorageError("no")

    with pytest.raises(StorageError, match="no"):
        await whole(fail)


async def test_who_cancels_waits_for_its_end() -> None:
    began, interrupted = threading.Event(), threading.Event()
    ended: list[bool] = []

    def step() -> None:
        began.set()
        interrupted.wait(20)
        ended.append(True)

    task = asyncio.create_task(whole(step, interrupt=interrupted.set))
    await asyncio.to_thread(began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]
