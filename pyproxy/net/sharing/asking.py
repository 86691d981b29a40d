"""The side of a process that did not get the claim: finds the one that has it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path

from pyproxy.net.sharing import sockets
from pyproxy.net.sharing.copies import SILENT_SECONDS, Copy
from pyproxy.net.sharing.progress import MESSAGE_BYTES, decode

ANSWER_SECONDS = 2.0
"""A process that does not answer in this time is busy with something else, or stopped."""


async def ask(folder: Path, name: str, silent_seconds: float = SILENT_SECONDS) -> Copy | None:
    """The copy that another process makes of the file with this name; ``None`` where nobody answers that it does.

    Asked are those with a folder beside ``folder``, all at once. ``silent_seconds`` are the copy's.
    """
    asking = {asyncio.create_task(_ask_one(other, name, silent_seconds)) for other in _others(folder)}
    waiting, found = asking, None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            while waiting and found is None:
                answered, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                found = next((task.result() for task in answered if task.result() is not None), None)
    except TimeoutError:
        pass
    finally:
        for task in asking:
            task.cancel()
            task.add_done_callback(lambda task: _drop(task, found))
    return found


def _others(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder.parent) as entries:
            return [Path(entry.path) for entry in entries if entry.name != folder.name and entry.is_dir()]
    except OSError:
        return []


async def _ask_one(folder: Path, name: str, silent_seconds: float) -> Copy | None:
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(sockets.connect(folder))
            connection.send(name.encode())
            await sockets.readable(connection)
            message, descriptors, _, _ = socket.recv_fds(connection, MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            return None
        try:
            descriptor = descriptors[0] if descriptors else -1
            copy = None
            if message:
                copy = Copy(descriptor, decode(message), connection, silent_seconds=silent_seconds)
        except ValueError:
            copy = None
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if copy is not None:
            stack.pop_all()
        return copy


def _drop(task: asyncio.Task[Copy | None], found: Copy | None) -> None:
    if not task.cancelled():
        copy = task.result()
        if copy is not None and copy is not found:
            copy.close()
