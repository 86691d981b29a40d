"""What can wait is put off while something is arriving: until a lull, not for long, and not at the end."""

from __future__ import annotations

import asyncio

import pytest

from pyproxy.net import lull as module
from pyproxy.net.lull import Lull
from tests.waiting import until


async def test_where_nothing_is_arriving_nothing_waits() -> None:
    lull = Lull()
    with lull.arriving():
        assert lull.puts_off
    assert not lull.puts_off
    await asyncio.wait_for(lull.wait(), 0.05)


async def test_work_waits_until_nothing_has_arrived_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_SECONDS", 240.0)
    lull = Lull()
    with lull.arriving():
        work = asyncio.create_task(lull.wait())
        await asyncio.sleep(0)
        assert not work.done()
    await asyncio.sleep(0.01)
    assert not work.done(), "the moment has only begun"
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.0)
    with lull.arriving():  # the next wave
        await asyncio.sleep(0.01)
        assert not work.done()
    lull.end()
    await work


async def test_after_the_moment_work_is_done_without_further_ado(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(module, "LONGEST_SECONDS", 240.0)
    lull = Lull()
    with lull.arriving():
        work = asyncio.create_task(lull.wait())
        await asyncio.sleep(0)
    await work


async def test_it_does_not_wait_for_ever_for_a_lull(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_SECONDS", 0.05)
    lull = Lull()
    with lull.arriving():
        await asyncio.wait_for(lull.wait(), 60)


async def test_at_the_end_nothing_waits_any_more() -> None:
    lull = Lull()
    with lull.arriving():
        work = asyncio.create_task(lull.wait())
        await asyncio.sleep(0)
        lull.end()
        await asyncio.wait_for(work, 60)
        assert not lull.puts_off
        await asyncio.wait_for(lull.wait(), 60)


async def test_so_much_work_waits_and_not_more() -> None:
    lull = Lull(most=2)
    with lull.arriving():
        work = [asyncio.create_task(lull.wait()) for _ in range(3)]
        await until(work[2].done)
        assert [each.done() for each in work] == [False, False, True]
        lull.end()
        await asyncio.gather(*work)


async def test_what_breaks_off_is_arriving_no_more() -> None:
    lull = Lull()
    with pytest.raises(ZeroDivisionError), lull.arriving():
        raise ZeroDivisionError
    assert not lull.puts_off


async def test_work_that_something_else_bounds_waits_however_much_waits_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LONGEST_SECONDS", 240.0)
    lull = Lull(most=1)
    with lull.arriving():
        uncounted = [asyncio.create_task(lull.wait(counted=False)) for _ in range(3)]
        first = asyncio.create_task(lull.wait())
        await asyncio.sleep(0)
        await asyncio.wait_for(lull.wait(), 60)
        assert not any(work.done() for work in (*uncounted, first))
    lull.end()
    await asyncio.gather(*uncounted, first)
