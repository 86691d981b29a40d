"""The HTTP server with its limits: how many connections there may be, and how long one may stand still.

Tornado takes every connection that comes. When no descriptor is left, it tries to accept the next one again and again,
and no request, download or database gets one any more. So there is a bound well below: who comes beyond it is told so,
and ``/healthz`` still answers, for whoever would restart a busy server makes it worse. Before that, who only keeps a
connection makes room for who asks: else a crowd of idle ones would lock out everybody until their time is up.

A client that takes no byte of its answer is not idle for Tornado; ``cut_off`` ends it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tornado.http1connection import HTTP1ServerConnection
from tornado.iostream import IOStream, StreamClosedError

from pyproxy.app.draining import DrainingServer
from pyproxy.app.overlong_heads import OverlongHeads
from pyproxy.handlers.file_stream import file_stream
from pyproxy.handlers.request_heads import too_long
from pyproxy.handlers.statuses import RETRY_AFTER_SECONDS, Problem, reason_phrase

if TYPE_CHECKING:  # its library looks at the environment when it is imported, and that is set later
    from pyproxy.monitoring.connections import Reason

log = logging.getLogger(__name__)

REFUSE_SECONDS = 2.0
"""How long a connection beyond the limit is listened to: a refusal that comes before the request was read is lost."""

REFUSED_AT_ONCE = 64
"""Connections beyond the limit that are told so at a time; more are closed without a word."""

TELL_SECONDS = 60.0
"""How often the log says that connections are refused."""

BODIES = 2
"""Idle times in which the whole body of a request has to come: nobody needs a long one here. Handlers say so."""

UNTOLD_SECONDS = 5.0
"""So much later the connection ends where no handler has: while a client takes nothing of the refusal, such as."""

HEAD_LIMIT = 64 * 1024

HEAD_SLACK = 64 * 1024
"""So much more than may be is read of a head, so that handlers refuse it, who know what the client can read."""

Count = Callable[["Reason"], None]
"""Told of each connection that is refused or cut off."""


class BoundedServer(DrainingServer):
    """``BoundedServer(app, most=1000, idle_seconds=300.0, …)``: the rest is `HTTPServer`'s."""

    def initialize(  # type: ignore[override]  # Tornado's own way of construction
        self,
        request_callback: Any,
        *,
        most: int,
        idle_seconds: float,
        count: Count = lambda _: None,
        max_header_size: int = HEAD_LIMIT,
        **options: Any,
    ) -> None:
        """Called by Tornado's constructor; ``most`` connections, each still for at most ``idle_seconds``.

        Handlers refuse a head that is longer than ``max_header_size`` bytes; one that has no end is refused here.
        """
        options["max_header_size"] = max_header_size + HEAD_SLACK
        options |= {"idle_connection_timeout": idle_seconds, "body_timeout": BODIES * idle_seconds + UNTOLD_SECONDS}
        super().initialize(request_callback, **options)
        self._most = most
        self._idle_seconds = idle_seconds
        self._count = count
        self._refused: set[IOStream] = set()
        self._told_at = float("-inf")
        self._overlong = OverlongHeads(_too_long(max_header_size))
        self._unmoved: dict[HTTP1ServerConnection, tuple[int, float]] = {}

    def handle_stream(  # type: ignore[override]  # as Tornado's own may
        self, stream: IOStream, address: tuple[Any, ...]
    ) -> Awaitable[None] | None:
        """Serve, or refuse what is too much."""
        if len(self._connections) < self._most or self.make_room():
            stream = file_stream(stream)  # first, for all else is hung on the one that is served
            self._overlong.watch(stream)
            super().handle_stream(stream, address)
            return None
        if len(self._refused) >= REFUSED_AT_ONCE:
            self._count("too many")
            stream.close()
            return None
        self._refused.add(stream)  # now: a whole burst is accepted before the first refusal begins
        return self._refuse(stream)

    async def close_all_connections(self) -> None:
        """Those that are being refused, too."""
        self._overlong.stop()
        for stream in tuple(self._refused):
            stream.close()
        await super().close_all_connections()

    async def watch(self) -> None:
        """Cut off, for ever, who stands still."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(self._idle_seconds / 4)
            self.cut_off(clock)

    def cut_off(self, clock: Callable[[], float]) -> None:
        """End the connections whose client has taken no byte since the limit; ``clock`` gives seconds."""
        now, unmoved = clock(), self._unmoved
        self._unmoved = {}
        for connection in tuple(self._connections):
            stream = connection.stream
            if not stream.writing():
                continue
            taken = stream._total_write_done_index
            known, since = unmoved.get(connection, (taken, now))
            if known != taken:
                since = now
            if now - since < self._idle_seconds:
                self._unmoved[connection] = (taken, since)
                continue
            log.info("a client took nothing of its answer for %g s (server.idle_timeout)", now - since)
            self._count("stalled")
            _reset(stream)

    async def _refuse(self, stream: IOStream) -> None:
        self._tell()
        asks_for_life = False  # a probe has what it asked for, and is not refused
        try:
            async with asyncio.timeout(REFUSE_SECONDS):
                head = await stream.read_until_regex(b"\r?\n\r?\n", max_bytes=HEAD_LIMIT)
                asks_for_life = b" /healthz" in head.partition(b"\r\n")[0]
                await stream.write(_alive() if asks_for_life else _too_many(self._most))
        except (StreamClosedError, TimeoutError):
            pass  # it has gone, or says nothing
        finally:
            if not asks_for_life:
                self._count("too many")
            self._refused.discard(stream)
            stream.close()

    def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            log.warning("connections are refused: there are %d, as many as may be (server.max_connections)", self._most)


def _reset(stream: IOStream) -> None:
    """A clean end could be taken for the end of a body."""
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


def _alive() -> bytes:
    return _answer("200 OK", "application/json", b'{"status": "ok"}')


def _too_many(most: int) -> bytes:
    title = f"this server has {most} connections, as many as it takes (server.max_connections)"
    detail = "Try again in a few seconds. An administrator can raise the limit, or start more workers."
    return _refusal(Problem(503, title, detail), f"Retry-After: {RETRY_AFTER_SECONDS}\r\n")


def _too_long(limit: int) -> bytes:
    return _refusal(too_long(limit))


def _refusal(problem: Problem, headers: str = "") -> bytes:
    status, title = problem.status, problem.title
    body = {"type": "about:blank", "title": title, "status": status, "detail": problem.detail}
    return _answer(f"{status} {reason_phrase(title)}", "application/problem+json", json.dumps(body).encode(), headers)


def _answer(status: str, content_type: str, body: bytes, headers: str = "") -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nServer: pyproxy\r\nContent-Type: {content_type}\r\nCache-Control: no-store\r\n"
        f"{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode("latin-1") + body
