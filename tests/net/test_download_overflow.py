"""With a full disk the client is still served in full, and nothing is kept."""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest

from pyproxy.errors import HashMismatch, StorageError
from pyproxy.net.download import Download
from pyproxy.net.spool import WINDOW_BYTES
from pyproxy.net.verification import Expected
from tests.net.scripted_bodies import (
    FileSink,
    FullDisk,
    Kept,
    Script,
    Tap,
    content,
    expected,
    finished,
    read_all,
    read_until_error,
    until,
)

DATA = content(12 << 20)


@pytest.fixture
def full_disk() -> Iterator[FullDisk]:
    disk = FullDisk()
    yield disk
    disk.discard()


def download_of(kept: Kept, what: Expected, *scripts: Script, abandon_after: float = 60) -> Download:
    sources = [script.source for script in scripts]
    return Download(what, sources, kept.sink, on_verified=kept, abandon_after=abandon_after)


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Every write past this offset is refused by the kernel, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_reader_gets_the_whole_file_although_no_byte_can_be_stored(full_disk: FullDisk) -> None:
    kept = Kept(full_disk)
    download = download_of(kept, expected(DATA), Script(DATA, length=len(DATA), tap=Tap()))
    download.start()
    assert await read_all(download.reader()) == DATA
    await finished(download)
    assert kept.calls == []
    assert full_disk.discarded


async def test_without_a_sink_everything_passes_through(full_disk: FullDisk) -> None:
    download = download_of(Kept(None), expected(DATA), Script(DATA, length=len(DATA), tap=Tap()))
    download.start()
    first, second = await asyncio.gather(read_all(download.reader()), read_all(download.reader()))
    assert first == second == DATA
    await finished(download)


async def test_a_disk_that_fills_up_on_the_way_is_not_noticed_by_readers(tmp_path: Path) -> None:
    sink = FileSink(tmp_path)
    kept = Kept(sink)
    download = download_of(kept, expected(DATA), Script(DATA, length=len(DATA), tap=Tap()))
    readers = [download.reader() for _ in range(3)]
    with files_end_at(5_000_000):
        download.start()
        bodies = await asyncio.gather(*map(read_all, readers))
        await finished(download)
    assert all(body == DATA for body in bodies)
    assert kept.calls == []
    assert not sink.path.exists()


async def test_what_waits_in_memory_for_a_slow_reader_is_bounded(full_disk: FullDisk) -> None:
    tap = Tap()
    script = Script(DATA, length=len(DATA), tap=tap)
    download = download_of(Kept(full_disk), expected(DATA), script)
    download.start()
    reader = download.reader()
    await until(lambda: tap.paused and download.spool.stored == script.sent)
    assert script.sent <= WINDOW_BYTES + (4 << 20)
    assert await read_all(reader) == DATA
    await finished(download)


async def test_the_tail_is_held_back_without_a_disk_too(full_disk: FullDisk) -> None:
    wrong = content(len(DATA), seed=2)
    download = download_of(Kept(full_disk), expected(DATA), Script(wrong, length=len(wrong), tap=Tap()))
    download.start()
    got, error = await read_until_error(download.reader())
    assert isinstance(error, HashMismatch)
    assert got == len(DATA) - (64 << 10)
    await finished(download)


async def test_who_comes_when_the_first_bytes_have_passed_cannot_join(full_disk: FullDisk) -> None:
    download = download_of(Kept(full_disk), expected(DATA), Script(DATA, length=len(DATA), tap=Tap()))
    download.start()
    reader = download.reader()
    await download.ready()
    assert download.joinable
    got = 0
    while got < 8 << 20:
        got += len(await anext(reader))
    assert not download.joinable
    with pytest.raises(StorageError, match="passed already"):
        await read_all(download.reader())
    await reader.aclose()
    download.cancel()
    await finished(download)


async def test_what_cannot_be_kept_is_given_up_when_its_last_reader_has_left(full_disk: FullDisk) -> None:
    download = download_of(Kept(full_disk), expected(DATA), Script(DATA, tap=Tap()), abandon_after=0)
    async with aclosing(download.reader()) as reader:
        download.start()
        assert await anext(reader)
    await finished(download)
    assert isinstance(download.error, StorageError)


async def test_a_transfer_that_cannot_be_paused_ends_instead_of_filling_the_memory(full_disk: FullDisk) -> None:
    download = download_of(Kept(full_disk), expected(DATA), Script(DATA, length=len(DATA)))
    reader = download.reader()
    await finished(download)
    with pytest.raises(StorageError, match="paused"):
        await read_all(reader)


async def test_a_source_that_fails_is_followed_by_the_next_while_readers_can_be_served(tmp_path: Path) -> None:
    kept = Kept(FileSink(tmp_path))
    first = Script(DATA[: 6 << 20], length=len(DATA), tap=Tap())
    download = download_of(kept, expected(DATA), first, Script(DATA, tap=Tap(), upstream="b"))
    with files_end_at(8 << 20):
        download.start()
        assert await read_all(download.reader()) == DATA
        await finished(download)
    assert kept.calls == []
