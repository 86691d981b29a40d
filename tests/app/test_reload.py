"""SIGHUP: the workers are replaced one by one, with new configuration and new code, and no client notices."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

from tests.app.command import CHECKOUT, Command, children_of, is_running, until
from tests.app.conftest import RunCommand
from tests.distributions import make_wheel
from tests.upstream_server import Hold, UpstreamServer
from tests.waiting import eventually


class Client:
    """Asks again and again, on connections that it keeps for so many requests, unless it is told to close them."""

    def __init__(self, command: Command, path: str, requests_on_each: int) -> None:
        self._command = command
        self._path = path
        self._requests_on_each = requests_on_each
        self.answered = 0
        self.told_to_close = 0

    async def ask_until(self, enough: asyncio.Event) -> None:
        """Any failure comes out of here."""
        while not enough.is_set():
            reader, writer = await self._command.connect()
            with contextlib.closing(writer):
                for number in range(self._requests_on_each):
                    head = await self._ask(reader, writer)
                    if "connection: close" in head:
                        self.told_to_close += 1
                        break
                    if enough.is_set() and number % 2:
                        return
                    await asyncio.sleep(0.01)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(f"GET {self._path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        async with asyncio.timeout(30):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert head.startswith("http/1.1 200 "), head
            (length,) = [line for line in head.splitlines() if line.startswith("content-length:")]
            await reader.readexactly(int(length.split(":")[1]))
        self.answered += 1
        return head


class Settings:
    """``pyproxy.yaml`` and the code of a running server."""

    def __init__(self, directory: Path, upstream: UpstreamServer) -> None:
        self.file = directory / "run" / "pyproxy.yaml"
        self.file.parent.mkdir()
        self.code = directory / "code"
        self.code.mkdir()
        self._upstream = upstream.url

    def write(self, *, workers: int, public_url: str, directory: str = "data") -> None:
        self.file.write_text(
            f"server: {{workers: {workers}, public_url: '{public_url}'}}\n"
            f"storage: {{directory: {directory}}}\n"
            f"upstreams: [{{name: first, url: '{self._upstream}', stall_timeout_ms: 200000}}]\n"
        )

    def write_code(self, version: str) -> None:
        """What Python runs when it starts stands for a new release. Give each another length: compiled code is known by
        the second and the length of its source."""
        (self.code / "sitecustomize.py").write_text(f"import pyproxy\npyproxy.__version__ = '{version}'\n")

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": f"{self.code}:{CHECKOUT}"}


async def test_no_request_fails_while_workers_are_replaced_by_others_with_new_settings_and_code(
    upstream: UpstreamServer, run_command: RunCommand, tmp_path: Path
) -> None:
    filename, content, _ = make_wheel("demo", "1.0", size=500_000)
    upstream.add_file("demo", filename, content)
    settings = Settings(tmp_path, upstream)
    settings.write(workers=1, public_url="http://before.example")
    settings.write_code("1.0.before")
    command = await run_command(**settings.environment).serves(1)
    assert b'pyproxy_info{version="1.0.before"}' in (await command.get("/metrics")).body

    assert (await command.get("/simple/demo/")).status == 200
    hold = Hold(asyncio.Event(), after=200_000)
    upstream.behave("/packages/", hold)
    download = asyncio.ensure_future(downloaded(command, f"/files/demo/{filename}"))
    await hold.reached.wait()
    enough = asyncio.Event()
    clients = [Client(command, path, many) for path in ("/healthz", "/simple/demo/") for many in (1, 1000)]
    asking = [asyncio.ensure_future(client.ask_until(enough)) for client in clients]

    settings.write(workers=2, public_url="http://after.example")
    settings.write_code("2.0.after")
    old = children_of(command.pid)
    await reload(command, "all 2 workers are new ones")
    assert {b"http://after.example/simple/" in (await command.get("/")).body for _ in range(6)} == {True}
    assert b'pyproxy_info{version="2.0.after"}' in (await command.get("/metrics")).body

    settings.write(workers=1, public_url="http://last.example", directory="elsewhere")
    await reload(command, "the worker is a new one")
    assert b"http://last.example/simple/" in (await command.get("/")).body
    assert "storage.directory is elsewhere now, but stays data until a restart" in command.output
    assert not (settings.file.parent / "elsewhere").exists()

    enough.set()
    await asyncio.gather(*asking)
    assert sum(client.told_to_close for client in clients) >= 2
    assert all(client.answered > 2 for client in clients)
    await until(lambda: len([pid for pid in old if is_running(pid)]) == 1)  # the one with the download
    hold.event.set()
    assert await download == content
    await until(lambda: len(children_of(command.pid)) == 1)

    # What the workers that are gone have counted is there still, and what they had under way is not.
    name = b'pyproxy_requests_total{outcome="-",route="health",status="200"} '
    lines = (await command.get("/metrics")).body.splitlines()
    asked = sum(client.answered for client in clients[:2]) + 1
    assert [float(line.removeprefix(name)) for line in lines if line.startswith(name)] == [asked]
    assert b"pyproxy_transfers 0.0" in lines

    # All of them, those that are gone and the new ones, are one server to the upstreams.
    assert len({request.headers["cdn-loop"] for request in upstream.requests if "cdn-loop" in request.headers}) == 1

    await a_broken_configuration_keeps_the_workers(command, settings)
    await a_change_by_a_command_holds_in_the_new_worker(command, run_command)
    assert await command.stop() == 0
    assert "Traceback" not in command.output
    assert command.output.count("set-up?token=") == 1


async def a_broken_configuration_keeps_the_workers(command: Command, settings: Settings) -> None:
    workers, good = children_of(command.pid), settings.file.read_text()
    settings.file.write_text("server:\n  wrkers: 2\nstorage: {min_fre: 1GB}\n")
    command.signal(signal.SIGHUP)
    await until(lambda: "min_fre" in command.output)
    kept = "the reload fails, the workers go on as they are: "
    assert f"{kept}pyproxy.yaml:2: server.wrkers: " in command.output
    assert f"{kept}pyproxy.yaml:3: storage.min_fre: " in command.output
    settings.file.unlink()
    command.signal(signal.SIGHUP)
    await until(lambda: f"{kept}pyproxy.yaml: the configuration file is gone" in command.output)
    await until(lambda: children_of(command.pid) == workers)
    settings.file.write_text(good)
    assert b"http://last.example/simple/" in (await command.get("/")).body


async def a_change_by_a_command_holds_in_the_new_worker(command: Command, run_command: RunCommand) -> None:
    assert (await command.get("/simple/demo/")).status == 200
    changing = run_command("upstream", "disable", "first", PYPROXY_STORAGE__DIRECTORY="data")
    assert await changing.ended() == 0

    async def nobody_is_asked() -> bool:
        return (await command.get("/simple/other/")).status == 503

    await eventually(nobody_is_asked)


async def downloaded(command: Command, path: str) -> bytes:
    """A body that takes as long as it takes."""
    reader, writer = await command.connect()
    with contextlib.closing(writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        return (await reader.read()).partition(b"\r\n\r\n")[2]


async def reload(command: Command, line: str) -> None:
    command.signal(signal.SIGHUP)
    await until(lambda: f"reloaded: {line}" in command.output)
