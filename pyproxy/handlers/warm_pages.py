"""The short way to a project page that is known, fresh and rendered: most of what installers ask for.

Tornado's `RequestHandler` costs several times what such an answer does: a routing table, a coroutine and its tasks,
headers that are checked one by one. So these requests are answered one level below, where Tornado's HTTP/1 connection
hands over a request that it has read and checked. Nothing is decided here: the page is what the repository has at
hand, its head comes from where the handler takes it (``rendered_head.py``), and whatever is out of the ordinary goes
on to the application as it came, so that one place knows what to do with it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable
from functools import lru_cache
from http import HTTPStatus

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

from pyproxy.errors import NotAcceptable
from pyproxy.handlers.base import COMMON_HEADERS, Services
from pyproxy.handlers.forwarded import client_of, is_host
from pyproxy.handlers.rendered_head import Head, page_head
from pyproxy.handlers.request_ends import RequestEnds
from pyproxy.handlers.simple import VARY, ProjectHandler
from pyproxy.repositories.base import ProjectPage
from pyproxy.simple.negotiate import accepts_gzip, choose_format

PREFIX = "/simple/"

SMALL_BYTES = 64 * 1024
"""Up to here, head and body leave in one write. A larger body is not copied: slow clients share the one in memory."""

_OUT_OF_THE_ORDINARY = frozenset({"Content-Length", "Transfer-Encoding", "Expect", "Cdn-Loop"})
"""Headers, as Tornado spells them, of requests with a body or from another server."""

_STATUS_LINES = {status: f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n" for status in (200, 304)}

_COMMON = "".join(f"{name}: {value}\r\n" for name, value in {**COMMON_HEADERS, "Vary": VARY}.items())

_is_host = lru_cache(maxsize=256)(is_host)  # the same server is asked again and again


class WarmPages(HTTPServerConnectionDelegate):
    """Answers what is at hand; everything else is ``otherwise``'s. ``ends`` is told of what is answered here."""

    def __init__(self, services: Services, ends: RequestEnds, otherwise: HTTPServerConnectionDelegate) -> None:
        self.services = services
        self.ends = ends
        self.otherwise = otherwise
        self._common, self._second = "", 0

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        assert isinstance(request_conn, HTTP1Connection)
        return _Request(self, server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        self.otherwise.on_close(server_conn)

    def find(self, connection: HTTP1Connection, start_line: RequestStartLine, headers: HTTPHeaders) -> _Answer | None:
        """The answer, where there is nothing to ask, to wait for or to explain."""
        began = time.time()
        method, uri, version = start_line
        if not (uri.startswith(PREFIX) and uri.endswith("/") and method in ("GET", "HEAD") and version == "HTTP/1.1"):
            return None
        services, fields = self.services, _fields(headers)
        if fields is None or services.readers is not None or connection.params.no_keep_alive:
            return None
        page = services.repository.at_hand(uri[len(PREFIX) : -1])
        if page is None:
            return None
        try:
            format = choose_format(fields.get("Accept"))
        except NotAcceptable:
            return None
        rendered = services.rendered.at_hand(page, format)
        if rendered is None:
            return None
        gzip = accepts_gzip(fields.get("Accept-Encoding"))
        head = page_head(
            page,
            format.content_type,
            rendered.etag_base,
            gzip=gzip,
            if_none_match=fields.get("If-None-Match"),
            public=True,
            now=services.clock(),
        )
        return _Answer(began, method, uri, fields, page, head, rendered.gzipped if gzip else rendered.body)

    def send(self, answer: _Answer, connection: HTTP1Connection) -> None:
        """Write the answer, and tell of it."""
        head = answer.head(self._common_headers()).encode("latin-1")
        if len(answer.content) <= SMALL_BYTES:
            taken = connection.write(head + answer.content)
        else:
            if not connection.stream.closed():
                connection.stream.write(head)
            taken = connection.write(answer.content)
        connection.finish()
        if not taken.done():  # a stopping server waits for slow clients
            self.services.requests.began()
            taken.add_done_callback(lambda _: self.services.requests.ended())
        answer.ended(connection, self.services)
        self.ends.ended(answer)

    def _common_headers(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._common = second, f"{_COMMON}Date: {format_timestamp(second)}\r\n"
        return self._common


class _Request(HTTPMessageDelegate):
    """A request that is being read: answered here when that is done, or handed on."""

    def __init__(self, pages: WarmPages, server_conn: object, connection: HTTP1Connection) -> None:
        self._pages = pages
        self._server_connection = server_conn
        self._connection = connection
        self._answer: _Answer | None = None
        self._other: HTTPMessageDelegate | None = None

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        assert isinstance(start_line, RequestStartLine)
        self._answer = self._pages.find(self._connection, start_line, headers)
        if self._answer is not None:
            return None
        self._other = self._pages.otherwise.start_request(self._server_connection, self._connection)
        return self._other.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._other.data_received(chunk) if self._other is not None else None

    def finish(self) -> None:
        if self._answer is not None:
            self._pages.send(self._answer, self._connection)
        elif self._other is not None:
            self._other.finish()

    def on_connection_close(self) -> None:
        if self._other is not None:
            self._other.on_connection_close()


class _Answer:
    """What is sent, and then the `LoggedRequest` that has ended with it."""

    __slots__ = (
        *("_began", "_fields", "_head", "client", "content", "method", "outcome", "path", "project", "seconds", "sent"),
        *("status", "subject", "upstream"),
    )

    route = ProjectHandler.route
    filename = ""

    def __init__(
        self, began: float, method: str, path: str, fields: dict[str, str], page: ProjectPage, head: Head, body: bytes
    ) -> None:
        self._began = began
        self._fields = fields
        self.method = method
        self.path = path
        self.project = self.subject = page.project
        self.outcome = page.freshness.value
        self.upstream = page.upstream
        self.status, self._head = head
        self.content = b""
        if self.status == HTTPStatus.OK:
            self._head["Content-Length"] = str(len(body))
            if method != "HEAD":
                self.content = body
        self.sent = len(self.content)

    def head(self, common: str) -> str:
        """Status line and headers; nothing in them was chosen by a client, or by an upstream."""
        lines = [f"{name}: {value}\r\n" for name, value in self._head.items()]
        return f"{_STATUS_LINES[self.status]}{common}{''.join(lines)}\r\n"

    def ended(self, connection: HTTP1Connection, services: Services) -> None:
        """Everything was handed over."""
        self.seconds = time.time() - self._began
        remote = getattr(connection.context, "remote_ip", None) or "-"
        self.client = client_of(remote, self._fields, services.trusted_proxies)

    @property
    def agent(self) -> str:
        return self._fields.get("User-Agent", "")


def _fields(headers: HTTPHeaders) -> dict[str, str] | None:
    """The headers by their names; ``None`` where one is out of the ordinary, or there twice."""
    lines = list(headers.get_all())
    fields = dict(lines)
    if len(fields) != len(lines) or not _OUT_OF_THE_ORDINARY.isdisjoint(fields):
        return None
    goes_on = fields.get("Connection", "keep-alive").lower() == "keep-alive"
    return fields if goes_on and _is_host(fields.get("Host", "")) else None
