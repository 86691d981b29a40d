"""uv and pip as people use them, their own caches empty: everything near, and with an upstream as far as most are."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import contestants
import installers
import load
import servers
from measure import cpu_seconds, wait_until_idle
from remote_upstream import GOOD, POOR
from results import OURS
from running import Run
from servers import Server


@dataclass(frozen=True, slots=True)
class Client:
    """``run`` as in ``installers``; ``repetitions``: how often it runs in a round, the shorter the more often."""

    name: str
    run: Callable[[str, Sequence[str], int, Path], float]
    repetitions: int


CLIENTS = (
    Client("uv pip install", installers.uv_pip_install, 3),
    Client("uv lock", installers.uv_lock, 3),
    Client("pip install", installers.pip_install, 1),
)
COMPILING = Client("uv pip compile", installers.uv_pip_compile, 3)


@dataclass(frozen=True, slots=True)
class Seen:
    """One repetition: seconds by whom the client asked, and what the upstream saw of a cold pyproxy meanwhile.

    ``cpu``: the processor seconds of that pyproxy, from the client's start to its end. ``bare`` is through Tornado and
    curl alone, ``cached`` through an empty cache of nginx.
    """

    direct: float
    cold: float
    warm: float
    nginx: float
    cpu: float
    requests: int
    connections: int
    wheel_bytes: int
    bare: float | None = None
    cached: float | None = None


def installation(run: Run) -> None:
    """``uv pip install`` and ``pip download`` of 100 small wheels out of nginx."""
    names = run.tree.installed
    what = f"{len(names)} wheels"

    def install(server: Server) -> float:
        return installers.uv_pip_install(server.index_url, names, len(names), run.scratch)

    def download(server: Server) -> float:
        return installers.pip_download(server.index_url, names, len(names), run.scratch)

    run.results.add("uv pip install", f"{what}, cold", "s", "low", run.each_cold(install))
    if run.results.round == 0:
        run.each(install)
    run.results.add("uv pip install", f"{what}, warm", "s", "low", run.each(install))
    run.results.add("pip download", f"{what}, warm", "s", "low", run.each(download))


def remote(run: Run) -> None:
    """What 100 projects that need each other take of an upstream 20 ms away, good or poor, against asking it."""
    for number, client in enumerate(CLIENTS):
        # A quick run asks each kind of upstream, and by each client, but not each by each.
        for form in (GOOD, POOR) if not run.quick else (GOOD, POOR)[number % 2 :][:1]:
            _rows(run, f"{client.name}, {form} upstream 20 ms away", _compared(run, client, form))


def resolution(run: Run) -> None:
    """``uv pip compile`` of the same, where the upstream offers no metadata: how much is read of wheels for it."""
    scenario, seen = f"{COMPILING.name}, {POOR} upstream 20 ms away", _compared(run, COMPILING, POOR)
    _rows(run, scenario, seen)
    taken = statistics.median(each.wheel_bytes for each in seen) / 1000 / len(run.tree.needing)
    run.results.add(scenario, "cold: taken from upstream per wheel", "kB", "low", {OURS: taken})


def _rows(run: Run, scenario: str, seen: Sequence[Seen]) -> None:
    def median(figure: Callable[[Seen], float]) -> float:
        return statistics.median(figure(each) for each in seen)

    add = run.results.add
    add(scenario, "cold", "s", "low", {OURS: median(lambda each: each.cold)})
    add(scenario, "cold, times direct", "", "low", {OURS: median(lambda each: each.cold / each.direct)})
    for name, taken in (("Tornado and curl alone", "bare"), ("nginx cache alone", "cached")):
        others = [getattr(each, taken) / each.direct for each in seen if getattr(each, taken) is not None]
        if others:
            add(scenario, f"cold, times direct: {name}", "", "low", {OURS: statistics.median(others)})
    warm = {OURS: median(lambda each: each.warm), "nginx": median(lambda each: each.nginx)}
    add(scenario, "warm", "s", "low", warm)
    cpu = median(lambda each: each.cpu / each.requests)
    add(scenario, "cold: CPU per upstream request", "ms", "low", {OURS: 1000 * cpu})
    add(scenario, "cold: upstream requests", "", "low", {OURS: median(lambda each: each.requests)})
    per_connection = median(lambda each: each.requests / each.connections)
    add(scenario, "cold: requests per connection", "", "high", {OURS: per_connection})


def _compared(run: Run, client: Client, form: str) -> list[Seen]:
    """The client asks all in turn, again and again: a second is easily doubled by what else the machine does."""
    names = run.tree.needing

    def ask(server: Server) -> float:
        return client.run(server.index_url, names[:1], len(names), run.scratch)

    with run.state() as away, servers.remote_upstream(away, run.tree.root, form) as upstream:
        if run.quick:
            return [_repetition(run, ask, upstream, 0, form)]
        ask(run.nginx)  # the first of all reads the client itself from the disk
        return [_repetition(run, ask, upstream, number, form) for number in range(client.repetitions)]


def _repetition(run: Run, ask: Callable[[Server], float], upstream: Server, number: int, form: str) -> Seen:
    taken: dict[str, float] = {}
    seen = {}

    def direct() -> None:
        taken["direct"] = ask(upstream)

    def ours() -> None:
        with run.cold(upstream) as server:
            before, cpu = _counts(upstream), cpu_seconds(server)
            taken["cold"] = ask(server)
            after, taken["cpu"] = _counts(upstream), cpu_seconds(server) - cpu
            wait_until_idle(server)
            taken["warm"] = ask(server)
        seen.update({name: after[name] - before[name] for name in after})

    def nginx() -> None:
        taken["nginx"] = ask(run.nginx)

    def bare() -> None:
        with run.state() as directory, servers.bare_proxy(directory, upstream) as server:
            taken["bare"] = ask(server)

    def cached() -> None:
        with run.state() as directory, contestants.caching_nginx(directory, upstream) as server:
            taken["cached"] = ask(server)

    turns = [direct, ours, nginx]
    if form == GOOD:  # of a poor one they would pass on pages with which clients do something else
        turns += [bare, cached]
    by = (run.results.round + number) % len(turns)
    for turn in turns[by:] + turns[:by]:
        turn()
    return Seen(**taken, **seen)


def _counts(upstream: Server) -> dict[str, int]:
    found: dict[str, int] = json.loads(load.get(f"{upstream.url}/counts").body)
    return found
