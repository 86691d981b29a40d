"""What a reception lets wait for the disk: little at first, so that the first bytes leave soon, and never very much."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.net.reception import FIRST_BYTES, QUEUE_BYTES, Reception
from pyproxy.net.response import ResponseHead
from pyproxy.net.spool import Spool, Stored
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
