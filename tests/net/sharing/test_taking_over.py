"""The process that fetches goes, or begins again with another upstream's copy: nobody gets a mixture of two."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from pyproxy.errors import DownloadGivenUp, StorageError, UpstreamUnreachable
from pyproxy.net.sharing.asking import ask
from pyproxy.net.stretch import Stretch
from tests.net.scripted_bodies import Script, content, expected, read_all, read_until_error, sha256, until
from tests.net.sharing.conftest import StartWorker
from tests.net.sharing.working import followed, quiet, read_up_to
from tests.waiting import LIMIT_SECONDS

DATA = content(300_000)


async def test_a_follower_takes_over_and_its_readers_go_on_where_they_are(worker: StartWorker) -> None:
    a, b, c = worker("a"), worker("b"), worker("c")
    a.get(expected(DATA), Script(DATA[:200_000], asyncio.Event(), length=len(DATA)))
    second = Script(DATA, length=len(DATA), upstream="again")
    files = [each.get(expected(DATA), second) for each in (b, c)]
    readers = [file.reader() for file in files]
    starts = [await read_up_to(reader, 200_000) for reader in readers]
    late = files[0].reader(100, 1000)
    await a.dies()
    bodies = await asyncio.gather(*(read_all(reader) for reader in readers))
    assert [start + rest for start, rest in zip(starts, bodies, strict=True)] == [DATA, DATA]
    assert await read_all(late) == DATA[100:1000]
    assert [await file.done for file in files] == [sha256(DATA)] * 2
    await quiet(b, c)
    assert second.requests == 1, "one of them took over, the other follows it"
    assert len(b.kept) + len(c.kept) == 1


async def test_one_that_stops_hands_over(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    leading = a.get(expected(DATA), Script(DATA[:200_000], asyncio.Event(), length=len(DATA)))
    file = b.get(expected(DATA), Script(DATA))
    reader = file.reader()
    start = await anext(reader)
    await a.downloads.close()
    assert isinstance(leading.error, DownloadGivenUp)
    assert start + await read_all(reader) == DATA


async def test_one_that_dies_before_it_has_an_answer_is_replaced(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    a.get(expected(DATA), Script(asyncio.Event()))
    file = await followed(b.get(expected(DATA), Script(DATA)))
    ready = asyncio.create_task(file.ready())
    await a.dies()
    await ready
    assert await read_all(file.reader()) == DATA


async def test_one_that_is_stuck_keeps_nobody_waiting(worker: StartWorker) -> None:
    """It was stopped, or its disk does not answer: it keeps the claim, and tells nothing any more."""
    a, b = worker("a", alive_seconds=1000.0), worker("b", silent_seconds=1.5)
    a.get(expected(DATA), Script(DATA[:200_000], asyncio.Event(), length=len(DATA)))
    own = Script(DATA)
    file = b.get(expected(DATA), own)
    late, reader = file.reader(250_000), file.reader()
    start = await read_up_to(reader, 200_000)
    async with asyncio.timeout(LIMIT_SECONDS):
        got, error = await read_until_error(reader)
        assert await read_all(late) == DATA[250_000:]
    assert (start, got) == (DATA[:200_000], 0)
    assert str(error) == "the process that fetches the file is stuck", "should it go on, it may overwrite what was"
    assert await read_all(file.reader()) == DATA
    assert own.requests == 1
    await quiet(b)


async def test_one_whose_upstream_says_nothing_tells_that_it_is_there(worker: StartWorker) -> None:
    """So it is not taken for stuck."""
    a, b = worker("a", alive_seconds=0.01), worker("b")
    a.get(expected(DATA), Script(DATA[:200_000], asyncio.Event(), length=len(DATA)))
    (name,) = a.processes._led
    copy = await ask(b.folder, name)
    assert copy is not None
    told: list[int] = []
    copy.changed = lambda: told.append(copy.released)
    following = asyncio.create_task(copy.follow())
    await until(lambda: told.count(200_000) >= 3)
    following.cancel()
    await asyncio.wait([following])


@pytest.mark.parametrize("size", [True, False])
async def test_who_has_bytes_of_a_wrong_copy_is_broken_by_the_next_one(worker: StartWorker, size: bool) -> None:
    a, b = worker("a"), worker("b")
    wrong = b"?" + DATA[1:200_000]
    a.get(expected(DATA, size=size), Script(wrong, asyncio.Event(), length=len(DATA)))
    file = b.get(expected(DATA, size=size), Script(DATA, length=len(DATA)))
    deceived, fresh = file.reader(), file.reader()
    await anext(deceived)
    await a.dies()
    with pytest.raises(StorageError, match="other bytes"):
        await read_all(deceived)
    assert await read_all(fresh) == DATA


async def test_a_copy_of_another_length_than_promised_breaks(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    a.get(expected(DATA, size=False), Script(DATA[:10], asyncio.Event(), length=len(DATA) + 1))
    file = b.get(expected(DATA, size=False), Script(DATA, length=len(DATA)))
    await file.ready()
    promised = file.reader()
    await a.dies()
    with pytest.raises(StorageError, match="other bytes"):
        await read_all(promised)


async def test_a_take_over_that_fails_is_a_failure(
    worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    a, b = worker("a"), worker("b")
    a.get(expected(DATA), Script(DATA[:200_000], asyncio.Event(), length=len(DATA)))
    file = b.get(expected(DATA), Script(UpstreamUnreachable("a", "is down")))
    reader = file.reader()
    await anext(reader)
    await a.dies()
    assert isinstance((await read_until_error(reader))[1], UpstreamUnreachable)
    assert isinstance(file.error, UpstreamUnreachable)
    with pytest.raises(UpstreamUnreachable):
        await file.done
    await quiet(b)
    del file, reader
    b.forget()
    gc.collect()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_what_the_kernel_may_send_is_left_in_the_file(worker: StartWorker) -> None:
    """Also a stretch that was given before the process that fetched died; and what follows is compared."""
    a, b = worker("a"), worker("b")
    a.get(expected(DATA), Script(DATA[:200_000], asyncio.Event(), length=len(DATA)))
    reader = b.get(expected(DATA), Script(DATA, length=len(DATA))).reader()
    got = b""
    while len(got) < 200_000:
        piece = await reader.next_piece()
        assert isinstance(piece, Stretch)
        if len(got) + len(piece) == 200_000:
            await a.dies()
            await until(lambda: len(b.begun) == 1)
        got += b"".join([chunk async for chunk in piece.chunks()])
    while piece := await reader.next_piece():
        got += piece if isinstance(piece, bytes) else b"".join([chunk async for chunk in piece.chunks()])
    assert got == DATA


async def test_a_stretch_of_a_file_that_was_being_overwritten_is_refused(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    fail = asyncio.Event()
    broken = Script(DATA[:200_000], fail, UpstreamUnreachable("a", "broke"), length=len(DATA))
    a.get(expected(DATA), broken, Script(DATA[:1000], asyncio.Event(), upstream="other"))
    file = b.get(expected(DATA), Script(DATA))
    piece = await file.reader().next_piece()
    assert isinstance(piece, Stretch)
    fail.set()
    await until(lambda: file.upstream == "other")
    await a.dies()
    await until(lambda: len(b.begun) == 1)
    with pytest.raises(StorageError, match="lost"):
        await piece.read(0)


# -- another upstream's copy ------------------------------------------------------------------------------------------


async def test_followers_go_on_when_another_upstream_sends_the_same(worker: StartWorker) -> None:
    a, b = worker("a"), worker("b")
    fail = asyncio.Event()
    broken = Script(DATA[:200_000], fail, UpstreamUnreachable("a", "broke"), length=len(DATA))
    a.get(expected(DATA), broken, Script(DATA, upstream="other"))
    file = b.get(expected(DATA), Script(DATA))
    reader = file.reader()
    start = await anext(reader)
    fail.set()
    assert start + await read_all(reader) == DATA
    assert file.upstream == "other"


async def test_followers_with_bytes_of_a_wrong_copy_are_broken_and_others_get_the_right_one(
    worker: StartWorker,
) -> None:
    a, b = worker("a"), worker("b")
    go = asyncio.Event()
    wrong = DATA[:1000] + b"wrong" + DATA[1005:]
    a.get(expected(DATA), Script(wrong, go, length=len(DATA)), Script(DATA, upstream="other"))
    unused = Script(DATA)
    file = b.get(expected(DATA), unused)
    deceived, fresh = file.reader(), file.reader()
    await anext(deceived)
    go.set()
    with pytest.raises(StorageError, match="other bytes"):
        await read_all(deceived)
    assert await read_all(fresh) == DATA
    await quiet(a, b)
    assert unused.requests == 0


async def test_nothing_is_compared_with_a_file_that_was_being_overwritten(worker: StartWorker) -> None:
    """The one that fetched dies while another upstream's copy replaces what readers had got."""
    a, b = worker("a"), worker("b")
    fail = asyncio.Event()
    broken = Script(DATA[:200_000], fail, UpstreamUnreachable("a", "broke"), length=len(DATA))
    stuck = Script(DATA[:1000], asyncio.Event(), upstream="other")
    a.get(expected(DATA), broken, stuck)
    file = b.get(expected(DATA), Script(DATA))
    given, fresh = file.reader(), file.reader()
    await anext(given)
    fail.set()
    await until(lambda: file.upstream == "other")
    await a.dies()
    assert isinstance((await read_until_error(given))[1], StorageError)
    assert await read_all(fresh) == DATA
