"""Where the bytes of an arriving file lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.net.allowance import LEAST_BYTES, Allowance
from pyproxy.net.overflow import Overflow
from pyproxy.net.spool import HELD_BYTES, Spool
from tests.net.scripted_bodies import FileSink, content

DATA = content(100_000)


class LateSink:
    """Has a file once somebody asks for it; ``error`` is raised in its place."""

    reserve = 0

    def __init__(self, directory: Path, error: Exception | None = None) -> None:
        self.error = error
        self.file: FileSink | None = None
        self._directory = directory

    @property
    def fd(self) -> int:
        if self.error is not None:
            raise self.error
        if self.file is None:
            self.file = FileSink(self._directory)
        return self.file.fd

    def discard(self) -> None:
        if self.file is not None:
            self.file.discard()


@pytest.fixture
def late(tmp_path: Path) -> Iterator[LateSink]:
    sink = LateSink(tmp_path)
    yield sink
    sink.discard()


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    sink = FileSink(tmp_path)
    yield Spool(sink)
    sink.discard()


@pytest.mark.parametrize("at", [0, 1, 49_999, 50_000, 99_999])
def test_a_second_copy_is_compared_with_what_was_given_of_the_first(spool: Spool, at: int) -> None:
    spool.settle(spool.store(0, DATA))
    other = DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]
    spool.begin_again(len(DATA))
    assert spool.store(0, other).differs_at == at
    spool.begin_again(at)
    assert spool.store(0, DATA[:at]).differs_at is None


async def test_bytes_are_read_from_any_offset(spool: Spool) -> None:
    spool.settle(spool.store(0, DATA[:60_000]))
    spool.settle(spool.store(60_000, DATA[60_000:]))
    assert await spool.read(0, 10) == DATA[:10]
    assert await spool.read(59_990, 20) == DATA[59_990:60_010]
    assert await spool.read(99_990, 1000) == DATA[99_990:]


async def test_what_is_reserved_on_the_disk_is_not_taken(tmp_path: Path) -> None:
    """The size of a file may be unknown when it begins to arrive, and many arrive at a time."""
    sink = FileSink(tmp_path)
    sink.reserve = 1 << 60
    spool = Spool(sink)
    result = spool.store(0, DATA)
    spool.settle(result)

    assert result.unstored == DATA
    assert sink.path.stat().st_size == 0
    assert await spool.read(0, 1000) == DATA[:1000], "from memory"
    sink.discard()


def test_the_window_is_full_by_what_the_slowest_has_not_read() -> None:
    window = Overflow(100, 50)
    window.append(bytes(30))
    assert not window.full
    window.append(bytes(30))
    assert window.full
    window.release(120)
    assert not window.full
    assert (window.start, window.end) == (100, 160), "a piece goes as a whole, once all of it is read"
    window.release(130)
    assert window.start == 130
    with pytest.raises(LookupError):
        window.read(129, 1)
    assert len(window.read(140, 100)) == 20


async def test_what_is_held_can_be_read_and_makes_no_file(late: LateSink) -> None:
    spool = Spool(late, allowance=Allowance())
    assert spool.may_hold(600)
    spool.hold(DATA[:600])
    assert await spool.read(100, 1000) == DATA[100:600]
    assert (spool.held, spool.stored, spool.on_disk, spool.fd) == (DATA[:600], 600, 0, -1)
    assert late.file is None


async def test_what_was_held_goes_to_the_file_once_it_is_held_no_more(late: LateSink) -> None:
    spool = Spool(late, allowance=Allowance())
    spool.hold(DATA[:600])
    spool.hold_no_more()
    spool.hold_no_more()
    spool.settle(spool.store(600, DATA[600:2000]))
    assert (spool.held, spool.stored, spool.on_disk) == (None, 2000, 2000)
    assert await spool.read(500, 200) == DATA[500:700]
    assert late.file is not None
    assert late.file.path.read_bytes() == DATA[:2000]


def test_a_large_file_is_not_held(late: LateSink) -> None:
    spool = Spool(late, allowance=Allowance())
    assert not spool.may_hold(HELD_BYTES + 1)
    assert spool.may_hold(HELD_BYTES)


def test_a_file_for_which_no_memory_is_left_is_not_held(late: LateSink) -> None:
    allowance = Allowance(3 * LEAST_BYTES)
    allowance.take(2 * LEAST_BYTES)
    assert not Spool(late, allowance=allowance).may_hold(2 * LEAST_BYTES)


def test_no_more_is_held_than_room_was_taken_for(late: LateSink) -> None:
    spool = Spool(late, allowance=Allowance())
    assert spool.may_hold(1)
    assert spool.may_hold(LEAST_BYTES)
    assert not spool.may_hold(LEAST_BYTES + 1)


@pytest.mark.parametrize("put_into_the_file", [True, False])
def test_the_room_of_what_was_held_is_free_again_with_the_last_who_may_have_it(
    late: LateSink, put_into_the_file: bool
) -> None:
    """A slow client may still have the bytes, though they lie in a file by now."""
    allowance = Allowance(2 * LEAST_BYTES)
    spool = Spool(late, allowance=allowance)
    assert spool.may_hold(LEAST_BYTES + 1)
    spool.hold(DATA[: LEAST_BYTES + 1])
    if put_into_the_file:
        spool.hold_no_more()
        assert (spool.held, spool.on_disk) == (None, LEAST_BYTES + 1)
    assert allowance.take(LEAST_BYTES) is None
    del spool
    assert allowance.take(2 * LEAST_BYTES) is not None


def test_the_room_for_what_goes_to_the_file_from_the_first_byte_on_is_free_again(late: LateSink) -> None:
    allowance = Allowance(2 * LEAST_BYTES)
    spool = Spool(late, allowance=allowance)
    assert spool.may_hold(2 * LEAST_BYTES)
    spool.hold_no_more()
    assert allowance.take(2 * LEAST_BYTES) is not None


def test_a_copy_that_begins_again_in_memory_forgets_the_first(late: LateSink) -> None:
    spool = Spool(late, allowance=Allowance())
    spool.hold(DATA[:600])
    spool.begin_again(0)
    spool.hold(DATA[600:700])
    assert (spool.held, spool.stored) == (DATA[600:700], 100)


def test_a_file_is_made_by_whoever_first_writes_to_it(late: LateSink) -> None:
    spool = Spool(late)
    assert late.file is None
    result = spool.store(0, DATA)
    assert spool.fd == -1
    spool.settle(result)
    assert os.pread(spool.fd, len(DATA), 0) == DATA


def test_a_file_opened_on_the_loop_while_a_thread_writes_is_opened_once(late: LateSink) -> None:
    spool = Spool(late)
    result = spool.store(0, DATA)
    spool.open()
    before = spool.fd
    spool.settle(result)
    assert spool.fd == before
    assert result.opened is not None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(result.opened)


@pytest.mark.parametrize("error", [StorageError("too many open files"), OSError(24, "Too many open files")])
async def test_without_a_file_it_all_passes_through_memory(
    tmp_path: Path, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    spool = Spool(LateSink(tmp_path, error), allowance=Allowance())
    spool.hold(DATA[:600])
    spool.hold_no_more()
    spool.settle(spool.store(600, DATA[600:2000]))
    assert spool.overflow is not None
    assert await spool.read(0, 600) == DATA[:600]
    assert await spool.read(600, 2000) == DATA[600:2000]
    assert ("takes no more" in caplog.text) == isinstance(error, OSError), "a sink tells of its own errors"
    with pytest.raises(type(error)):
        spool.open()
