"""Processes that are closed at the end of each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.net.sharing.working import Worker

StartWorker = Callable[..., Worker]


@pytest.fixture
def worker(io_loop: IOLoop, tmp_path: Path) -> Iterator[StartWorker]:
    """``worker("a")``: one more process on the same storage directory; keywords are those of `Processes`."""
    started: list[Worker] = []

    def start(name: str, **seconds: float) -> Worker:
        started.append(Worker(tmp_path, name, **seconds))
        return started[-1]

    yield start
    for each in started:
        io_loop.run_sync(each.close)
