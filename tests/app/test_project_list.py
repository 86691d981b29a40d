"""The list of projects with several processes at one storage directory, and across kills."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal

from tests.app.command import PATIENT, Command, children_of, until
from tests.app.conftest import RunCommand
from tests.http.proxy import JSON
from tests.http.wire import RawAnswer
from tests.upstream_server import Hold, UpstreamServer

LIST = {"meta": {"api-version": "1.0"}, "projects": [{"name": f"project-{n:05}"} for n in range(20_000)]}
SETTINGS = {"PYPROXY_PROJECT_LIST": "upstream", **PATIENT}


async def listed(command: Command) -> RawAnswer:
    return await command.get("/simple/", headers=f"Accept: {JSON}\r\n")


async def test_two_workers_fetch_the_list_once_and_serve_the_same(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """(F4, pain 2)"""
    upstream.set_list(json.dumps(LIST).encode(), JSON)
    command = await run_command("--workers", "2", upstream=upstream, **SETTINGS).serves(2)
    answers = await asyncio.gather(*(listed(command) for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(json.loads(answers[0].body)["projects"]) == 20_000
    assert len(upstream.requests) == 1
    assert await command.stop() == 0
    assert "Traceback" not in command.output


async def test_a_worker_that_is_killed_while_it_makes_the_list_keeps_nobody_from_making_it(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    upstream.set_list(json.dumps(LIST).encode(), JSON)
    hold = Hold(asyncio.Event(), after=1000)
    upstream.behave("/simple/", hold, times=1)
    command = await run_command("--workers", "2", upstream=upstream, **SETTINGS).serves(2)
    waiting = [asyncio.create_task(_attempt(command)) for _ in range(8)]
    await hold.reached.wait()
    workers = children_of(command.pid)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    await asyncio.gather(*waiting)
    await until(lambda: len(set(children_of(command.pid)) - set(workers)) == 2)
    answer = await listed(command)
    assert len(json.loads(answer.body)["projects"]) == 20_000
    storage = command.directory / "data"
    assert len(list((storage / "lists").iterdir())) == 6
    assert await command.stop() == 0


async def _attempt(command: Command) -> None:
    with contextlib.suppress(ConnectionError, ValueError, IndexError):  # cut off, when the server is killed
        await listed(command)


async def test_a_stop_is_not_held_up_by_a_list_that_does_not_come(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    hold = Hold(asyncio.Event(), after=1)
    upstream.set_list(json.dumps(LIST).encode(), JSON)
    upstream.behave("/simple/", hold)
    command = await run_command("serve", upstream=upstream, **SETTINGS).listens()
    waiting = asyncio.create_task(_attempt(command))
    await hold.reached.wait()
    waiting.cancel()
    assert await command.stop() == 0
    assert "Traceback" not in command.output
    assert "never retrieved" not in command.output
