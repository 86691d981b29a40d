"""The short way to what is known and at hand: most of what installers ask for.

Tornado's `RequestHandler` costs several times what such an answer does: a routing table, a coroutine and its tasks,
headers that are checked one by one. So these requests are answered one level below, where Tornado's HTTP/1 connection
hands over a request that it has read and checked. Nothing is decided here: what there is to say is found by
``warm_pages.py`` and ``warm_files.py``, and whatever is out of the ordinary goes on to the application as it came, so
that one place knows what to do with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple

from tornado.http1connection import HTTP1Connection
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
    format_timestamp,
)
from tornado.iostream import IOStream, StreamClosedError

from pyproxy.handlers.base import COMMON_HEADERS, Services
from pyproxy.handlers.forwarded import client_of, is_host
from pyproxy.handlers.request_ends import RequestEnds
from pyproxy.handlers.request_heads import head_size

SMALL_BYTES = 64 * 1024
"""Up to here, head and body leave in one write. A larger body is not copied: slow clients share the one in memory."""

HOST_LIMIT = 300
"""Characters of the longest host that is remembered as a plain one."""

_OUT_OF_THE_ORDINARY = frozenset({"Content-Length", "Transfer-Encoding", "Expect", "Cdn-Loop"})
"""Headers, as Tornado spells them, of requests with a body or from another server."""

_STATUS_LINES = {status: f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n" for status in (200, 304)}

_COMMON = "".join(f"{name}: {value}\r\n" for name, value in COMMON_HEADERS.items())

_is_host = lru_cache(maxsize=256)(is_host)  # the same server is asked again and again


class Asked(NamedTuple):
    """A GET or HEAD without anything out of the ordinary; ``began`` in unix seconds."""

    method: str
    uri: str
    fields: dict[str, str]
    began: float


class ShortWay(HTTPServerConnectionDelegate):
    """Answers what one of ``find`` finds; everything else is ``otherwise``'s.

    ``ends`` is told of what is answered here. Where not everybody may read, nothing is answered here.
    """

    def __init__(
        self, services: Services, ends: RequestEnds, otherwise: HTTPServerConnectionDelegate, find: Sequence[Find]
    ) -> None:
        self.services = services
        self.ends = ends
        self.otherwise = otherwise
        self._find = tuple(find)
        self._common, self._second = "", 0

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        assert isinstance(request_conn, HTTP1Connection)
        return _Request(self, server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        self.otherwise.on_close(server_conn)

    def find(
        self, connection: HTTP1Connection, start_line: RequestStartLine, headers: HTTPHeaders
    ) -> WarmAnswer | None:
        """The answer, where there is nothing to ask, to wait for or to explain."""
        began = time.time()
        method, uri, version = start_line
        if method not in ("GET", "HEAD") or version != "HTTP/1.1":
            return None
        if self.services.readers is not None or connection.params.no_keep_alive:
            return None
        fields = _fields(headers)
        if fields is None or head_size(uri, fields, fields.values()) > self.services.max_header_size:
            return None
        asked = Asked(method, uri, fields, began)
        for find in self._find:
            answer = find(self.services, asked)
            if answer is not None:
                return answer
        return None

    def send(self, answer: WarmAnswer, connection: HTTP1Connection) -> None:
        """Write the answer, and tell of it."""
        head = answer.head(self._common_headers()).encode("latin-1")
        taken = _write(connection.stream, head, answer.content)
        if taken is None or taken.done():
            connection.finish()
        else:
            self._wait_for(connection, taken)
        answer.ended(connection, self.services)
        self.ends.ended(answer)

    def _wait_for(self, connection: HTTP1Connection, taken: asyncio.Future[None]) -> None:
        """The connection's next request is read when the client has taken this answer; so long, it is under way."""
        requests = self.services.requests
        requests.began()

        def end(taken: asyncio.Future[None]) -> None:
            connection.finish()
            requests.ended()

        taken.add_done_callback(end)

    def _common_headers(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._common = second, f"{_COMMON}Date: {format_timestamp(second)}\r\n"
        return self._common


class _Request(HTTPMessageDelegate):
    """A request that is being read: answered here when that is done, or handed on."""

    def __init__(self, way: ShortWay, server_conn: object, connection: HTTP1Connection) -> None:
        self._way = way
        self._server_connection = server_conn
        self._connection = connection
        self._answer: WarmAnswer | None = None
        self._other: HTTPMessageDelegate | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, RequestStartLine)
        self._answer = self._way.find(self._connection, start_line, headers)
        if self._answer is not None:
            return None
        self._other = self._way.otherwise.start_request(self._server_connection, self._connection)
        return self._other.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._other.data_received(chunk) if self._other is not None else None

    def finish(self) -> None:
        if self._answer is not None:
            self._way.send(self._answer, self._connection)
        elif self._other is not None:
            self._other.finish()

    def on_connection_close(self) -> None:
        if self._other is not None:
            self._other.on_connection_close()


class WarmAnswer:
    """What is sent, and then the `LoggedRequest` that has ended with it.

    ``headers`` are those besides the ones of every answer and the length of ``body``, which a 304 and a HEAD go
    without.
    """

    __slots__ = (
        *("_asked", "_headers", "client", "content", "filename", "method", "outcome", "path", "project", "route"),
        *("seconds", "sent", "status", "subject", "upstream"),
    )

    def __init__(
        self,
        asked: Asked,
        headers: dict[str, str],
        body: bytes,
        *,
        status: int,
        route: str,
        project: str,
        filename: str = "",
        outcome: str,
        upstream: str,
    ) -> None:
        self._asked = asked
        self._headers = headers
        self.method, self.path = asked.method, asked.uri
        self.status = status
        self.route = route
        self.project, self.filename, self.subject = project, filename, filename or project
        self.outcome = outcome
        self.upstream = upstream
        self.content = b""
        if status == HTTPStatus.OK:
            headers["Content-Length"] = str(len(body))
            if asked.method != "HEAD":
                self.content = body
        self.sent = len(self.content)

    def head(self, common: str) -> str:
        """Status line and headers; nothing in them was chosen by a client, or by an upstream."""
        lines = [f"{name}: {value}\r\n" for name, value in self._headers.items()]
        return f"{_STATUS_LINES[self.status]}{common}{''.join(lines)}\r\n"

    def ended(self, connection: HTTP1Connection, services: Services) -> None:
        """Everything was handed over."""
        self.seconds = time.time() - self._asked.began
        remote = getattr(connection.context, "remote_ip", None) or "-"
        self.client = client_of(remote, self._asked.fields, services.trusted_proxies)

    @property
    def agent(self) -> str:
        return self._asked.fields.get("User-Agent", "")


Find = Callable[[Services, Asked], WarmAnswer | None]
"""Finds the answer to a request, if it is at hand."""


def _write(stream: IOStream, head: bytes, body: bytes) -> asyncio.Future[None] | None:
    """Done when the client has taken all of it; ``None`` when it has gone."""
    try:
        if len(body) <= SMALL_BYTES:
            return stream.write(head + body)
        stream.write(head)
        return stream.write(body)
    except StreamClosedError:
        return None


def _fields(headers: HTTPHeaders) -> dict[str, str] | None:
    """The headers by their names; ``None`` where one is out of the ordinary, or there twice."""
    lines = list(headers.get_all())
    fields = dict(lines)
    if len(fields) != len(lines) or not _OUT_OF_THE_ORDINARY.isdisjoint(fields):
        return None
    goes_on = fields.get("Connection", "keep-alive").lower() == "keep-alive"
    host = fields.get("Host", "")
    return fields if goes_on and len(host) <= HOST_LIMIT and _is_host(host) else None
