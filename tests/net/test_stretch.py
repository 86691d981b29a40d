"""Stretches of open files: sent by the kernel where it can, read where it cannot, and never past their end."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.net.stretch import STEP, Stretch
from tests.opened_file import opened_file
from tests.page_cache import needs_page_cache

CONTENT = bytes(range(251)) * 4000


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    with opened_file(tmp_path / "file", CONTENT) as descriptor:
        yield descriptor


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Who sends, without waiting, and who receives."""
    sender, receiver = socket.socketpair()
    sender.setblocking(False)
    yield sender, receiver
    sender.close()
    receiver.close()


def stretch(descriptor: int, start: int = 0, stop: int = len(CONTENT)) -> Stretch:
    return Stretch(descriptor, start, stop, "a file")


async def test_it_is_read_from_its_start_to_its_stop(descriptor: int) -> None:
    part = stretch(descriptor, 10, STEP + 20)
    assert b"".join([chunk async for chunk in part.chunks()]) == CONTENT[10 : STEP + 20]
    assert await part.read(STEP + 15) == CONTENT[STEP + 15 : STEP + 20]


async def test_a_file_that_was_cut_is_an_error(descriptor: int) -> None:
    os.ftruncate(descriptor, 100)
    assert await stretch(descriptor).read(0) == CONTENT[:100]
    with pytest.raises(StorageError, match="a file was cut"):
        await stretch(descriptor).read(100)


async def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(StorageError, match="a file cannot be read: Bad file descriptor"):
        await stretch(-1).read(0)


async def test_a_broken_one_is_neither_read_nor_sent(descriptor: int) -> None:
    def broken() -> None:
        raise StorageError("it is gone")

    part = Stretch(descriptor, 0, 10, "a file", check=broken)
    with pytest.raises(StorageError, match="it is gone"):
        await part.read(0)
    with pytest.raises(StorageError, match="it is gone"):
        part.at_hand(0, 10)


@needs_page_cache
def test_the_kernel_sends_what_lies_in_memory(descriptor: int, pair: tuple[socket.socket, socket.socket]) -> None:
    sender, receiver = pair
    part = stretch(descriptor, 5, 1000)
    assert part.at_hand(5, 2000) == 995
    sent = part.send(sender.fileno(), 5, 995)
    assert sent is not None
    assert 0 < sent <= 995
    assert receiver.recv(2000) == CONTENT[5 : 5 + sent]


def test_a_full_connection_takes_nothing(descriptor: int, pair: tuple[socket.socket, socket.socket]) -> None:
    sender, _ = pair
    part, position = stretch(descriptor), 0
    while sent := part.send(sender.fileno(), position, STEP):
        position += sent
    assert sent == 0
    assert 0 < position < len(CONTENT)


@pytest.mark.parametrize("gone", ["receiver", "sender", "end of the file"])
def test_what_the_kernel_cannot_send_is_no_error_yet(
    gone: str, descriptor: int, pair: tuple[socket.socket, socket.socket]
) -> None:
    """Whoever reads it or writes it then learns why."""
    sender, receiver = pair
    if gone == "end of the file":
        os.ftruncate(descriptor, 0)
    else:
        (receiver if gone == "receiver" else sender).close()
    assert stretch(descriptor).send(sender.fileno(), 0, STEP) is None


@needs_page_cache
def test_what_is_not_in_the_file_is_not_at_hand(descriptor: int) -> None:
    os.ftruncate(descriptor, 100)
    assert stretch(descriptor, 0, 100).at_hand(0, 1000) == 100
    assert stretch(descriptor, 0, 200).at_hand(0, 1000) == 0
    assert stretch(-1).at_hand(0, 1000) == 0


@needs_page_cache
def test_as_much_is_at_hand_as_lies_in_memory_up_to_the_limit(descriptor: int) -> None:
    part = stretch(descriptor)
    assert part.at_hand(10, 100) == 100
    assert part.at_hand(10, 2 * STEP + 1) == 2 * STEP + 1
    assert part.at_hand(len(CONTENT) - 1, STEP) == 1
    os.ftruncate(descriptor, 2 * STEP + 100)
    assert part.at_hand(50, 4 * STEP) == 2 * STEP
