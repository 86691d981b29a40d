"""Prefetches beside no server or beside one, from a scripted upstream, in the test's own loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from pyproxy.admin.prefetch.model import Asked, Outcome, Report
from pyproxy.admin.prefetch.prefetching import Prefetching, prepare
from pyproxy.admin.prefetch.sources import read_source
from pyproxy.app.opened import opened
from pyproxy.requirements.fitting import Formats
from pyproxy.requirements.targets import make_targets
from pyproxy.settings import UpstreamSettings
from tests.http.conftest import clock, other, start_proxy, upstream
from tests.http.proxy import Clock, make_config
from tests.upstream_server import UpstreamServer

__all__ = ["clock", "other", "start_proxy", "upstream"]

LINUX = ("manylinux_2_28_x86_64",)

Prefetch = Callable[..., Awaitable[Report]]


@pytest.fixture
def prefetch(tmp_path: Path, clock: Clock, upstream: UpstreamServer) -> Prefetch:
    """``await prefetch("line\\nline")``: a requirements file with these lines; ``name=`` for another kind of file.

    ``more`` are further files; ``pythons``, ``platforms`` and ``asked``, the fields of `Asked`; other keywords are
    settings as for ``make_config``.
    """

    async def run(
        text: str,
        *,
        name: str = "requirements.txt",
        more: Mapping[str, str] = MappingProxyType({}),
        pythons: tuple[str, ...] = ("3.12",),
        platforms: tuple[str, ...] = LINUX,
        asked: dict[str, Any] | None = None,
        upstreams: tuple[UpstreamServer, ...] = (),
        **settings: Any,
    ) -> Report:
        files = {name: text, **more}
        for each, content in files.items():
            (tmp_path / each).write_text(content, encoding="utf-8")
        how = Asked(targets=make_targets(pythons, platforms), **(asked or {}))
        named = zip(("first", "second"), upstreams or (upstream,), strict=False)
        served = [UpstreamSettings(name=name, url=server.url) for name, server in named]
        config = make_config(tmp_path / "storage", served, **settings)
        sources = [read_source(str(tmp_path / each), {}, Formats()) for each in files]
        asking, report = prepare(how, sources)
        async with opened(config, {}, clock=clock, create=True) as here:
            resources = here.resources
            prefetching = Prefetching(
                here.chain.current, resources.workshop, resources.files, how, report, max_size=config.storage.max_size
            )
            await prefetching.run(asking)
        return report

    return run


def states(report: Report) -> dict[str, str]:
    """The outcome of each file, by its name; of what has none, by project."""
    return {outcome.filename or outcome.project: outcome.state for outcome in report.outcomes}


def failed(report: Report) -> Outcome:
    """The one that could not be had."""
    (outcome,) = report.of("failed")
    return outcome
