"""Prefetches and the room there is, the server beside them, and an end in the middle."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.http.conftest import StartProxy
from tests.http.proxy import Clock
from tests.upstream_server import Hold, Stall, UpstreamServer
from tests.waiting import until

from .conftest import Prefetch, failed, states

SIZE = 100_000


@pytest.fixture
def large(upstream: UpstreamServer) -> UpstreamServer:
    """``a``, ``b`` and ``c``, of 100 kB each."""
    for name in ("a", "b", "c"):
        upstream.add_file(name, f"{name}-1.0.zip", name.encode() * SIZE)
    return upstream


async def test_what_has_no_room_is_left_out_and_nothing_of_the_rest_goes_for_it(
    prefetch: Prefetch, large: UpstreamServer
) -> None:
    report = await prefetch("a\nb\nc", max_size=2 * SIZE + 1)

    assert states(report) == {"a-1.0.zip": "fetched", "b-1.0.zip": "fetched", "c-1.0.zip": "failed"}
    assert failed(report).reason == "with the rest of what is asked for it is more than storage.max_size (200.0 kB)"
    again = await prefetch("a\nb\nc", max_size=2 * SIZE + 1)
    assert states(again) == {"a-1.0.zip": "here", "b-1.0.zip": "here", "c-1.0.zip": "failed"}


async def test_what_is_asked_for_outlives_older_files(prefetch: Prefetch, large: UpstreamServer, clock: Clock) -> None:
    await prefetch("a\nb", max_size=2 * SIZE)
    clock.advance(1)

    report = await prefetch("a\nc", max_size=2 * SIZE)

    assert states(report) == {"a-1.0.zip": "here", "c-1.0.zip": "fetched"}
    assert states(await prefetch("b", asked={"dry_run": True})) == {"b-1.0.zip": "wanted"}


async def test_files_of_unknown_size_are_fetched_until_there_is_no_room(
    prefetch: Prefetch, upstream: UpstreamServer
) -> None:
    for name in ("a", "b", "c"):
        upstream.add_file(name, f"{name}-1.0.zip", name.encode() * SIZE, size=False)

    report = await prefetch("a\nb\nc", max_size=2 * SIZE, asked={"jobs": 1})

    assert states(report) == {"a-1.0.zip": "fetched", "b-1.0.zip": "fetched", "c-1.0.zip": "failed"}


async def test_nothing_is_fetched_that_the_disk_has_no_room_for(prefetch: Prefetch, large: UpstreamServer) -> None:
    report = await prefetch("a", min_free=10**18)

    assert failed(report).reason == "less than storage.min_free (1000000.0 TB) would be left on the disk"
    assert large.count("/packages/") == 0


async def test_no_more_than_the_wanted_number_go_on_at_once(prefetch: Prefetch, large: UpstreamServer) -> None:
    large.behave("/packages/", Stall(1000))
    running = asyncio.ensure_future(prefetch("a\nb\nc", asked={"jobs": 2}))
    await until(lambda: large.count("/packages/") == 2)
    assert not running.done()

    large.clear_behaviours()
    running.cancel()
    await asyncio.wait({running})

    assert large.count("/packages/") == 2


async def test_one_that_was_ended_leaves_what_came_and_the_next_goes_on(
    prefetch: Prefetch, large: UpstreamServer, tmp_path: Path
) -> None:
    large.behave("/packages/b/", Stall(1000))
    running = asyncio.ensure_future(prefetch("a\nb\nc", asked={"jobs": 1}))
    await until(lambda: large.count("/packages/b/") == 1)
    running.cancel()
    await asyncio.wait({running})
    assert [path for path in (tmp_path / "storage" / "tmp").rglob("*") if path.is_file()] == []

    large.clear_behaviours()
    report = await prefetch("a\nb\nc")

    assert states(report) == {"a-1.0.zip": "here", "b-1.0.zip": "fetched", "c-1.0.zip": "fetched"}


async def test_a_running_server_serves_what_was_fetched_beside_it(
    prefetch: Prefetch, large: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(large)

    await prefetch("a")

    answer = await proxy.file("a", "a-1.0.zip")
    assert (answer.body, answer.cache_status) == (b"a" * SIZE, "pyproxy; hit")
    assert large.count("/packages/a/") == 1


async def test_a_file_that_a_running_server_is_fetching_is_fetched_once(
    prefetch: Prefetch, large: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(large)
    link = await proxy.link("a", "a-1.0.zip")
    goes_on = asyncio.Event()
    large.behave("/packages/a/", Hold(goes_on, after=SIZE // 2))
    served = asyncio.ensure_future(proxy.get(link))
    await until(lambda: large.count("/packages/a/") == 1)

    fetched = asyncio.ensure_future(prefetch("a\nb"))
    await until(lambda: large.count("/packages/b/") == 1)
    goes_on.set()

    assert states(await fetched) == {"a-1.0.zip": "fetched", "b-1.0.zip": "fetched"}
    assert (await served).body == b"a" * SIZE
    assert large.count("/packages/a/") == 1
