"""A scripted upstream in the test's loop, and the real command beside it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from tests.app.command import Command
from tests.upstream_server import UpstreamServer

RunCommand = Callable[..., Command]


@pytest.fixture
def upstream(io_loop: IOLoop) -> Iterator[UpstreamServer]:
    server = io_loop.run_sync(UpstreamServer.start)
    yield server
    io_loop.run_sync(server.stop)


@pytest.fixture
def run_command(tmp_path: Path) -> Iterator[RunCommand]:
    """``run_command("serve", "--workers", "2", PYPROXY_…="…", upstream=server)``: started in an empty directory;
    killed at the end of the test if it still runs."""
    started: list[Command] = []

    def run(
        *arguments: str,
        upstream: UpstreamServer | None = None,
        stdin: int = subprocess.DEVNULL,
        wrapper: Sequence[str] = (),
        **environment: Any,
    ) -> Command:
        directory = tmp_path / "run"
        directory.mkdir(exist_ok=True)
        if upstream is not None:
            configured = f"upstreams: [{{name: first, url: '{upstream.url}'}}]\n"
            (directory / "pyproxy.yaml").write_text(configured, encoding="utf-8")
        command = Command(directory, arguments, environment, number=len(started), stdin=stdin, wrapper=wrapper)
        started.append(command)
        return command

    yield run
    for command in started:
        command.kill()
