"""How the scripted upstream may answer a request other than well. Each is a value for ``UpstreamServer.behave``.

``after`` counts bytes of the body that are sent before it happens.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from tests.upstream.exchange import Answer, Exchange


class Behaviour(Protocol):
    """Answers one exchange in its own way."""

    async def serve(self, exchange: Exchange) -> None: ...


@dataclass(frozen=True)
class Normal:
    """As if nothing were set; for a path below a misbehaving prefix."""

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send(exchange.answer)


@dataclass(frozen=True)
class Status:
    """This status, whatever is asked."""

    code: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send(Answer(self.code, self.body, self.headers))


@dataclass(frozen=True)
class Hold:
    """Wait for the event, then go on normally; with ``after``, the headers and that many bytes come first.

    ``reached`` is set once an exchange waits.
    """

    event: asyncio.Event
    after: int | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, exchange: Exchange) -> None:
        answer = exchange.answer
        if self.after is None:
            self.reached.set()
            await exchange.until(self.event)
            await exchange.send(answer)
            return
        await exchange.send_head(answer, content_length=len(answer.body))
        if exchange.wants_body(answer):
            await exchange.send_body(answer.body[: self.after])
            self.reached.set()
            await exchange.until(self.event)
            await exchange.send_body(answer.body[self.after :])


@dataclass(frozen=True)
class Silence:
    """Accept the request and never say a word."""

    async def serve(self, exchange: Exchange) -> None:
        await exchange.until_closed()


@dataclass(frozen=True)
class Stall:
    """Announce everything, send ``after`` bytes, and then nothing, with the connection open."""

    after: int

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send_head(exchange.answer, content_length=len(exchange.answer.body))
        await exchange.send_body(exchange.answer.body[: self.after])
        await exchange.until_closed()


@dataclass(frozen=True)
class Reset:
    """Announce everything, send ``after`` bytes, then reset. ``None``: reset before any header."""

    after: int | None = None

    async def serve(self, exchange: Exchange) -> None:
        if self.after is not None:
            await exchange.send_head(exchange.answer, content_length=len(exchange.answer.body))
            await exchange.send_body(exchange.answer.body[: self.after])
        exchange.reset()


@dataclass(frozen=True)
class Truncate:
    """Send ``after`` bytes and close cleanly; ``content_length`` says whether the whole length was announced."""

    after: int
    content_length: bool = True

    async def serve(self, exchange: Exchange) -> None:
        answer = exchange.answer
        await exchange.send_head(answer, content_length=len(answer.body) if self.content_length else None)
        await exchange.send_body(answer.body[: self.after])
        exchange.close()


@dataclass(frozen=True)
class Chunked:
    """The whole body in chunks, without a length; ``after``: close without the final chunk behind that many bytes."""

    after: int | None = None
    chunk: int = 16 * 1024

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send_head(exchange.answer, content_length=None, chunked=True)
        if not exchange.wants_body(exchange.answer):
            return
        body = exchange.answer.body[: self.after]
        for start in range(0, len(body), self.chunk):
            await exchange.send_chunk(body[start : start + self.chunk])
        if self.after is None:
            await exchange.send_chunk(b"")
        else:
            exchange.close()


@dataclass(frozen=True)
class NoLength:
    """The whole body, without a length: its end is the end of the connection."""

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send_head(exchange.answer, content_length=None)
        if exchange.wants_body(exchange.answer):
            await exchange.send_body(exchange.answer.body)
        exchange.close()


@dataclass(frozen=True)
class Append:
    """More bytes than the file has, announced as such or (``content_length=False``) not announced at all."""

    extra: bytes = b"surplus"
    content_length: bool = True

    async def serve(self, exchange: Exchange) -> None:
        answer = replace(exchange.answer, body=exchange.answer.body + self.extra)
        if self.content_length:
            await exchange.send(answer)
            return
        await exchange.send_head(answer, content_length=None)
        await exchange.send_body(answer.body)
        exchange.close()


@dataclass(frozen=True)
class Corrupt:
    """The right number of bytes, one of them wrong: the one at ``at``, or the middle one."""

    at: int | None = None

    async def serve(self, exchange: Exchange) -> None:
        body = bytearray(exchange.answer.body)
        body[len(body) // 2 if self.at is None else self.at] ^= 0xFF
        await exchange.send(replace(exchange.answer, body=bytes(body)))


@dataclass(frozen=True)
class Empty:
    """The right headers with an empty body."""

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send(replace(exchange.answer, body=b""))


@dataclass(frozen=True)
class Portal:
    """A captive portal: 200 and a web page that is not what was asked for."""

    body: bytes = b"<!DOCTYPE html><html><title>Welcome</title><body><a href='/login'>Log in</a></body></html>"

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send(Answer(200, self.body, {"Content-Type": "text/html; charset=utf-8"}))


@dataclass(frozen=True)
class GzipAll:
    """Encode the body whatever the request accepts; ``label=False`` leaves the Content-Encoding out."""

    coding: Literal["gzip", "deflate", "raw-deflate"] = "gzip"
    label: bool = True

    async def serve(self, exchange: Exchange) -> None:
        answer = exchange.answer
        headers = dict(answer.headers)
        if self.label:
            headers["Content-Encoding"] = self.coding.removeprefix("raw-")
        await exchange.send(Answer(answer.status, _encode(answer.body, self.coding), headers))


def _encode(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(body, mtime=0)
    if coding == "deflate":
        return zlib.compress(body)
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


@dataclass(frozen=True)
class Mislabel:
    """The right bytes under a wrong Content-Encoding, as some servers send ``.tar.gz`` files."""

    coding: str = "gzip"

    async def serve(self, exchange: Exchange) -> None:
        answer = exchange.answer
        await exchange.send(replace(answer, headers={**answer.headers, "Content-Encoding": self.coding}))


@dataclass(frozen=True)
class Redirect:
    """To ``location``, relative or absolute; ``keep_path`` appends the request's path to it."""

    location: str
    status: int = 302
    keep_path: bool = False

    async def serve(self, exchange: Exchange) -> None:
        location = self.location + exchange.request.path if self.keep_path else self.location
        await exchange.send(Answer(self.status, b"", {"Location": location}))


@dataclass(frozen=True)
class Throttle:
    """The whole answer, at this pace."""

    bytes_per_second: float

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send_head(exchange.answer, content_length=len(exchange.answer.body))
        if not exchange.wants_body(exchange.answer):
            return
        body = exchange.answer.body
        piece = max(1, int(self.bytes_per_second / 50))
        loop = asyncio.get_running_loop()
        started = loop.time()
        for start in range(0, len(body), piece):
            # By the clock since the start, so that late wake-ups do not add up.
            await asyncio.sleep(max(0.0, started + start / self.bytes_per_second - loop.time()))
            await exchange.stream.write(body[start : start + piece])


@dataclass(frozen=True)
class Endless:
    """A chunked body that never ends, as fast as the client reads."""

    piece: bytes = b'<a href="x-1.0.tar.gz">x-1.0.tar.gz</a>\n' * 256

    async def serve(self, exchange: Exchange) -> None:
        await exchange.send_head(exchange.answer, content_length=None, chunked=True)
        while not exchange.closed.is_set():
            await exchange.send_chunk(self.piece)


@dataclass(frozen=True)
class Raw:
    """These bytes and the end of the connection, HTTP or not."""

    data: bytes

    async def serve(self, exchange: Exchange) -> None:
        await exchange.stream.write(self.data)
        exchange.close()
