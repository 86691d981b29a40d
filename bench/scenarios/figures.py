"""How figures are taken and taken apart, where pages and files are measured alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import load
from load import JSON
from measure import cpu_seconds
from running import Run
from servers import Server
from tree import HUGE, MEGABYTE

T = TypeVar("T")

FEW_CLIENTS = 8
MICROSECONDS = 1_000_000
PAGE_HEADERS = {"Accept": JSON, "Accept-Encoding": "gzip"}


def rates(
    run: Run,
    scenario: str,
    what: str,
    url_of: Callable[[Server], str],
    headers: dict[str, str],
    *,
    only_fast: bool = False,
    status: int = 200,
) -> None:
    """How many small answers a second each gives, the slowest of them, and what one costs its server."""
    def ask(server: Server) -> tuple[load.Rate, float]:
        url = url_of(server)
        load.get(url, headers)  # the first answer may be cold
        before = cpu_seconds(server)
        rate = load.wrk(url, seconds=run.seconds, headers=headers, status=status)
        return rate, MICROSECONDS * (cpu_seconds(server) - before) / rate.requests

    found, cpu = split(run.each(ask, only_fast=only_fast))
    add = run.results.add
    add(scenario, what, "req/s", "high", of(found, lambda rate: rate.per_second))
    add(scenario, f"{what}: p99", "ms", "low", of(found, lambda rate: rate.p99_ms))
    add(scenario, f"{what}: CPU per request", "µs", "low", cpu)


def split(found: Mapping[str, tuple[T, float]]) -> tuple[dict[str, T], dict[str, float]]:
    """Pairs by server, as two mappings by server."""
    return {name: each[0] for name, each in found.items()}, {name: each[1] for name, each in found.items()}


def of(found: Mapping[str, T], figure: Callable[[T], float]) -> dict[str, float]:
    """One figure of each server's findings."""
    return {name: figure(each) for name, each in found.items()}


def clients_at_once(count: int) -> str:
    """In words."""
    return f"{count} client{'s' if count > 1 else ''}"


def gigabytes(run: Run) -> str:
    """The size of the largest file, in words."""
    return f"{run.tree.files[HUGE].size / (1000 * MEGABYTE):g} GB"
