"""Where the bytes of an arriving file lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.net.overflow import Overflow
from pyproxy.net.spool import Spool
from tests.net.scripted_bodies import FileSink, content

DATA = content(100_000)


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
