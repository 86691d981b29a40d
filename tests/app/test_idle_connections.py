"""Connections on which nothing comes are closed after a while, and no others; small packets leave at once."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import tornado.web
from tornado.http1connection import HTTP1Connection
from tornado.netutil import bind_sockets

from pyproxy.app.idle_connections import Onward, PatientServer
from tests.waiting import LIMIT_SECONDS, until

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Slow(tornado.web.RequestHandler):
    """Answers when the event is set."""

    came = 0

    def initialize(self, event: asyncio.Event) -> None:
        self.event = event

    async def get(self) -> None:
        Slow.came += 1
        await self.event.wait()
        self.finish("slow")


class Delay(tornado.web.RequestHandler):
    """Answers with whether small packets leave at once."""

    def get(self) -> None:
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        self.finish(f"slow {connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)}")


class Running:
    """A server whose connections may be idle for a minute of its clock."""

    def __init__(self, limit: float = 60.0) -> None:
        self.now = 1000.0
        self.event = asyncio.Event()
        routes: list[tuple[Any, ...]] = [("/", Slow, {"event": self.event}), ("/delay", Delay)]
        application = tornado.web.Application(routes, log_function=lambda handler: None)
        self.server = PatientServer(application, idle_connection_timeout=limit, clock=lambda: self.now)
        sockets = bind_sockets(0, "127.0.0.1", socket.AF_INET)
        self.port: int = sockets[0].getsockname()[1]
        self.server.add_sockets(sockets)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.server.look()


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Running]:
    server = Running()
    yield server
    server.server.stop()
    await server.server.close_all_connections()


@contextlib.asynccontextmanager
async def connection(server: Running) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that the server knows of."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(LIMIT_SECONDS):
        yield reader, writer
    writer.close()
    with contextlib.suppress(ConnectionResetError):
        await writer.wait_closed()


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask, and wait for the answer."""
    writer.write(REQUEST)
    assert (await reader.readuntil(b"slow")).startswith(b"HTTP/1.1 200 ")


async def closed_in_time(server: Running, reader: asyncio.StreamReader) -> None:
    """Let time pass until the server closes the connection without another word."""
    rest = asyncio.create_task(reader.read())

    def is_closed() -> bool:
        server.pass_time(60)
        return rest.done()

    await until(is_closed)
    with contextlib.suppress(ConnectionResetError):  # where it had not read all
        assert await rest == b""


async def test_a_connection_on_which_nothing_comes_is_closed() -> None:
    async with running() as server, connection(server) as (reader, writer):
        server.event.set()
        await answered(reader, writer)
        await closed_in_time(server, reader)


async def test_half_a_head_is_nothing() -> None:
    async with running() as server, connection(server) as (reader, writer):
        writer.write(REQUEST[:-2])
        await closed_in_time(server, reader)


async def test_a_request_may_take_longer() -> None:
    async with running() as server, connection(server) as (reader, writer), connection(server) as (idle, _):
        before = Slow.came
        writer.write(REQUEST)
        await until(lambda: Slow.came > before)
        await closed_in_time(server, idle)
        server.event.set()
        assert (await reader.readuntil(b"slow")).startswith(b"HTTP/1.1 200 ")


async def test_the_wait_begins_anew_with_each_request() -> None:
    async with running() as server, connection(server) as (reader, writer):
        server.event.set()
        for _ in range(3):
            await answered(reader, writer)
            server.pass_time(59)
        await answered(reader, writer)


async def test_looks_are_taken_without_being_asked_for() -> None:
    server = Running(limit=0.01)
    for _ in range(2):  # also after a time without any connection
        async with connection(server) as (reader, _):
            rest = asyncio.create_task(reader.read())
            while not rest.done():
                server.now += 1
                await asyncio.sleep(0.01)
    server.server.stop()
    await server.server.close_all_connections()


async def test_small_packets_never_wait_for_others() -> None:
    async with running() as server, connection(server) as (reader, writer):
        for _ in range(3):
            writer.write(REQUEST.replace(b"/ ", b"/delay ", 1))
            await reader.readuntil(b"slow ")
            assert int(await reader.readexactly(1)) == 1


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n", b"\r\n\n", b"\n\r\n"])
async def test_a_head_may_come_byte_by_byte(end: bytes) -> None:
    async with running() as server, connection(server) as (reader, writer):
        server.event.set()
        for _ in range(2):
            for byte in b"GET / HTTP/1.1\r\nHost: a" + end:
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
            assert (await reader.readuntil(b"slow")).startswith(b"HTTP/1.1 200 ")


def test_the_end_of_a_head_is_not_looked_for_twice_in_the_same_place() -> None:
    """One client could keep a processor busy."""
    looked_at: list[int] = []

    class Recorded:
        def search(self, buffer: bytes, start: int) -> re.Match[bytes] | None:
            looked_at.append(len(buffer) - start)
            return re.compile(rb"\r?\n\r?\n").search(buffer, start)

    onward, head = Onward(Recorded()), bytearray()  # type: ignore[arg-type]
    for piece in (b"x" * 100_000, b"y", b"\r", b"\n", b"\r"):
        head += piece
        assert onward.search(head) is None
    head += b"\nmore"
    found = onward.search(head)
    assert found is not None
    assert found.end() == len(head) - len(b"more")
    assert looked_at == [100_000, 4, 4, 4, 4, 8]
