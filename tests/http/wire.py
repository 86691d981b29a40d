"""Requests that no client library would send, byte for byte."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tests.waiting import LIMIT_SECONDS


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """A response as it came over the wire."""

    status: int
    status_line: bytes
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """A header's value, by its name in any case."""
        for line in self.head.split(b"\r\n"):
            key, _, value = line.decode("latin-1").partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


async def exchange(port: int, request: bytes) -> RawAnswer:
    """Send the bytes, read until the server closes; ``request`` must ask for that (``Connection: close``)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(LIMIT_SECONDS):
            answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, _, headers = head.partition(b"\r\n")
    return RawAnswer(int(status_line.split(b" ")[1]), status_line, headers, body)


async def get_raw(
    port: int,
    target: bytes,
    *,
    method: bytes = b"GET",
    headers: bytes = b"",
    body: bytes = b"",
    host: bytes = b"proxy.example.org",
) -> RawAnswer:
    """A request for exactly this target; ``headers`` are whole lines."""
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    start = b"%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n" % (method, target, host)
    return await exchange(port, start + headers + length + b"\r\n" + body)
