"""A connection on which the kernel sends files: step by step, as the client takes them, and never past an error."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tornado.iostream import IOStream, SSLIOStream, StreamClosedError

from pyproxy.errors import StorageError
from pyproxy.handlers.file_stream import (
    LEAST_BYTES,
    ROUND_BYTES,
    SHARE_BYTES,
    FileStream,
    Sending,
    file_stream,
    share_of,
)
from pyproxy.net.stretch import Stretch
from tests.net.scripted_bodies import until
from tests.opened_file import opened_file
from tests.page_cache import needs_page_cache

CONTENT = bytes(range(251)) * 20_000
"""More than any connection takes at once."""


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    with opened_file(tmp_path / "file", CONTENT) as descriptor:
        yield descriptor


@dataclass(frozen=True)
class Pair:
    """Our end of a connection, and the client's."""

    stream: FileStream
    client: IOStream


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        return listener.accept()[0], theirs


@contextlib.asynccontextmanager
async def connected(pair: Callable[[], tuple[socket.socket, socket.socket]] = socket.socketpair) -> AsyncIterator[Pair]:
    ours, theirs = pair()
    stream = file_stream(IOStream(ours))
    assert isinstance(stream, FileStream)
    client = IOStream(theirs)
    try:
        yield Pair(stream, client)
    finally:
        stream.close()
        client.close()


def sending(
    descriptor: int, start: int = 0, stop: int = len(CONTENT), check: Callable[[], None] = lambda: None
) -> Sending:
    stretch = Stretch(descriptor, start, stop, "a file", check=check)
    return Sending(stretch, start, lambda: LEAST_BYTES)


async def test_many_clients_share_a_round_and_each_gets_something() -> None:
    assert share_of(0) == share_of(1) == share_of(4) == SHARE_BYTES
    assert share_of(16) * 16 == ROUND_BYTES
    assert share_of(100_000) == LEAST_BYTES


@needs_page_cache
async def test_all_of_a_stretch_arrives_as_the_client_takes_it(descriptor: int) -> None:
    async with connected() as pair:
        part = sending(descriptor, 7, len(CONTENT) - 5)
        under_way = asyncio.create_task(pair.stream.send(part))
        await until(lambda: part.position > 7)
        assert pair.stream.writing(), "who takes nothing can be told from who is idle"
        assert await pair.client.read_bytes(len(CONTENT) - 12) == CONTENT[7:-5]
        await under_way
        assert part.position == len(CONTENT) - 5
        assert not pair.stream.writing()


@needs_page_cache
async def test_what_is_written_before_and_after_stays_in_order(descriptor: int) -> None:
    async with connected() as pair:
        before = b"a" * len(CONTENT)  # nobody waits until it has left
        written = pair.stream.write(before)
        reading = pair.client.read_bytes(2 * len(CONTENT) + 1)
        await pair.stream.send(sending(descriptor))
        await pair.stream.write(b"z")
        assert await reading == before + CONTENT + b"z"
        await written


@needs_page_cache
async def test_a_step_sends_no_more_than_a_share_for_others_have_their_turn(descriptor: int) -> None:
    async with connected() as pair:
        stretch = Stretch(descriptor, 0, len(CONTENT), "a file")
        part = Sending(stretch, 0, lambda: 1000)
        assert part.step(pair.stream.socket.fileno()) == part.position == 1000
        assert not part.ended.done()


@needs_page_cache
async def test_it_ends_before_what_is_not_at_hand(descriptor: int) -> None:
    """The end of a file that was cut is never at hand."""
    os.ftruncate(descriptor, 2 * LEAST_BYTES)
    async with connected() as pair:
        part = sending(descriptor)
        reading = pair.client.read_bytes(2 * LEAST_BYTES)
        await pair.stream.send(part)
        assert part.position == 2 * LEAST_BYTES
        assert await reading == CONTENT[: 2 * LEAST_BYTES]


async def test_what_the_kernel_cannot_send_is_left_to_be_read() -> None:
    async with connected() as pair:
        part = sending(-1)
        await pair.stream.send(part)
        assert part.position == 0


@needs_page_cache
async def test_a_stretch_that_may_no_longer_be_read_says_so(descriptor: int) -> None:
    broken = False

    def check() -> None:
        if broken:
            raise StorageError("it is gone")

    async with connected() as pair:
        part = sending(descriptor, check=check)
        under_way = asyncio.create_task(pair.stream.send(part))
        await until(lambda: part.position > 0)
        broken = True
        await pair.client.read_bytes(part.position)
        with pytest.raises(StorageError, match="it is gone"):
            await under_way
        assert not pair.stream.writing()


@needs_page_cache
@pytest.mark.parametrize("who", ["client", "server"])
async def test_a_connection_that_ends_meanwhile_is_no_longer_waited_for(who: str, descriptor: int) -> None:
    async with connected() as pair:
        part = sending(descriptor)
        under_way = asyncio.create_task(pair.stream.send(part))
        await until(lambda: part.position > 0)
        (pair.client if who == "client" else pair.stream).close()
        if who == "server":
            with pytest.raises(StreamClosedError):
                await under_way
        else:
            await under_way  # whoever goes on to write then learns why
            with pytest.raises(StreamClosedError):
                await pair.stream.write(b"more")
        assert part.position < len(CONTENT)
        with pytest.raises(StreamClosedError):
            await pair.stream.send(sending(descriptor))


@needs_page_cache
async def test_packets_are_full_while_a_file_is_sent_and_leave_at_once_afterwards(descriptor: int) -> None:
    async with connected(tcp_pair) as pair:

        def waits() -> int:
            return pair.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_CORK)

        part = sending(descriptor)
        assert not waits()
        under_way = asyncio.create_task(pair.stream.send(part))
        await until(lambda: part.position > 0)
        assert waits()
        assert await pair.client.read_bytes(len(CONTENT)) == CONTENT
        await under_way
        assert not waits()


@needs_page_cache
async def test_nothing_more_is_sent_for_who_no_longer_waits(descriptor: int) -> None:
    async with connected() as pair:
        part = sending(descriptor)
        under_way = asyncio.create_task(pair.stream.send(part))
        await until(lambda: part.position > 0)
        under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        sent = part.position
        await pair.client.read_bytes(sent)
        await pair.stream.write(b"z")
        assert await pair.client.read_bytes(1) == b"z"
        assert part.position == sent


async def test_a_connection_that_encrypts_stays_what_it_is() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        encrypted = SSLIOStream(context.wrap_socket(ours, server_side=True, do_handshake_on_connect=False))
        assert file_stream(encrypted) is encrypted
        encrypted.close()
