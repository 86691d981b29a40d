"""Starting and stopping the server by its command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sqlite3
import ssl
from pathlib import Path

import pytest

from tests.app.command import PATIENT, until
from tests.app.conftest import RunCommand
from tests.distributions import make_wheel
from tests.http.proxy import JSON
from tests.upstream.certificates import Authority
from tests.upstream_server import Hold, UpstreamServer

SIGNALS = [signal.SIGTERM, signal.SIGINT]


async def test_without_any_configuration_it_serves(run_command: RunCommand) -> None:
    command = await run_command().listens()
    assert (await command.get("/healthz")).status == 200
    assert (await command.get("/readyz")).status == 200
    assert (await command.get("/simple/")).status == 200
    assert (command.directory / "data").is_dir()
    assert await command.stop() == 0
    assert "Traceback" not in command.output


async def test_a_port_that_is_taken_ends_the_start_with_one_line(run_command: RunCommand) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = run_command("--port", str(port))
        assert await command.ended() == 1
    assert len(command.output.splitlines()) == 1
    assert f"127.0.0.1 port {port}" in command.output
    assert "--port" in command.output


async def test_a_second_server_on_the_same_storage_ends_with_one_line(run_command: RunCommand) -> None:
    first = await run_command().listens()
    second = run_command()
    assert await second.ended() == 1
    assert len(second.output.splitlines()) == 1
    assert f"process {first.pid}" in second.output
    assert (await first.get("/healthz")).status == 200
    assert await first.stop() == 0
    third = await run_command().listens()
    assert await third.stop() == 0


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_lets_running_responses_end(
    number: signal.Signals, upstream: UpstreamServer, run_command: RunCommand
) -> None:
    filename, content, _ = make_wheel("demo", "1.0", size=500_000)
    upstream.add_file("demo", filename, content)
    command = await run_command(upstream=upstream).listens()
    await command.get("/simple/demo/")
    event, file_event = asyncio.Event(), asyncio.Event()
    held = Hold(file_event, after=200_000)
    upstream.behave("/simple/", Hold(event))
    upstream.behave("/packages/", held)
    page = asyncio.ensure_future(command.get("/simple/other/"))
    file = asyncio.ensure_future(command.get(f"/files/demo/{filename}"))
    await upstream.requested("/simple/other/")
    await held.reached.wait()

    command.signal(number)
    await until(lambda: "stopping" in command.output)
    with pytest.raises(ConnectionRefusedError):
        await command.get("/healthz")
    event.set()
    file_event.set()
    assert (await page).status == 404
    answer = await file
    assert (answer.status, answer.body) == (200, content)
    assert await command.ended() == 0
    assert "Traceback" not in command.output


async def test_a_client_that_takes_a_page_slowly_gets_all_of_it(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """The handler has long ended when the last bytes leave."""
    files = [{"filename": f"demo-{n}.zip", "url": f"/f/demo-{n}.zip", "hashes": {}} for n in range(60_000)]
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "demo", "files": files}).encode()
    upstream.set_page("demo", body, JSON)
    command = await run_command(upstream=upstream, **PATIENT).listens()
    reader, writer = await command.connect(limit=1000)
    with contextlib.closing(writer):
        writer.write(f"GET /simple/demo/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: {JSON}\r\n\r\n".encode())
        begin = await reader.readexactly(100)
        command.signal(signal.SIGTERM)
        await until(lambda: "stopping" in command.output)
        rest = await reader.read()
    head, _, page = (begin + rest).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"Content-Length: %d" % len(page) in head
    assert len(json.loads(page)["files"]) == 60_000
    assert await command.ended() == 0


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_right_after_the_start_is_a_clean_end_too(
    number: signal.Signals, run_command: RunCommand
) -> None:
    for _ in range(3):
        command = await run_command().listens()
        command.signal(number)
        assert await command.ended() == 0
        assert "Traceback" not in command.output


async def test_idle_connections_do_not_hold_it_up(run_command: RunCommand) -> None:
    command = await run_command().listens()
    reader, writer = await command.connect()
    with contextlib.closing(writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"}")
        silent_reader, silent_writer = await command.connect()
        with contextlib.closing(silent_writer):
            assert await command.stop() == 0
            assert await reader.read() == b""
            assert await silent_reader.read() == b""
    assert "0 responses under way" in command.output


async def test_another_process_that_writes_does_not_hold_it_up(
    upstream: UpstreamServer, run_command: RunCommand
) -> None:
    """Whatever waits for the database would do so for five seconds each, one after the other."""
    command = await run_command(upstream=upstream).listens()
    await command.get("/healthz")
    writer = sqlite3.connect(command.directory / "data" / "pyproxy.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    answers = await asyncio.gather(*(command.get(f"/simple/demo-{number}/") for number in range(8)))
    assert {answer.status for answer in answers} == {404}
    assert await command.stop() == 0
    writer.execute("COMMIT")
    writer.close()
    assert "Traceback" not in command.output


async def test_a_client_that_vanished_does_not_hold_it_up(run_command: RunCommand) -> None:
    """It went away in the middle of its upload."""
    command = await run_command().listens()
    reader, writer = await command.connect()
    writer.write(b"POST /simple/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nsome")
    await writer.drain()
    await command.get("/healthz")
    writer.close()
    await writer.wait_closed()
    assert await reader.read() == b""
    await command.get("/healthz")
    assert await command.stop() == 0
    assert "0 responses under way" in command.output


async def test_it_speaks_tls_itself(run_command: RunCommand, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("localhost", ("localhost",))
    context = ssl.create_default_context(cafile=str(authority.certificate))
    command = await run_command(
        PYPROXY_SERVER__TLS__CERTIFICATE=str(certificate), PYPROXY_SERVER__TLS__KEY=str(key)
    ).listens()
    assert f"https://127.0.0.1:{command.port}/" in command.output
    assert (await command.get("/healthz", tls=context)).status == 200
    home = await command.get("/", tls=context)
    assert b"https://test/simple/" in home.body
    assert await command.stop() == 0


async def test_a_certificate_that_does_not_fit_ends_the_start_with_one_line(
    run_command: RunCommand, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    command = run_command(PYPROXY_SERVER__TLS__CERTIFICATE=str(wrong), PYPROXY_SERVER__TLS__KEY=str(wrong))
    assert await command.ended() == 2
    assert len(command.output.splitlines()) == 1
    assert "server.tls" in command.output
    lonely = run_command(PYPROXY_SERVER__TLS__CERTIFICATE=str(wrong))
    assert await lonely.ended() == 2
    assert len(lonely.output.splitlines()) == 1


async def test_a_mistake_in_the_configuration_ends_the_start_with_its_line(
    run_command: RunCommand, tmp_path: Path
) -> None:
    """(F21)"""
    path = tmp_path / "pyproxy.yaml"
    path.write_text("server:\n  prot: 80\n", encoding="utf-8")
    command = run_command("--config", str(path))
    assert await command.ended() == 2
    assert "pyproxy.yaml:2" in command.output
    assert "port" in command.output
    assert "Traceback" not in command.output


async def test_storage_that_cannot_be_used_ends_the_start_with_one_line(
    run_command: RunCommand, tmp_path: Path
) -> None:
    (tmp_path / "occupied").write_text("a file")
    command = run_command("--storage", str(tmp_path / "occupied"))
    assert await command.ended() == 1
    assert len(command.output.splitlines()) == 1
    assert "occupied" in command.output
