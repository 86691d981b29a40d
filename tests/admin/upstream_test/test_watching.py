"""Somebody watches a test: everything in its order, and an end when they leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from pyproxy.admin.upstream_test.steps import Begins, Step
from pyproxy.admin.upstream_test.watching import Begun, watched

ONE, TWO = Step("one", "ok", 0.5, "found"), Step("two", "failed", None, "not found")


async def test_what_begins_and_what_ends_come_in_their_order() -> None:
    async def walk(begins: Begins) -> AsyncGenerator[Step]:
        begins("one")
        yield ONE
        begins("two")
        begins("two, once more")
        yield TWO

    assert [each async for each in watched(walk)] == [Begun("one"), ONE, Begun("two"), Begun("two, once more"), TWO]


async def test_what_begins_is_told_before_it_has_ended() -> None:
    ended = asyncio.Event()

    async def walk(begins: Begins) -> AsyncGenerator[Step]:
        begins("one")
        await ended.wait()
        yield ONE

    async with aclosing(watched(walk)) as told:
        assert await anext(told) == Begun("one")
        ended.set()
        assert await anext(told) == ONE


async def test_whoever_leaves_ends_the_walk() -> None:
    left = asyncio.Event()

    async def walk(begins: Begins) -> AsyncGenerator[Step]:
        try:
            yield ONE
            await asyncio.Event().wait()
        finally:
            left.set()

    async with aclosing(watched(walk)) as told:
        assert await anext(told) == ONE
    assert left.is_set()


async def test_what_the_walk_raises_comes_out() -> None:
    async def walk(begins: Begins) -> AsyncGenerator[Step]:
        yield ONE
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        assert [each async for each in watched(walk)] == [ONE]
