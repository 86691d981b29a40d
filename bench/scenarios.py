"""What is measured. A scenario is called once in each round; whom it asks first changes with the round.

*Warm*: the page or file has been asked for before. *Cold*: a server of its own with an empty cache; nginx has no
cache, so there a cold file is measured against asking nginx, everybody's upstream, directly.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import contestants
import load
import poor_upstream
import servers
from contestants import Contestant
from load import JSON, WrongAnswer
from measure import cpu_seconds, memory_mb, settled_memory_mb, wait_until_idle, watched_loop, watched_memory
from results import OURS, Results
from servers import SLOW_RATE, NotStarted, Server
from tree import BIG_PAGES, HUGE, LARGE, MEGABYTE, SLOW, SMALL, Tree, big_page

T = TypeVar("T")

CLIENTS = 50
FEW_CLIENTS = 8
MICROSECONDS = 1_000_000
PAGE_HEADERS = {"Accept": JSON, "Accept-Encoding": "gzip"}


@dataclass(slots=True)
class Run:
    """What scenarios work with. ``quick``: does everything work, rather than how fast.

    ``warm``: servers that run all the time, by name; nginx, with the tree, is ``nginx`` among them.
    """

    scratch: Path
    tree: Tree
    warm: dict[str, Server]
    peers: Sequence[Contestant]
    quick: bool
    results: Results = field(default_factory=Results)
    complaints: list[str] = field(default_factory=list)
    _started: int = 0

    @property
    def seconds(self) -> float:
        """How long wrk asks for one URL."""
        return 1 if self.quick else 3

    @property
    def known_files(self) -> int:
        """How many files a large cache knows."""
        return 10_000 if self.quick else 1_000_000

    @property
    def nginx(self) -> Server:
        """What serves the tree as files."""
        return self.warm["nginx"]

    @contextlib.contextmanager
    def state(self) -> Iterator[Path]:
        """A new directory, not made yet, which is removed afterwards."""
        self._started += 1
        directory = self.scratch / f"state-{self._started}"
        yield directory
        shutil.rmtree(directory, ignore_errors=True)

    @contextlib.contextmanager
    def cold(self) -> Iterator[Server]:
        """A new pyproxy with an empty cache."""
        with self.state() as directory, servers.pyproxy(directory, self.nginx) as server:
            yield server

    def each(self, measure: Callable[[Server], T], *, only_fast: bool = False) -> dict[str, T]:
        """``measure`` of every warm server, by name."""
        slow = {peer.name for peer in self.peers if peer.slow}
        names = [name for name in self._in_turn(list(self.warm)) if not (only_fast and name in slow)]
        found = {}
        for name in names:
            with self._forgiven(name):
                found[name] = measure(self.warm[name])
        return found

    def each_cold(self, measure: Callable[[Server], T], *, direct: bool = True) -> dict[str, T]:
        """``measure`` of each contestant started anew with an empty cache, and of nginx itself (``direct``).

        Slow ones take part in the first round only, and not in a quick run.
        """
        starts: dict[str, Callable[[Path], contextlib.AbstractContextManager[Server]]] = {
            OURS: lambda directory: servers.pyproxy(directory, self.nginx)
        }
        if direct:
            starts["nginx"] = lambda _: contextlib.nullcontext(self.nginx)
        for peer in self.peers:
            if not peer.slow or (self.results.round == 0 and not self.quick):
                starts[peer.name] = lambda directory, peer=peer: peer.start(directory, self.nginx)
        found = {}
        for name in self._in_turn(list(starts)):
            with self._forgiven(name), self.state() as directory, starts[name](directory) as server:
                found[name] = measure(server)
        return found

    def _in_turn(self, names: list[str]) -> list[str]:
        by = self.results.round % len(names)
        return names[by:] + names[:by]

    @contextlib.contextmanager
    def _forgiven(self, name: str) -> Iterator[None]:
        """What a peer cannot do is said and left out of the table; pyproxy and nginx have to."""
        try:
            yield
        except (WrongAnswer, NotStarted, OSError) as error:
            if name in (OURS, "nginx"):
                raise
            self.complaints.append(f"{name}: {str(error)[:300]}")
            print(f"{name} failed: {str(error)[:300]}", file=sys.stderr, flush=True)


def small_page(run: Run) -> None:
    """A page of one file."""
    _rates(run, "warm page", "1 file", lambda server: server.page(SMALL), PAGE_HEADERS)
    _not_modified(run, "1 file", SMALL)


def big_pages(run: Run) -> None:
    """Pages of 5,000 and 20,000 files, compressed; and the answer to who has them already."""
    for count in BIG_PAGES:
        project, only_fast = big_page(count), count > BIG_PAGES[0]

        def url(server: Server, project: str = project) -> str:
            return server.page(project)

        _rates(run, "warm page", f"{count:,} files", url, PAGE_HEADERS, only_fast=only_fast)
        _not_modified(run, f"{count:,} files", project, only_fast=only_fast)


def small_wheel(run: Run) -> None:
    """A wheel of 50 kB."""
    _rates(run, "warm file", "50 kB", lambda server: load.file_url(server.page(SMALL)), {})


def large_file(run: Run) -> None:
    """Files of 100 MB and 1 GB that have been asked for before, by one client and by eight at once."""
    for project, label, counts in ((LARGE, "100 MB", (1, FEW_CLIENTS)), (HUGE, _gigabytes(run), (1, FEW_CLIENTS))):
        size = run.tree.files[project].size
        for clients in counts:
            scenario = f"{label}, {clients} client{'s' if clients > 1 else ''}"
            urls = run.each(lambda server, project=project: load.file_url(server.page(project)), only_fast=True)
            found = run.each(
                lambda server, urls=urls, size=size, clients=clients: _speed(server, urls[server.name], size, clients),
                only_fast=True,
            )
            speed, cpu = _split(found)
            run.results.add("warm file", scenario, "MB/s", "high", speed)
            run.results.add("warm file", f"{scenario}: CPU per GB", "s", "low", cpu)


def cold_file(run: Run) -> None:
    """A file of 100 MB that nobody has asked for, at full speed and at 50 MB/s."""
    for project, speed in ((LARGE, ""), (SLOW, f", upstream at {SLOW_RATE.upper()}B/s")):
        size = run.tree.files[project].size

        def ask(server: Server, project: str = project, size: int = size) -> load.Timing:
            return load.download(load.file_url(server.page(project)), size)

        found = run.each_cold(ask)
        what = f"100 MB{speed}"
        add = run.results.add
        add("cold file", f"{what}: first byte", "ms", "low", _of(found, lambda timing: 1000 * timing.first_byte))
        add("cold file", f"{what}: total", "s", "low", _of(found, lambda timing: timing.total))


def herd(run: Run) -> None:
    """50 clients at once on one cold file of 100 MB; nginx has it."""
    file = run.tree.files[LARGE]

    def ask(server: Server) -> tuple[float, float, float]:
        url = load.file_url(server.page(LARGE))
        before = _transfers(run, file.path)
        total, timings = load.download_at_once(url, file.size, CLIENTS)
        return total, 1000 * max(timing.first_byte for timing in timings), _transfers(run, file.path) - before

    found = run.each_cold(ask)
    add, scenario = run.results.add, f"{CLIENTS} clients, one cold file of 100 MB"
    add(scenario, "until the last has it", "s", "low", _of(found, lambda each: each[0]))
    add(scenario, "slowest first byte", "ms", "low", _of(found, lambda each: each[1]))
    transfers = {name: each[2] for name, each in found.items() if name != "nginx"}
    add(scenario, "upstream transfers", "", "low", transfers)
    if run.results.round == 0:
        add(scenario, "right copies (sha256)", f"of {CLIENTS}", "high", {OURS: _right_copies(run)})


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


def start(run: Run) -> None:
    """From the start of the process to the first answer, and the memory it has then."""
    found = run.each_cold(lambda server: (server.started_in, settled_memory_mb(server)), direct=False)
    seconds, memory = _split(found)
    run.results.add("start", "to the first answer", "s", "low", seconds)
    run.results.add("memory", "idle", "MB", "low", memory)


def huge_file(run: Run) -> None:
    """The memory that files of 1 GB take, cold and warm, and how long the event loop stands still meanwhile."""
    size, label = run.tree.files[HUGE].size, _gigabytes(run)
    with watched_loop(run.nginx) as theirs:
        direct = load.download(load.file_url(run.nginx.page(HUGE)), size)
    with run.cold() as server:
        url = load.file_url(server.page(HUGE))
        for state, clients in (("cold", 1), ("warm", 1), ("warm", FEW_CLIENTS)):
            idle = settled_memory_mb(server)
            with watched_memory(server) as memory, watched_loop(server) as loop:
                total, _ = load.download_at_once(url, size, clients)
                time.sleep(0.5)  # what follows the last byte (fsync, rename) counts as well
            what = f"{label} {state}, {clients} client{'s' if clients > 1 else ''}"
            run.results.add("memory", f"growth during {what}", "MB", "low", {OURS: memory.most - idle})
            stalls = {OURS: loop.most, **({"nginx": theirs.most} if clients == 1 else {})}
            run.results.add("longest stall", f"during {what}", "ms", "low", stalls)
            if state == "cold":
                run.results.add("cold file", f"{label}: total", "s", "low", {OURS: total, "nginx": direct.total})


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


def workers(run: Run) -> None:
    """What a request costs with two processes, against one: of nginx too, for cores may share what makes them quick."""
    costs: dict[str, dict[int, float]] = {OURS: {}, "nginx": {}}
    for count in (1, 2):
        for name, start_with in (
            (OURS, lambda state, count=count: servers.pyproxy(state, run.nginx, workers=count)),
            ("nginx", lambda state, count=count: servers.nginx(state, run.tree.root, workers=count)),
        ):
            with run.state() as directory, start_with(directory) as server:
                costs[name][count] = _requests_per_cpu_second(run, server)
    figures = {name: by_count[2] / by_count[1] for name, by_count in costs.items()}
    run.results.add("two workers", "requests per CPU-second, times one's", "", "high", figures)


def growth(run: Run) -> None:
    """What a million known files of 100,000 projects change; in the first round, for it takes long to make them."""
    if run.results.round:
        return
    with run.state() as directory:
        servers.seed(directory, projects=run.known_files // 10, files=run.known_files)
        with servers.pyproxy(directory, run.nginx) as server:
            add, scenario = run.results.add, f"{run.known_files:,} known files"
            add(scenario, "start: to the first answer", "s", "low", {OURS: server.started_in})
            add(scenario, "memory, idle", "MB", "low", {OURS: settled_memory_mb(server)})
            for what, url_of in (
                ("warm page", lambda server: server.page(SMALL)),
                ("warm file", lambda server: load.file_url(server.page(SMALL))),
            ):
                ours, few = (
                    load.wrk(url_of(each), seconds=run.seconds, headers=PAGE_HEADERS).per_second
                    for each in (server, run.warm[OURS])
                )
                add(scenario, f"{what}: rate, times that with {len(run.tree.files)}", "", "high", {OURS: ours / few})


SCENARIOS: dict[str, Callable[[Run], None]] = {
    "small-page": small_page,
    "big-pages": big_pages,
    "small-wheel": small_wheel,
    "large-file": large_file,
    "cold-file": cold_file,
    "cold-page": cold_page,
    "herd": herd,
    "install": installation,
    "resolve": resolution,
    "start": start,
    "huge-file": huge_file,
    "workers": workers,
    "growth": growth,
}


def _uv() -> Path:
    return contestants.environment("uv", "uv") / "bin/uv"


def _gigabytes(run: Run) -> str:
    return f"{run.tree.files[HUGE].size / (1000 * MEGABYTE):g} GB"


def _rates(
    run: Run,
    scenario: str,
    what: str,
    url_of: Callable[[Server], str],
    headers: dict[str, str],
    *,
    only_fast: bool = False,
    status: int = 200,
) -> None:
    def ask(server: Server) -> tuple[load.Rate, float]:
        url = url_of(server)
        load.get(url, headers)  # the first answer may be cold
        before = cpu_seconds(server)
        rate = load.wrk(url, seconds=run.seconds, headers=headers, status=status)
        return rate, MICROSECONDS * (cpu_seconds(server) - before) / rate.requests

    rates, cpu = _split(run.each(ask, only_fast=only_fast))
    add = run.results.add
    add(scenario, what, "req/s", "high", _of(rates, lambda rate: rate.per_second))
    add(scenario, f"{what}: p99", "ms", "low", _of(rates, lambda rate: rate.p99_ms))
    add(scenario, f"{what}: CPU per request", "µs", "low", cpu)


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


def _speed(server: Server, url: str, size: int, clients: int) -> tuple[float, float]:
    """MB/s of all clients together, and the server's processor seconds per GB."""
    load.download(url, size)
    before = cpu_seconds(server)
    total, _ = load.download_at_once(url, size, clients)
    cpu = (cpu_seconds(server) - before) / (size * clients / 1e9)
    return size * clients / MEGABYTE / total, cpu


def _requests_per_cpu_second(run: Run, server: Server) -> float:
    url = server.page(SMALL)
    wait_until_idle(server)
    load.wrk(url, seconds=1, headers=PAGE_HEADERS)  # so that each of them has it
    before = cpu_seconds(server)
    rate = load.wrk(url, seconds=run.seconds, headers=PAGE_HEADERS)
    return rate.requests / (cpu_seconds(server) - before)


def _split(found: Mapping[str, tuple[T, float]]) -> tuple[dict[str, T], dict[str, float]]:
    return {name: each[0] for name, each in found.items()}, {name: each[1] for name, each in found.items()}


def _of(found: Mapping[str, T], figure: Callable[[T], float]) -> dict[str, float]:
    return {name: figure(each) for name, each in found.items()}


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
