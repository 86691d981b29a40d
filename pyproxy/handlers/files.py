"""Files and their metadata: ``/files/<project>/<sha256>/<filename>``, and without the sha256.

A client gets all the right bytes or a broken response. What fails before the first byte still gets a status that
explains it; what fails later ends the connection abruptly, never with a clean end.
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
from pyproxy.handlers.base import BaseHandler
from pyproxy.handlers.statuses import Problem
from pyproxy.repositories.base import FileContent, FileRequest
from pyproxy.repositories.ranges import Unsatisfiable, WantedRange, parse_range
from pyproxy.simple.names import check_filename, is_metadata, normalize

log = logging.getLogger(__name__)

IMMUTABLE = "public, max-age=365000000, immutable"
"""The public PyPI's own header: the sha256 in the address makes it true."""


FAIR_BYTES = 1024 * 1024
"""How much one client gets at a stretch."""


class FileHandler(BaseHandler):
    """One file; ``sha256`` is empty for the address without a promise."""

    _answer_by = 0.0

    async def get(self, raw_project: str, sha256: str | None, raw_filename: str) -> None:
        project, filename = normalize(raw_project), check_filename(raw_filename)
        self.subject = filename
        self.set_header("Cache-Control", IMMUTABLE if sha256 else "no-cache")
        if sha256 and not is_metadata(filename) and self._has(sha256):
            # The client has the very bytes that the address names: nothing need be looked up.
            self.outcome = "hit"
            self.set_header("Etag", f'"{sha256}"')
            self.set_header("Cache-Status", "pyproxy; hit")
            self.set_status(304)
            self.finish()
            return
        head = self.request.method == "HEAD"
        wanted = None if head else parse_range(self.request.headers.get("Range"))
        if_range = self.request.headers.get("If-Range")
        # The repository may answer a range without having the file; only where no If-Range can still refuse it.
        certain = wanted if if_range is None or (sha256 and if_range == f'"{sha256}"') else None
        self._answer_by = self._limit()
        async with self._in_time():
            content = await self.repository.get_file(
                FileRequest(project=project, filename=filename, sha256=sha256 or None, range=certain, head=head)
            )
        try:
            if content.size is None and (head or self.request.version == "HTTP/1.0"):
                await content.settle()  # neither can be answered without the size
                self._answer_by = self._limit()
            if if_range is not None and (content.sha256 is None or if_range != f'"{content.sha256}"'):
                wanted = None
            await self._answer(content, wanted, head)
        finally:
            content.close()

    head = get

    async def _answer(self, content: FileContent, wanted: WantedRange | None, head: bool) -> None:
        self.outcome = "hit" if content.cache_status == "hit" else "miss"
        self.upstream = content.upstream
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Cache-Status", f"pyproxy; {content.cache_status}")
        self.set_header("X-Pyproxy-Upstream", content.upstream)
        if content.sha256 is not None:
            self.set_header("Etag", f'"{content.sha256}"')
            if self.check_etag_header():
                self.set_status(304)
                self.finish()
                return
        start, stop = 0, content.size
        if wanted is not None and content.size is not None:
            try:
                start, stop = wanted.resolve(content.size)
            except Unsatisfiable:
                self._send_unsatisfiable(content.size)
                return
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{content.size}")
        if stop is not None:
            self.set_header("Content-Length", str(stop - start))
        if head:
            self.finish()
            return
        await self._stream(content.chunks(start, stop), None if stop is None else stop - start)

    async def _stream(self, chunks: AsyncGenerator[bytes], length: int | None) -> None:
        async with aclosing(chunks):
            # What fails before the first piece goes out as a problem, with its own status.
            async with self._in_time():
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

    def _limit(self) -> float:
        return asyncio.get_running_loop().time() + self.services.first_byte_seconds

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """No client waits for a first byte longer than it would before giving up, and learns why."""
        try:
            async with asyncio.timeout_at(self._answer_by):
                yield
        except TimeoutError as error:
            seconds = self.services.first_byte_seconds
            raise NotYetHere(f"nothing of {self.subject} has come from upstream within {seconds:g} s") from error

    def _send_unsatisfiable(self, size: int) -> None:
        for header in ("Etag", "Cache-Control", "Content-Length"):
            self.clear_header(header)
        self.set_header("Content-Range", f"bytes */{size}")
        self.send_problem(
            Problem(416, f"The range lies outside the file of {size} bytes.", "Ask for bytes that the file has.")
        )

    def _has(self, sha256: str) -> bool:
        return f'"{sha256}"' in self.request.headers.get("If-None-Match", "")

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
