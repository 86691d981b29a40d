"""Hand-written sources for downloads: a script of pieces, events and errors, and sinks on a real (or full) disk."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

from pyproxy.net.download import Download, Source
from pyproxy.net.download_reader import DownloadReader
from pyproxy.net.response import Receiver, ResponseHead
from pyproxy.net.verification import Expected

PIECE = 16 << 10
Step = bytes | asyncio.Event | Exception | Callable[[], object]


def content(size: int, seed: int = 1) -> bytes:
    """Incompressible bytes, the same for the same arguments."""
    return random.Random(seed).randbytes(size)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def expected(data: bytes, *, size: bool = True, hashes: bool = True, filename: str = "demo-1.0.bin") -> Expected:
    """What an index lists for these bytes."""
    return Expected(filename, len(data) if size else None, {"sha256": sha256(data)} if hashes else {})


class Tap:
    """A flow that a script obeys; ``paused`` tells whether it is closed now, ``pauses`` how often it was."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.pauses = 0

    @property
    def paused(self) -> bool:
        return not self.open.is_set()

    def pause(self) -> None:
        self.pauses += 1
        self.open.clear()

    def resume(self) -> None:
        self.open.set()


class Script:
    """An upstream that sends what it is told: bytes in pieces of 16 KiB, waiting at events, ending in errors.

    ``length`` is the Content-Length (``None``: none); ``tap`` pauses it, ``None`` if it cannot be paused.
    """

    def __init__(
        self,
        *steps: Step,
        length: int | None = None,
        status: int = 200,
        coding: str | None = None,
        tap: Tap | None = None,
        upstream: str = "a",
    ) -> None:
        self.steps = steps
        self.head = ResponseHead(
            status,
            {"content-encoding": coding} if coding else {},
            "http://files.example.org/demo",
            coding is not None,
            length,
            tap,
        )
        self.tap = tap
        self.upstream = upstream
        self.requests = 0
        self.sent = 0

    @property
    def source(self) -> Source:
        return Source(self.upstream, self._fetch)

    async def _fetch(self, receiver: Receiver) -> None:
        self.requests += 1
        receiver.started(self.head)
        for step in self.steps:
            if isinstance(step, bytes):
                await self._send(receiver, step)
            elif isinstance(step, asyncio.Event):
                await step.wait()
            elif isinstance(step, Exception):
                raise step
            else:
                step()

    async def _send(self, receiver: Receiver, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            if self.tap is not None:
                await self.tap.open.wait()
            receiver.write(data[start : start + PIECE])
            self.sent += len(data[start : start + PIECE])
            await asyncio.sleep(0)


class FileSink:
    """A temporary file of a test."""

    reserve = 0

    def __init__(self, directory: Path) -> None:
        self._lock = threading.Lock()
        self.path = directory / "arriving"
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)

    def discard(self) -> None:
        # A download discards in a worker thread, a test's end on the loop's.
        with self._lock:
            if self.fd >= 0:
                os.close(self.fd)
                self.fd = -1
            self.path.unlink(missing_ok=True)


class FullDisk:
    """A sink without any room: every write is refused by the kernel with ENOSPC."""

    reserve = 0

    def __init__(self) -> None:
        self.fd = os.open("/dev/full", os.O_RDWR)
        self.discarded = False

    def discard(self) -> None:
        if not self.discarded:
            self.discarded = True
            os.close(self.fd)


class Kept:
    """Remembers what a download gave to be kept, with the bytes as they then were."""

    def __init__(self, sink: FileSink | FullDisk | None, error: Exception | None = None) -> None:
        self.sink = sink
        self.error = error
        self.calls: list[tuple[str, int]] = []
        self.data = b""

    async def __call__(self, digest: str, size: int) -> None:
        assert isinstance(self.sink, FileSink)
        self.calls.append((digest, size))
        self.data = self.sink.path.read_bytes()
        if self.error is not None:
            raise self.error


async def read_all(reader: DownloadReader) -> bytes:
    return b"".join([chunk async for chunk in reader])


async def read_until_error(reader: DownloadReader) -> tuple[int, Exception | None]:
    """How many bytes a reader got, and what ended it."""
    count = 0
    try:
        async for chunk in reader:
            count += len(chunk)
    except Exception as error:
        return count, error
    return count, None


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something on this loop to come true; the test's own limit ends a wait in vain."""
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.001)


async def finished(download: Download) -> None:
    """Run a download to its end, whatever it is."""
    await download.start()
