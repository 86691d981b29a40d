"""Ctrl-C that comes twice in a moment ends a command once, in order."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.app.opened import Opened
from pyproxy.commands import interrupts
from pyproxy.commands.beside import run_beside
from pyproxy.commands.interrupts import AGAIN_SECONDS, counted_once
from pyproxy.commands.invocation import Invocation
from pyproxy.config.model import Config


@pytest.fixture(autouse=True)
def handling() -> Iterator[None]:
    """As in a command that a terminal starts; afterwards as it was."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(*, again_after: float) -> list[str]:
    """What a work has still done that is interrupted, and again so many seconds later, while it closes what it has."""
    done, now = [], 100.0

    async def work() -> None:
        nonlocal now
        with counted_once(lambda: now):
            signal.raise_signal(signal.SIGINT)
            try:
                await asyncio.sleep(60)
            finally:
                now += again_after
                signal.raise_signal(signal.SIGINT)
                await asyncio.sleep(0)
                done.append("closed")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(work())
    return done


@pytest.mark.parametrize("seconds", [0.0, AGAIN_SECONDS - 0.1])
def test_a_second_one_in_a_moment_is_the_same(seconds: float) -> None:
    assert interrupted(again_after=seconds) == ["closed"]
    signal.raise_signal(signal.SIGINT)  # nor does it meet the report, or the end of the process


def test_commands_on_the_cache_close_what_they_have_opened(tmp_path: Path) -> None:
    (tmp_path / "pyproxy.yaml").write_text(f"upstreams: []\nstorage: {{directory: {tmp_path / 'data'}}}\n")
    done = []

    async def work(here: Opened, config: Config) -> None:
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            signal.raise_signal(signal.SIGINT)
            await here.resources.pages.announce()
            done.append("closed")

    with pytest.raises(KeyboardInterrupt):
        run_beside(Invocation(tmp_path / "pyproxy.yaml"), work, create=True)
    assert done == ["closed"]


def test_work_that_a_command_runs_ends_in_order_and_gives_what_it_found() -> None:
    done = []

    async def work(number: int) -> int:
        if number:
            return number
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)
            done.append("closed")
        return 0

    assert interrupts.run(work(7)) == 7
    with pytest.raises(KeyboardInterrupt):
        interrupts.run(work(0))
    assert done == ["closed"]


def test_every_command_runs_its_work_so() -> None:
    folder = Path(interrupts.__file__).parent
    assert [path.name for path in folder.glob("*.py") if "asyncio.run(" in path.read_text()] == ["interrupts.py"]


def test_a_later_one_is_from_somebody_who_waits_no_longer() -> None:
    assert interrupted(again_after=AGAIN_SECONDS) == []


def test_without_any_nothing_is_changed() -> None:
    async def work() -> None:
        before = signal.getsignal(signal.SIGINT)
        with counted_once():
            assert signal.getsignal(signal.SIGINT) is not before
        assert signal.getsignal(signal.SIGINT) is before

    asyncio.run(work())


def test_where_it_is_ignored_it_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with counted_once():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_in_another_thread_it_is_left_to_the_main_one() -> None:
    entered = []

    def enter() -> None:
        with counted_once():
            entered.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered == [signal.default_int_handler]
