"""Project pages: warm ones by the second, a large cold one by what it stops."""

from __future__ import annotations

import time
from collections.abc import Callable

import load
from load import WrongAnswer
from measure import memory_mb, watched_loop, watched_memory
from results import OURS
from running import Run
from servers import Server
from tree import BIG_PAGES, SMALL, big_page

from scenarios.figures import PAGE_HEADERS, rates


def small_page(run: Run) -> None:
    """A page of one file."""
    rates(run, "warm page", "1 file", lambda server: server.page(SMALL), PAGE_HEADERS)
    _not_modified(run, "1 file", SMALL)


def big_pages(run: Run) -> None:
    """Pages of 5,000 and 20,000 files, compressed; and the answer to who has them already."""
    for count in BIG_PAGES:
        project, only_fast = big_page(count), count > BIG_PAGES[0]

        def url(server: Server, project: str = project) -> str:
            return server.page(project)

        rates(run, "warm page", f"{count:,} files", url, PAGE_HEADERS, only_fast=only_fast)
        _not_modified(run, f"{count:,} files", project, only_fast=only_fast)


def cold_page(run: Run) -> None:
    """A page of 20,000 files that nobody has asked for: how long it takes, and stops everything else."""
    project = big_page(BIG_PAGES[-1])
    with watched_loop(run.nginx) as theirs:
        direct = _seconds(lambda: load.get(run.nginx.page(project), PAGE_HEADERS))
    with run.cold() as server:
        load.get(server.page(SMALL), PAGE_HEADERS)
        before = memory_mb(server)
        with watched_loop(server) as loop, watched_memory(server) as memory:
            ours = _seconds(lambda: load.get(server.page(project), PAGE_HEADERS))
    what = f"page of {BIG_PAGES[-1]:,} files"
    add = run.results.add
    add("cold page", f"{BIG_PAGES[-1]:,} files: total", "s", "low", {OURS: ours, "nginx": direct})
    add("memory", f"growth during a cold {what}", "MB", "low", {OURS: memory.most - before})
    add("longest stall", f"during a cold {what}", "ms", "low", {OURS: loop.most, "nginx": theirs.most})


def _not_modified(run: Run, what: str, project: str, *, only_fast: bool = False) -> None:
    """The rate of 304s; whoever gives no ETag, or sends the page all the same, is left out."""
    def ask(server: Server) -> float | None:
        url = server.page(project)
        etag = load.get(url, PAGE_HEADERS).headers.get("etag")
        headers = {**PAGE_HEADERS, "If-None-Match": etag or ""}
        if etag is None or load.get(url, headers).status != 304:
            return None
        return load.wrk(url, seconds=run.seconds, headers=headers, status=304).per_second

    rates = {name: rate for name, rate in run.each(ask, only_fast=only_fast).items() if rate is not None}
    run.results.add("warm page", f"{what}: 304", "req/s", "high", rates)


def _seconds(action: Callable[[], load.Answer]) -> float:
    began = time.monotonic()
    if action().status != 200:
        raise WrongAnswer("the page was not answered with 200")
    return time.monotonic() - began
