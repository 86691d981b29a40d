"""The lines of ``docs/operations.md`` for backup and restore, run as they stand there, beside a busy server."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.storage.accounts import AccountStore
from tests.crash.load import Load, Wheel
from tests.distributions import make_wheel
from tests.http.administration import administration, database_of
from tests.http.api.client import script
from tests.http.calls import ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer
from tests.waiting import until

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
KEPT = Wheel("kept", *make_wheel("kept", "1.0", size=50_000)[:2], hashed=True)
PRIVATE = UpstreamSettings(
    name="private", url="https://pypi.example.com/", username="ada", password="hunter2", active=False
)


@pytest.fixture
def clock() -> Callable[[], float]:
    """The load's own, which is the machine's."""
    return time.time


def lines_of(section: str) -> str:
    """The shell lines of a section."""
    (text,) = re.findall(rf"^## {section}\n(.*?)^## ", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (lines,) = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return str(lines)


async def run(lines: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euc", lines), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


def other_wheels(upstream: UpstreamServer) -> list[Wheel]:
    wheels = [KEPT]
    for number in range(12):
        filename, content, _ = make_wheel(f"demo-{number}", "1.0", size=40_000)
        wheels.append(Wheel(f"demo-{number}", filename, content, hashed=number % 4 != 3))
    for wheel in wheels:
        upstream.add_file(wheel.project, wheel.filename, wheel.content, sha256=wheel.hashed)
    return wheels


def add_account(proxy: Proxy) -> None:
    with database_of(proxy) as database:
        AccountStore(database).add("ada", "admin", "a hash", now=proxy.clock(), witness=lambda _: None)


async def test_a_backup_of_a_busy_server_is_whole_and_a_server_starts_on_it(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """(pain 20) Upstreams with secrets, accounts, tokens, pages and files are there, and every byte is right."""
    wheels = other_wheels(upstream)
    proxy = await start_proxy(upstream)
    admin = script(proxy)
    with administration(proxy) as store:
        store.add(PRIVATE)
    add_account(proxy)
    assert (await ask(proxy, KEPT.path)).body == KEPT.content
    await idle(proxy)
    load = Load(wheels[1:], admin.headers["Authorization"].removeprefix("Bearer "), random.Random(7))
    load.port = proxy.port

    busy = asyncio.create_task(load.run(2))
    await until(lambda: load.right > 20)
    await run(
        lines_of("Backup")
        .replace("/var/lib/pyproxy", str(tmp_path / "storage"))
        .replace("/backup", f"{tmp_path}/backup")
    )
    await until(lambda: load.right > 40)
    await proxy.stop()
    await busy
    await upstream.stop()
    (backup,) = (tmp_path / "backup").iterdir()
    assert (backup / "pyproxy.sqlite3").stat().st_mode & 0o077 == 0, "for nobody else"
    restored = Proxy(proxy.config, proxy.clock, {})
    (tmp_path / "storage").rename(tmp_path / "old")
    restore = re.sub(r"/backup/[-\dT]+", str(backup), lines_of("Restore"))
    await run(restore.replace("/var/lib/pyproxy", str(tmp_path / "storage")))

    await restored.start()
    try:
        with administration(restored) as store:
            assert store.get("private").settings == PRIVATE
        with database_of(restored) as database:
            assert [account.name for account in AccountStore(database).list()] == ["ada"]
        assert (await type(admin)(restored, admin.headers).get("/upstreams")).status == 200
        answer = await ask(restored, KEPT.path)
        assert (answer.body, answer.cache_status) == (KEPT.content, "pyproxy; hit")
        assert (await ask(restored, "/simple/kept/")).status == 200
        for wheel in wheels[1:]:
            found = await ask(restored, wheel.path)
            assert found.body == wheel.content or found.status in (404, 502)
    finally:
        await restored.stop()
