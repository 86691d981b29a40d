"""Several processes behind one port: they serve, are replaced, and leave nobody behind."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.command import CHECKOUT, Command, children_of, is_running, until
from tests.app.conftest import RunCommand
from tests.distributions import make_wheel
from tests.http.proxy import JSON
from tests.upstream_server import UpstreamServer


async def start_two(run_command: RunCommand, upstream: UpstreamServer | None = None) -> tuple[Command, list[int]]:
    """A server with two workers that both have begun to serve; their process ids."""
    command = await run_command("--workers", "2", upstream=upstream).listens()
    assert (await command.get("/healthz")).status == 200
    workers = children_of(command.pid)
    assert len(workers) == 2
    return command, workers


def descendants(pids: list[int]) -> list[int]:
    """The processes and all that they started."""
    return [*pids, *(child for pid in pids for child in descendants(children_of(pid)))]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_all_of_them(
    number: signal.Signals, upstream: UpstreamServer, run_command: RunCommand
) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    command, workers = await start_two(run_command, upstream)
    for _ in range(6):
        assert (await command.get("/simple/demo/")).status == 200
        assert (await command.get(f"/files/demo/{filename}")).body == content
    everybody = descendants(workers)
    command.signal(number)
    assert await command.ended() == 0
    assert not [pid for pid in everybody if is_running(pid)]
    assert "Traceback" not in command.output


async def test_workers_that_worked_on_a_big_page_end_without_warnings(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """The process for big pages leaves nothing behind that Python would complain about."""
    files = [{"filename": f"demo-{n}.zip", "url": f"/f/demo-{n}.zip", "hashes": {}} for n in range(10_000)]
    page = {"meta": {"api-version": "1.0"}, "name": "demo", "files": files}
    upstream.set_page("demo", json.dumps(page).encode(), JSON)
    command, workers = await start_two(run_command, upstream)
    assert (await command.get("/simple/demo/")).status == 200
    everybody = descendants(workers)
    assert len(everybody) > 2
    assert await command.stop() == 0
    await until(lambda: not any(is_running(pid) for pid in everybody))
    assert "Warning" not in command.output
    assert "resource_tracker" not in command.output


async def test_fifty_clients_of_two_workers_get_the_same_cold_file(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """Page, metadata and file, at one storage; each file is fetched once, a page once by each (F4, pain 17)."""
    filename, content, metadata = make_wheel("demo", "1.0", size=2_000_000)
    upstream.add_file("demo", filename, content, metadata=metadata)
    command, _ = await start_two(run_command, upstream)
    path = f"/files/demo/{hashlib.sha256(content).hexdigest()}/{filename}"
    for address, body in ((path + ".metadata", metadata), (path, content), (path, content)):
        answers = await asyncio.gather(*(command.get(address) for _ in range(50)))
        assert {(answer.status, answer.body) for answer in answers} == {(200, body)}
    assert upstream.count("/simple/") <= 2
    assert upstream.count(f"/packages/demo/{filename}", "GET") == 2, "the wheel and its metadata, once each"
    assert await command.stop() == 0
    assert "Traceback" not in command.output
    assert "locked" not in command.output


async def test_a_worker_that_was_killed_is_replaced(run_command: RunCommand) -> None:
    command, workers = await start_two(run_command)
    os.kill(workers[0], signal.SIGKILL)
    await until(lambda: workers[0] not in children_of(command.pid) and len(children_of(command.pid)) == 2)
    for _ in range(6):
        assert (await command.get("/simple/")).status == 200
    assert f"worker {workers[0]} died (killed by SIGKILL) and is replaced" in command.output
    replaced = children_of(command.pid)
    assert await command.stop() == 0
    assert not [pid for pid in [*workers, *replaced] if is_running(pid)]


async def test_workers_end_when_their_parent_was_killed(run_command: RunCommand) -> None:
    """Else they would keep the port and the storage from the next server."""
    command, workers = await start_two(run_command)
    os.kill(command.pid, signal.SIGKILL)
    await until(lambda: not any(is_running(pid) for pid in workers))
    command.process.wait()
    again, _ = await start_two(run_command)
    assert await again.stop() == 0


async def test_the_lock_names_the_parent_and_workers_share_it(run_command: RunCommand) -> None:
    first, _ = await start_two(run_command)
    second = run_command("--workers", "2")
    assert await second.ended() == 1
    assert f"process {first.pid}" in second.output
    assert len(second.output.splitlines()) == 1
    assert await first.stop() == 0


def test_workers_that_cannot_live_are_given_up() -> None:
    """With a sentence and a status, not with endless restarts."""
    program = (
        "from pyproxy.app.workers import supervise\n"
        "from pyproxy.app.notify import ServiceManager\n"
        "from pyproxy.app.signals import Signals\n"
        "from pyproxy.errors import StorageError, WorkersFailed\n"
        "def work(number, supervisor): raise StorageError('the disk is gone')\n"
        "try: supervise(2, work, Signals(), ServiceManager(None, ''))\n"
        "except WorkersFailed as error: print(error)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "10 workers died within a minute, the last with status 1: giving up\n"
    assert "the disk is gone" in ended.stderr
    assert "Traceback" not in ended.stderr


READY_LATE = """
import os, signal, time
from pathlib import Path
from pyproxy.app.signals import Signals
from pyproxy.app.workers import supervise

signals = Signals()

def wait(condition):
    while not condition():
        time.sleep(0.01)

def work(number, supervisor):
    if number == 0:
        supervisor.ready()
        Path("first").touch()
    else:
        wait(Path("first").exists)
        for times in (1, 2):  # the parent passes it on after it has looked who is ready
            os.kill(os.getppid(), signal.SIGHUP)
            wait(lambda: len(signals.rereads) == times)
        Path("second").touch()
        supervisor.ready()
    wait(lambda: signals.stops)

class Told:
    def ready(self):
        print("ready", Path("first").exists(), Path("second").exists())
        os.kill(os.getpid(), signal.SIGTERM)
    def stopping(self):
        print("stopping")

supervise(2, work, signals, Told())
"""


def test_they_are_ready_when_the_last_of_them_is(tmp_path: Path) -> None:
    assert run_program(READY_LATE, tmp_path).stdout == "ready True True\nstopping\n"


STOPPED_AT_ONCE = """
import os, signal
from pyproxy.app.notify import ServiceManager
from pyproxy.app.signals import Signals
from pyproxy.app.workers import supervise

class StopAtOnce(Signals):
    def __init__(self):
        super().__init__()
        self.stops.append(signal.SIGTERM)  # the parent stops its workers as soon as it has made them

def work(number, supervisor):
    while len(signals.stops) < 2:  # the one that was there before, and the one from the parent
        signal.sigtimedwait([], 0.01)

for _ in range(200):
    signals = StopAtOnce()
    supervise(1, work, signals, ServiceManager(None, ""))
"""


def test_a_worker_that_was_just_made_gets_its_signal(tmp_path: Path) -> None:
    """Python forgets, in a new process, what came to it before it was set up."""
    assert "does not stop" not in run_program(STOPPED_AT_ONCE, tmp_path).stderr


ORPHAN = """
import os, signal, time
from pyproxy.app.notify import ServiceManager
from pyproxy.app.signals import Signals
from pyproxy.app.workers import supervise

signals = Signals()
orphan = os.fork()
if orphan == 0:
    os._exit(3)

def is_there():
    try:
        os.kill(orphan, 0)
    except ProcessLookupError:
        return False
    return True

def work(number, supervisor):
    os.write(1, f"worker {number}\\n".encode())  # in one piece: they share the pipe
    if number == 0:
        while is_there():
            time.sleep(0.01)
        os.kill(os.getppid(), signal.SIGTERM)
    while not signals.stops:
        time.sleep(0.01)

supervise(2, work, signals, ServiceManager(None, ""))
"""


def test_a_process_that_is_no_worker_is_not_replaced_by_one(tmp_path: Path) -> None:
    """The first process of a container inherits the orphans of all others."""
    ended = run_program(ORPHAN, tmp_path)
    assert sorted(ended.stdout.splitlines()) == ["worker 0", "worker 1"]
    assert "died" not in ended.stderr


def run_program(program: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
