"""A thousand clients, slow ones, ones that leave, and an upstream that hangs: the others do not notice."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import resource
from collections.abc import Iterator

import pytest

from pyproxy.settings import UpstreamSettings
from tests.http.calls import ask, calling, idle, under_way
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Clock, Proxy
from tests.http.publishing import filenames, publish
from tests.overload.crowd import crowd
from tests.upstream_server import Hold, Silence, Status, UpstreamServer
from tests.waiting import until

CROWD = 1000

LONG_SECONDS = 120.0
"""Nobody waits for so long: a limit for what would hang for ever."""


@pytest.fixture
def many_files() -> Iterator[None]:
    """Both ends of every connection are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def memory() -> int:
    """Bytes that this process has in memory."""
    gc.collect()
    with open("/proc/self/statm") as figures:
        return int(figures.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


async def test_a_thousand_clients_are_served_on_as_many_connections(
    upstream: UpstreamServer, start_proxy: StartProxy, many_files: None
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    await ask(proxy, link)
    await idle(proxy)
    before = descriptors()

    async with asyncio.timeout(LONG_SECONDS), crowd(proxy, CROWD) as clients:
        for path in ("/simple/demo/", link, f"{link}.metadata", "/simple/demo/"):
            statuses = await asyncio.gather(*(client.get(path) for client in clients))
            assert set(statuses) == {200}
        assert (await ask(proxy, "/simple/demo/")).status == 200, "and one more"
    await until(lambda: proxy.server.http.connections == 0)
    assert descriptors() <= before + 1


@pytest.mark.parametrize("state", ["fresh", "stale"])
async def test_clients_that_read_nothing_cost_no_copy_of_a_big_page_each(
    state: str, upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 15, pain 16)"""
    files = "".join(f'<a href="demo-{n}.tar.gz#sha256={n:064x}">demo-{n}.tar.gz</a>\n' for n in range(15_000))
    upstream.set_page("demo", f"<!DOCTYPE html><title>Links for demo</title>{files}".encode(), "text/html")
    publish(upstream, "small", "1.0")
    proxy = await start_proxy(upstream)
    size = len((await ask(proxy, "/simple/demo/")).body)
    assert size > 2_000_000
    if state == "stale":
        clock.advance(86400.0)
        upstream.behave("/simple/demo/", Status(503, headers={"Retry-After": "3"}))
    assert (state in ((await ask(proxy, "/simple/demo/")).cache_status or "")) == (state == "stale")

    async with asyncio.timeout(LONG_SECONDS), crowd(proxy, 100) as clients:
        before = memory()
        for client in clients:
            client.ask("/simple/demo/")
        # From then on the reader takes no more than it must.
        await asyncio.gather(*(client.reader.readexactly(1) for client in clients))
        assert await filenames(proxy, "small"), "others are served"
        assert memory() - before < 15 * size
    await under_way(proxy, 0)


async def test_clients_that_read_nothing_of_a_kept_file_cost_little_memory(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F32)"""
    content = os.urandom(1_000_000) * 16
    upstream.add_file("demo", "demo-1.0.tar.gz", content)
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", "demo-1.0.tar.gz")
    await ask(proxy, link)
    await idle(proxy)

    async with asyncio.timeout(LONG_SECONDS), crowd(proxy, 50) as clients:
        before = memory()
        for client in clients:
            client.ask(link)
        await asyncio.gather(*(client.reader.readexactly(1) for client in clients))
        await under_way(proxy, 50)
        async with calling(proxy, link) as call:
            assert await call.read(len(content)) == content, "others are served"
        assert memory() - before < 6 * len(content), "of fifty"
    await under_way(proxy, 0)


async def test_clients_that_vanish_end_nothing_but_their_own_request(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F5)"""
    content = os.urandom(2_000_000)
    upstream.add_file("demo", "demo-1.0.tar.gz", content)
    hold = Hold(asyncio.Event(), after=1_000_000)
    upstream.behave("/packages/demo/", hold)
    filename = publish(upstream, "other", "1.0")
    proxy = await start_proxy(upstream)
    other = await proxy.file("other", filename)
    await idle(proxy)
    link = await proxy.link("demo", "demo-1.0.tar.gz")
    before = descriptors()

    async with asyncio.timeout(LONG_SECONDS):
        async with calling(proxy, link) as faithful:
            async with crowd(proxy, 100) as clients:
                for client in clients:
                    client.ask(link)
                await asyncio.gather(*(client.reader.readexactly(1000) for client in clients))
            await under_way(proxy, 1)
            hold.event.set()
            assert await faithful.read(len(content)) == content
        await under_way(proxy, 0)
        await idle(proxy)
    assert set(proxy.kept()) == {hashlib.sha256(body).hexdigest() for body in (content, other.body)}
    assert upstream.count("/packages/demo/") == 1
    await until(lambda: descriptors() <= before)


async def asked_of_a_dead_one(proxy: Proxy, number: int) -> int:
    return (await ask(proxy, f"/simple/hang-{number}/", {"Accept": JSON})).status


async def test_an_upstream_that_hangs_keeps_nobody_waiting_for_another(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.behave("/", Silence())
    names = [f"demo-{number}" for number in range(40)]
    for name in names:
        publish(other, name, "1.0")
    proxy = await start_proxy(
        UpstreamSettings(name="dead", url=upstream.url, projects=("hang-*",)),
        UpstreamSettings(name="well", url=other.url),
        lookup_timeout=LONG_SECONDS,
        connections_per_upstream=8,
    )
    waiting = [asyncio.ensure_future(asked_of_a_dead_one(proxy, number)) for number in range(100)]
    await under_way(proxy, 100)

    async with asyncio.timeout(LONG_SECONDS / 2):
        statuses = [(await ask(proxy, f"/simple/{name}/")).status for name in names]
    assert statuses == [200] * len(names)
    assert not any(each.done() for each in waiting)
    assert upstream.connections <= 8, "and it gets no more connections than it may have"
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_flood_of_made_up_names_is_answered_and_costs_known_ones_nothing(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await filenames(proxy, "demo")

    async with asyncio.timeout(LONG_SECONDS), crowd(proxy, 20) as clients:
        for start in range(0, 400, len(clients)):
            made_up = [f"/simple/made-up-{start + number}/" for number in range(len(clients))]
            statuses = await asyncio.gather(*(c.get(path) for c, path in zip(clients, made_up, strict=True)))
            assert set(statuses) == {404}
            assert (await ask(proxy, "/simple/demo/")).cache_status == "pyproxy; hit"
    assert len(proxy.kept()) == 0
