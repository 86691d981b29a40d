"""One request at one URL: its bytes, its time limits, and the ways in which it ends."""

from __future__ import annotations

import asyncio
import gzip
import random

import pytest

from pyproxy.errors import (
    BrokenOff,
    ConnectionBroken,
    UpstreamInvalidResponse,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from pyproxy.net.response import ResponseHead
from tests.net.asking import Collected, connected, get, running
from tests.upstream_server import (
    Chunked,
    Endless,
    GzipAll,
    Hold,
    NoLength,
    Raw,
    Reset,
    Status,
    Truncate,
    closed_port,
)

CONTENT = random.Random(0).randbytes(300_000)
FILE = "/packages/demo/demo-1.0.tar.gz"


async def test_a_file_arrives_whole_with_its_head() -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        with connected(server.url) as connection:
            answer = await get(connection, server.url + FILE)
    assert answer.body == CONTENT
    assert answer.head is not None
    assert (answer.head.status, answer.head.content_length, answer.head.encoded) == (200, len(CONTENT), False)
    assert answer.head.headers["content-type"] == "application/octet-stream"
    assert answer.head.url == server.url + FILE


async def test_a_file_is_asked_for_unencoded_and_a_page_may_be_gzip() -> None:
    async with running() as server:
        with connected(server.url) as connection:
            await get(connection, server.url + FILE)
            await get(connection, server.index_url + "demo/", kind="page")
    assert [r.headers["accept-encoding"] for r in server.requests] == ["identity", "gzip, deflate"]
    assert all("user-agent" in r.headers and "pragma" not in r.headers for r in server.requests)


@pytest.mark.parametrize("behaviour", [Chunked(), NoLength()])
async def test_a_body_without_a_length_arrives_whole(behaviour: Chunked | NoLength) -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        server.behave("/packages/", behaviour)
        with connected(server.url) as connection:
            answer = await get(connection, server.url + FILE)
    assert answer.body == CONTENT
    assert answer.head is not None
    assert answer.head.content_length is None


async def test_a_head_request_has_a_length_and_no_body() -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        with connected(server.url) as connection:
            answer = await get(connection, server.url + FILE, method="HEAD")
    assert answer.head is not None
    assert (answer.head.content_length, answer.body) == (len(CONTENT), b"")


@pytest.mark.parametrize("behaviour", [Truncate(1000), Chunked(1000)])
async def test_a_body_that_is_cut_short_is_broken_off(behaviour: Truncate | Chunked) -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        server.behave("/packages/", behaviour)
        with (
            connected(server.url) as connection,
            pytest.raises(BrokenOff, match="upstream acme broke off the body after 1000"),
        ):
            await get(connection, server.url + FILE)


@pytest.mark.parametrize("after", [None, 0, 1, 70_000, len(CONTENT) - 1])
async def test_a_reset_is_a_broken_connection(after: int | None) -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        server.behave("/packages/", Reset(after))
        with connected(server.url) as connection:
            with pytest.raises(ConnectionBroken, match="reset the connection"):
                await get(connection, server.url + FILE)
            server.clear_behaviours()
            assert (await get(connection, server.url + FILE)).body == CONTENT


async def test_a_refused_connection_says_so() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    with (
        connected(url) as connection,
        pytest.raises(UpstreamUnreachable, match="upstream acme refused the connection") as caught,
    ):
        await get(connection, url + "/x")
    assert not isinstance(caught.value, UpstreamTimeout | ConnectionBroken)


async def test_a_name_that_does_not_exist_says_so() -> None:
    with (
        connected("http://no-such-host.invalid/") as connection,
        pytest.raises(UpstreamUnreachable, match=r"cannot be found: no-such-host\.invalid"),
    ):
        await get(connection, "http://no-such-host.invalid/x")


async def test_cancelling_the_task_ends_the_transfer_at_the_upstream() -> None:
    async with running() as server:
        server.behave("/", Endless())
        with connected(server.url) as connection:
            task = asyncio.create_task(get(connection, server.url + FILE))
            await server.requested("/")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert server._listener is not None
            # The endless behaviour only ends when its connection is closed by the other side.
            await asyncio.gather(*server._listener.tasks)
            server.clear_behaviours()
            server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
            assert (await get(connection, server.url + FILE)).body == CONTENT


async def test_what_the_receiver_raises_at_the_head_comes_out_and_nothing_is_read() -> None:
    class Refusing(Collected):
        def started(self, response: ResponseHead) -> None:
            raise LookupError("no, thank you")

    async with running() as server:
        server.behave("/", Endless())
        with connected(server.url) as connection:
            receiver = Refusing()
            with pytest.raises(LookupError, match="no, thank you"):
                await connection.request(server.url + FILE, receiver=receiver, kind="file")
    assert receiver.body == b""


async def test_what_the_receiver_raises_in_the_body_comes_out() -> None:
    class Full(Collected):
        def write(self, data: bytes) -> None:
            super().write(data)
            if len(self.body) > 100_000:
                raise OSError("full")

    async with running() as server:
        server.behave("/", Endless())
        with connected(server.url) as connection, pytest.raises(OSError, match="full"):
            await connection.request(server.url + FILE, receiver=Full(), kind="file")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw-deflate"])
async def test_an_encoded_page_arrives_decoded(coding: str) -> None:
    async with running() as server:
        server.set_page("demo", b"<html>" * 50_000, "text/html")
        server.behave("/simple/", GzipAll(coding))  # type: ignore[arg-type]
        with connected(server.url) as connection:
            answer = await get(connection, server.index_url + "demo/", kind="page")
    assert answer.body == b"<html>" * 50_000
    assert answer.head is not None
    assert answer.head.encoded


async def test_an_encoded_file_arrives_as_it_is_and_says_so() -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        server.behave("/packages/", GzipAll())
        with connected(server.url) as connection:
            answer = await get(connection, server.url + FILE)
    assert gzip.decompress(bytes(answer.body)) == CONTENT
    assert answer.head is not None
    assert answer.head.encoded


async def test_an_encoded_page_that_is_cut_short_is_broken_off_even_without_a_length() -> None:
    encoded = gzip.compress(CONTENT)
    async with running() as server:
        answer = Status(200, encoded[: len(encoded) // 2], {"Content-Encoding": "gzip"})
        server.behave("/simple/", answer)
        with connected(server.url) as connection, pytest.raises(BrokenOff, match="middle of its gzip body"):
            await get(connection, server.index_url + "demo/", kind="page")


async def test_a_page_in_an_unknown_coding_is_invalid() -> None:
    async with running() as server:
        server.behave("/simple/", Status(200, b"?", {"Content-Encoding": "zstd"}))
        with connected(server.url) as connection, pytest.raises(UpstreamInvalidResponse, match="zstd"):
            await get(connection, server.index_url + "demo/", kind="page")


async def test_what_is_no_http_is_invalid() -> None:
    async with running() as server:
        server.behave("/", Raw(b"220 mail.example.org ESMTP\r\n"))
        with connected(server.url) as connection, pytest.raises(UpstreamInvalidResponse, match="no HTTP"):
            await get(connection, server.url + FILE)


async def test_a_hang_up_without_an_answer_is_a_broken_connection() -> None:
    async with running() as server:
        server.behave("/", Raw(b""))
        with connected(server.url) as connection, pytest.raises(ConnectionBroken, match="without an answer"):
            await get(connection, server.url + FILE)


async def test_early_hints_are_not_the_answer() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    early = hints + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nhi"
    async with running() as server:
        server.behave("/", Raw(early))
        with connected(server.url) as connection:
            answer = await get(connection, server.url + FILE)
    assert answer.head is not None
    assert answer.head.status == 200
    assert answer.head.headers == {"content-length": "2", "x-a": "1, 2"}
    assert answer.body == b"hi"


async def test_a_connection_is_used_again_and_a_dead_one_is_replaced() -> None:
    async with running() as server:
        server.add_file("demo", "demo-1.0.tar.gz", CONTENT)
        with connected(server.url) as connection:
            for _ in range(3):
                await get(connection, server.url + FILE)
            assert {request.connection for request in server.requests} == {1}
            await server.stop()
            await server.restart()
            assert (await get(connection, server.url + FILE)).body == CONTENT


async def test_slow_files_do_not_keep_a_page_waiting() -> None:
    event = asyncio.Event()
    async with running() as server:
        server.set_page("demo", b"page", "text/html")
        hold = Hold(event)
        server.behave("/packages/", hold)
        with connected(server.url) as connection:
            tasks = [asyncio.create_task(get(connection, server.url + FILE)) for _ in range(100)]
            await server.requested("/packages/", 100)
            assert (await get(connection, server.index_url + "demo/", kind="page")).body == b"page"
            event.set()
            await asyncio.gather(*tasks)
