"""uv and pip as people use them, their own caches empty."""

from __future__ import annotations

from pathlib import Path

import contestants
import load
import poor_upstream
import servers
from results import OURS
from running import Run
from servers import Server


def installation(run: Run) -> None:
    """``uv pip install`` and ``pip download`` of 100 small wheels, the clients' own caches empty."""
    uv, names = _uv(), run.tree.installed
    pip = contestants.environment("pip", "pip") / "bin/python"
    what = f"{len(names)} wheels"

    def install(server: Server) -> float:
        return load.install(uv, server.index_url, names, run.scratch)

    def download(server: Server) -> float:
        return load.pip_download(pip, server.index_url, names, run.scratch)

    run.results.add("uv pip install", f"{what}, cold", "s", "low", run.each_cold(install))
    if run.results.round == 0:
        run.each(install)
    run.results.add("uv pip install", f"{what}, warm", "s", "low", run.each(install))
    run.results.add("pip download", f"{what}, warm", "s", "low", run.each(download))


def resolution(run: Run) -> None:
    """``uv pip compile`` of 100 projects whose upstream is 20 ms away and offers no metadata; uv's cache empty."""
    uv, count = _uv(), poor_upstream.PROJECTS

    def ask(server: Server) -> float:
        return load.resolve(uv, server.index_url, poor_upstream.ROOT, count, run.scratch)

    with run.state() as away, servers.poor_upstream(away) as upstream:
        direct = ask(upstream)
        with run.state() as directory, servers.pyproxy(directory, upstream) as server:
            before = int(load.get(f"{upstream.url}/sent").body)
            cold = ask(server)
            taken = int(load.get(f"{upstream.url}/sent").body) - before
            warm = ask(server)
    add, scenario = run.results.add, f"uv pip compile, {count} projects, no metadata upstream, 20 ms away"
    add(scenario, "cold", "s", "low", {OURS: cold})
    add(scenario, "cold, times direct", "", "low", {OURS: cold / direct})
    add(scenario, "warm, times direct", "", "low", {OURS: warm / direct})
    add(scenario, "taken from upstream per wheel", "kB", "low", {OURS: taken / 1000 / count})


def _uv() -> Path:
    return contestants.environment("uv", "uv") / "bin/uv"
