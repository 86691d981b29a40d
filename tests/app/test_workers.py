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

from pyproxy.app.lifecycle import CLOSE_SECONDS, FINISH_SECONDS
from pyproxy.app.workers import STOP_SECONDS
from tests.app.command import CHECKOUT, PATIENT, Command, children_of, is_running, until
from tests.app.conftest import RunCommand
from tests.distributions import make_wheel
from tests.http.proxy import JSON
from tests.upstream_server import UpstreamServer


async def start_two(run_command: RunCommand, upstream: UpstreamServer | None = None) -> tuple[Command, list[int]]:
    """A server with two workers that both have begun to serve; their process ids."""
    command = await run_command("--workers", "2", upstream=upstream, **PATIENT).serves(2)
    return command, children_of(command.pid)


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


def test_what_ends_them_keeps_the_promise_of_ten_seconds() -> None:
    """Whatever is under way, and however busy a machine is on which tests wait for longer."""
    assert FINISH_SECONDS + CLOSE_SECONDS < STOP_SECONDS < 10


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
    command.process.wait()
    again, _ = await start_two(run_command)  # which waits for them
    assert not any(is_running(pid) for pid in workers)
    assert await again.stop() == 0


async def test_a_worker_that_is_alone_is_replaced_too_and_no_request_is_lost(run_command: RunCommand) -> None:
    """The supervisor holds the port: whoever comes meanwhile waits for the next worker."""
    command = await run_command().serves(1)
    (worker,) = children_of(command.pid)
    os.kill(worker, signal.SIGKILL)
    await until(lambda: not is_running(worker))  # it may take one more connection before it dies
    assert (await command.get("/healthz")).status == 200
    assert await command.stop() == 0
    assert f"worker {worker} died (killed by SIGKILL) and is replaced" in command.output


async def test_the_lock_names_the_parent_and_workers_share_it(run_command: RunCommand) -> None:
    first, _ = await start_two(run_command)
    second = run_command("--workers", "2")
    assert await second.ended() == 1
    assert f"process {first.pid}" in second.output
    assert len(second.output.splitlines()) == 1
    assert await first.stop() == 0


PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from pyproxy.app.notify import ServiceManager
from pyproxy.app.orders import Order
from pyproxy.app.signals import SupervisorSignals
from pyproxy.app.worker_process import WorkerProcess
from pyproxy.app.workers import Workers
from pyproxy.errors import WorkersFailed

signals = SupervisorSignals()

def launch(number, occasion, speaks):
    order = Order(number=number, occasion=occasion, speaks=speaks, name="", process=os.getpid(), started_at=0.0,
                  sockets=(), lock=2, held={}, path=None, text=None)
    return WorkerProcess([sys.executable, "-c", WORKER], order, dict(os.environ))

class Manager(ServiceManager):
    def ready(self):
        print("ready", *sorted(path.name for path in Path().iterdir()), flush=True)
    def reloading(self):
        print("reloading", flush=True)

workers = Workers(
    launch, signals, Manager(None, ""), read_again=lambda: lambda: None, adapt=lambda report: None,
    forget=lambda number: print("forgot", number, flush=True), close=lambda: None,
)
"""
"""A supervisor whose workers are small programs."""

WORKER = """
import os, time
from pathlib import Path
from pyproxy.app.orders import Report, Supervised
from pyproxy.app.signals import WorkerSignals
supervised = Supervised.of(os.environ)
signals = WorkerSignals()
order = supervised.order
"""


def supervise(worker: str, program: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the program, whose workers do what ``worker`` says."""
    source = f"WORKER = {WORKER + worker!r}\n{PROGRAM}\n{program}"
    return subprocess.run(
        [sys.executable, "-c", source],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def test_workers_that_cannot_live_are_given_up(tmp_path: Path) -> None:
    """With a sentence and a status, not with endless restarts."""
    worker = """
if order.occasion == "start":
    supervised.report(Report(workers=2))
else:
    supervised.report(Report(failure="the disk is gone"))
    raise SystemExit(1)
time.sleep(60)
"""
    program = "try: workers.run()\nexcept WorkersFailed as error: print(error)"
    ended = supervise(worker, program, tmp_path)
    assert ended.stdout.splitlines()[-1] == "10 workers died within a minute, the last with status 1: giving up"
    assert ended.stderr.count("the disk is gone") == 10
    assert "Traceback" not in ended.stderr


def test_a_replacement_that_cannot_begin_is_tried_again_while_others_serve(tmp_path: Path) -> None:
    worker = """
tries = len(list(Path().glob("try*")))
if order.occasion == "more":
    Path(f"try{tries}").touch()
if 1 <= tries <= 3:
    supervised.report(Report(failure="the folder is gone"))
    raise SystemExit(1)
supervised.report(Report(workers=2))
time.sleep(60)
"""
    program = """
import pyproxy.app.workers
pyproxy.app.workers.PAUSE_SECONDS, pyproxy.app.workers.DEATHS_LIMIT = 0.01, 3
Manager.ready = lambda self: os.kill(workers._places[1].pid, signal.SIGKILL)
attend = workers._attend

def attend_until_all_serve(seconds):
    attend(seconds)
    if Path("try4").exists() and all(worker.serves for worker in workers._places):
        os.kill(os.getpid(), signal.SIGTERM)

workers._attend = attend_until_all_serve
workers.run()
"""
    ended = supervise(worker, program, tmp_path)
    assert ended.stderr.count("the folder is gone") == 3
    assert ended.stderr.count("and is replaced") == 4


@pytest.mark.parametrize(
    ("worker", "error"),
    [
        ("supervised.report(Report(failure='it is wrong', usage=True))", "ConfigurationError it is wrong"),
        ("supervised.report(Report(failure='it is full'))", "WorkersFailed it is full"),
        ("raise SystemExit(3)", "WorkersFailed a new worker ended with status 3 before it served"),
        ("supervised.control.send(b'{}x\\n')", "WorkersFailed a worker of this version speaks another language"),
    ],
)
def test_what_keeps_the_first_from_serving_ends_the_start(worker: str, error: str, tmp_path: Path) -> None:
    program = "try: workers.run()\nexcept Exception as error: print(type(error).__name__, error)"
    assert error in supervise(worker, program, tmp_path).stdout


def test_they_are_ready_when_the_last_of_them_is(tmp_path: Path) -> None:
    worker = """
if order.number == 1:
    Path("second").touch()
supervised.report(Report(workers=2))
time.sleep(60)
"""
    program = """
manager_ready = Manager.ready
Manager.ready = lambda self: (manager_ready(self), os.kill(os.getpid(), signal.SIGTERM))
workers.run()
"""
    assert supervise(worker, program, tmp_path).stdout.startswith("ready second\n")


def test_a_stop_that_comes_while_they_start_ends_them(tmp_path: Path) -> None:
    """None may miss its signal, however young it is."""
    program = """
for _ in range(8):
    os.kill(os.getpid(), signal.SIGTERM)
    workers.run()
    signals.stops.clear()
"""
    ended = supervise("time.sleep(60)", program, tmp_path)
    assert ended.stdout == "forgot 0\n" * 8
    assert ended.stderr == ""


def test_a_reload_that_finds_no_process_keeps_the_old_ones(tmp_path: Path) -> None:
    worker = """
supervised.report(Report(workers=1))
time.sleep(60)
"""
    program = """
def refuse(number, occasion, speaks):
    os.kill(os.getpid(), signal.SIGTERM)
    raise BlockingIOError(11, "Resource temporarily unavailable")

def ready(self):
    workers._launch = refuse
    os.kill(os.getpid(), signal.SIGHUP)

Manager.ready = ready
workers.run()
"""
    ended = supervise(worker, program, tmp_path)
    assert "the system makes no process for another worker (Resource temporarily unavailable)" in ended.stderr
    assert ended.stdout == "reloading\nforgot 0\n"


def test_a_worker_that_does_not_come_to_serve_is_ended_and_the_old_one_stays(tmp_path: Path) -> None:
    worker = """
if order.occasion == "start":
    supervised.report(Report(workers=1))
time.sleep(60)
"""
    program = """
import pyproxy.app.workers

def ready(self):
    pyproxy.app.workers.READY_SECONDS = 0.0
    os.kill(os.getpid(), signal.SIGTERM if "reloading" in told else signal.SIGHUP)

told = []
Manager.ready, Manager.reloading = ready, lambda self: told.append("reloading")
workers.run()
"""
    ended = supervise(worker, program, tmp_path)
    assert "does not serve within 0 s, a fixed limit, and is killed" in ended.stderr
    assert "the workers go on as they are: a new worker ended killed by SIGKILL before it served" in ended.stderr
    assert ended.stdout == "forgot 1\nforgot 0\n"


def test_a_process_that_is_no_worker_is_not_replaced_by_one(tmp_path: Path) -> None:
    """The first process of a container inherits the orphans of all others."""
    worker = """
while True:
    try:
        os.kill(int(os.environ["ORPHAN"]), 0)
    except ProcessLookupError:
        break
    time.sleep(0.01)
supervised.report(Report(workers=1))
time.sleep(60)
"""
    program = """
orphan = os.fork()
if orphan == 0:
    os._exit(3)
os.environ["ORPHAN"] = str(orphan)
manager_ready = Manager.ready
Manager.ready = lambda self: (manager_ready(self), os.kill(os.getpid(), signal.SIGTERM))
workers.run()
"""
    ended = supervise(worker, program, tmp_path)
    assert ended.stdout == "ready\nforgot 0\n"
    assert ended.stderr == ""
