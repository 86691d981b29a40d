"""What is measured. A scenario is called once in each round, and measures both servers, the first one by turns.

*Warm*: the page or file has been asked for before. *Cold*: a pyproxy of its own with an empty cache; nginx has no
cache, so there a cold file is measured against asking nginx, pyproxy's upstream, directly.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import load
from load import JSON, WrongAnswer
from measure import cpu_seconds, memory_mb, settled_memory_mb, watched_loop, watched_memory
from results import Results
from servers import SLOW_RATE, Server, pyproxy
from tree import BIG_PAGES, HUGE, LARGE, MEGABYTE, SLOW, SMALL, Tree, big_page

T = TypeVar("T")

CLIENTS = 50
MICROSECONDS = 1_000_000
PAGE_HEADERS = {"Accept": JSON, "Accept-Encoding": "gzip"}


@dataclass(slots=True)
class Run:
    """What scenarios work with. ``seconds``: how long wrk asks for one URL."""

    scratch: Path
    tree: Tree
    nginx: Server
    warm: Server
    seconds: float
    uv: Callable[[], Path]
    results: Results = field(default_factory=Results)
    round: int = 0
    _cold_started: int = 0

    @contextlib.contextmanager
    def cold(self) -> Iterator[Server]:
        """A new pyproxy with an empty cache, which is removed afterwards."""
        self._cold_started += 1
        state = self.scratch / f"cold-{self._cold_started}"
        with pyproxy(state, self.nginx) as server:
            yield server
        shutil.rmtree(state)

    def both(self, measure: Callable[[Server], T]) -> tuple[T, T]:
        """``measure`` for pyproxy (warm) and for nginx; who comes first changes with the round."""
        if self.round % 2:
            theirs = measure(self.nginx)
            return measure(self.warm), theirs
        return measure(self.warm), measure(self.nginx)


def small_page(run: Run) -> None:
    """A page of one file."""
    urls = {server.name: server.page(SMALL) for server in (run.warm, run.nginx)}
    _rates(run, "warm page", "1 file", urls, PAGE_HEADERS)


def big_pages(run: Run) -> None:
    """Pages of 5,000 and 20,000 files, compressed; and the answer to who has them already."""
    for count in BIG_PAGES:
        urls = {server.name: server.page(big_page(count)) for server in (run.warm, run.nginx)}
        _rates(run, "warm page", f"{count:,} files", urls, PAGE_HEADERS)
        _not_modified(run, count)


def small_wheel(run: Run) -> None:
    """A wheel of 50 kB."""
    urls = {server.name: load.file_url(server.page(SMALL)) for server in (run.warm, run.nginx)}
    _rates(run, "warm file", "50 kB", urls, {})


def large_file(run: Run) -> None:
    """A file of 100 MB that has been asked for before."""
    size = run.tree.files[LARGE].size
    urls = {server.name: load.file_url(server.page(LARGE)) for server in (run.warm, run.nginx)}
    load.download(urls["pyproxy"], size)
    ours, theirs = run.both(lambda server: load.download(urls[server.name], size))
    _timings(run, "warm file", "100 MB", size, ours, theirs)


def cold_file(run: Run) -> None:
    """A file of 100 MB that nobody has asked for, at full speed and at 50 MB/s."""
    for project, speed in ((LARGE, ""), (SLOW, f", upstream at {SLOW_RATE.upper()}B/s")):
        size = run.tree.files[project].size
        theirs = load.download(load.file_url(run.nginx.page(project)), size)
        with run.cold() as server:
            ours = load.download(load.file_url(server.page(project)), size)
        _timings(run, "cold file", f"100 MB{speed}", size, ours, theirs)


def herd(run: Run) -> None:
    """50 clients at once on one file of 100 MB: pyproxy's cold, nginx's own."""
    file = run.tree.files[LARGE]
    with run.cold() as server:
        url = load.file_url(server.page(LARGE))
        before = _transfers(run, file.path)
        ours, timings = load.download_at_once(url, file.size, CLIENTS)
        transfers = _transfers(run, file.path) - before
    theirs, direct = load.download_at_once(load.file_url(run.nginx.page(LARGE)), file.size, CLIENTS)
    add, scenario = run.results.add, f"{CLIENTS} clients, one cold file of 100 MB"
    add(scenario, "until the last has it", "s", "low", pyproxy=ours, nginx=theirs)
    add(scenario, "slowest first byte", "ms", "low", pyproxy=1000 * max(timing.first_byte for timing in timings),
        nginx=1000 * max(timing.first_byte for timing in direct))
    add(scenario, "upstream transfers", "", "low", pyproxy=transfers)
    if run.round == 0:
        add(scenario, "right copies (sha256)", f"of {CLIENTS}", "high", pyproxy=_right_copies(run))


def installation(run: Run) -> None:
    """``uv pip install`` of 100 small wheels, uv's own cache empty."""
    uv, names = run.uv(), run.tree.installed
    if run.round == 0:
        load.install(uv, run.warm.url + "/simple/", names, run.scratch)
    ours, theirs = run.both(lambda server: load.install(uv, server.url + "/simple/", names, run.scratch))
    run.results.add("uv pip install", f"{len(names)} wheels, warm", "s", "low", pyproxy=ours, nginx=theirs)


def start(run: Run) -> None:
    """From the start of the process to the first answer, and the memory it has then."""
    with run.cold() as server:
        run.results.add("start", "to the first /healthz", "s", "low", pyproxy=server.started_in)
        idle = settled_memory_mb(server)
        run.results.add("memory", "idle", "MB", "low", pyproxy=idle)


def huge_file(run: Run) -> None:
    """The memory that a file of 1 GB takes, cold and warm, and how long the event loop stands still meanwhile."""
    size = run.tree.files[HUGE].size
    label = f"{size / (1000 * MEGABYTE):g} GB"
    with watched_loop(run.nginx) as theirs:
        direct = load.download(load.file_url(run.nginx.page(HUGE)), size)
    with run.cold() as server:
        url = load.file_url(server.page(HUGE))
        for state in ("cold", "warm"):
            idle = settled_memory_mb(server)
            with watched_memory(server) as memory, watched_loop(server) as loop:
                timing = load.download(url, size)
                time.sleep(0.5)  # what follows the last byte (fsync, rename) counts as well
            what = f"{label} {state}"
            run.results.add("memory", f"growth during {what}", "MB", "low", pyproxy=memory.most - idle)
            run.results.add("longest stall", f"during {what}", "ms", "low", pyproxy=loop.most, nginx=theirs.most)
            run.results.add(f"{state} file", f"{label}: total", "s", "low", pyproxy=timing.total, nginx=direct.total)


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
    run.results.add("cold page", f"{BIG_PAGES[-1]:,} files: total", "s", "low", pyproxy=ours, nginx=direct)
    run.results.add("memory", f"growth during a cold {what}", "MB", "low", pyproxy=memory.most - before)
    run.results.add("longest stall", f"during a cold {what}", "ms", "low", pyproxy=loop.most, nginx=theirs.most)


SCENARIOS: dict[str, Callable[[Run], None]] = {
    "small-page": small_page,
    "big-pages": big_pages,
    "small-wheel": small_wheel,
    "large-file": large_file,
    "cold-file": cold_file,
    "cold-page": cold_page,
    "herd": herd,
    "install": installation,
    "start": start,
    "huge-file": huge_file,
}


def _rates(run: Run, scenario: str, what: str, urls: dict[str, str], headers: dict[str, str]) -> None:
    def ask(server: Server) -> tuple[load.Rate, float]:
        before = cpu_seconds(server)
        rate = load.wrk(urls[server.name], seconds=run.seconds, headers=headers)
        return rate, MICROSECONDS * (cpu_seconds(server) - before) / rate.requests

    (ours, our_cpu), (theirs, their_cpu) = run.both(ask)
    add = run.results.add
    add(scenario, what, "req/s", "high", pyproxy=ours.per_second, nginx=theirs.per_second)
    add(scenario, f"{what}: p99", "ms", "low", pyproxy=ours.p99_ms, nginx=theirs.p99_ms)
    add(scenario, f"{what}: CPU per request", "µs", "low", pyproxy=our_cpu, nginx=their_cpu)


def _not_modified(run: Run, count: int) -> None:
    def ask_again(server: Server) -> load.Rate:
        url = server.page(big_page(count))
        headers = {**PAGE_HEADERS, "If-None-Match": load.get(url, PAGE_HEADERS).headers["etag"]}
        return load.wrk(url, seconds=run.seconds, headers=headers, status=304)

    ours, theirs = run.both(ask_again)
    add, what = run.results.add, f"{count:,} files: 304"
    add("warm page", what, "req/s", "high", pyproxy=ours.per_second, nginx=theirs.per_second)
    add("warm page", f"{what}: p99", "ms", "low", pyproxy=ours.p99_ms, nginx=theirs.p99_ms)


def _timings(run: Run, scenario: str, what: str, size: int, ours: load.Timing, theirs: load.Timing) -> None:
    add = run.results.add
    add(scenario, f"{what}: first byte", "ms", "low", pyproxy=1000 * ours.first_byte, nginx=1000 * theirs.first_byte)
    add(scenario, f"{what}: total", "s", "low", pyproxy=ours.total, nginx=theirs.total)
    add(scenario, f"{what}: speed", "MB/s", "high", pyproxy=size / MEGABYTE / ours.total,
        nginx=size / MEGABYTE / theirs.total)


def _right_copies(run: Run) -> int:
    """A second herd, not timed: hashing 50 copies takes longer than to transfer them."""
    file = run.tree.files[LARGE]
    with run.cold() as server:
        _, timings = load.download_at_once(load.file_url(server.page(LARGE)), file.size, CLIENTS, hashed=True)
    right = sum(timing.sha256 == file.sha256 for timing in timings)
    if right != CLIENTS:
        raise WrongAnswer(f"{CLIENTS - right} of {CLIENTS} clients got other bytes")
    return right


def _transfers(run: Run, path: str) -> int:
    """How often nginx has sent the file; it writes the line when the last byte is out."""
    time.sleep(0.2)
    log = (run.nginx.state / "access.log").read_text()
    return sum(line.startswith(f"GET {path} 200 ") for line in log.splitlines())


def _seconds(action: Callable[[], load.Answer]) -> float:
    began = time.monotonic()
    if action().status != 200:
        raise WrongAnswer("the page was not answered with 200")
    return time.monotonic() - began
