"""What a reception lets wait for the disk: little at first, so that the first bytes leave soon, and never very much."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import BrokenOff, StorageError, UpstreamInvalidResponse
from pyproxy.net import reception as reception_module
from pyproxy.net.allowance import ALLOWED_BYTES, Allowance
from pyproxy.net.reception import FIRST_BYTES, HELD_BACK_BYTES, QUEUE_BYTES, Reception
from pyproxy.net.response import ResponseHead
from pyproxy.net.spool import HELD_BYTES, Spool, Stored
from pyproxy.net.verification import Expected
from tests.distributions import make_wheel
from tests.net.scripted_bodies import PIECE, FileSink, Tap, content, expected, sha256, until

DATA = content(8 << 20)


class SlowSpool(Spool):
    """Stores one batch each time that it is told to."""

    def __init__(self, sink: FileSink) -> None:
        super().__init__(sink)
        self.turns = threading.Semaphore(0)

    def store(self, offset: int, data: bytes) -> Stored:
        self.turns.acquire()
        return super().store(offset, data)

    async def turn(self) -> None:
        before = self.stored
        self.turns.release()
        await until(lambda: self.stored > before)


class BrokenSpool(SlowSpool):
    """What readers were given before cannot be read back."""

    def store(self, offset: int, data: bytes) -> Stored:
        self.turns.acquire()
        raise OSError(errno.EIO, "Input/output error")


@pytest.fixture(params=[SlowSpool])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SlowSpool]:
    sink = FileSink(tmp_path)
    spool: SlowSpool = request.param(sink)
    yield spool
    spool.turns.release(1000)
    spool.close()
    sink.discard()


@pytest.mark.parametrize("spool", [BrokenSpool], indirect=True)
async def test_a_transfer_that_stands_still_learns_of_a_failure(spool: SlowSpool) -> None:
    tap = Tap()
    reception = Reception(expected(DATA), "a", spool, changed=lambda: None, differs=lambda offset: None)
    reception.started(ResponseHead(200, {}, "http://files.example.org/demo", False, len(DATA), tap))
    while not tap.paused:
        reception.write(DATA[:PIECE])
    spool.turns.release()
    await until(lambda: not tap.paused)
    with pytest.raises(StorageError, match="cannot be read back"):
        reception.write(DATA[:PIECE])


async def test_no_more_waits_than_is_stored_already_or_a_little_at_first(spool: SlowSpool) -> None:
    tap, sent = Tap(), 0
    reception = Reception(expected(DATA), "a", spool, changed=lambda: None, differs=lambda offset: None)
    reception.started(ResponseHead(200, {}, "http://files.example.org/demo", False, len(DATA), tap))
    waited = []
    while True:
        while not tap.paused and sent < len(DATA):
            reception.write(DATA[sent : sent + PIECE])
            sent += PIECE
        if sent == len(DATA):
            break
        waited.append(sent - spool.stored)
        assert waited[-1] == min(max(FIRST_BYTES, spool.stored), QUEUE_BYTES)
        while tap.paused:
            await spool.turn()
    assert waited[0] == FIRST_BYTES
    assert max(waited) == QUEUE_BYTES

    spool.turns.release(1000)
    assert await asyncio.wait_for(reception.finish(), 10) == sha256(DATA)
    assert spool.stored == len(DATA)


class CountingSpool(Spool):
    """Counts what it is given to store."""

    def __init__(self, sink: FileSink, allowance: Allowance) -> None:
        super().__init__(sink, allowance=allowance)
        self.batches: list[int] = []

    def store(self, offset: int, data: bytes) -> Stored:
        self.batches.append(len(data))
        return super().store(offset, data)


def counting(
    tmp_path: Path, data: bytes, *, announced: bool = True, allowed: int = ALLOWED_BYTES
) -> tuple[CountingSpool, Reception]:
    """A reception of data that has begun; the file may be held as far as ``allowed`` suffices."""
    spool = CountingSpool(FileSink(tmp_path), Allowance(allowed))
    what = expected(data, size=announced)
    reception = Reception(what, "a", spool, changed=lambda: None, differs=lambda offset: None)
    length = len(data) if announced else None
    reception.started(ResponseHead(200, {}, "http://files.example.org/demo", False, length, Tap()))
    return spool, reception


def send(reception: Reception, data: bytes) -> None:
    for start in range(0, len(data), PIECE):
        reception.write(data[start : start + PIECE])


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the rest of a small file takes, it comes soon."""
    monkeypatch.setattr(reception_module, "GATHER_SECONDS", 240.0)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(("size", "announced"), [(HELD_BACK_BYTES, True), (HELD_BACK_BYTES, False), (HELD_BYTES, True)])
async def test_a_small_file_that_comes_soon_is_held_in_memory(tmp_path: Path, size: int, announced: bool) -> None:
    data = DATA[:size]
    spool, reception = counting(tmp_path, data, announced=announced)
    send(reception, data)
    assert reception.may_leave == 0
    assert await reception.finish() == sha256(data)
    assert (spool.held, spool.batches) == (data, [])


async def test_a_larger_one_is_not(tmp_path: Path) -> None:
    data = DATA[: HELD_BYTES + 1]
    spool, reception = counting(tmp_path, data)
    assert spool.held is None
    send(reception, data)
    assert await reception.finish() == sha256(data)
    assert spool.on_disk == len(data)


@pytest.mark.usefixtures("patient")
async def test_one_for_which_no_memory_is_left_is_stored_as_it_comes(tmp_path: Path) -> None:
    data = DATA[:HELD_BYTES]
    spool, reception = counting(tmp_path, data, allowed=HELD_BYTES - 1)
    send(reception, data[:PIECE])
    await until(lambda: spool.stored == PIECE)
    send(reception, data[PIECE:])
    assert await reception.finish() == sha256(data)
    assert (spool.held, spool.on_disk) == (None, len(data))


FILENAME, WHEEL, _ = make_wheel("demo", "1.0", size=HELD_BACK_BYTES + PIECE)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("torn", [b"", WHEEL[-1:]])
async def test_a_small_file_without_a_listed_hash_is_opened_where_it_is_held(tmp_path: Path, torn: bytes) -> None:
    spool = CountingSpool(FileSink(tmp_path), Allowance())
    reception = Reception(Expected(FILENAME), "a", spool, changed=lambda: None, differs=lambda offset: None)
    data = WHEEL.removesuffix(torn)
    reception.started(ResponseHead(200, {}, "http://files.example.org/demo", False, len(data), Tap()))
    send(reception, data)
    assert reception.may_leave == 0
    if torn:
        with pytest.raises(UpstreamInvalidResponse, match="torn"):
            await reception.finish()
    else:
        assert await reception.finish() == sha256(data)
    assert (spool.held, spool.batches, spool.fd) == (data, [], -1)


@pytest.mark.parametrize("size", [HELD_BACK_BYTES, HELD_BYTES])
async def test_of_a_small_file_that_breaks_off_nothing_has_left(tmp_path: Path, size: int) -> None:
    spool, reception = counting(tmp_path, DATA[:size])
    send(reception, DATA[: size - PIECE])
    assert reception.may_leave == 0
    with pytest.raises(BrokenOff):
        await reception.finish()
    await reception.settled()
    assert spool.stored in (0, size - PIECE)


async def test_one_that_turns_out_to_be_larger_goes_to_the_disk_as_a_whole(tmp_path: Path) -> None:
    data = DATA[: 4 * HELD_BACK_BYTES]
    spool, reception = counting(tmp_path, data, announced=False)
    send(reception, data)
    assert await reception.finish() == sha256(data)
    assert (spool.held, spool.on_disk) == (None, len(data))
    assert os.pread(spool.fd, len(data), 0) == data


async def test_one_that_comes_slowly_is_stored_as_it_comes(tmp_path: Path) -> None:
    """A client that waits for its first byte gives up some time."""
    data, some = DATA[:HELD_BYTES], PIECE
    spool, reception = counting(tmp_path, data)
    send(reception, data[:some])
    await until(lambda: spool.stored == some)
    assert reception.may_leave == some
    send(reception, data[some:])
    assert await reception.finish() == sha256(data)
    assert spool.on_disk == len(data)
