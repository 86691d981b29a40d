"""Files that lie on the disk are sent by the kernel, past this process: what else holds of an answer still holds."""

from __future__ import annotations

import asyncio
import http.client
import logging
import os
import ssl
from pathlib import Path

import pytest

from pyproxy.app.tls import load_pair
from tests.admin.storage.working import is_open
from tests.app.pairs import Place
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle, under_way
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.page_cache import needs_page_cache
from tests.upstream_server import Hold, UpstreamServer
from tests.waiting import until

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=9_000_000)
PATH = address("demo", FILENAME, CONTENT)


class Kernel:
    """Counts what it sends from files by itself."""

    def __init__(self) -> None:
        self.sent = 0
        self._sendfile = os.sendfile

    def sendfile(self, socket: int, descriptor: int, position: int, size: int) -> int:
        sent = self._sendfile(socket, descriptor, position, size)
        self.sent += sent
        return sent


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr(os, "sendfile", kernel.sendfile)
    return kernel


async def serving(upstream: UpstreamServer, start_proxy: StartProxy, **settings: object) -> Proxy:
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    return await start_proxy(upstream, **settings)


async def warm(proxy: Proxy) -> None:
    assert (await ask(proxy, PATH)).body == CONTENT
    await idle(proxy)


@needs_page_cache
async def test_the_kernel_sends_most_of_a_large_file(
    upstream: UpstreamServer, start_proxy: StartProxy, kernel: Kernel, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await serving(upstream, start_proxy, log_format="json")
    await warm(proxy)
    kernel.sent = 0
    with caplog.at_level(logging.INFO, "pyproxy.access"):
        assert (await ask(proxy, PATH)).body == CONTENT
    assert kernel.sent > len(CONTENT) / 2
    assert f'"bytes": {len(CONTENT)},' in caplog.records[-1].message, "the log counts what the kernel sent"


@needs_page_cache
async def test_the_kernel_sends_a_file_that_is_arriving(
    upstream: UpstreamServer, start_proxy: StartProxy, kernel: Kernel
) -> None:
    proxy = await serving(upstream, start_proxy)
    hold = Hold(asyncio.Event(), after=8_000_000)
    upstream.behave("/packages/", hold)
    async with calling(proxy, PATH) as call:
        got = await call.read(7_000_000)
        assert kernel.sent > 0
        hold.event.set()
        assert got + (await call.answer()).body == CONTENT


@pytest.mark.parametrize(("first", "last"), [(1, 8_999_998), (100_000, 5_000_000), (4_000_000, 4_000_000)])
async def test_a_range_ends_where_it_should(
    upstream: UpstreamServer, start_proxy: StartProxy, first: int, last: int
) -> None:
    proxy = await serving(upstream, start_proxy)
    await warm(proxy)
    answer = await ask(proxy, PATH, {"Range": f"bytes={first}-{last}"})
    assert (answer.status, answer.body) == (206, CONTENT[first : last + 1])


async def test_the_connection_goes_on_afterwards(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await serving(upstream, start_proxy)
    await warm(proxy)

    def three() -> list[bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60)
        bodies = []
        for _ in range(3):
            connection.request("GET", PATH)
            bodies.append(connection.getresponse().read())
            assert connection.sock is not None, "the server ended the connection"
        connection.close()
        return bodies

    assert await asyncio.to_thread(three) == [CONTENT] * 3


async def test_a_client_that_reads_slowly_gets_everything(
    upstream: UpstreamServer, start_proxy: StartProxy, kernel: Kernel
) -> None:
    """The connection is full again and again, and other clients are served meanwhile."""
    proxy = await serving(upstream, start_proxy)
    await warm(proxy)
    async with calling(proxy, PATH) as call:
        got = b""
        for _ in range(4):
            got += await call.read(1_000_000)
            assert (await ask(proxy, PATH)).body == CONTENT
        assert got + (await call.answer()).body == CONTENT


async def test_a_client_that_vanishes_is_no_error(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await serving(upstream, start_proxy)
    await warm(proxy)
    async with calling(proxy, PATH) as call:
        await call.read(100_000)
        call.leave()
    await under_way(proxy, 0)
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("part", ["file", "arriving file"])
async def test_nothing_of_a_client_that_vanishes_stays(
    part: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Neither its task nor the file that was open for it; of an arriving one, whether it was sending or waiting."""
    proxy = await serving(upstream, start_proxy)
    if part == "file":
        await warm(proxy)
    else:
        hold = Hold(asyncio.Event(), after=6_000_000)
        upstream.behave("/packages/", hold)
    for count in (0, 1000, 5_900_000):
        async with calling(proxy, PATH) as call:
            await call.read(count)
            call.leave()
        await under_way(proxy, 0)
    if part != "file":
        hold.event.set()
        await idle(proxy)
    (sha256,) = proxy.kept()
    await until(lambda: not is_open(proxy.files_directory / sha256[:2] / sha256))
    assert (await ask(proxy, PATH)).body == CONTENT


async def test_requests_that_come_while_a_file_is_sent_have_their_turn_after_it(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await serving(upstream, start_proxy)
    await warm(proxy)
    wanted = [("GET", "bytes=0-"), ("HEAD", None), ("GET", "bytes=100-8000000"), ("GET", "bytes=-1"), ("GET", None)]
    asked = [
        f"{method} {PATH} HTTP/1.1\r\nHost: proxy\r\n{f'Range: {span}' if span else 'X: y'}\r\n\r\n".encode()
        for method, span in wanted
    ]
    bodies = [CONTENT, b"", CONTENT[100:8_000_001], CONTENT[-1:], CONTENT]
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"".join(asked[:3]))

    for number, body in enumerate(bodies):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 206 " if wanted[number][1] else b"HTTP/1.1 200 ")
        got = await reader.readexactly(len(body) // 2)
        if number == 0:
            writer.write(b"".join(asked[3:]))
        assert got + await reader.readexactly(len(body) - len(body) // 2) == body
    writer.close()
    await writer.wait_closed()


async def test_what_leaves_the_page_cache_meanwhile_is_read_from_the_disk(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await serving(upstream, start_proxy)
    await warm(proxy)
    (sha256,) = proxy.kept()
    descriptor = os.open(proxy.files_directory / sha256[:2] / sha256, os.O_RDONLY)
    os.fsync(descriptor)
    async with calling(proxy, PATH) as call:
        got = b""
        while len(got) < 8_000_000:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            got += await call.read(1_000_000)
        assert got + (await call.answer()).body == CONTENT
    os.close(descriptor)


async def test_a_file_that_is_cut_meanwhile_ends_broken(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await serving(upstream, start_proxy)
    await warm(proxy)
    async with calling(proxy, PATH) as call:
        await call.read(1000)
        (sha256,) = proxy.kept()
        os.truncate(proxy.files_directory / sha256[:2] / sha256, 8_900_000)
        assert (await call.answer()).broken


async def test_a_stopping_server_lets_a_slow_client_finish(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await serving(upstream, start_proxy)
    await warm(proxy)
    async with calling(proxy, PATH) as call:
        got = await call.read(1000)
        stopping = asyncio.create_task(proxy.stop())
        assert got + (await call.answer()).body == CONTENT
        await stopping


async def test_over_tls_nothing_passes_by_the_encryption(
    upstream: UpstreamServer, start_proxy: StartProxy, kernel: Kernel, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    place.put(*place.issue("127.0.0.1"))
    proxy = await serving(upstream, start_proxy, tls=load_pair(place.config))
    context = ssl.create_default_context(cafile=str(place.authority.certificate))

    def get() -> bytes:
        connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, timeout=60, context=context)
        connection.request("GET", PATH)
        body = connection.getresponse().read()
        connection.close()
        return body

    kernel.sent = 0  # copying the certificate, for example
    for _ in ("cold", "warm"):
        assert await asyncio.to_thread(get) == CONTENT
        await idle(proxy)
    assert kernel.sent == 0
