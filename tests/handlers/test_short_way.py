"""What is answered below the handlers, and what is handed on to them as it came."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import jinja2
import pytest
import tornado.web
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, RequestStartLine
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets

from pyproxy.admin.history.client_requests import EndedRequest
from pyproxy.handlers.access_log import AccessLog
from pyproxy.handlers.base import Services
from pyproxy.handlers.request_ends import RequestEnds
from pyproxy.handlers.short_way import SMALL_BYTES, ShortWay
from pyproxy.handlers.warm_pages import find_page
from pyproxy.repositories.base import ProjectPage
from pyproxy.repositories.rendering import Coded
from pyproxy.repositories.resolution import Freshness
from pyproxy.repositories.workshop import Workshop
from pyproxy.simple.model import NormalizedName
from pyproxy.simple.negotiate import Format
from pyproxy.simple.work import Rendered
from tests.waiting import until

NOW = 1_800_000_000.0
JSON = Format.JSON_V1.value

HUGE_BYTES = 100 * SMALL_BYTES
RENDERED = {
    "demo": Rendered(b"plain", b"compressed", "etag"),
    "huge": Rendered(b"plain" * (HUGE_BYTES // 5), b"zip" * (HUGE_BYTES // 3), "etag"),
}


class HandedOn(tornado.web.RequestHandler):
    """Stands for the whole application: 418, with what came."""

    SUPPORTED_METHODS = (*tornado.web.RequestHandler.SUPPORTED_METHODS, "PROPFIND")  # type: ignore[assignment]

    def prepare(self) -> None:
        self.set_status(418)
        self.finish(f"{self.request.method} {self.request.uri} {self.request.body.decode()}")


class AtHand:
    """A repository that knows two pages."""

    def __init__(self, pages: dict[str, ProjectPage]) -> None:
        self.pages = pages

    def at_hand(self, project: str) -> ProjectPage | None:
        return self.pages.get(project)


class Front:
    """The server, and what it told of requests."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.ended: list[EndedRequest] = []
        ends = RequestEnds(AccessLog("text"), lambda *counted: None, self.ended.append)
        other = tornado.web.Application([(r".*", HandedOn)], log_function=lambda handler: None)
        self.way = ShortWay(services, ends, other, [find_page])
        self.server = HTTPServer(self.way)
        sockets = bind_sockets(0, "127.0.0.1", socket.AF_INET)
        self.port: int = sockets[0].getsockname()[1]
        self.server.add_sockets(sockets)

    async def statuses(self, *requests: bytes) -> list[int]:
        """Of requests that are sent at once, on one connection."""
        async with client(self, *requests) as (reader, _):
            statuses = []
            for request in requests:
                head = await reader.readuntil(b"\r\n\r\n")
                statuses.append(int(head.split(b" ", 2)[1]))
                if not request.startswith(b"HEAD") and statuses[-1] != 400:
                    await reader.readexactly(length_of(head))
            return statuses


def length_of(head: bytes) -> int:
    return int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])


class Kept:
    """Rendered pages: of each, the JSON alone."""

    def __init__(self, rendered: dict[str, Rendered]) -> None:
        self._rendered = rendered

    def at_hand(self, page: ProjectPage, format: Format, *, gzip: bool) -> Coded | None:
        if format is not Format.JSON_V1:
            return None
        rendered = self._rendered[page.project]
        return Coded(rendered.gzipped if gzip else rendered.body, rendered.etag_base)


def page_of(project: str) -> ProjectPage:
    def never() -> bytes:
        raise AssertionError("what is rendered is not rendered again")

    return ProjectPage(
        project=NormalizedName(project),
        upstream="first",
        tag="tag",
        body=never,
        freshness=Freshness.HIT,
        fresh_until=NOW + 100,
    )


@asynccontextmanager
async def running() -> AsyncIterator[Front]:
    """A server in front of a small page and a huge one, both known, fresh, and rendered as JSON."""
    workshop = Workshop()
    services = Services(
        repository=AtHand({project: page_of(project) for project in RENDERED}),  # type: ignore[arg-type]
        rendered=Kept(RENDERED),  # type: ignore[arg-type]
        workshop=workshop,
        templates=jinja2.Environment(autoescape=True),
        clock=lambda: NOW,
        admit=lambda header: None,
    )
    front = Front(services)
    yield front
    front.server.stop()
    await front.server.close_all_connections()
    workshop.close()


@asynccontextmanager
async def client(front: Front, *requests: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which these were sent, and that goes away in the end; what it does not read stays unread."""
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port, limit=1024)
    writer.write(b"".join(requests))
    yield reader, writer
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def request(line: str = "GET /simple/demo/ HTTP/1.1", *headers: str, accept: str = JSON, body: str = "") -> bytes:
    lines = [line, "Host: pypi.example.org:8080", f"Accept: {accept}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


WARM = {
    "a page": request(),
    "its head alone": request("HEAD /simple/demo/ HTTP/1.1"),
    "a connection that is kept by name": request("GET /simple/demo/ HTTP/1.1", "Connection: Keep-Alive"),
    "a page that the client may have": request("GET /simple/demo/ HTTP/1.1", 'If-None-Match: "other"'),
    "several formats": request(accept=f"text/html;q=0.1, {JSON}"),
}

HANDED_ON = {
    "an unknown project": request("GET /simple/unknown/ HTTP/1.1"),
    "another spelling": request("GET /simple/Demo/ HTTP/1.1"),
    "an encoded spelling": request("GET /simple/dem%6f/ HTTP/1.1"),
    "no final slash": request("GET /simple/demo HTTP/1.1"),
    "two final slashes": request("GET /simple/demo// HTTP/1.1"),
    "a query": request("GET /simple/demo/?format=x HTTP/1.1"),
    "an empty query": request("GET /simple/demo/? HTTP/1.1"),
    "a query that ends in a slash": request("GET /simple/demo?/ HTTP/1.1"),
    "the list": request("GET /simple/ HTTP/1.1"),
    "a whole address": request("GET http://pypi.example.org:8080/simple/demo/ HTTP/1.1"),
    "another method": request("DELETE /simple/demo/ HTTP/1.1"),
    "an unknown method": request("PROPFIND /simple/demo/ HTTP/1.1"),
    "a body": request("GET /simple/demo/ HTTP/1.1", "Content-Length: 4", body="body"),
    "a chunked body": request("GET /simple/demo/ HTTP/1.1", "Transfer-Encoding: chunked", body="0\r\n\r\n"),
    "an old client": request("GET /simple/demo/ HTTP/1.0", "Connection: keep-alive"),
    "a format that is not rendered": request(accept="text/html"),
    "a format that there is not": request(accept="image/png"),
    "a header that is there twice": request("GET /simple/demo/ HTTP/1.1", "Accept: text/html"),
    "a server": request("GET /simple/demo/ HTTP/1.1", "CDN-Loop: pyproxy-0123456789abcdef"),
}


async def test_what_is_at_hand_is_answered_and_everything_else_handed_on_on_one_connection() -> None:
    async with running() as front:
        for name, warm in WARM.items():
            assert await front.statuses(warm, *HANDED_ON.values(), warm) == [200, *[418] * len(HANDED_ON), 200], name


@pytest.mark.parametrize("connection", ["close", "upgrade", "keep-alive, x"])
async def test_what_may_end_a_connection_is_handed_on(connection: str) -> None:
    async with running() as front:
        assert await front.statuses(request("GET /simple/demo/ HTTP/1.1", f"Connection: {connection}")) == [418]


@pytest.mark.parametrize("host", ["", "Host:\r\n", "Host: a b\r\n", "Host: a, b\r\n", "Host: a\r\nHost: b\r\n"])
async def test_a_wrong_host_is_refused_as_ever(host: str) -> None:
    """An empty one is allowed (RFC 9110 section 7.2)."""
    async with running() as front:
        status = await front.statuses(f"GET /simple/demo/ HTTP/1.1\r\n{host}Accept: {JSON}\r\n\r\n".encode())
        assert status == ([418] if host == "Host:\r\n" else [400])


async def test_a_host_that_is_too_long_to_be_one_is_left_to_others() -> None:
    async with running() as front:
        lines = f"GET /simple/demo/ HTTP/1.1\r\nHost: {'a' * 301}\r\nAccept: {JSON}\r\n\r\n"
        assert await front.statuses(lines.encode()) == [418]


async def test_nothing_is_answered_without_the_credentials_that_are_wanted() -> None:
    async with running() as front:
        front.services.readers = object()  # type: ignore[assignment]
        assert await front.statuses(request()) == [418]


async def test_a_server_that_keeps_no_connections_hands_everything_on() -> None:
    """Its answers say so, and the application's do."""
    async with running() as front:
        front.server.conn_params.no_keep_alive = True
        assert await front.statuses(request()) == [418]


async def test_another_chain_of_components_is_used_at_once() -> None:
    async with running() as front:
        assert await front.statuses(request()) == [200]
        front.services.repository = AtHand({})  # type: ignore[assignment]
        assert await front.statuses(request()) == [418]


async def test_a_client_that_goes_away_is_under_way_no_more() -> None:
    async with running() as front:
        async with client(front, request("GET /simple/huge/ HTTP/1.1")):
            await until(lambda: front.services.requests.count == 1)
            assert len(front.ended) == 1  # told of when all was handed over, as with handlers
        await until(lambda: front.services.requests.count == 0)


async def test_a_client_that_does_not_read_is_answered_no_further() -> None:
    async with running() as front, client(front, *[request("GET /simple/huge/ HTTP/1.1")] * 5):
        await until(lambda: front.services.requests.count == 1)
        assert await front.statuses(request()) == [200]
        assert [each.project for each in front.ended] == ["huge", "demo"]


@pytest.mark.parametrize("project", ["demo", "huge"])
async def test_a_client_may_be_gone_when_it_is_answered(project: str) -> None:
    async with running() as front:
        ours, theirs = socket.socketpair()
        theirs.close()
        connection = HTTP1Connection(IOStream(ours), False)
        delegate = front.way.start_request(None, connection)
        headers = HTTPHeaders({"Host": "a", "Accept": JSON})
        delegate.headers_received(RequestStartLine("GET", f"/simple/{project}/", "HTTP/1.1"), headers)
        connection.close()
        delegate.finish()
        await until(lambda: len(front.ended) == 1)
        assert front.services.requests.count == 0


async def test_clients_that_do_not_read_share_one_body() -> None:
    async with running() as front, contextlib.AsyncExitStack() as clients:
        tracemalloc.start()
        try:
            for _ in range(8):
                await clients.enter_async_context(client(front, request("GET /simple/huge/ HTTP/1.1")))
            await until(lambda: front.services.requests.count == 8)
            assert tracemalloc.get_traced_memory()[1] < HUGE_BYTES
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize("project", ["demo", "huge"])
async def test_a_body_of_any_size_arrives_whole(project: str, coding: str) -> None:
    ask = request(f"GET /simple/{project}/ HTTP/1.1", f"Accept-Encoding: {coding}")
    async with running() as front, client(front, ask, ask) as (reader, _):
        rendered = RENDERED[project]
        for _ in range(2):
            length = length_of(await reader.readuntil(b"\r\n\r\n"))
            body = await reader.readexactly(length)
            assert body == (rendered.gzipped if coding == "gzip" else rendered.body)
            assert front.ended[-1].sent == length
