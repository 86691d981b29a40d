"""Project managers through one pyproxy, each able to reach it and nobody else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from .. import venvs
from ..conftest import StartPyproxy
from ..recorder import Recorder
from ..server import PyproxyServer
from ..upstream_thread import UpstreamThread
from .catalogue import publish_catalogue
from .tool import Tool

AnyTool = TypeVar("AnyTool", bound=Tool)


class MakeTool(Protocol):
    """``make_tool(Poetry)``: a new user with a home, a project and caches of their own, all empty."""

    def __call__(self, kind: type[AnyTool], environ: Mapping[str, str] = {}) -> AnyTool: ...


@pytest.fixture
def pyproxy(start_pyproxy: StartPyproxy, upstream: UpstreamThread) -> PyproxyServer:
    """A server with ``upstream`` as its only upstream, whose pages stay fresh for the whole test."""
    return start_pyproxy({"name": "scripted", "url": upstream.url, "index_ttl": "10m"})


@pytest.fixture
def hashes(upstream: UpstreamThread) -> dict[str, str]:
    """Publishes the catalogue; the sha256 of its expected files."""
    return publish_catalogue(upstream)


@pytest.fixture
def make_tool(tmp_path: Path, recorder: Recorder) -> Iterator[MakeTool]:
    """See `MakeTool`. At the end of the test nobody may have asked anyone but pyproxy."""
    numbers = itertools.count(1)

    def make(kind: type[AnyTool], environ: Mapping[str, str] = {}) -> AnyTool:
        folder = tmp_path / f"{kind.program}{next(numbers)}"
        (folder / "project").mkdir(parents=True)
        return kind(venvs.kept(kind.requirements), folder, {**recorder.environ, **environ})

    yield make
    assert recorder.strangers == set()
