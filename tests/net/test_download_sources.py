"""A file that begins again at another upstream: readers go on where they are, or break, but never get a mixture."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import BrokenOff, HashMismatch, StorageError, UpstreamUnreachable
from pyproxy.net.allowance import Allowance
from pyproxy.net.download import Download
from pyproxy.net.response import Receiver
from pyproxy.net.verification import Expected
from tests.net.scripted_bodies import FileSink, Kept, Script, content, expected, finished, read_all, sha256, until

DATA = content(300_000)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    sink = FileSink(tmp_path)
    yield Kept(sink)
    sink.discard()


def download_of(kept: Kept, what: Expected, *scripts: Script) -> Download:
    return Download(what, [script.source for script in scripts], kept.sink, on_verified=kept)


def reset() -> UpstreamUnreachable:
    return UpstreamUnreachable("a", "broke the connection")


@pytest.mark.parametrize("offset", [0, 1, 100_000, 250_000, 299_999])
async def test_a_second_source_takes_over_without_the_reader_noticing(kept: Kept, offset: int) -> None:
    first = Script(DATA[:offset], reset(), length=len(DATA))
    second = Script(DATA, length=len(DATA), upstream="b")
    download = download_of(kept, expected(DATA), first, second)
    download.start()
    assert await read_all(download.reader()) == DATA
    await finished(download)
    assert kept.data == DATA
    assert (first.requests, second.requests, download.upstream) == (1, 1, "b")


async def test_readers_in_the_middle_go_on_at_their_offset(kept: Kept) -> None:
    fail, go = asyncio.Event(), asyncio.Event()
    first = Script(DATA[:250_000], fail, reset(), length=len(DATA))
    second = Script(DATA[:50_000], go, DATA[50_000:], upstream="b")
    download = download_of(kept, expected(DATA), first, second)
    download.start()
    ahead, behind = download.reader(), download.reader()
    start = b""
    while len(start) < 250_000 - (64 << 10):
        start += await anext(ahead)
    fail.set()
    await until(lambda: second.requests == 1)
    reading = asyncio.gather(read_all(ahead), read_all(behind))
    go.set()
    rest, whole = await reading
    assert start + rest == whole == DATA
    await finished(download)


async def test_a_reader_with_bytes_of_a_wrong_copy_is_broken_while_others_get_the_right_one(kept: Kept) -> None:
    wrong = DATA[:1000] + b"wrong" + DATA[1005:]
    go = asyncio.Event()
    first = Script(wrong, go, length=len(DATA))
    second = Script(DATA, length=len(DATA), upstream="b")
    download = download_of(kept, expected(DATA), first, second)
    download.start()
    deceived, fresh = download.reader(), download.reader()
    assert await anext(deceived)
    go.set()
    with pytest.raises(StorageError, match="other bytes"):
        await read_all(deceived)
    assert await read_all(fresh) == DATA
    await finished(download)
    assert kept.data == DATA


async def test_a_reader_that_had_only_the_right_part_of_a_wrong_copy_goes_on(kept: Kept) -> None:
    more, go = asyncio.Event(), asyncio.Event()
    wrong = DATA[:200_000] + bytes(100_000)
    first = Script(wrong[:150_000], more, wrong[150_000:], go, length=len(DATA))
    download = download_of(kept, expected(DATA), first, Script(DATA, upstream="b"))
    download.start()
    reader = download.reader()
    await until(lambda: download.spool.stored == 150_000)
    start = await anext(reader)
    more.set()
    go.set()
    await download.done
    assert start + await read_all(reader) == DATA
    await finished(download)


async def test_a_longer_wrong_copy_leaves_nothing_behind_the_end(kept: Kept) -> None:
    longer = DATA + content(100_000, seed=3)
    download = download_of(kept, expected(DATA, size=False), Script(longer), Script(DATA, upstream="b"))
    await finished(download)
    assert kept.data == DATA


async def test_a_reader_that_was_given_more_than_the_right_copy_holds_is_broken(kept: Kept) -> None:
    longer = DATA + content(200_000, seed=3)
    go = asyncio.Event()
    download = download_of(kept, expected(DATA, size=False), Script(longer, go), Script(DATA, upstream="b"))
    download.start()
    reader = download.reader()
    await until(lambda: download.spool.stored == len(longer))
    got = 0
    while got <= len(DATA):
        got += len(await anext(reader))
    go.set()
    with pytest.raises(StorageError):
        await read_all(reader)
    await finished(download)


async def test_a_source_that_announces_another_length_breaks_only_who_was_promised_the_first(kept: Kept) -> None:
    go = asyncio.Event()
    short = Script(DATA[:100_000], go, length=100_000)
    download = download_of(kept, expected(DATA, size=False), short, Script(DATA, length=len(DATA), upstream="b"))
    download.start()
    await download.ready()
    promised = download.reader()
    assert download.size == 100_000
    go.set()
    await finished(download)
    with pytest.raises(StorageError):
        await read_all(promised)
    assert await read_all(download.reader()) == DATA
    assert kept.calls == [(sha256(DATA), len(DATA))]


async def test_without_a_listed_sha256_a_failure_after_the_first_released_byte_is_final(kept: Kept) -> None:
    fail = asyncio.Event()
    first = Script(DATA[:250_000], fail, reset(), length=len(DATA))
    second = Script(DATA, length=len(DATA), upstream="b")
    download = download_of(kept, expected(DATA, hashes=False), first, second)
    download.start()
    reader = download.reader()
    assert await anext(reader)
    fail.set()
    with pytest.raises(UpstreamUnreachable):
        await read_all(reader)
    await finished(download)
    assert second.requests == 0


async def test_without_a_listed_sha256_the_next_source_is_tried_while_nothing_has_left(kept: Kept) -> None:
    first = Script(DATA[:10], reset(), length=len(DATA))
    download = download_of(kept, expected(DATA, hashes=False), first, Script(DATA, upstream="b"))
    download.start()
    assert await read_all(download.reader()) == DATA
    await finished(download)


async def test_when_all_sources_fail_the_first_real_failure_is_the_answer(kept: Kept) -> None:
    scripts = [Script(status=404), Script(DATA[:1000], upstream="b"), Script(bytes(300_000), upstream="c")]
    download = download_of(kept, expected(DATA), *scripts)
    await finished(download)
    assert isinstance(download.error, BrokenOff)
    assert not isinstance(download.error, HashMismatch)
    assert kept.calls == []


class OneWrite(Script):
    """Sends its bytes in one piece."""

    async def _send(self, receiver: Receiver, data: bytes) -> None:
        receiver.write(data)


@pytest.mark.parametrize("size", [1000, 100_000])
async def test_what_was_decoded_before_a_body_broke_does_not_spoil_the_next_copy(tmp_path: Path, size: int) -> None:
    right = content(size)
    coded = bytearray(gzip.compress(bytes(3 << 19)))
    coded[-8] ^= 1  # its checksum: much is decoded before that is noticed
    first, second = OneWrite(bytes(coded), coding="gzip"), Script(right, upstream="b")
    sink, kept = FileSink(tmp_path), []

    async def keep(digest: str, length: int) -> None:
        held = download.spool.held
        kept.append(sink.path.read_bytes() if held is None else held)

    sources = [first.source, second.source]
    download = Download(expected(right, size=False), sources, sink, on_verified=keep, allowance=Allowance())
    task = download.start()
    assert await read_all(download.reader()) == right
    await task
    assert kept == [right]
    sink.discard()
