"""``/metrics`` of a server with several processes: whoever answers tells of all of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pyproxy.app.shared_figures import VARIABLE, count_in, shared_folder
from tests.app.command import Command, children_of, until
from tests.app.conftest import RunCommand
from tests.http.wire import RawAnswer


async def served_pages(command: Command) -> float:
    """How many answers at ``/healthz`` are counted, by all processes together."""
    return sample(await command.get("/metrics"), b'pyproxy_requests_total{outcome="-",route="health",status="200"} ')


def sample(answer: RawAnswer, name: bytes) -> float:
    """The value of a line that begins so; 0 where there is none."""
    lines = answer.body.splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0.0)


async def test_requests_add_up_over_the_workers_and_a_death_takes_nothing_from_them(run_command: RunCommand) -> None:
    command = await run_command("--workers", "2").serves(2)  # which has asked once
    for _ in range(19):
        assert (await command.get("/healthz")).status == 200
    assert {await served_pages(command) for _ in range(6)} == {20.0}

    victim, _ = children_of(command.pid)
    os.kill(victim, signal.SIGKILL)
    await until(lambda: victim not in children_of(command.pid) and len(children_of(command.pid)) == 2)
    assert {await served_pages(command) for _ in range(6)} == {20.0}


async def test_refused_connections_add_up_over_the_workers(run_command: RunCommand) -> None:
    command = await run_command("--workers", "2", PYPROXY_SERVER__MAX_CONNECTIONS="2").serves(2)
    kept = [await command.connect() for _ in range(8)]
    refused = 0
    for reader, writer in kept:
        writer.write(b"GET /simple/ HTTP/1.1\r\nHost: test\r\n\r\n")
        refused += b" 503 " in await reader.readline()
    assert refused >= 4, "each takes two"
    for _, writer in kept:
        writer.close()
        await writer.wait_closed()
    seen = 0
    while seen < 4:  # by one or the other, which may not yet have noticed that there is room
        answer = await command.get("/metrics")
        if answer.status == 503:
            refused += 1
            continue
        assert sample(answer, b'pyproxy_refused_connections_total{reason="too many"} ') == refused
        seen += 1


async def test_a_new_start_counts_from_nothing_again(run_command: RunCommand) -> None:
    command = await run_command("--workers", "2").listens()
    assert (await command.get("/healthz")).status == 200
    assert await command.stop() == 0
    again = await run_command("--workers", "2").listens()
    assert await served_pages(again) == 0.0


async def test_a_setting_of_the_environment_meant_for_other_programs_changes_nothing(run_command: RunCommand) -> None:
    """Prometheus' own library is steered by it, for any program of the container."""
    command = await run_command(PROMETHEUS_MULTIPROC_DIR="/nowhere").listens()
    assert (await command.get("/healthz")).status == 200
    assert await served_pages(command) == 1.0


async def test_what_is_counted_has_its_room_on_the_disk_from_the_beginning(run_command: RunCommand) -> None:
    """Else the first value that comes on a full disk kills the worker (SIGBUS)."""
    command = await run_command().serves(1)
    assert (await command.get("/metrics")).status == 200
    files = [path.stat() for path in (command.directory / "data" / "metrics").iterdir()]
    assert [file.st_blocks * 512 >= file.st_size > 0 for file in files] == [True] * 4


def test_where_there_is_no_room_to_share_a_worker_counts_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere")
    count_in(tmp_path / "gone", 0)
    assert shared_folder() is None
    assert "no room to share" in caplog.text
