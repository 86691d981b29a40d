"""Who only keeps a connection makes room for who asks, where there are as many connections as may be."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import tornado.web
from tornado.netutil import bind_sockets

from pyproxy.app.bounded_server import BoundedServer
from pyproxy.app.idle_connections import SEARCH_SECONDS, YIELD_SECONDS
from tests.waiting import LIMIT_SECONDS

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Slow(tornado.web.RequestHandler):
    """Answers when the event is set."""

    def initialize(self, event: asyncio.Event, came: asyncio.Event) -> None:
        self.event, self.came = event, came

    async def get(self) -> None:
        self.came.set()
        await self.event.wait()
        self.finish("slow")


class Quick(tornado.web.RequestHandler):
    """Answers."""

    def get(self) -> None:
        self.finish("quick")


class Full:
    """A server that takes two connections, which may be idle for five minutes of its clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.event, self.came = asyncio.Event(), asyncio.Event()
        application = tornado.web.Application(
            [("/", Quick), ("/slow", Slow, {"event": self.event, "came": self.came})],
            log_function=lambda handler: None,
        )
        self.server = BoundedServer(application, most=2, idle_seconds=300.0, clock=lambda: self.now)
        sockets = bind_sockets(0, "127.0.0.1", socket.AF_INET)
        self.port: int = sockets[0].getsockname()[1]
        self.server.add_sockets(sockets)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def status(self, request: bytes = REQUEST) -> int:
        """Ask, and wait for the whole of a short answer."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
        await self.reader.readexactly(int(length))
        return int(head.split(b" ")[1])

    async def is_closed(self) -> bool:
        with contextlib.suppress(ConnectionResetError):
            return await self.reader.read() == b""
        return True


@contextlib.asynccontextmanager
async def full() -> AsyncIterator[Full]:
    server = Full()
    yield server
    server.event.set()
    server.server.stop()
    await server.server.close_all_connections()


@contextlib.asynccontextmanager
async def client(server: Full) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(LIMIT_SECONDS):
        yield Client(reader, writer)
    writer.transport.abort()


async def test_the_connection_that_has_been_idle_for_longest_makes_room() -> None:
    async with full() as server, client(server) as first, client(server) as second, client(server) as third:
        assert await first.status() == 200
        server.now += 1
        assert await second.status() == 200
        server.now += YIELD_SECONDS
        assert await third.status() == 503, "came when the others had just connected"

        async with client(server) as fourth:
            assert await fourth.status() == 200
            assert await first.is_closed()
            assert await second.status() == 200


async def test_half_a_head_is_nothing() -> None:
    """Whoever wants to lock out others sends some of one."""
    async with full() as server, client(server) as half, client(server) as other:
        half.writer.write(REQUEST[:-2])
        assert await other.status() == 200
        server.now += YIELD_SECONDS
        assert await other.status() == 200
        async with client(server) as new:
            assert await new.status() == 200
            assert await half.is_closed()


async def test_neither_a_request_under_way_nor_one_that_has_just_ended_makes_room() -> None:
    async with full() as server, client(server) as slow, client(server) as quick:
        slow.writer.write(REQUEST.replace(b"/ ", b"/slow ", 1))
        await server.came.wait()
        server.now += YIELD_SECONDS
        assert await quick.status() == 200
        async with client(server) as new:
            assert await new.status() == 503
        server.now += SEARCH_SECONDS  # in vain it is looked for once a second
        server.event.set()
        assert (await slow.reader.readuntil(b"slow")).startswith(b"HTTP/1.1 200 ")
        assert await quick.status() == 200


async def test_each_connection_that_comes_takes_the_room_of_one() -> None:
    async with full() as server, client(server) as first, client(server) as second:
        assert [await first.status(), await second.status()] == [200, 200]
        server.now += YIELD_SECONDS
        async with client(server) as third, client(server) as fourth, client(server) as fifth:
            answers = await asyncio.gather(third.status(), fourth.status(), fifth.status())
            assert answers == [200, 200, 503]
            assert [await first.is_closed(), await second.is_closed()] == [True, True]
