"""Where work is done, by its size, and what happens when the place breaks."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator

import pytest

from pyproxy.errors import NotAnIndexPage, WorkTooLong
from pyproxy.repositories.workshop import AT_ONCE, MEANWHILE, Workshop
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.work import prepare
from tests.waiting import until

BIG = 20
MIDDLING = BIG * MEANWHILE - 1


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    workshop = Workshop(inline_below=10, thread_below=20)
    yield workshop
    workshop.close()


async def test_size_decides_where_the_work_is_done(workshop: Workshop) -> None:
    here = (os.getpid(), threading.get_ident())
    assert (await workshop.run(9, os.getpid), await workshop.run(9, threading.get_ident)) == here
    assert await workshop.run(10, os.getpid) == os.getpid()
    assert await workshop.run(10, threading.get_ident) != threading.get_ident()
    assert await workshop.run(BIG, os.getpid) != os.getpid()
    assert workshop.runs == {
        ("getpid", "inline"): 1,
        ("get_ident", "inline"): 1,
        ("getpid", "thread"): 1,
        ("get_ident", "thread"): 1,
        ("getpid", "process"): 1,
    }


async def test_only_linear_work_is_done_at_once_where_it_is_larger(workshop: Workshop) -> None:
    size = 10 * AT_ONCE - 1
    assert await workshop.run_linear(size, threading.get_ident) == threading.get_ident()
    assert await workshop.run(size, threading.get_ident) != threading.get_ident()


async def test_linear_work_of_middling_size_does_not_wait_for_the_process_to_start(workshop: Workshop) -> None:
    assert await workshop.run_linear(MIDDLING, os.getpid) == os.getpid()
    elsewhere = await workshop.run_linear(MIDDLING + 1, os.getpid)
    assert elsewhere != os.getpid()
    assert await workshop.run_linear(BIG, os.getpid) == elsewhere


async def test_what_may_take_any_time_waits_for_the_process_where_it_can_be_given_up(workshop: Workshop) -> None:
    assert await workshop.run(BIG, os.getpid) != os.getpid()


async def test_a_process_that_only_started_goes_as_well() -> None:
    workshop = Workshop(inline_below=0, thread_below=1, process_idle=0)
    assert await workshop.run_linear(1, os.getpid) == os.getpid()
    await until(lambda: not multiprocessing.active_children())
    workshop.close()


async def test_a_closed_workshop_starts_no_process(workshop: Workshop) -> None:
    workshop.close()
    for run in (workshop.run, workshop.run_linear):
        with pytest.raises(RuntimeError, match="closed"):
            await run(BIG, os.getpid)
    assert not multiprocessing.active_children()


async def test_errors_come_back_from_everywhere(workshop: Workshop) -> None:
    for size in (0, 10, BIG):
        with pytest.raises(NotAnIndexPage):
            await workshop.run(size, prepare, b"{}", "application/json", "http://a.example.org/", NormalizedName("a"))


async def test_a_process_that_was_killed_is_replaced(workshop: Workshop) -> None:
    """The kernel takes it when memory is short; nobody who asks notices."""
    before = await workshop.run(BIG, os.getpid)
    for child in multiprocessing.active_children():
        child.kill()
        child.join()
    after = await asyncio.gather(*(workshop.run(BIG, os.getpid) for _ in range(10)))
    assert len(set(after)) == 1
    assert after[0] not in (before, os.getpid())


async def test_the_process_ends_with_the_workshop() -> None:
    workshop = Workshop(thread_below=0, inline_below=0)
    pid = await workshop.run(1, os.getpid)
    (child,) = [child for child in multiprocessing.active_children() if child.pid == pid]
    workshop.close()
    # Not joined: the pool's own thread waits for it as well, and only one of the two is told how it ended.
    await until(lambda: child.exitcode is not None)
    assert child.exitcode == 0


async def test_work_that_takes_too_long_is_ended_and_the_next_goes_on() -> None:
    """A hostile page may keep a parser busy for ever; it must not keep the others waiting."""
    workshop = Workshop(inline_below=0, thread_below=0, process_limit=3)
    endless = asyncio.create_task(workshop.run(1, time.sleep, 3600))
    with pytest.raises(WorkTooLong, match="it takes more than 3 s of work, a fixed limit"):
        await endless
    assert await workshop.run(1, os.getpid) != os.getpid()
    workshop.close()


async def test_a_process_without_work_goes_and_comes_again() -> None:
    workshop = Workshop(inline_below=0, thread_below=0, process_idle=0)
    before = await workshop.run(1, os.getpid)
    await until(lambda: before not in {child.pid for child in multiprocessing.active_children()})
    assert await workshop.run(1, os.getpid) != before
    workshop.close()
