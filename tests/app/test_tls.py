"""A server that speaks TLS itself, while its certificate is renewed."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import os
import signal
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.command import Command, children_of, until
from tests.app.conftest import RunCommand
from tests.app.pairs import Place
from tests.waiting import eventually


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.put(*place.issue("one"))
    return place


def trusting(place: Place) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(place.authority.certificate))


async def shown(command: Command, place: Place) -> str:
    """The common name of the certificate that a new connection is shown."""
    _, writer = await command.connect(trusting(place))
    with contextlib.closing(writer):
        ((_, name),) = writer.get_extra_info("peercert")["subject"][0]
    return str(name)


@contextlib.asynccontextmanager
async def alone(worker: int, workers: list[int]) -> AsyncIterator[None]:
    """The other workers stand still meanwhile, so that this one answers."""
    others = [pid for pid in workers if pid != worker]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("way", ["put", "mount"])
async def test_all_workers_show_a_renewed_certificate_without_a_restart(
    way: str, place: Place, run_command: RunCommand
) -> None:
    if way == "mount":
        place.certificate.unlink()
        place.key.unlink()
        place.mount(1, *place.issue("one"))
    command = await run_command("--workers", "2", **place.environ).listens()
    assert await shown(command, place) == "one"
    await until(lambda: len(children_of(command.pid)) == 2)
    workers = children_of(command.pid)

    renewed = place.issue("two")
    if way == "mount":
        place.mount(2, *renewed)
    else:
        place.put(*renewed)

    async def is_shown() -> bool:
        return await shown(command, place) == "two"

    for worker in workers:
        async with alone(worker, workers):
            await eventually(is_shown)
    assert children_of(command.pid) == workers
    assert await command.stop() == 0
    assert command.output.count("a new certificate is taken over") == 1


async def test_a_connection_outlives_the_certificate_that_it_began_with(place: Place, run_command: RunCommand) -> None:
    command = await run_command(**place.environ).listens()
    reader, writer = await command.connect(trusting(place))
    with contextlib.closing(writer):
        place.put(*place.issue("two"))
        await until(lambda: "a new certificate is taken over" in command.output)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in await reader.read()
    assert await command.stop() == 0


async def test_a_broken_pair_keeps_the_old_one_in_service(place: Place, run_command: RunCommand) -> None:
    command = await run_command("--workers", "2", **place.environ).serves(2, trusting(place))
    place.certificate.write_text("half of a certif")
    await until(lambda: "is not taken over" in command.output)
    for _ in range(5):
        assert await shown(command, place) == "one"
    os.kill(children_of(command.pid)[1], signal.SIGKILL)
    await until(lambda: "a new worker waits for a certificate that fits" in command.output)
    place.put(*place.issue("two"))
    await until(lambda: "is taken over for new connections" in command.output)
    await until(lambda: len(children_of(command.pid)) == 2)
    assert command.output.count("is not taken over") == 1
    assert command.output.count(" died ") == 1
    assert await command.stop() == 0
    assert "Traceback" not in command.output


async def test_a_hang_up_signal_makes_it_read_the_certificate_again(place: Place, run_command: RunCommand) -> None:
    """What ``systemctl reload`` sends."""
    command = await run_command(**place.environ).listens()
    assert await shown(command, place) == "one"
    command.signal(signal.SIGHUP)
    await until(lambda: "reloaded" in command.output)
    assert await shown(command, place) == "one"
    place.certificate.write_text("half of a certif")
    command.signal(signal.SIGHUP)
    await until(lambda: "the reload fails, the workers go on as they are" in command.output)
    assert str(place.key) in command.output
    assert await shown(command, place) == "one"
    assert await command.stop() == 0


async def test_hang_up_signals_during_the_start_are_harmless(run_command: RunCommand) -> None:
    command = run_command("--workers", "2")
    await until(lambda: "listens on" in command.output)
    for _ in range(20):
        command.signal(signal.SIGHUP)
        await asyncio.sleep(0)
    await command.listens()
    assert (await command.get("/healthz")).status == 200
    assert await command.stop() == 0


async def test_closing_its_terminal_ends_it(tmp_path: Path, run_command: RunCommand) -> None:
    """It would keep port and storage from the next one."""
    ours, its = os.openpty()
    try:
        command = await run_command(stdin=its).listens()
        assert (await command.get("/healthz")).status == 200  # a signal before that ends the start, and stops nothing
        os.close(its)
        command.signal(signal.SIGHUP)
        assert await command.ended() == 0
    finally:
        os.close(ours)
    assert "stopped" in command.output


async def test_the_start_tells_when_the_certificate_ends(place: Place, run_command: RunCommand) -> None:
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7, hours=1)
    place.put(*place.issue("one", end=soon))
    command = await run_command("--workers", "2", **place.environ).serves(2, trusting(place))
    assert await command.stop() == 0
    told = [line for line in command.output.splitlines() if "certificate:" in line]
    assert len(told) == 1
    assert "WARNING" in told[0]
    assert f"{place.certificate} ends on {soon:%Y-%m-%d %H:%M} UTC, in 7 days: renew it" in told[0]
