"""Scripted upstreams and the proxy in front of them, stopped at the end of each test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from pyproxy.settings import UpstreamSettings
from tests.http.proxy import Clock, Proxy, make_config
from tests.upstream_server import UpstreamServer

StartProxy = Callable[..., Awaitable[Proxy]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def upstream(io_loop: IOLoop) -> Iterator[UpstreamServer]:
    """The more trusted upstream."""
    server = io_loop.run_sync(UpstreamServer.start)
    yield server
    io_loop.run_sync(server.stop)


@pytest.fixture
def other(io_loop: IOLoop) -> Iterator[UpstreamServer]:
    """The upstream that is asked after it."""
    server = io_loop.run_sync(UpstreamServer.start)
    yield server
    io_loop.run_sync(server.stop)


@pytest.fixture
def start_proxy(io_loop: IOLoop, tmp_path: Path, clock: Clock) -> Iterator[StartProxy]:
    """``await start_proxy(upstream, other, …)``: servers become upstreams named ``first``, ``second``; settings of
    an upstream can be given as `UpstreamSettings`; keywords are settings of the cache."""
    running: list[Proxy] = []

    async def start(*upstreams: UpstreamServer | UpstreamSettings, **cache: Any) -> Proxy:
        names = iter(("first", "second", "third"))
        settings = [
            given if isinstance(given, UpstreamSettings) else UpstreamSettings(name=next(names), url=given.url)
            for given in upstreams
        ]
        pauses, tls = cache.pop("rest_pauses", None), cache.pop("tls", None)
        proxy = Proxy(make_config(tmp_path / "storage", settings, **cache), clock, {})
        proxy.tls = tls
        if pauses is not None:
            proxy.rest_pauses = pauses
        running.append(proxy)
        await proxy.start()
        return proxy

    yield start
    for proxy in running:
        io_loop.run_sync(proxy.stop)
