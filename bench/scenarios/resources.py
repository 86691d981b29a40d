"""What a server takes: its start, its memory, the stalls of its loop, and what more processes cost."""

from __future__ import annotations

import time

import load
import servers
from measure import cpu_seconds, settled_memory_mb, wait_until_idle, watched_loop, watched_memory
from results import OURS
from running import Run
from servers import Server
from tree import HUGE, MEGABYTE, SMALL

from scenarios.figures import FEW_CLIENTS, PAGE_HEADERS, clients_at_once, gigabytes, split


def start(run: Run) -> None:
    """From the start of the process to the first answer, and the memory it has then."""
    found = run.each_cold(lambda server: (server.started_in, settled_memory_mb(server)), direct=False)
    seconds, memory = split(found)
    run.results.add("start", "to the first answer", "s", "low", seconds)
    run.results.add("memory", "idle", "MB", "low", memory)


def huge_file(run: Run) -> None:
    """The memory that files of 1 GB take, cold and warm, and how long the event loop stands still meanwhile."""
    size, label = run.tree.files[HUGE].size, gigabytes(run)
    with watched_loop(run.nginx) as theirs:
        direct = load.download(load.file_url(run.nginx.page(HUGE)), size)
    with run.cold() as server:
        url = load.file_url(server.page(HUGE))
        for state, clients in (("cold", 1), ("warm", 1), ("warm", FEW_CLIENTS)):
            idle = settled_memory_mb(server)
            with watched_memory(server) as memory, watched_loop(server) as loop:
                total, _ = load.download_at_once(url, size, clients)
                time.sleep(0.5)  # what follows the last byte (fsync, rename) counts as well
            what = f"{label} {state}, {clients_at_once(clients)}"
            run.results.add("memory", f"growth during {what}", "MB", "low", {OURS: memory.most - idle})
            stalls = {OURS: loop.most, **({"nginx": theirs.most} if clients == 1 else {})}
            run.results.add("longest stall", f"during {what}", "ms", "low", stalls)
            if state == "cold":
                run.results.add("cold file", f"{label}: total", "s", "low", {OURS: total, "nginx": direct.total})
    _several_files(run)


def _several_files(run: Run) -> None:
    """Eight different files at once, cold and then warm, through a pyproxy of their own."""
    names, size = run.tree.several, run.tree.files[run.tree.several[0]].size

    def ask(server: Server) -> float:
        total, _ = load.download_all([load.file_url(server.page(name)) for name in names], size)
        return len(names) * size / MEGABYTE / total

    ask(run.nginx)  # from here on the system has them in memory, for whoever asks first
    with run.cold() as server:
        load.get(server.page(SMALL), PAGE_HEADERS)
        for state in ("cold", "warm"):
            with watched_loop(run.nginx) as theirs:
                direct = ask(run.nginx)
            idle = settled_memory_mb(server)
            with watched_memory(server) as memory, watched_loop(server) as loop:
                speed = ask(server)
                time.sleep(0.5)
            what = f"{len(names)} different files of {size / (1000 * MEGABYTE):g} GB, {state}"
            add = run.results.add
            add("memory", f"growth during {what}", "MB", "low", {OURS: memory.most - idle})
            add("longest stall", f"during {what}", "ms", "low", {OURS: loop.most, "nginx": theirs.most})
            add(f"{state} file", what, "MB/s", "high", {OURS: speed, "nginx": direct})


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


def _requests_per_cpu_second(run: Run, server: Server) -> float:
    url = server.page(SMALL)
    wait_until_idle(server)
    load.wrk(url, seconds=1, headers=PAGE_HEADERS)  # so that each of them has it
    before = cpu_seconds(server)
    rate = load.wrk(url, seconds=run.seconds, headers=PAGE_HEADERS)
    return rate.requests / (cpu_seconds(server) - before)
