"""Files: warm and cold, one client and many."""

from __future__ import annotations

import statistics
import time

import load
from load import WrongAnswer
from measure import cpu_seconds
from results import OURS
from running import Run
from servers import SLOW_RATE, Server
from tree import HUGE, LARGE, MEGABYTE, SLOW, SMALL

from scenarios.figures import FEW_CLIENTS, clients_at_once, gigabytes, of, rates

CLIENTS = 50
MEASURED_BYTES = 3000 * MEGABYTE
"""What each server sends in a round before its speed is believed: a second of its work, or somewhat more."""


def small_wheel(run: Run) -> None:
    """A wheel of 50 kB."""
    rates(run, "warm file", "50 kB", lambda server: load.file_url(server.page(SMALL)), {})


def large_file(run: Run) -> None:
    """Files of 100 MB and 1 GB that have been asked for before, by one client and by eight at once."""
    for project, label in ((LARGE, "100 MB"), (HUGE, gigabytes(run))):
        for clients in (1, FEW_CLIENTS):
            scenario = f"{label}, {clients_at_once(clients)}"
            speed, cpu = _speeds(run, project, clients)
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


def _speeds(run: Run, project: str, clients: int) -> tuple[dict[str, float], dict[str, float]]:
    """MB/s of all clients together, the median of several transfers, and the server's processor seconds per GB.

    One transfer of 100 MB is over in 50 ms, which any other process on the machine can double. So each server has
    enough of them for a second or more, one after the other has had its turn.
    """
    size = run.tree.files[project].size
    times = 1 if run.quick else max(1, round(MEASURED_BYTES / (size * clients)))

    def ask(server: Server) -> tuple[float, float]:
        url = load.file_url(server.page(project))
        before = cpu_seconds(server)
        total, _ = load.download_at_once(url, size, clients)
        return total, cpu_seconds(server) - before

    run.each(lambda server: load.download(load.file_url(server.page(project)), size), only_fast=True)
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(times):
        for name, seen in run.each(ask, only_fast=True).items():
            found.setdefault(name, []).append(seen)
    megabytes = size * clients / MEGABYTE
    speed = of(found, lambda seen: megabytes / statistics.median(seconds for seconds, _ in seen))
    return speed, of(found, lambda seen: sum(cpu for _, cpu in seen) / len(seen) / (megabytes / 1000))


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
