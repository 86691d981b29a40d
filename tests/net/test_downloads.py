"""One transfer of a file, however many ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.net.download import Download
from pyproxy.net.downloads import Downloads
from tests.net.scripted_bodies import FileSink, Kept, Script, Tap, content, expected, finished, read_all, until

DATA = content(300_000)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    sink = FileSink(tmp_path)
    yield Kept(sink)
    sink.discard()


async def test_whoever_asks_meanwhile_joins_and_later_ones_start_anew(kept: Kept) -> None:
    downloads = Downloads()
    scripts: list[Script] = []

    def start() -> Download:
        scripts.append(Script(DATA))
        return Download(expected(DATA), [scripts[-1].source], kept.sink, on_verified=kept)

    first = downloads.join_or_start("key", start)
    assert downloads.join_or_start("key", start) is first
    assert await read_all(first.reader()) == DATA
    await finished(first)
    await until(lambda: len(downloads) == 0)
    assert downloads.find("key") is None
    assert len(scripts) == 1


async def test_a_failure_is_not_remembered(kept: Kept) -> None:
    downloads = Downloads()
    failing = downloads.join_or_start(
        "key", lambda: Download(expected(DATA), [Script(status=500).source], None, on_verified=kept)
    )
    await finished(failing)
    again = downloads.join_or_start(
        "key", lambda: Download(expected(DATA), [Script(DATA).source], kept.sink, on_verified=kept)
    )
    assert again is not failing
    assert await read_all(again.reader()) == DATA
    await downloads.close()


async def test_what_has_passed_through_memory_is_not_joined(kept: Kept) -> None:
    data = content(8 << 20)
    downloads = Downloads()

    def start() -> Download:
        return Download(expected(data), [Script(data, tap=Tap()).source], None, on_verified=kept)

    first = downloads.join_or_start("key", start)
    reader = first.reader()
    got = 0
    while got < 6 << 20:
        got += len(await anext(reader))
    second = downloads.join_or_start("key", start)
    assert second is not first
    assert await read_all(second.reader()) == data
    await reader.aclose()
    await downloads.close()
    assert len(downloads) == 0


async def test_closing_ends_every_transfer(kept: Kept) -> None:
    downloads = Downloads()
    never = asyncio.Event()
    download = downloads.join_or_start(
        "key", lambda: Download(expected(DATA), [Script(DATA[:1000], never).source], kept.sink, on_verified=kept)
    )
    await download.ready()
    await downloads.close()
    assert isinstance(download.error, StorageError)
