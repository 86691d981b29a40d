"""A connection on which the kernel sends files by itself, with as little to do here for each byte as there can be.

A client on a fast line takes 100 MB in some 20 ms, of which what a coroutine does for each step was a third: to be
woken, to read a little for Tornado to write, to wait for that, to give others a turn. Here a file is sent from where
Tornado writes what it has buffered, whenever the connection takes more. One share at a time, so that all clients have
theirs in one round of the event loop, which stays short; a slow one costs neither a thread nor memory, nor a step
before it takes more. Closing, errors and time limits are those of any other writing.

Meanwhile the system holds back packets that are not full (``TCP_CORK``). It takes a file from its cache by 64 KB, and
where it may, as on all connections here, it sends what is left of them at once: up to a fifth more packets on loopback,
for which both sides took half as much time again, measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from tornado.iostream import IOStream, StreamClosedError

from pyproxy.repositories.base import Stretch

SHARE_BYTES = 2 * 1024 * 1024
"""What one client gets in a round at most; a connection seldom takes more at once."""

ROUND_BYTES = 8 * 1024 * 1024
"""What all of them get in a round: 2 or 3 ms of one core."""

LEAST_BYTES = 256 * 1024
"""What a client gets however many there are."""

_CORK: int | None = getattr(socket, "TCP_CORK", None)


def share_of(clients: int) -> int:
    """The bytes that one of so many clients gets in a round."""
    return min(SHARE_BYTES, max(LEAST_BYTES, ROUND_BYTES // max(1, clients)))


class Sending:
    """A stretch on its way, all bytes before ``position`` being gone; ``share`` tells how many go in a round.

    ``ended``: nothing more will be sent. What is left then has to be read, because it is not at hand or because the
    kernel cannot send it; or it raises what the stretch raises, or `StreamClosedError`.
    """

    def __init__(self, stretch: Stretch, position: int, share: Callable[[], int]) -> None:
        self.stretch = stretch
        self.position = position
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._share = share

    def step(self, descriptor: int) -> int:
        """Send a share, or as much of it as the socket takes; the number of bytes."""
        try:
            ready = self.stretch.at_hand(self.position, self._share())
            sent = self.stretch.send(descriptor, self.position, ready) if ready else None
        except Exception as error:
            self.end(error)
            return 0
        self.position += sent or 0
        if sent is None or self.position >= self.stretch.stop:
            self.end()
        return sent or 0

    def end(self, error: Exception | None = None) -> None:
        """That was it."""
        if self.ended.done():
            return  # whoever waited was cancelled
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)


class FileStream(IOStream):
    """Tornado's connection, which can `send`; one stretch at a time, and nothing is written meanwhile."""

    _sending: Sending | None = None

    async def send(self, sending: Sending) -> None:
        """Returns or raises once it has ended; raises `StreamClosedError`."""
        self._check_closed()
        self._sending = sending
        self._hold_packets(True)
        try:
            self._handle_write()
            if self._sending is not None:
                self._add_io_state(self.io_loop.WRITE)
            await sending.ended
        finally:
            self._sending = None
            self._hold_packets(False)

    def writing(self) -> bool:
        """Tornado's: whether to go on once the connection takes more."""
        return self._sending is not None or super().writing()

    def _handle_write(self) -> None:
        super()._handle_write()
        sending = self._sending
        if sending is None or self.closed() or super().writing():
            return
        sent = sending.step(self.socket.fileno())
        # Where Tornado counts what it writes; a client that takes nothing is found by it.
        self._total_write_index += sent
        self._total_write_done_index += sent
        if sending.ended.done():
            self._sending = None

    def _hold_packets(self, held: bool) -> None:
        """Whether packets that are not full wait, 200 ms at most (tcp(7)). What waited leaves when it ends."""
        if _CORK is not None and not self.closed():
            with contextlib.suppress(OSError):  # it is no TCP connection
                self.socket.setsockopt(socket.IPPROTO_TCP, _CORK, held)

    def _signal_closed(self) -> None:
        super()._signal_closed()
        if self._sending is not None:
            self._sending.end(StreamClosedError(real_error=self.error))
            self._sending = None


def file_stream(stream: IOStream) -> IOStream:
    """The new connection as one that sends files; one that encrypts stays what it is."""
    if type(stream) is not IOStream:
        return stream
    return FileStream(
        stream.socket, max_buffer_size=stream.max_buffer_size, read_chunk_size=stream.read_chunk_size
    )
