"""Reads of open files: right at the edges, wherever the bytes are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyproxy.net.file_reads import SMALL_BYTES, at_hand_until, read_at, read_at_hand
from tests.page_cache import needs_page_cache


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


@pytest.mark.parametrize("forget", [False, True], ids=["in memory", "on the disk"])
@pytest.mark.parametrize(
    ("size", "position", "length"), [(10, 0, 10), (256_000, 0, 256_000), (100, 255_950, 50), (10, 256_000, 0)]
)
async def test_a_piece_is_read_as_far_as_there_is_one(
    path: Path, forget: bool, size: int, position: int, length: int
) -> None:
    whole = path.read_bytes()
    descriptor = os.open(path, os.O_RDONLY)
    if forget:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    assert await read_at(descriptor, size, position) == whole[position : position + length]
    os.close(descriptor)


@pytest.mark.parametrize("size", [10, SMALL_BYTES, 100_000])
async def test_a_kernel_that_says_the_end_for_what_is_not_at_hand_is_not_believed(
    path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux 5.9 and 5.10 do, and a file that is whole would count as cut."""
    monkeypatch.setattr(os, "preadv", lambda *_: 0)
    descriptor = os.open(path, os.O_RDONLY)
    assert await read_at(descriptor, size, 100) == path.read_bytes()[100 : 100 + size]
    os.close(descriptor)


async def test_what_cannot_be_read_raises() -> None:
    with pytest.raises(OSError, match="descriptor"):
        await read_at(-1, 10, 0)


@needs_page_cache
@pytest.mark.parametrize("size", [1, SMALL_BYTES - 1, SMALL_BYTES, 256_000])
def test_a_file_in_memory_is_read_at_once(path: Path, size: int) -> None:
    content = path.read_bytes()[:size]
    path.write_bytes(content)
    assert read_at_hand(path, size) == content


@pytest.mark.parametrize("size", [0, 255_999, 256_001])
def test_a_file_of_another_size_is_not_read(path: Path, size: int) -> None:
    assert read_at_hand(path, size) is None


def test_a_file_that_is_not_there_is_not_read(path: Path) -> None:
    assert read_at_hand(path.with_name("other"), 10) is None


@needs_page_cache
@pytest.mark.parametrize("every", [1000, 255_999, 256_000, 1_000_000])
def test_what_lies_in_memory_is_at_hand_to_its_end(path: Path, every: int) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    assert at_hand_until(descriptor, 5, 256_000, every) == 256_000
    assert at_hand_until(descriptor, 255_999, 256_000, every) == 256_000
    assert at_hand_until(descriptor, 7, 7, every) == 7
    os.close(descriptor)


@needs_page_cache
def test_what_is_not_there_is_not_at_hand(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    assert at_hand_until(descriptor, 0, 300_000, 100_000) == 200_000
    assert at_hand_until(descriptor, 256_000, 300_000, 100_000) == 256_000
    os.close(descriptor)
    with pytest.raises(OSError, match="descriptor"):
        at_hand_until(-1, 0, 10, 10)
