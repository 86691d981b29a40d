"""Bodies that may break off half-way, and bodies that take their time to begin.

What fails before the first byte goes out as a problem with a status; what fails later ends the connection abruptly,
never with a clean end, which could be taken for the end of the body.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError

from pyproxy.errors import NotYetHere, PyproxyError
from pyproxy.handlers.package import PackageHandler

log = logging.getLogger(__name__)

FAIR_BYTES = 1024 * 1024
"""How much one client gets at a stretch."""


class StreamingHandler(PackageHandler):
    """Sends a body as it comes; the first byte leaves within `Services.first_byte_seconds`, or a problem does."""

    _answer_by = 0.0

    def wait_from_now(self) -> None:
        """The client's patience begins (again)."""
        self._answer_by = asyncio.get_running_loop().time() + self.services.first_byte_seconds

    async def stream(self, chunks: AsyncGenerator[bytes], length: int | None) -> None:
        """The chunks as the body, and the end of the response; ``length`` is their sum, where it is known."""
        async with aclosing(chunks):
            # What fails before the first piece goes out as a problem, with its own status.
            async with self.in_time():
                piece = await anext(chunks, b"")
            try:
                if len(piece) == length:
                    self.finish(piece)  # head and body in one write
                    return
                sent = 0
                while piece:
                    self.write(piece)
                    await self.flush()
                    sent += len(piece)
                    if sent >= FAIR_BYTES:
                        # A client that reads as fast as we write would never let anybody else have a turn.
                        sent = 0
                        await asyncio.sleep(0)
                    piece = await anext(chunks, b"")
                self.finish()
            except StreamClosedError:
                log.debug("%s: the client went away", self.request.path)
            except PyproxyError as error:
                log.warning("%s: broken off: %s", self.request.path, error)
                self._break_off()
            except BaseException as error:
                # Whatever it is, it must not end as a body without a length ends: cleanly.
                self._break_off()
                if not isinstance(error, Exception):
                    raise
                log.exception("%s: broken off", self.request.path)

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """No client waits for a first byte longer than it would before giving up, and learns why."""
        try:
            async with asyncio.timeout_at(self._answer_by):
                yield
        except TimeoutError as error:
            seconds = self.services.first_byte_seconds
            raise NotYetHere(f"nothing of {self.subject} has come from upstream within {seconds:g} s") from error

    def _break_off(self) -> None:
        """End the connection with a reset: a clean end could be taken for the end of the file."""
        self.outcome = "broken"
        self._auto_finish = False
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        stream = connection.stream
        if not stream.closed():
            linger = struct.pack("ii", 1, 0)
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            stream.close()
        self._log()
        self.on_finish()
