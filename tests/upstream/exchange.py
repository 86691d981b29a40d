"""One request and its answer on a connection of the scripted upstream, with every liberty to misbehave."""

from __future__ import annotations

import asyncio
import http
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from tornado.iostream import IOStream, StreamClosedError

SLICE = 64 * 1024
"""Bytes written at a time, so that a slow client holds the server back instead of filling its buffers."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it arrived: header names in lower case; ``connection`` numbers the server's connections."""

    method: str
    path: str
    headers: Mapping[str, str]
    connection: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Bodies wait for the event once ``after`` bytes of them are sent, so that what follows comes late for sure."""

    after: int
    event: asyncio.Event


@dataclass(frozen=True, slots=True)
class Answer:
    """What the site answers when nothing misbehaves."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Exchange:
    """Sends an answer, whole or in pieces. ``keep_alive`` says whether the connection serves another request."""

    def __init__(
        self,
        request: Recorded,
        answer: Answer,
        stream: IOStream,
        closed: asyncio.Event,
        pause: Pause | None = None,
    ) -> None:
        self.request = request
        self.answer = answer
        self.stream = stream
        self.closed = closed
        self.keep_alive = True
        self._pause = pause
        self._sent = 0

    async def send(self, answer: Answer) -> None:
        """The whole answer with its Content-Length; no body for HEAD and 304."""
        await self.send_head(answer, content_length=len(answer.body))
        if self.wants_body(answer):
            await self.send_body(answer.body)

    def wants_body(self, answer: Answer) -> bool:
        """Whether a body belongs to the answer at all."""
        return self.request.method != "HEAD" and answer.status not in (204, 304)

    async def send_head(self, answer: Answer, *, content_length: int | None, chunked: bool = False) -> None:
        """Status line and headers. Without a length and not chunked, the close of the connection is the end."""
        headers = dict(answer.headers)
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif content_length is None:
            headers["Connection"] = "close"
            self.keep_alive = False
        elif answer.status != 304:
            headers["Content-Length"] = str(content_length)
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        await self.stream.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    async def send_body(self, body: bytes) -> None:
        """Bytes of a body as they are, at the client's pace."""
        for start in range(0, len(body), SLICE):
            piece = body[start : start + SLICE]
            await self.stream.write(piece)
            await self._paused(len(piece))

    async def send_chunk(self, data: bytes) -> None:
        """One chunk of a chunked body; an empty one ends it."""
        await self.stream.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self._paused(len(data))

    async def _paused(self, sent: int) -> None:
        self._sent += sent
        if self._pause is not None and self._sent >= self._pause.after:
            await self.until(self._pause.event)

    async def until_closed(self) -> None:
        """Until the client hangs up or the server stops."""
        # Only a pending read notices that the other side has gone.
        try:
            await self.stream.read_bytes(1)
        except StreamClosedError:
            self.closed.set()
        await self.closed.wait()

    async def until(self, event: asyncio.Event) -> None:
        """Until the event, or the end of the connection if that comes first."""
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self.closed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def close(self) -> None:
        """A clean end of the connection, whatever has been announced."""
        self.keep_alive = False
        self.stream.close()

    def reset(self) -> None:
        """An RST instead of an end."""
        self.keep_alive = False
        self.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
