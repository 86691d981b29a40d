"""A client on the test's own loop that takes a response as slowly, or as half, as a test wants.

Any number of them may be under way at once, and none takes a thread that the server needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from email.parser import BytesHeaderParser
from email.policy import HTTP
from http.client import HTTPMessage

from tests.http.proxy import Answer, Proxy
from tests.net.scripted_bodies import until


class Call:
    """One request on a connection of its own, whose head has come; the body waits to be read."""

    def __init__(self, method: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        status_line, _, rest = head.partition(b"\r\n")
        self.version, status, self.reason = status_line.decode("latin-1").split(" ", 2)
        self.status = int(status)
        self.headers: HTTPMessage = BytesHeaderParser(policy=HTTP).parsebytes(rest)  # type: ignore[assignment]
        self._method = method
        self._reader = reader
        self._writer = writer

    async def read(self, count: int) -> bytes:
        """Exactly so many bytes of a body that is not chunked."""
        return await self._reader.readexactly(count)

    async def answer(self) -> Answer:
        """The rest of the body, to its end, good or bad."""
        body, broken = bytearray(), None
        try:
            await self._read_body(body)
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            if isinstance(error, asyncio.IncompleteReadError):
                body += error.partial
            broken = type(error).__name__
        return Answer(self.status, self.reason, self.headers, bytes(body), broken)

    async def _read_body(self, body: bytearray) -> None:
        if self._method == "HEAD" or self.status in (204, 304):
            return
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                body += (await self._reader.readexactly(size + 2))[:-2]
            await self._reader.readexactly(2)
        elif (length := self.headers.get("Content-Length")) is not None:
            while len(body) < int(length):
                piece = await self._reader.read(min(65536, int(length) - len(body)))
                if not piece:
                    raise asyncio.IncompleteReadError(b"", None)
                body += piece
        else:
            while piece := await self._reader.read(65536):
                body += piece

    def leave(self) -> None:
        """Go away in the middle, without a word."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


@contextlib.asynccontextmanager
async def calling(
    proxy: Proxy, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", version: str = "HTTP/1.1"
) -> AsyncIterator[Call]:
    """Ask, and wait for the head of the response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        lines = [f"{method} {path} {version}", f"Host: 127.0.0.1:{proxy.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        yield Call(method, reader, writer, await reader.readuntil(b"\r\n\r\n"))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def ask(
    proxy: Proxy, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", version: str = "HTTP/1.1"
) -> Answer:
    """One whole answer."""
    async with calling(proxy, path, headers, method=method, version=version) as call:
        return await call.answer()


async def idle(proxy: Proxy) -> None:
    """Wait until no file is being fetched or brought to its place any more."""
    await until(lambda: not len(proxy.server.resources.downloads))


async def under_way(proxy: Proxy, count: int) -> None:
    """Wait until the server works on exactly so many requests."""
    await until(lambda: proxy.server.services.requests.count == count)


def address(project: str, filename: str, content: bytes) -> str:
    """The address under which a page links a file with this content."""
    return f"/files/{project}/{hashlib.sha256(content).hexdigest()}/{filename}"
