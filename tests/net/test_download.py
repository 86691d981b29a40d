"""One transfer, many readers: what is released when, what is kept, and what a failure does."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import (
    BrokenOff,
    FileNotListed,
    HashMismatch,
    PyproxyError,
    StorageError,
    UpstreamStatus,
    UpstreamUnreachable,
)
from pyproxy.net.download import Download
from pyproxy.net.reception import HELD_BACK_BYTES
from pyproxy.net.verification import Expected
from tests.net.scripted_bodies import (
    FileSink,
    Kept,
    Script,
    Tap,
    content,
    expected,
    finished,
    read_all,
    read_until_error,
    sha256,
    until,
)

DATA = content(300_000)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[FileSink]:
    sink = FileSink(tmp_path)
    yield sink
    sink.discard()


@pytest.fixture
def kept(sink: FileSink) -> Kept:
    return Kept(sink)


def download_of(kept: Kept, what: Expected, *scripts: Script) -> Download:
    return Download(what, [script.source for script in scripts], kept.sink, on_verified=kept)


async def test_readers_get_the_bytes_and_the_file_is_kept_with_its_sha256(kept: Kept) -> None:
    download = download_of(kept, expected(DATA), Script(DATA, length=len(DATA)))
    task = download.start()
    await download.ready()
    assert download.size == len(DATA)
    assert await read_all(download.reader()) == DATA
    assert await download.done == sha256(DATA)
    await task
    assert kept.calls == [(sha256(DATA), len(DATA))]
    assert kept.data == DATA


async def test_fifty_readers_follow_one_transfer(kept: Kept) -> None:
    script = Script(DATA, length=len(DATA))
    download = download_of(kept, expected(DATA), script)
    download.start()
    bodies = await asyncio.gather(*(read_all(download.reader()) for _ in range(50)))
    assert set(map(sha256, bodies)) == {sha256(DATA)}
    assert script.requests == 1
    await finished(download)


async def test_a_reader_that_comes_late_gets_everything_from_the_first_byte_on(kept: Kept) -> None:
    late = asyncio.Event()
    download = download_of(kept, expected(DATA), Script(DATA[:200_000], late, DATA[200_000:]))
    download.start()
    await until(lambda: download.released == 200_000)
    reading = asyncio.create_task(read_all(download.reader()))
    late.set()
    assert await reading == DATA
    await finished(download)
    assert await read_all(download.reader(299_000)) == DATA[299_000:], "also after the end"


async def test_the_first_reader_leaving_changes_nothing_for_the_others(kept: Kept) -> None:
    go = asyncio.Event()
    download = download_of(kept, expected(DATA), Script(DATA[:100_000], go, DATA[100_000:]))
    download.start()
    first, second = download.reader(), download.reader()
    assert await anext(first)
    waiting = asyncio.create_task(read_all(first))
    reading = asyncio.create_task(read_all(second))
    await asyncio.sleep(0)
    waiting.cancel()
    go.set()
    assert await reading == DATA
    await finished(download)


async def test_without_any_reader_the_transfer_runs_to_its_end_and_is_kept(kept: Kept) -> None:
    download = download_of(kept, expected(DATA), Script(DATA))
    reader = download.reader()
    await reader.aclose()
    await finished(download)
    assert kept.data == DATA


async def test_the_last_64_kib_leave_only_after_verification(kept: Kept) -> None:
    end = asyncio.Event()
    download = download_of(kept, expected(DATA), Script(DATA, end, length=len(DATA)))
    download.start()
    await until(lambda: download.spool.stored == len(DATA))
    assert download.released == len(DATA) - HELD_BACK_BYTES
    assert not download.done.done()
    end.set()
    await download.done
    assert download.released == len(DATA)
    await finished(download)


async def test_without_a_known_size_the_last_64_kib_received_are_held_back(kept: Kept) -> None:
    more, end = asyncio.Event(), asyncio.Event()
    download = download_of(kept, expected(DATA, size=False), Script(DATA[:100_000], more, DATA[100_000:], end))
    download.start()
    await until(lambda: download.spool.stored == 100_000)
    assert (download.size, download.released) == (None, 100_000 - HELD_BACK_BYTES)
    more.set()
    await until(lambda: download.spool.stored == len(DATA))
    assert download.released == len(DATA) - HELD_BACK_BYTES
    end.set()
    await download.done
    assert (download.size, download.released) == (len(DATA), len(DATA))
    await finished(download)


async def test_a_file_below_64_kib_leaves_as_a_whole_or_not_at_all(kept: Kept) -> None:
    end = asyncio.Event()
    small = DATA[:60_000]
    download = download_of(kept, expected(small), Script(small, end, length=len(small)))
    download.start()
    await until(lambda: download.spool.stored == len(small))
    assert download.released == 0
    end.set()
    assert await read_all(download.reader()) == small
    await finished(download)


async def test_the_tail_leaves_before_the_file_is_kept(kept: Kept) -> None:
    class Slow(Kept):
        may_end = asyncio.Event()

        async def __call__(self, digest: str, size: int) -> None:
            await self.may_end.wait()

    slow = Slow(kept.sink)
    download = download_of(slow, expected(DATA), Script(DATA))
    task = download.start()
    assert await read_all(download.reader()) == DATA
    assert not task.done()
    slow.may_end.set()
    await task


async def test_a_range_of_an_arriving_file_ends_without_waiting_for_the_rest(kept: Kept) -> None:
    never = asyncio.Event()
    download = download_of(kept, expected(DATA), Script(DATA[:200_000], never))
    task = download.start()
    assert await read_all(download.reader(1000, 150_000)) == DATA[1000:150_000]
    download.cancel()
    await task


@pytest.mark.parametrize("length", [len(DATA), None], ids=["with a length", "without a length"])
@pytest.mark.parametrize("size", [True, False], ids=["size listed", "size not listed"])
async def test_a_truncated_body_is_never_kept_and_never_ends_cleanly(
    kept: Kept, sink: FileSink, length: int | None, size: bool
) -> None:
    """A short body with or without Content-Length, with or without a listed size."""
    download = download_of(kept, expected(DATA, size=size), Script(DATA[:150_000], length=length))
    download.start()
    with pytest.raises((BrokenOff, HashMismatch)):
        await read_all(download.reader())
    await finished(download)
    assert kept.calls == []
    assert not sink.path.exists()


async def test_wrong_bytes_of_the_right_length_break_every_reader_and_keep_nothing(kept: Kept, sink: FileSink) -> None:
    wrong = content(len(DATA), seed=2)
    download = download_of(kept, expected(DATA), Script(wrong, length=len(wrong)))
    download.start()
    got, error = await read_until_error(download.reader())
    assert isinstance(error, HashMismatch)
    assert "sha256" in str(error)
    assert got <= len(DATA) - HELD_BACK_BYTES
    await finished(download)
    assert kept.calls == []
    assert not sink.path.exists()


async def test_every_listed_hash_must_fit(kept: Kept) -> None:
    what = Expected("demo-1.0.bin", None, {"sha256": sha256(DATA), "md5": "0" * 32})
    download = download_of(kept, what, Script(DATA))
    await finished(download)
    assert isinstance(download.error, HashMismatch)
    assert "md5" in str(download.error)


async def test_an_over_long_body_is_broken_at_once(kept: Kept) -> None:
    never = asyncio.Event()
    download = download_of(kept, expected(DATA), Script(DATA + b"more", never))
    await finished(download)
    assert isinstance(download.error, BrokenOff)
    assert kept.calls == []


async def test_an_announced_length_that_contradicts_the_listed_size_is_refused_before_any_byte(kept: Kept) -> None:
    script = Script(DATA, length=len(DATA) - 1)
    download = download_of(kept, expected(DATA), script)
    await finished(download)
    with pytest.raises(BrokenOff, match="announced"):
        await download.ready()
    assert script.sent == 0


@pytest.mark.parametrize("offset", [0, 1, 16 << 10, 65_535, 65_536, 65_537, 299_999, 300_000])
async def test_a_reset_at_any_offset_is_an_error_and_nothing_else(kept: Kept, sink: FileSink, offset: int) -> None:
    reset = UpstreamUnreachable("a", "broke the connection")
    download = download_of(kept, expected(DATA), Script(DATA[:offset], reset, length=len(DATA)))
    download.start()
    with pytest.raises(UpstreamUnreachable):
        await read_all(download.reader())
    await finished(download)
    assert kept.calls == []
    assert not sink.path.exists()


async def test_ready_tells_why_no_upstream_gives_the_file(kept: Kept) -> None:
    download = download_of(kept, expected(DATA), Script(status=503))
    download.start()
    with pytest.raises(UpstreamStatus, match="503") as caught:
        await download.ready()
    assert caught.value.status == 503
    await finished(download)


@pytest.mark.parametrize(("second", "kind"), [(410, FileNotListed), (500, UpstreamStatus)])
async def test_a_file_is_gone_only_if_every_upstream_says_so(kept: Kept, second: int, kind: type[Exception]) -> None:
    download = download_of(kept, expected(DATA), Script(status=404), Script(status=second, upstream="b"))
    await finished(download)
    assert isinstance(download.error, kind)


async def test_every_failed_source_is_reported_to_the_caller(kept: Kept) -> None:
    heard: list[tuple[str, PyproxyError]] = []
    download = Download(
        expected(DATA),
        [Script(status=500).source, Script(DATA, upstream="b").source],
        kept.sink,
        on_verified=kept,
        on_failed=lambda upstream, error: heard.append((upstream, error)),
    )
    await finished(download)
    assert [(upstream, type(error)) for upstream, error in heard] == [("a", UpstreamStatus)]
    assert download.upstream == "b"


async def test_a_file_that_cannot_be_kept_was_served_all_the_same(kept: Kept, sink: FileSink) -> None:
    kept.error = StorageError("the disk is full")
    download = download_of(kept, expected(DATA), Script(DATA))
    download.start()
    assert await read_all(download.reader()) == DATA
    await finished(download)
    assert download.error is None
    assert not sink.path.exists()


async def test_a_slow_reader_neither_holds_others_up_nor_makes_the_transfer_wait(kept: Kept) -> None:
    data = content(8 << 20)
    tap = Tap()
    download = download_of(kept, expected(data), Script(data, length=len(data), tap=tap))
    download.start()
    slow = download.reader()
    first = await anext(slow)
    assert await read_all(download.reader()) == data
    await finished(download)
    assert first + await read_all(slow) == data


async def test_more_than_the_disk_has_taken_is_not_asked_for(kept: Kept) -> None:
    """However fast the upstream is, a bounded part of the file waits in memory."""
    data = content(24 << 20)
    most = 0
    tap = Tap()
    script = Script(data, length=len(data), tap=tap)
    download = download_of(kept, expected(data), script)

    async def watch() -> None:
        nonlocal most
        while not download.complete:
            most = max(most, script.sent - download.spool.stored)
            await download.change()

    await asyncio.gather(watch(), finished(download))
    assert most < 4 << 20
    assert not tap.paused


async def test_cancelling_ends_the_transfer_and_every_reader(kept: Kept, sink: FileSink) -> None:
    never = asyncio.Event()
    download = download_of(kept, expected(DATA), Script(DATA[:100_000], never))
    task = download.start()
    reading = asyncio.create_task(read_all(download.reader()))
    await until(lambda: download.released > 0)
    download.cancel()
    await task
    with pytest.raises(StorageError, match="given up"):
        await reading
    assert not sink.path.exists()


async def test_giving_up_waiting_for_done_disturbs_nobody(kept: Kept) -> None:
    go = asyncio.Event()
    download = download_of(kept, expected(DATA), Script(go, DATA))
    download.start()
    waiting = download.done
    waiting.cancel()
    go.set()
    assert await download.done == sha256(DATA)
    await finished(download)


async def test_a_bug_in_a_source_breaks_the_download_and_is_logged(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    download = download_of(kept, expected(DATA), Script(DATA[:1000], ZeroDivisionError("a bug")))
    with caplog.at_level(logging.ERROR):
        await finished(download)
    assert isinstance(download.error, ZeroDivisionError)
    assert "unexpected" in caplog.text


async def test_a_verified_download_goes_with_its_last_holder(tmp_path: Path) -> None:
    """Also where the caller's callback refers to the download itself."""
    sink = FileSink(tmp_path)

    async def keep(digest: str, size: int) -> None:
        assert download is not None
        assert download.upstream == "a"

    download: Download | None = Download(expected(DATA), [Script(DATA).source], sink, on_verified=keep)
    assert download is not None
    assert (await asyncio.gather(read_all(download.reader()), finished(download)))[0] == DATA
    spool = weakref.ref(download.spool)
    download = None
    await asyncio.sleep(0)
    assert spool() is None
    sink.discard()


async def test_descriptors_are_closed_when_nobody_follows_any_more(kept: Kept, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))

    async def once(script: Script) -> None:
        sink = FileSink(tmp_path)
        download = download_of(Kept(sink), expected(DATA), script)
        reading = asyncio.gather(read_all(download.reader()), return_exceptions=True)
        await finished(download)
        await reading
        sink.discard()

    await once(Script(DATA))
    await once(Script(DATA[:100_000]))
    gc.collect()
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)
