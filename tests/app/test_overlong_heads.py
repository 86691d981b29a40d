"""Connections that are closed for their heads get an answer first, and only so many linger for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from tornado.iostream import IOStream

from pyproxy.app.overlong_heads import LINGER_SECONDS, OverlongHeads
from tests.waiting import LIMIT_SECONDS, until


class Sender:
    """A client that has sent more than is looked through, and the server's end of its connection."""

    def __init__(self, heads: OverlongHeads) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.setblocking(False)
        self.socket.send(b"x" * 10_000)
        self.stream = IOStream(theirs)
        heads.watch(self.stream)
        self.stream.read_until_regex(b"\r?\n\r?\n", max_bytes=1000)

    async def heard(self) -> bytes:
        """What has come, to its end."""
        async with asyncio.timeout(LIMIT_SECONDS):
            return await asyncio.get_running_loop().sock_recv(self.socket, 100)


async def alone() -> None:
    """Wait until there is no other task any more, for less time than one lingers."""
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()}, within=LINGER_SECONDS / 2)


async def test_beyond_a_number_of_them_nobody_is_told() -> None:
    heads = OverlongHeads(b"too long", at_once=1)
    first, second = Sender(heads), Sender(heads)
    assert (first.stream.closed(), second.stream.closed()) == (True, True)
    assert (await first.heard(), await first.heard()) == (b"too long", b""), "and then the end"
    with contextlib.suppress(ConnectionResetError):
        assert await second.heard() == b""
    first.socket.close()
    second.socket.close()
    await alone()


async def test_a_server_that_stops_waits_for_none_of_them() -> None:
    heads = OverlongHeads(b"too long")
    sender = Sender(heads)
    await asyncio.sleep(0)  # it lingers
    heads.stop()
    await alone()
    sender.socket.close()


async def test_a_connection_that_is_closed_for_another_reason_is_told_nothing() -> None:
    heads = OverlongHeads(b"too long")
    client, theirs = socket.socketpair()
    stream = IOStream(theirs)
    heads.watch(stream)
    stream.close()
    assert client.recv(100) == b""
    client.close()
