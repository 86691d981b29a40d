"""A server that is left by its clients without a failed request, in the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from pyproxy.app.draining import LOOK_SECONDS, DrainingServer
from pyproxy.app.lifecycle import Server
from pyproxy.app.listening import bind
from pyproxy.config.model import ServerConfig
from tests.distributions import make_wheel
from tests.http.conftest import StartProxy, clock, start_proxy, upstream
from tests.http.proxy import Proxy
from tests.http.wire import exchange
from tests.upstream_server import Hold, UpstreamServer
from tests.waiting import LIMIT_SECONDS, until

__all__ = ["clock", "start_proxy", "upstream"]

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


class Connection:
    """A client's, kept open by the client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes = REQUEST) -> tuple[bytes, bytes]:
        """Head and body of the answer."""
        self._writer.write(request)
        async with asyncio.timeout(LIMIT_SECONDS):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            return head, await self._reader.readexactly(length)

    async def is_closed(self) -> bool:
        """Whether the server closes it, without another byte."""
        async with asyncio.timeout(LIMIT_SECONDS):
            return await self._reader.read() == b""


@contextlib.asynccontextmanager
async def connected(proxy: Proxy) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with contextlib.closing(writer):
        yield Connection(reader, writer)


def http_of(proxy: Proxy) -> DrainingServer:
    return proxy.server.http


async def test_an_idle_connection_gets_one_more_answer_that_says_it_is_the_last(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    async with connected(proxy) as client:
        head, _ = await client.ask()
        assert b"Connection: close" not in head
        draining = asyncio.ensure_future(http_of(proxy).drain(asyncio.Event()))
        await asyncio.sleep(0)
        head, body = await client.ask()
        assert b"Connection: close\r\n" in head
        assert body == b'{"status": "ok"}'
        assert await client.is_closed()
        await draining


async def test_new_connections_are_left_to_others(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    await http_of(proxy).drain(asyncio.Event())
    try:
        async with connected(proxy):
            raise AssertionError("somebody took it")
    except ConnectionRefusedError:
        pass


async def test_a_connection_on_which_nothing_comes_is_closed_at_last(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    async with connected(proxy) as used, connected(proxy) as silent:
        await used.ask()
        await until(lambda: http_of(proxy).connections == 2)
        async with asyncio.timeout(LIMIT_SECONDS):
            await http_of(proxy).drain(asyncio.Event(), idle_seconds=0.0)
        assert await used.is_closed()
        assert await silent.is_closed()


async def test_a_response_under_way_is_finished_and_not_taken_for_idle(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename, content, _ = make_wheel("demo", "1.0", size=500_000)
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    hold = Hold(asyncio.Event(), after=200_000)
    upstream.behave("/packages/", hold)
    async with connected(proxy) as client:
        asking = asyncio.ensure_future(client.ask(f"GET {link} HTTP/1.1\r\nHost: a\r\n\r\n".encode()))
        await hold.reached.wait()
        draining = asyncio.ensure_future(http_of(proxy).drain(asyncio.Event(), idle_seconds=0.0))
        await asyncio.sleep(0)
        hold.event.set()
        assert (await asking)[1] == content
        await draining


async def test_neither_time_nor_a_stop_is_waited_out(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    async with connected(proxy) as client:
        await client.ask()
        await http_of(proxy).drain(asyncio.Event(), drain_seconds=0.0)
        assert http_of(proxy).connections == 1
        stop = asyncio.Event()
        stop.set()
        await http_of(proxy).drain(stop)
        assert http_of(proxy).connections == 1


async def test_a_transfer_goes_on_while_another_worker_follows_it(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename, content, _ = make_wheel("demo", "1.0", size=500_000)
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    hold = Hold(asyncio.Event(), after=200_000)
    upstream.behave("/packages/", hold)
    other, port = await beside(proxy)
    request = f"GET {link} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    async with connected(proxy) as client:
        asking = asyncio.ensure_future(client.ask(request))
        await hold.reached.wait()
        following = asyncio.ensure_future(exchange(port, request))
        await until(lambda: other.services.requests.count == 1)
        leaving = asyncio.ensure_future(proxy.server.leave(asyncio.Event()))
        await until(lambda: len(other.resources.downloads) == 1)
        asking.cancel()
    await until(lambda: http_of(proxy).connections == 0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(leaving), 4 * LOOK_SECONDS)
    hold.event.set()
    assert (await following).body == content
    await leaving
    assert upstream.count("/packages/", "GET") == 1
    await other.stop()


async def beside(proxy: Proxy) -> tuple[Server, int]:
    """Another worker on the same storage directory, with a port of its own."""
    sockets = bind(ServerConfig(port=0))
    server = await Server.start(proxy.config, sockets, environ={}, clock=proxy.clock)
    return server, sockets[0].getsockname()[1]
