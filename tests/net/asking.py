"""What the tests of ``pyproxy.net`` ask with: an upstream, a connection to it, and a receiver that remembers."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from pyproxy.net.connection import CONNECTIONS, UpstreamConnection
from pyproxy.net.fetcher import PageFetcher
from pyproxy.net.response import ResponseHead
from pyproxy.settings import UpstreamSettings
from tests.upstream_server import UpstreamServer

USER_AGENT = "pyproxy/0 (+https://pyproxy.example.org)"
WHOLE = 10_000_000


class Collected:
    """A receiver that keeps everything."""

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self._body = bytearray()

    @property
    def body(self) -> bytes:
        """What has arrived so far."""
        return bytes(self._body)

    def started(self, response: ResponseHead) -> None:
        assert self.head is None, "only one hop may reach the receiver"
        self.head = response

    def write(self, data: bytes) -> None:
        self._body += data


@asynccontextmanager
async def running(tls: ssl.SSLContext | None = None) -> AsyncIterator[UpstreamServer]:
    """A scripted upstream that is stopped at the end."""
    server = await UpstreamServer.start(tls)
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def connected(
    url: str,
    environ: Mapping[str, str] | None = None,
    /,
    *,
    clock: Callable[[], float] = time.monotonic,
    connections: int = CONNECTIONS,
    **settings: Any,
) -> Iterator[UpstreamConnection]:
    """A connection for an upstream named ``acme`` at this URL, closed at the end."""
    connection = UpstreamConnection(
        UpstreamSettings(name="acme", url=url, **settings),
        environ=environ or {},
        user_agent=USER_AGENT,
        clock=clock,
        connections=connections,
    )
    try:
        yield connection
    finally:
        connection.close()


async def get(connection: UpstreamConnection, url: str, **options: Any) -> Collected:
    """One request, as for a file."""
    collected = Collected()
    head = await connection.request(url, receiver=collected, **{"kind": "file", **options})
    assert head is collected.head
    return collected


def fetcher(connection: UpstreamConnection, index_url: str, *, limit: int = WHOLE, now: float = 0.0) -> PageFetcher:
    """A page fetcher whose clock stands still."""
    return PageFetcher(connection, index_url, "acme", max_page_size=limit, clock=lambda: now)
