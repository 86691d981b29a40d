"""What a process that follows must be told before its file is overwritten."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from pyproxy.errors import StorageError
from pyproxy.net.download import Download
from pyproxy.net.sharing.progress import Progress, decode
from pyproxy.net.sharing.telling import Follower
from tests.net.scripted_bodies import Kept, Script, content, expected

DATA = content(1000)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ends[0], ends[1]:
        ends[0].setblocking(False)
        yield ends


async def follower_at(connection: socket.socket) -> Follower:
    download = Download(expected(DATA), [Script(DATA).source], None, on_verified=Kept(None))
    follower = download.follow(Follower)
    follower.connection = connection
    return follower


async def test_it_is_told_at_once(ends: tuple[socket.socket, socket.socket]) -> None:
    (await follower_at(ends[0])).begins_again()
    assert decode(ends[1].recv(1000)) == Progress(again=True)


async def test_who_is_gone_need_not_be_told(ends: tuple[socket.socket, socket.socket]) -> None:
    """A client's worker that dies must not take the file from everybody else."""
    ends[1].close()
    (await follower_at(ends[0])).begins_again()


async def test_who_cannot_be_told_ends_the_transfer(ends: tuple[socket.socket, socket.socket]) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            ends[0].send(b"unread")
    follower = await follower_at(ends[0])
    with pytest.raises(StorageError, match="begins again"):
        follower.begins_again()
