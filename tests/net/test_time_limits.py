"""How long an upstream may take, stage by stage, and what a pause does to that."""

from __future__ import annotations

import asyncio
import random

import pytest

from pyproxy.errors import (
    UpstreamTimeout,
)
from tests.net.asking import Collected, connected, get, running
from tests.upstream_server import (
    BlackHole,
    Silence,
    SilentListener,
    Stall,
)

CONTENT = random.Random(0).randbytes(300_000)
FILE = "/packages/demo/demo-1.0.tar.gz"


async def test_a_black_hole_ends_with_the_connect_timeout() -> None:
    hole = BlackHole()
    url = f"http://127.0.0.1:{hole.port}"
    with (
        connected(url, connect_timeout_ms=80) as connection,
        pytest.raises(UpstreamTimeout, match=r"did not answer within 80 ms \(connect, connect_timeout_ms\)"),
    ):
        await get(connection, url + "/x")
    hole.close()


async def test_a_silent_tls_handshake_ends_with_the_connect_timeout() -> None:
    listener = SilentListener()
    url = f"https://127.0.0.1:{listener.port}"
    with (
        connected(url, connect_timeout_ms=500) as connection,
        pytest.raises(UpstreamTimeout, match=r"did not answer within 500 ms \(TLS, connect_timeout_ms\)"),
    ):
        await get(connection, url + "/x")
    listener.close()


async def test_many_requests_at_a_silent_tls_handshake_all_end_with_the_connect_timeout() -> None:
    listener = SilentListener()
    url = f"https://127.0.0.1:{listener.port}"
    with connected(url, connect_timeout_ms=80) as connection:
        asked = [get(connection, f"{url}/{number}", kind="page") for number in range(20)]
        results = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(result) for result in results} == {UpstreamTimeout}
    listener.close()


async def test_silence_after_the_request_ends_with_the_stall_timeout() -> None:
    async with running() as server:
        server.behave("/", Silence())
        with (
            connected(server.url, stall_timeout_ms=80) as connection,
            pytest.raises(UpstreamTimeout, match=r"did not begin to answer within 0\.\d s \(stall_timeout_ms\)"),
        ):
            await get(connection, server.url + FILE)


async def test_silence_ends_with_the_first_byte_timeout_if_there_is_one() -> None:
    async with running() as server:
        server.behave("/", Silence())
        with connected(server.url) as connection, pytest.raises(UpstreamTimeout, match="did not begin to answer"):
            await get(connection, server.url + FILE, first_byte_timeout=0.08)


async def test_the_first_byte_timeout_holds_while_connecting_too() -> None:
    hole = BlackHole()
    url = f"http://127.0.0.1:{hole.port}"
    with (
        connected(url) as connection,
        pytest.raises(UpstreamTimeout, match=r"did not begin to answer within \d+\.\d s \(connect\)"),
    ):
        await get(connection, url + "/x", first_byte_timeout=0.08)
    hole.close()


async def test_a_stall_in_the_body_ends_by_the_clock_of_the_last_byte() -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        server.behave("/packages/", Stall(1000))
        with (
            connected(server.url, stall_timeout_ms=500) as connection,
            pytest.raises(UpstreamTimeout, match=r"sent no byte for 0\.5 s after 1000 bytes \(stall_timeout_ms\)"),
        ):
            await get(connection, server.url + FILE)


async def test_a_slow_body_that_never_stalls_arrives_however_long_it_takes() -> None:
    """The whole takes longer than the stall timeout and than the time for the first byte."""
    steps = [asyncio.Event() for _ in range(4)]

    class Slow(Collected):
        def write(self, data: bytes) -> None:
            super().write(data)
            asyncio.get_running_loop().call_later(0.5, steps[min(len(self.body) // 10, 4) - 1].set)

    class Dripping:
        async def serve(self, exchange) -> None:  # type: ignore[no-untyped-def]
            await exchange.send_head(exchange.answer, content_length=40)
            for step in steps:
                await exchange.send_body(b"0123456789")
                await step.wait()

    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", b"0123456789" * 4)
        server.behave("/packages/", Dripping())
        with connected(server.url, stall_timeout_ms=1500) as connection:
            slow = Slow()
            await connection.request(server.url + FILE, receiver=slow, kind="file", first_byte_timeout=1.5)
    assert slow.body == b"0123456789" * 4


async def test_a_paused_transfer_takes_nothing_and_does_not_count_as_a_stall() -> None:
    class Pausing(Collected):
        """Pauses after each piece; the test resumes."""

        def __init__(self) -> None:
            super().__init__()
            self.full = asyncio.Event()

        def write(self, data: bytes) -> None:
            super().write(data)
            assert self.head is not None
            assert self.head.flow is not None
            self.head.flow.pause()
            self.full.set()

    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        with connected(server.url, stall_timeout_ms=500) as connection:
            receiver = Pausing()
            task = asyncio.create_task(connection.request(server.url + FILE, receiver=receiver, kind="file"))
            await receiver.full.wait()
            before = len(receiver.body)
            await asyncio.sleep(1.0)  # longer than the stall timeout, which must not count
            assert len(receiver.body) == before
            assert receiver.head is not None
            assert receiver.head.flow is not None
            flow = receiver.head.flow
            while not task.done():
                flow.resume()
                receiver.full.clear()
                waits = [asyncio.ensure_future(receiver.full.wait()), task]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                waits[0].cancel()
            await task
            flow.pause()
            flow.resume()
    assert receiver.body == CONTENT


async def test_an_upstream_that_stalls_after_a_pause_is_still_noticed() -> None:
    class PausingOnce(Collected):
        def write(self, data: bytes) -> None:
            super().write(data)
            assert self.head is not None
            assert self.head.flow is not None
            self.head.flow.pause()
            asyncio.get_running_loop().call_soon(self.head.flow.resume)

    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        server.behave("/packages/", Stall(100_000))
        with (
            connected(server.url, stall_timeout_ms=500) as connection,
            pytest.raises(UpstreamTimeout, match="after 100000 bytes"),
        ):
            await connection.request(server.url + FILE, receiver=PausingOnce(), kind="file")
