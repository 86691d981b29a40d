"""``pyproxy explain`` as a process of its own: beside the running server, after its end, and without permission."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from tests.app.command import CHECKOUT
from tests.app.conftest import RunCommand
from tests.distributions import make_wheel
from tests.http.calls import address
from tests.upstream_server import Corrupt, Portal, UpstreamServer
from tests.waiting import eventually

FILENAME, CONTENT, _ = make_wheel("demo", "1.0")
PATH = address("demo", FILENAME, CONTENT)


async def explained(run_command: RunCommand, *arguments: str) -> Any:
    """The JSON document that the command prints."""
    command = run_command("explain", *arguments, "--json")
    assert await command.ended() == 0, command.output
    return json.loads(command.output)


async def recorded(run_command: RunCommand, *arguments: str) -> list[Any]:
    """The failures that the command finds, once there are any."""
    failures: list[Any] = []

    async def found() -> bool:
        document = await explained(run_command, *arguments)
        failures[:] = [failure for upstream in document["upstreams"] for failure in upstream["failures"]]
        return bool(failures)

    await eventually(found)
    return failures


async def test_another_process_finds_what_went_wrong_while_the_server_runs_and_after_it_was_killed(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """(pain 30) (F1)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Corrupt())
    server = await run_command(upstream=upstream).listens()
    await server.get(PATH)
    (failure,) = await recorded(run_command, "demo", FILENAME)
    server.kill()
    (after,) = await recorded(run_command, "demo", FILENAME)
    assert failure == after
    assert (failure["filename"], failure["kind"], failure["over_at"]) == (FILENAME, "hash mismatch", None)
    assert await (await run_command(upstream=upstream).listens()).stop() == 0
    assert await recorded(run_command, "demo", FILENAME) == [failure]


async def test_several_workers_write_one_record(upstream: UpstreamServer, run_command: RunCommand) -> None:
    upstream.behave("/simple/", Portal())
    server = await run_command("serve", "--workers", "2", upstream=upstream).listens()
    for _ in range(6):
        await server.get("/simple/demo/")
    (failure,) = await recorded(run_command, "demo")
    assert (failure["route"], failure["kind"]) == ("page", "invalid answer")
    assert await server.stop() == 0


async def test_a_rest_that_a_killed_server_left_is_told_as_such(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    server = await run_command(upstream=upstream).listens()
    await upstream.stop()
    for project in ("a", "b", "c"):
        await server.get(f"/simple/{project}/")

    async def is_told() -> bool:
        (view,) = (await explained(run_command, "demo"))["upstreams"]
        return view["rest"] is not None

    await eventually(is_told)
    (view,) = (await explained(run_command, "demo"))["upstreams"]
    assert view["rest"]["reason"] == "refused the connection"
    assert view["rest"]["is_current"]
    assert view["rest"]["next_probe_at"] is not None
    assert await server.stop() == 0
    (view,) = (await explained(run_command, "demo"))["upstreams"]
    assert view["rest"] is None, "a server that stops rests no more"


async def test_the_servers_files_are_not_changed_by_looking(upstream: UpstreamServer, run_command: RunCommand) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    server = await run_command(upstream=upstream).listens()
    await server.get(PATH)
    await explained(run_command, "demo", FILENAME)
    requests = len(upstream.requests)
    document = await explained(run_command, "demo", FILENAME)
    assert len(upstream.requests) == requests, "nobody is asked"
    assert (document["state"], document["owner"], document["file"]["state"]) == ("served", "first", "cached")
    assert (await server.get(PATH)).body == CONTENT
    assert await server.stop() == 0


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="needs root, who can give files to another user"
)
def test_a_user_who_may_only_read_gets_one_clear_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    Database.open(data / DATABASE_NAME).close()
    for path in (data, *data.rglob("*")):
        os.chown(path, 65534, 65534)
        path.chmod(0o755 if path.is_dir() else 0o644)
    ended = subprocess.run(
        ["setpriv", "--bounding-set=-all", sys.executable, "-m", "pyproxy", "explain", "demo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    (line,) = ended.stderr.splitlines()
    assert "data/pyproxy.sqlite3" in line
    assert "give it to the user that runs pyproxy" in line


async def test_a_terminal_gets_colours_and_wrapped_sentences(upstream: UpstreamServer, run_command: RunCommand) -> None:
    server = await run_command(upstream=upstream).listens()
    assert await server.stop() == 0
    main, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pyproxy", "explain", "demo"),
        cwd=server.directory,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm-256color", "COLUMNS": "40", "LINES": "40"},
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    output = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes to it any more
        while chunk := await asyncio.to_thread(os.read, main, 65536):
            output += chunk
    os.close(main)
    assert await process.wait() == 0
    text = output.decode()
    assert "\x1b[1m" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "Nothing is known of demo" in plain
    assert max(len(line) for line in plain.splitlines()) <= 40
