"""What the end-to-end tests share: clients, upstreams and servers, all stopped when a test ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from . import venvs
from .pypiserver import PypiServer
from .recorder import Recorder
from .runner import Client
from .server import PyproxyServer
from .upstream_thread import UpstreamThread

MakeClient = Callable[..., Client]
MakeUpstream = Callable[[], UpstreamThread]
MakePypiServer = Callable[..., PypiServer]
StartPyproxy = Callable[..., PyproxyServer]

JSON_PAGE = {"Accept": "application/vnd.pypi.simple.v1+json"}
"""What asks for a page as installers do."""


@pytest.fixture
def running() -> Iterator[ExitStack]:
    """Whatever is entered here is stopped at the end of the test, last started first."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def make_client(tmp_path: Path) -> MakeClient:
    """``make_client(environ={})``: a new user with empty caches and an empty environment to install into."""
    installers = venvs.kept(venvs.INSTALLERS)
    numbers = itertools.count(1)

    def make(environ: Mapping[str, str] | None = None) -> Client:
        return Client(installers, tmp_path / f"client{next(numbers)}", environ or {})

    return make


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    """A first user; ``make_client`` makes more."""
    return make_client()


@pytest.fixture
def make_upstream(running: ExitStack) -> MakeUpstream:
    """``make_upstream()``: one more running scripted upstream."""
    return lambda: running.enter_context(UpstreamThread())


@pytest.fixture
def upstream(make_upstream: MakeUpstream) -> UpstreamThread:
    """A first scripted upstream, empty."""
    return make_upstream()


@pytest.fixture
def start_pyproxy(running: ExitStack, tmp_path: Path) -> StartPyproxy:
    """``start_pyproxy(*upstreams, **sections)``: a running server; an upstream is a mapping as in pyproxy.yaml.

    No upstreams: ``upstreams:`` is left out and the built-in one is used.
    """
    numbers = itertools.count(1)

    def start(*upstreams: Mapping[str, Any], machine_network: bool = False, **sections: Any) -> PyproxyServer:
        config = {**sections, "upstreams": [dict(upstream) for upstream in upstreams]} if upstreams else sections
        server = PyproxyServer(tmp_path / f"pyproxy{next(numbers)}", config, machine_network=machine_network)
        running.callback(lambda: print(server.log))  # pytest shows it where a test failed
        return running.enter_context(server)

    return start


@pytest.fixture
def pyproxy(start_pyproxy: StartPyproxy, upstream: UpstreamThread) -> PyproxyServer:
    """A server with ``upstream`` as its only upstream, whose pages are asked for again at every request."""
    return start_pyproxy({"name": "scripted", "url": upstream.url, "index_ttl": "0s", "missing_ttl": "0s"})


@pytest.fixture
def make_pypiserver(running: ExitStack, tmp_path: Path) -> MakePypiServer:
    """``make_pypiserver(fallback=False)``: a pypiserver, not started yet, stopped at the end of the test."""
    venv = venvs.kept(venvs.PYPISERVER)
    numbers = itertools.count(1)

    def make(*, fallback: bool = False) -> PypiServer:
        server = PypiServer(tmp_path / f"pypiserver{next(numbers)}", venv, fallback=fallback)
        running.callback(server.kill)
        return server

    return make


@pytest.fixture
def recorder(running: ExitStack, pyproxy: PyproxyServer) -> Recorder:
    """Writes down what a client with ``recorder.environ`` asks, and lets it reach ``pyproxy`` only."""
    return running.enter_context(Recorder(f"127.0.0.1:{pyproxy.port}"))
