"""A page is asked for once, however many want it and whoever goes away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Proxy
from tests.http.publishing import publish
from tests.upstream_server import Hold, Status, UpstreamServer
from tests.waiting import until


async def in_flight(proxy: Proxy, count: int) -> None:
    """Wait until the proxy works on so many requests."""
    await until(lambda: proxy.server.services.requests.count >= count)


@dataclass
class Client:
    """A request on a connection of its own; many of them need no threads."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> tuple[int, bytes]:
        """The status and the body."""
        head, _, body = (await self.reader.read()).partition(b"\r\n\r\n")
        self.close()
        return int(head.split()[1]), body

    def close(self) -> None:
        """Go away."""
        self.writer.transport.abort()


async def send(proxy: Proxy, path: str, accept: str = JSON) -> Client:
    """Ask, and do not wait for the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    return Client(reader, writer)


async def test_fifty_requests_for_a_cold_page_are_one_request_upstream(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """In different formats, too (pain 2)"""
    publish(upstream, "demo", "1.0")
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", hold)
    proxy = await start_proxy(upstream)

    clients = [await send(proxy, "/simple/demo/", accept) for accept in (JSON, "text/html") * 25]
    await in_flight(proxy, 50)
    hold.event.set()
    answers = await asyncio.gather(*(client.answer() for client in clients))

    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 2
    assert upstream.count("/simple/demo/") == 1


async def test_the_first_who_asked_may_go_away(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(F5)"""
    publish(upstream, "demo", "1.0")
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", hold)
    proxy = await start_proxy(upstream)

    leader = await send(proxy, "/simple/demo/")
    await hold.reached.wait()
    followers = [await send(proxy, "/simple/demo/") for _ in range(49)]
    await in_flight(proxy, 50)
    leader.close()
    hold.event.set()

    answers = await asyncio.gather(*(client.answer() for client in followers))
    assert {status for status, _ in answers} == {200}
    assert upstream.count("/simple/demo/") == 1


async def test_nobody_waits_any_more_and_the_page_is_kept_all_the_same(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", hold)
    proxy = await start_proxy(upstream)
    leader = await send(proxy, "/simple/demo/")
    await hold.reached.wait()
    leader.close()
    hold.event.set()

    assert (await proxy.get("/simple/demo/")).status == 200
    assert upstream.count("/simple/demo/") == 1


@pytest.mark.parametrize(("failure", "status"), [(Status(404), 404), (Status(403), 502)])
async def test_whatever_comes_of_it_is_shared(
    failure: Status, status: int, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    upstream.behave("/simple/demo/", failure)
    proxy = await start_proxy(upstream)

    clients = [await send(proxy, "/simple/demo/") for _ in range(20)]
    answers = await asyncio.gather(*(client.answer() for client in clients))

    assert {status for status, _ in answers} == {status}
    assert upstream.count("/simple/demo/") == 1


async def test_different_projects_do_not_wait_for_each_other(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/held-", hold)
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    held = [await send(proxy, f"/simple/held-{number}/") for number in range(40)]
    await in_flight(proxy, 40)

    assert (await proxy.get("/simple/demo/")).status == 200
    for client in held:
        client.close()
    hold.event.set()
