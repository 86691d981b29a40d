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
from pyproxy.handlers.file_stream import FileStream, Sending, share_of
from pyproxy.handlers.package import PackageHandler
from pyproxy.repositories.base import Piece, Stretch

log = logging.getLogger(__name__)

FAIR_BYTES = 1024 * 1024
"""How much one client gets at a stretch."""

HEAD_BYTES = 64 * 1024
"""What of a file on the disk is sent together with the head; a small file is sent by one write."""


class StreamingHandler(PackageHandler):
    """Sends a body as it comes; the first byte leaves within `Services.first_byte_seconds`, or a problem does."""

    _answer_by = 0.0
    _at_a_stretch = 0

    def wait_from_now(self) -> None:
        """The client's patience begins (again)."""
        self._answer_by = asyncio.get_running_loop().time() + self.services.first_byte_seconds

    async def stream(self, pieces: AsyncGenerator[Piece], length: int | None) -> None:
        """The pieces as the body, and the end of the response; ``length`` is their sum, where it is known."""
        async with aclosing(pieces):
            # What fails before the first bytes goes out as a problem, with its own status.
            async with self.in_time():
                piece = await anext(pieces, b"")
                head = piece if isinstance(piece, bytes) else await piece.read(piece.start, HEAD_BYTES)
            try:
                if len(head) == length and length <= HEAD_BYTES:
                    self.finish(head)  # head and body in one write
                    return
                if len(head) > HEAD_BYTES:
                    await self.flush()  # by itself, for Tornado would make a copy of both
                if head:
                    await self._send(head)
                if not isinstance(piece, bytes):
                    await self._send_stretch(piece, piece.start + len(head))
                while piece := await anext(pieces, b""):
                    if isinstance(piece, bytes):
                        await self._send(piece)
                    else:
                        await self._send_stretch(piece, piece.start)
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

    async def _send(self, chunk: bytes) -> None:
        """One chunk by way of Tornado, which waits for the client."""
        self.write(chunk)
        await self.flush()
        await self._give_turns(len(chunk))

    async def _send_stretch(self, stretch: Stretch, position: int) -> None:
        """A stretch from ``position`` on: by the kernel, as far as that can send it, and else as chunks that are read.

        So there is one place where everything that can go wrong with a file is found out.
        """
        while position < stretch.stop:
            position = await self._send_in_kernel(stretch, position)
            if position < stretch.stop:
                chunk = await stretch.read(position)
                await self._send(chunk)
                position += len(chunk)

    async def _send_in_kernel(self, stretch: Stretch, position: int) -> int:
        """Where the bytes begin that have to be read: all of them where bytes of a file are none of the connection,
        because of TLS, or as chunks of an unknown size."""
        connection = self._connection
        stream = connection.stream
        if not isinstance(stream, FileStream) or "Content-Length" not in self._headers:
            return position
        sending = Sending(stretch, position, lambda: share_of(self.services.requests.count))
        try:
            await stream.send(sending)
        finally:
            sent = sending.position - position
            self.bytes_sent += sent
            # Tornado counts what it sends itself, and would take the end of the response for too early.
            assert connection._expected_content_remaining is not None
            connection._expected_content_remaining -= sent
        await self._give_turns(sent)
        return sending.position

    async def _give_turns(self, sent: int) -> None:
        """A client that reads as fast as we write would never let anybody else have a turn."""
        self._at_a_stretch += sent
        if self._at_a_stretch >= FAIR_BYTES:
            self._at_a_stretch = 0
            await asyncio.sleep(0)

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
        stream = self._connection.stream
        if not stream.closed():
            linger = struct.pack("ii", 1, 0)
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            stream.close()
        self._log()
        self.on_finish()

    @property
    def _connection(self) -> HTTP1Connection:
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        return connection
