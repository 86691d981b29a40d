"""Downloads over real connections, from an upstream that misbehaves in every way it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pyproxy.errors import FileNotListed, UpstreamError, UpstreamInvalidResponse
from pyproxy.net.connection import UpstreamConnection
from pyproxy.net.download import Download, Source
from pyproxy.net.file_requests import fetch_file
from pyproxy.net.response import Receiver
from pyproxy.net.verification import Expected
from pyproxy.settings import UpstreamSettings
from tests.distributions import make_sdist, make_wheel
from tests.net.scripted_bodies import FileSink, FullDisk, Kept, expected, finished, read_all, sha256, until
from tests.upstream_server import (
    Append,
    Behaviour,
    Chunked,
    Corrupt,
    Empty,
    GzipAll,
    Hold,
    Mislabel,
    NoLength,
    Normal,
    Portal,
    Reset,
    Stall,
    Status,
    Truncate,
    UpstreamServer,
)

STALL_TIMEOUT_MS = 500
NAME, WHEEL, _ = make_wheel("demo", "1.0", size=300_000)
SDIST_NAME, SDIST = make_sdist("demo", "1.0")


@dataclass
class Upstream:
    """A server with one file, and the way to it."""

    server: UpstreamServer
    connection: UpstreamConnection
    filename: str

    @property
    def source(self) -> Source:
        return Source("a", self._fetch)

    def behave(self, behaviour: Behaviour) -> None:
        self.server.behave("/packages/", behaviour)

    async def _fetch(self, receiver: Receiver) -> None:
        url = self.server.url + self.server.file_path("demo", self.filename)
        await fetch_file(self.connection, url, receiver, upstream="a", hashed=True)


@asynccontextmanager
async def an_upstream(filename: str = NAME, data: bytes = WHEEL) -> AsyncIterator[Upstream]:
    server = await UpstreamServer.start()
    server.add_file("demo", filename, data)
    settings = UpstreamSettings(name="a", url=server.url, stall_timeout_ms=STALL_TIMEOUT_MS)
    connection = UpstreamConnection(settings, environ={}, user_agent="pyproxy-tests")
    try:
        yield Upstream(server, connection, filename)
    finally:
        connection.close_when_idle()
        await server.stop()


@pytest.mark.parametrize("behaviour", [Normal(), NoLength(), Chunked(), GzipAll(), GzipAll("raw-deflate"), Mislabel()])
@pytest.mark.parametrize("size", [True, False], ids=["size listed", "size not listed"])
@pytest.mark.parametrize(("filename", "data"), [(NAME, WHEEL), (SDIST_NAME, SDIST)], ids=["wheel", "sdist"])
async def test_the_file_itself_is_kept_however_it_was_sent(
    tmp_path: Path, behaviour: Behaviour, size: bool, filename: str, data: bytes
) -> None:
    kept = Kept(FileSink(tmp_path))
    async with an_upstream(filename, data) as upstream:
        upstream.behave(behaviour)
        what = expected(data, size=size, filename=filename)
        download = Download(what, [upstream.source], kept.sink, on_verified=kept)
        download.start()
        assert await read_all(download.reader()) == data
        await finished(download)
    assert kept.data == data
    assert download.size == len(data)


@pytest.mark.parametrize(
    "behaviour",
    [
        Truncate(150_000),
        Truncate(150_000, content_length=False),
        Truncate(0),
        Chunked(after=150_000),
        Corrupt(),
        Corrupt(at=0),
        Corrupt(at=-1),
        Empty(),
        Portal(),
        Append(),
        Append(content_length=False),
        Stall(100_000),
        Status(500),
        Status(403),
        *(Reset(after) for after in (None, 0, 1, 16_384, 65_536, 250_000, len(WHEEL) - 1)),
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [True, False], ids=["size listed", "size not listed"])
async def test_whatever_goes_wrong_the_readers_get_an_error_and_the_next_request_the_file(
    tmp_path: Path, behaviour: Behaviour, size: bool
) -> None:
    kept = Kept(FileSink(tmp_path))
    async with an_upstream() as upstream:
        upstream.behave(behaviour)
        download = Download(expected(WHEEL, size=size), [upstream.source], kept.sink, on_verified=kept)
        download.start()
        with pytest.raises(UpstreamError):
            await read_all(download.reader())
        await finished(download)
        assert kept.calls == []
        assert list(tmp_path.iterdir()) == []
        upstream.server.clear_behaviours()
        again = Kept(FileSink(tmp_path))
        retried = Download(expected(WHEEL, size=size), [upstream.source], again.sink, on_verified=again)
        retried.start()
        assert await read_all(retried.reader()) == WHEEL
        await finished(retried)
        assert again.calls == [(sha256(WHEEL), len(WHEEL))]


@pytest.mark.parametrize("behaviour", [Truncate(150_000, content_length=False), Portal(), Empty()], ids=str)
async def test_without_hash_and_size_a_torn_or_foreign_body_is_refused_too(
    tmp_path: Path, behaviour: Behaviour
) -> None:
    kept = Kept(FileSink(tmp_path))
    async with an_upstream() as upstream:
        upstream.behave(behaviour)
        download = Download(Expected(NAME), [upstream.source], kept.sink, on_verified=kept)
        await finished(download)
    assert isinstance(download.error, UpstreamInvalidResponse)
    assert kept.calls == []


async def test_a_file_that_the_upstream_no_longer_has_is_not_listed(tmp_path: Path) -> None:
    kept = Kept(FileSink(tmp_path))
    async with an_upstream() as upstream:
        upstream.behave(Status(404))
        download = Download(expected(WHEEL), [upstream.source], kept.sink, on_verified=kept)
        download.start()
        with pytest.raises(FileNotListed):
            await download.ready()
        await finished(download)


@pytest.mark.parametrize("behaviour", [Reset(200_000), Truncate(200_000), Stall(200_000), Corrupt(at=-1)], ids=str)
async def test_a_second_upstream_takes_over_seamlessly(tmp_path: Path, behaviour: Behaviour) -> None:
    kept = Kept(FileSink(tmp_path))
    async with an_upstream() as first, an_upstream() as second:
        first.behave(behaviour)
        download = Download(expected(WHEEL), [first.source, second.source], kept.sink, on_verified=kept)
        download.start()
        assert await read_all(download.reader()) == WHEEL
        await finished(download)
        assert second.server.count("/packages/") == 1
    assert kept.data == WHEEL


async def test_fifty_readers_cost_one_request_and_a_leaving_one_costs_nothing(tmp_path: Path) -> None:
    kept = Kept(FileSink(tmp_path))
    async with an_upstream() as upstream:
        go = asyncio.Event()
        upstream.behave(Hold(go))
        download = Download(expected(WHEEL), [upstream.source], kept.sink, on_verified=kept)
        download.start()
        readers = [asyncio.create_task(read_all(download.reader())) for _ in range(50)]
        await until(lambda: upstream.server.count("/packages/") == 1)
        readers.pop(0).cancel()
        go.set()
        assert {sha256(body) for body in await asyncio.gather(*readers)} == {sha256(WHEEL)}
        assert upstream.server.count("/packages/") == 1
        await finished(download)


async def test_without_a_disk_a_big_file_passes_through_at_the_reader_s_pace() -> None:
    name, data, _ = make_wheel("big", "1.0", size=24 << 20)
    disk = FullDisk()
    kept = Kept(disk)
    async with an_upstream(name, data) as upstream:
        download = Download(expected(data, filename=name), [upstream.source], disk, on_verified=kept)
        download.start()
        reader = download.reader()
        first = await anext(reader)
        overflow = download.spool.overflow
        assert overflow is not None
        await until(lambda: overflow.full)
        await asyncio.sleep(2 * STALL_TIMEOUT_MS / 1000)  # being paused is no stall, however long
        assert download.spool.stored < len(data)
        assert first + await read_all(reader) == data
        await finished(download)
    assert kept.calls == []
