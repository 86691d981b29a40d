"""What the service manager is told: when the server serves, and when it stops."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.app.notify import ServiceManager
from tests.app.command import PATIENT, children_of, until
from tests.app.conftest import RunCommand
from tests.http.proxy import JSON
from tests.upstream_server import UpstreamServer


class Listening:
    """The service manager's end: a datagram socket at ``address``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)
        self.messages: list[dict[str, str]] = []

    def told(self, key: str) -> bool:
        """Whether a message with this line has come."""
        with contextlib.suppress(BlockingIOError):
            while True:
                lines = self._socket.recv(4096).decode().split("\n")
                self.messages.append(dict(line.split("=", 1) for line in lines))
        return any(key in message for message in self.messages)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listening]:
    listening = Listening(f"@pyproxy-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify"))
    yield listening
    listening.close()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_it_says_when_it_serves_and_when_it_stops(
    workers: str, manager: Listening, run_command: RunCommand
) -> None:
    command = run_command("--workers", workers, NOTIFY_SOCKET=manager.address)
    await until(lambda: manager.told("READY"))
    await command.listens()
    assert (await command.get("/readyz")).status == 200
    ready = {"READY": "1", "STATUS": f"serving at http://127.0.0.1:{command.port}/"}
    assert manager.messages == [ready]
    assert await command.stop() == 0
    assert manager.told("STOPPING")
    assert manager.messages[1]["STOPPING"] == "1"
    assert len(manager.messages) == 2


@pytest.mark.parametrize("broken", [False, True])
async def test_it_says_when_a_reload_begins_and_when_it_has_ended_however(
    broken: bool, run_command: RunCommand, tmp_path: Path
) -> None:
    with contextlib.closing(Listening(str(tmp_path / "notify"))) as manager:
        command = run_command(NOTIFY_SOCKET=manager.address)
        await until(lambda: manager.told("READY"))
        if broken:
            (command.directory / "pyproxy.yaml").write_text("server: {prot: 80}")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        command.signal(signal.SIGHUP)
        await until(lambda: manager.told("RELOADING") and len(manager.messages) == 3)
        ready, reloading, again = manager.messages
        assert int(reloading["MONOTONIC_USEC"]) >= before
        assert again == ready
        assert ("the reload fails" in command.output) is broken
        assert await command.stop() == 0


async def test_a_start_that_fails_is_never_ready(manager: Listening, run_command: RunCommand, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("a file")
    command = run_command("--storage", str(tmp_path / "occupied"), NOTIFY_SOCKET=manager.address)
    assert await command.ended() == 1
    assert not manager.told("READY")


async def test_a_manager_that_is_gone_does_not_end_the_server(run_command: RunCommand, tmp_path: Path) -> None:
    command = await run_command(NOTIFY_SOCKET=str(tmp_path / "nowhere")).listens()
    # It listens before all its workers are ready; only then is the manager told.
    await until(lambda: f"NOTIFY_SOCKET={tmp_path / 'nowhere'} cannot be told READY=1" in command.output)
    assert (await command.get("/healthz")).status == 200
    assert await command.stop() == 0
    assert "Traceback" not in command.output


async def test_its_children_do_not_inherit_the_socket(
    upstream: UpstreamServer, run_command: RunCommand, tmp_path: Path
) -> None:
    """Whoever has it may speak for the server. Those are its worker, and the page process of that."""
    listening = Listening(str(tmp_path / "notify"))
    files = [{"filename": f"demo-{n}.zip", "url": f"/f/demo-{n}.zip", "hashes": {}} for n in range(10_000)]
    page = {"meta": {"api-version": "1.0"}, "name": "demo", "files": files}
    upstream.set_page("demo", json.dumps(page).encode(), JSON)
    command = await run_command(upstream=upstream, NOTIFY_SOCKET=listening.address, **PATIENT).listens()
    assert (await command.get("/simple/demo/")).status == 200
    (worker,) = children_of(command.pid)
    environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in (worker, *children_of(worker))]
    assert len(environments) > 1
    assert not any(b"NOTIFY_SOCKET" in environment for environment in environments)
    assert await command.stop() == 0
    listening.close()


@pytest.mark.parametrize("address", ["", "@", "/nul\0inside", "x" * 200, "vsock:2:1234"])
def test_an_address_that_is_none_is_no_error(address: str) -> None:
    environ = {"NOTIFY_SOCKET": address}
    manager = ServiceManager.of(environ, "serving")
    manager.ready()
    manager.reloading()
    manager.stopping()
    assert environ == {}


def test_without_a_manager_nobody_is_told() -> None:
    manager = ServiceManager.of({}, "serving")
    manager.ready()
    manager.stopping()
