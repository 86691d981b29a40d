"""What Tornado does anew for each request, done once for a connection: each costs a tenth of what a warm page does.

*Idle connections*: Tornado starts a timer whenever it waits for a request, and takes it back when that comes. Here a
connection only notes since when it waits, and a look now and then ends those that have waited too long.

*Nagle's algorithm*: Tornado turns it off at the end of each response, and on again for the next one, so that what is
written piece by piece leaves in full packets. Here it stays off, as in most servers: pieces are large, and the head of
a response leaves together with a small body.

*Heads* that came before, on any connection, are not taken apart again (``remembered_heads.py``). The end of one is not
looked for where it was not found before: Tornado begins again with each piece, and one client that sends some hundred
kilobytes of a head and then byte after byte would keep a processor busy.
"""

from __future__ import annotations

import asyncio
import heapq
import operator
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate
from tornado.iostream import IOStream

from pyproxy.app.remembered_heads import RememberedHeads

LOOKS = 20
"""Looks in the time that a connection may be idle, which is longer by as much as that."""

YIELD_SECONDS = 10.0
"""After so long an idle connection goes where its room is wanted: clients in the midst of their work ask sooner."""

FOUND_AT_ONCE = 64
SEARCH_SECONDS = 1.0
"""So many of those are looked for at a time, and in vain no more often than that: each connection is looked at."""


class PatientServer(HTTPServer):
    """Tornado's server, told its ``idle_connection_timeout`` in seconds as ever: the wait for the head of a request.

    ``clock`` gives seconds; ``read_head`` takes the head of a request apart, into its first line and its headers.
    """

    def initialize(
        self,
        *args: Any,
        clock: Callable[[], float] = time.monotonic,
        read_head: Callable[[bytes], tuple[str, HTTPHeaders]] | None = None,
        **kwargs: Any,
    ) -> None:
        """Tornado's ``__init__``."""
        super().initialize(*args, **kwargs)
        self._clock = clock
        self._read_head = read_head or RememberedHeads().read
        assert self.conn_params.header_timeout is not None
        self._idle_limit, self.conn_params.header_timeout = self.conn_params.header_timeout, None
        self._waiting: dict[object, tuple[HTTPConnection, float]] = {}
        self._next_look: asyncio.TimerHandle | None = None
        self._longest: list[HTTP1Connection] = []
        self._next_search = float("-inf")

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Tornado's: a connection has come."""
        stream.set_nodelay(True)
        stream.set_nodelay = _leave_it_so  # type: ignore[method-assign]
        read = cast("ReadHead", stream.read_until_regex)
        stream.read_until_regex = partial(_read_on, stream, read)  # type: ignore[method-assign]
        super().handle_stream(stream, address)
        if self._next_look is None:
            self._next_look = self._later()

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Tornado's: a connection begins to wait for its next request."""
        self._waiting[server_conn] = request_conn, self._clock()
        request_conn._parse_headers = self._read_head  # type: ignore[attr-defined]  # a Tornado without it reads itself
        return super().start_request(server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """Tornado's: a connection has ended."""
        self._waiting.pop(server_conn, None)
        super().on_close(server_conn)

    def look(self) -> None:
        """Close the connections that have waited for too long; done by itself, too."""
        for request_conn, _ in self._idle(self._idle_limit):
            request_conn.close()

    def make_room(self) -> bool:
        """Close the connection that has waited for longest, if that is long; whether there was one."""
        now = self._clock()
        if not self._longest and now >= self._next_search:
            found = heapq.nsmallest(FOUND_AT_ONCE, self._idle(YIELD_SECONDS), key=operator.itemgetter(1))
            self._longest = [request_conn for request_conn, _ in reversed(found)]
            self._next_search = now if found else now + SEARCH_SECONDS
        while self._longest:
            request_conn = self._longest.pop()
            if _still_waits(request_conn):  # a request may have come since
                request_conn.close()
                return True
        return False

    def _idle(self, seconds: float) -> list[tuple[HTTP1Connection, float]]:
        """The connections that have waited for so long for a request, and since when."""
        now = self._clock()
        return [
            (request_conn, since)
            for request_conn, since in self._waiting.values()
            if now - since >= seconds and isinstance(request_conn, HTTP1Connection) and _still_waits(request_conn)
        ]

    def _look_again_and_again(self) -> None:
        self.look()
        self._next_look = self._later() if self._waiting else None

    def _later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._idle_limit / LOOKS, self._look_again_and_again)


def _leave_it_so(value: bool) -> None:
    """What Tornado asks for before and after each response."""


class Onward:
    """A pattern of at most four bytes, to be searched in what only grows: not again where it was not."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern
        self._searched = 0

    def search(self, buffer: bytes | bytearray) -> re.Match[bytes] | None:
        """As of the pattern."""
        found = self._pattern.search(buffer, max(0, self._searched - 3))
        self._searched = len(buffer)
        return found


ReadHead = Callable[[bytes, int | None], "asyncio.Future[bytes]"]


def _read_on(
    stream: IOStream, read: ReadHead, regex: bytes, max_bytes: int | None = None
) -> asyncio.Future[bytes]:
    """Tornado's ``read_until_regex``, for the ends of heads."""
    future = read(regex, max_bytes)
    if not future.done() and stream._read_regex is not None:
        stream._read_regex = Onward(stream._read_regex)  # type: ignore[assignment]
    return future


def _still_waits(connection: HTTP1Connection) -> bool:
    """Whether the head of a request has not come yet, and may still come."""
    return connection._request_start_line is None and not connection.stream.closed()
