"""Who sends a head that goes on and on is told why nobody reads it to its end.

Tornado ends such a connection without a word, and the client sees a reset: what it has sent meanwhile was not read. So
the answer goes out first, and what still comes is read and thrown away for a moment (a "lingering close").
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from tornado.iostream import IOStream, UnsatisfiableReadError

log = logging.getLogger(__name__)

LINGER_SECONDS = 2.0
LINGER_BYTES = 16 << 20
"""So long, and for so much, what comes after the answer is read."""

LINGERING_AT_ONCE = 64
"""Connections on which that is done at a time; more are closed without a word."""


class OverlongHeads:
    """One server's; ``answer`` is the whole response, which says that the connection ends."""

    def __init__(self, answer: bytes, *, at_once: int = LINGERING_AT_ONCE) -> None:
        self._answer = answer
        self._at_once = at_once
        self._lingering: set[asyncio.Task[None]] = set()

    def watch(self, stream: IOStream) -> None:
        """Answer on this connection, should its head be too long."""
        stream.close = partial(self._close, stream, stream.close)  # type: ignore[method-assign]

    def stop(self) -> None:
        """Let go of those that still send."""
        for task in self._lingering:
            task.cancel()

    def _close(self, stream: IOStream, close: Callable[[Any], None], exc_info: Any = False) -> None:
        # Tornado's reason to close where more has come than it was to look through for the end of a head. The lines
        # within a chunked body are looked for in another way.
        if isinstance(exc_info, UnsatisfiableReadError) and stream._read_regex is not None and not stream.closed():
            self._tell(stream)
        close(exc_info)

    def _tell(self, stream: IOStream) -> None:
        if len(self._lingering) >= self._at_once:
            return
        log.info("a request was refused whose address and headers have no end (server.max_header_size)")
        with contextlib.suppress(OSError):  # it has gone, or takes nothing
            stream.socket.send(self._answer)
            # The stream closes its own descriptor; the connection lasts as long as this one.
            rest = socket.socket(fileno=os.dup(stream.socket.fileno()))
            task = asyncio.get_running_loop().create_task(_linger(rest))
            self._lingering.add(task)
            task.add_done_callback(partial(self._ended, rest))

    def _ended(self, rest: socket.socket, task: asyncio.Task[None]) -> None:
        rest.close()
        self._lingering.discard(task)


async def _linger(rest: socket.socket) -> None:
    loop, left = asyncio.get_running_loop(), LINGER_BYTES
    with contextlib.suppress(OSError):  # a time-out is one
        rest.setblocking(False)
        rest.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(LINGER_SECONDS):
            while left > 0 and (data := await loop.sock_recv(rest, 65536)):
                left -= len(data)
