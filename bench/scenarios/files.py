"""Files: warm and cold, one client and many."""

from __future__ import annotations

import time

import load
from load import WrongAnswer
from measure import cpu_seconds
from results import OURS
from running import Run
from servers import SLOW_RATE, Server
from tree import HUGE, LARGE, MEGABYTE, SLOW, SMALL

from scenarios.figures import FEW_CLIENTS, clients_at_once, gigabytes, of, rates, split

CLIENTS = 50


def small_wheel(run: Run) -> None:
    """A wheel of 50 kB."""
    rates(run, "warm file", "50 kB", lambda server: load.file_url(server.page(SMALL)), {})


def large_file(run: Run) -> None:
    """Files of 100 MB and 1 GB that have been asked for before, by one client and by eight at once."""
    for project, label, counts in ((LARGE, "100 MB", (1, FEW_CLIENTS)), (HUGE, gigabytes(run), (1, FEW_CLIENTS))):
        size = run.tree.files[project].size
        for clients in counts:
            scenario = f"{label}, {clients_at_once(clients)}"
            urls = run.each(lambda server, project=project: load.file_url(server.page(project)), only_fast=True)
            found = run.each(
                lambda server, urls=urls, size=size, clients=clients: _speed(server, urls[server.name], size, clients),
                only_fast=True,
            )
            speed, cpu = split(found)
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
        add("cold file", f"{what}: first byte", "ms", "low", of(found, lambda timing: 1000 * timing.first_byte))
        add("cold file", f"{what}: total", "s", "low", of(found, lambda timing: timing.total))


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
    add(scenario, "until the last has it", "s", "low", of(found, lambda each: each[0]))
    add(scenario, "slowest first byte", "ms", "low", of(found, lambda each: each[1]))
    transfers = {name: each[2] for name, each in found.items() if name != "nginx"}
    add(scenario, "upstream transfers", "", "low", transfers)
    if run.results.round == 0:
        add(scenario, "right copies (sha256)", f"of {CLIENTS}", "high", {OURS: _right_copies(run)})


def _speed(server: Server, url: str, size: int, clients: int) -> tuple[float, float]:
    """MB/s of all clients together, and the server's processor seconds per GB."""
    load.download(url, size)
    before = cpu_seconds(server)
    total, _ = load.download_at_once(url, size, clients)
    cpu = (cpu_seconds(server) - before) / (size * clients / 1e9)
    return size * clients / MEGABYTE / total, cpu


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
