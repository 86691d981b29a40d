"""Workers on one storage directory, each a whole server in this loop: a file is fetched once for all of them."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import iscoroutine

import pytest

from pyproxy.app.draining import LOOK_SECONDS
from pyproxy.app.opened import opened
from pyproxy.repositories.base import FileRequest
from pyproxy.simple.names import normalize
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.test_file_descriptors import open_files, settled
from tests.http.test_file_killed import Killable
from tests.net.scripted_bodies import until
from tests.upstream_server import Hold, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=500_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)
HELD_BACK = 64 << 10


@asynccontextmanager
async def beside(first: Proxy) -> AsyncIterator[Proxy]:
    """One more worker of the same server, on a port of its own."""
    worker = Proxy(first.config, first.clock, first.environ)
    worker.beside = True
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


def own_tasks() -> int:
    """How many tasks are pyproxy's, and not its upstream's."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks()]
    return sum("/pyproxy/" in coroutine.cr_code.co_filename for coroutine in coroutines if iscoroutine(coroutine))


def counted(metrics: bytes) -> float:
    """How many requests to upstreams for files are counted."""
    series = re.findall(rb'^pyproxy_upstream_requests_total\{.*route="file".*\} (.*)$', metrics, re.MULTILINE)
    return sum(map(float, series))


async def test_fifty_clients_of_two_workers_cost_one_transfer(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Its first bytes come at once, in both; (check 59) (pain 2) (F3)."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    hold = Hold(asyncio.Event(), after=300_000)
    upstream.behave("/packages/", hold)
    one = await start_proxy(upstream)
    async with beside(one) as other:
        async with calling(one, PATH) as here, calling(other, PATH) as there:
            got = [await call.read(200_000) for call in (here, there)]
            more = [asyncio.create_task(ask(proxy, PATH)) for proxy in (one, other) for _ in range(24)]
            await until(lambda: one.server.services.requests.count + other.server.services.requests.count == 50)
            hold.event.set()
            bodies = [start + (await call.answer()).body for start, call in zip(got, (here, there), strict=True)]
            assert {(answer.status, answer.body) for answer in await asyncio.gather(*more)} == {(200, CONTENT)}
        assert bodies == [CONTENT, CONTENT]
        assert {here.headers["Cache-Status"], there.headers["Cache-Status"]} == {
            "pyproxy; fwd=miss",
            "pyproxy; fwd=miss; collapsed",
        }
        metrics = [(await ask(proxy, "/metrics")).body for proxy in (one, other)]
        await idle(one)
        await idle(other)
        assert [(await ask(proxy, PATH)).cache_status for proxy in (one, other)] == ["pyproxy; hit"] * 2
    assert upstream.count("/packages/") == 1
    assert one.kept() == [SHA256]
    assert sum(counted(body) for body in metrics) == 1


@pytest.mark.parametrize("path", [f"/files/demo/{FILENAME}", PATH + ".metadata", f"/files/demo/{FILENAME}.metadata"])
@pytest.mark.parametrize("hashed", [True, False])
async def test_what_has_no_hash_yet_is_fetched_once_as_well(
    path: str, hashed: bool, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA, sha256=hashed)
    if not hashed and "/" + SHA256 in path:
        path = path.replace("/" + SHA256, "")
    hold = Hold(asyncio.Event())
    upstream.behave("/packages/", hold)
    one = await start_proxy(upstream)
    async with beside(one) as other:
        asking = [asyncio.create_task(ask(proxy, path)) for proxy in (one, other) for _ in range(3)]
        await hold.reached.wait()
        await until(lambda: len(one.server.resources.downloads) + len(other.server.resources.downloads) == 2)
        hold.event.set()
        answers = await asyncio.gather(*asking)
        assert {answer.status for answer in answers} == {200}
        assert {answer.body for answer in answers} == {METADATA if path.endswith(".metadata") else CONTENT}
        await idle(one)
        await idle(other)
        assert (await ask(other, path)).cache_status == "pyproxy; hit"
    assert upstream.count("/packages/") == 1


async def test_a_copy_that_is_no_good_breaks_the_clients_of_both(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT[:-1] + b"?", sha256=SHA256)
    hold = Hold(asyncio.Event(), after=300_000)
    upstream.behave("/packages/", hold)
    one = await start_proxy(upstream)
    async with beside(one) as other:
        async with calling(one, PATH) as here, calling(other, PATH) as there:
            hold.event.set()
            answers = await asyncio.gather(here.answer(), there.answer())
        assert [answer.broken is not None for answer in answers] == [True, True]
        assert {len(answer.body) <= len(CONTENT) - HELD_BACK for answer in answers} == {True}
        await idle(one)
        await idle(other)
        assert one.kept() == []
        assert upstream.count("/packages/") == 1
        upstream.add_file("demo", FILENAME, CONTENT)
        assert (await ask(other, PATH)).body == CONTENT
        await idle(other)


async def test_a_worker_that_stops_lets_the_clients_of_others_finish(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """It has none of its own any more, but it is the one that fetches."""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=300_000)
    upstream.behave("/packages/", hold)
    one = await start_proxy(upstream)
    async with beside(one) as other, calling(other, PATH) as call:
        await call.read(1000)
        async with calling(one, PATH) as theirs:
            begun = await theirs.read(1000)
            stopping = asyncio.create_task(other.stop())
            call.leave()
            hold.event.set()
            assert begun + (await theirs.answer()).body == CONTENT
        await stopping
    assert upstream.count("/packages/") == 1


async def test_a_worker_that_is_replaced_goes_on_fetching_for_the_clients_of_others(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=300_000)
    upstream.behave("/packages/", hold)
    one = await start_proxy(upstream)
    async with beside(one) as other:
        async with calling(other, PATH) as call:
            await call.read(1000)
            theirs = asyncio.create_task(ask(one, PATH))
            await until(lambda: len(one.server.resources.downloads) == 1)
            leaving = asyncio.create_task(other.server.leave(asyncio.Event()))
        await until(lambda: other.server.http.connections == 0)
        _, still = await asyncio.wait({leaving}, timeout=3 * LOOK_SECONDS)
        assert still, "it has no client any more, but the other has one"
        hold.event.set()
        await leaving
        assert (await theirs).body == CONTENT
    assert upstream.count("/packages/") == 1


async def test_a_command_beside_the_server_takes_part(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """What it fetches the server's clients get at once, and nobody fetches it again when it ends first."""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=300_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)
    async with opened(proxy.config, {}, clock=proxy.clock) as command:
        wanted = FileRequest(project=normalize("demo"), filename=FILENAME, sha256=SHA256)
        content = await command.chain.current.get_file(wanted)
        asking = asyncio.create_task(ask(proxy, PATH))
        await until(lambda: len(proxy.server.resources.downloads) == 1)
        hold.event.set()
        await content.settle()
        content.close()
        assert (await asking).body == CONTENT
    assert upstream.count("/packages/") == 1


async def test_many_files_at_once_leave_nothing_behind(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    wheels = [make_wheel(f"demo{number}", "1.0", size=200_000)[:2] for number in range(13)]
    for number, (filename, content) in enumerate(wheels):
        upstream.add_file(f"demo{number}", filename, content)
    paths = [(address(f"demo{n}", filename, content), content) for n, (filename, content) in enumerate(wheels)]
    one = await start_proxy(upstream)
    async with beside(one) as other:
        for proxy, (path, _) in zip((one, other), paths[:2], strict=True):
            await ask(proxy, path)  # who has fetched something is ready to tell others, with a task of its own
            await idle(proxy)
        before, tasks = open_files(one), own_tasks()
        answers = await asyncio.gather(
            *(ask(proxy, path) for path, _ in paths[2:] for proxy in (one, other) for _ in range(3))
        )
        wanted = [content for _, content in paths[2:] for _ in range(6)]
        assert [answer.body for answer in answers] == wanted
        for proxy in (one, other):
            await settled(proxy, before)
        await until(lambda: own_tasks() == tasks)
        assert one.left_over() == []
    assert upstream.count("/packages/") == len(paths)
    assert len(one.kept()) == len(paths)


async def test_a_worker_that_is_killed_takes_nothing_from_clients_of_others(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F1) The one that follows fetches again and goes on; the next start sweeps what the dead one left."""
    filename, content, _ = make_wheel("big", "1.0", size=3_000_000)
    path = address("big", filename, content)
    upstream.add_file("big", filename, content)
    hold = Hold(asyncio.Event(), after=1_500_000)
    upstream.behave("/packages/", hold, times=1)
    one = await start_proxy(upstream)
    await one.stop()
    killed = Killable(one.config.storage.directory.parent, upstream)
    await killed.start()
    try:
        async with beside(one) as other:
            asking = asyncio.create_task(killed.get(path))
            await hold.reached.wait()
            async with calling(other, path) as call:
                assert call.headers["Cache-Status"] == "pyproxy; fwd=miss; collapsed"
                got = await call.read(1_000_000)
                await killed.kill()
                answer = await call.answer()
            assert got + answer.body == content
            assert len(await asking) < len(content)
            assert (await ask(other, path)).body == content
            await idle(other)
            assert upstream.count("/packages/") == 2
            await one.start()
            folders = list((one.config.storage.directory / "tmp").iterdir())
            assert len(folders) == 2, "one for each that lives"
    finally:
        await killed.kill()
