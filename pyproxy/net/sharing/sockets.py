"""The sockets by which processes on one storage directory find each other: one in each one's temporary folder.

They keep messages apart (``SOCK_SEQPACKET``) and carry descriptors. The address of a Unix socket has room for 107
bytes, which a storage directory may exceed: so the folder is named by a descriptor, below ``/proc/self/fd``.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path

NAME = "transfers"

BACKLOG = 1024


def listen(folder: Path) -> socket.socket:
    """A listening socket in this process's own folder, for processes of the same user. Raises `OSError`."""
    listener = _made()
    try:
        _at(folder, listener.bind)
        os.chmod(folder / NAME, 0o600)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def connect(folder: Path) -> socket.socket:
    """A connection to the process with this folder. Raises `OSError` where nobody listens there."""
    connection = _made()
    try:
        _at(folder, connection.connect)
    except BaseException:
        connection.close()
        raise
    return connection


async def readable(connection: socket.socket) -> None:
    """Wait until something has come, or the end."""
    loop, come = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection.fileno(), come.set)
    try:
        await come.wait()
    finally:
        loop.remove_reader(connection.fileno())


async def send(connection: socket.socket, message: bytes, seconds: float) -> None:
    """Send at once, or when there is room for it; `OSError` where there is none for so long, or nobody any more."""
    try:
        connection.send(message)
    except BlockingIOError:
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_sendall(connection, message)


def _made() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)


def _at(folder: Path, call: Callable[[str], None]) -> None:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        call(f"/proc/self/fd/{descriptor}/{NAME}")
    finally:
        os.close(descriptor)
