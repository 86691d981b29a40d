"""``kill -9`` at random moments under load: no acknowledged change is lost, no wrong byte served, nothing to repair."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from pyproxy.admin.accounts.random_tokens import API_PREFIX, new_token, token_hash
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.tokens import TokenStore
from tests.app.command import Command, children_of, until
from tests.crash.load import Load, Wheel
from tests.crash.soundness import assert_sound, kept_bytes
from tests.distributions import make_wheel
from tests.upstream_server import UpstreamServer

SEED = 20261130
KILLS = 15
CLIENTS = 4
MAX_SIZE = 6_000_000
"""Bytes: less than all files together, so that some are evicted all the time."""


@pytest.fixture
def upstream(io_loop: IOLoop) -> Iterator[UpstreamServer]:
    server = io_loop.run_sync(UpstreamServer.start)
    yield server
    io_loop.run_sync(server.stop)


def some_wheels(upstream: UpstreamServer) -> list[Wheel]:
    """Small ones and larger ones, some of which no index lists a hash of."""
    wheels = []
    for number in range(24):
        project, hashed = f"demo-{number // 2}", number % 4 != 3
        filename, content, _ = make_wheel(project, f"{number}.0", size=(1_000, 40_000, 300_000, 1_500_000)[number % 4])
        upstream.add_file(project, filename, content, sha256=hashed)
        wheels.append(Wheel(project, filename, content, hashed))
    return wheels


def new_storage(directory: Path) -> str:
    """A storage directory; the token of an administrator."""
    directory.mkdir()
    database = Database.open(directory / DATABASE_NAME)
    token = new_token(API_PREFIX)
    TokenStore(database).add(
        "crash",
        "admin",
        token_hash(token),
        now=time.time(),
        created_by="tests",
        expires_at=None,
        witness=lambda _: None,
    )
    database.close()
    return token


@pytest.mark.gen_test(timeout=900)  # as many starts as kills, on a machine that may be busy
async def test_killed_at_random_moments_under_load(upstream: UpstreamServer, tmp_path: Path) -> None:
    """(pain 1) (F1) Downloads, evictions, pages, changes of upstreams and purges are cut short all at once."""
    dice = random.Random(SEED)
    storage = tmp_path / "storage"
    load = Load(some_wheels(upstream), new_storage(storage), dice)
    settings = {
        "PYPROXY_STORAGE__DIRECTORY": str(storage),
        "PYPROXY_STORAGE__MAX_SIZE": str(MAX_SIZE),
        "PYPROXY_STORAGE__MIN_FREE": "0",
        "PYPROXY_CACHE__INDEX_TTL": "1s",
    }
    (tmp_path / "pyproxy.yaml").write_text(f"upstreams: [{{name: first, url: '{upstream.url}'}}]\n")
    kept = 0
    for number in range(KILLS + 1):
        server = Command(tmp_path, ("serve",), settings, number)
        try:
            load.port = (await server.serves(1)).port
            load.promised.settle(await load.shown())
            (own,) = (storage / "tmp").iterdir()
            (worker,) = children_of(server.pid)
            assert own.name.startswith(f"{worker}-"), "what others left is swept"
            # What the last one kept and could not make room for any more goes in the background.
            await until(lambda: kept_bytes(storage) <= MAX_SIZE and not list((storage / "tmp").glob("*/*")))
            kept += assert_sound(storage)
            if number == KILLS:
                break
            running = asyncio.create_task(load.run(CLIENTS))
            await asyncio.sleep(dice.uniform(0.05, 0.6))
            server.kill()
            await running
        finally:
            server.kill()
        assert "Traceback" not in server.output, server.output
        assert "ERROR" not in server.output, server.output
    verified = Command(tmp_path, ("cache", "verify", "--json"), settings, number + 1)
    assert await verified.ended() == 0, verified.output
    assert json.loads(verified.output)["findings"] == []
    assert kept > 0
    assert load.right > 0
    assert load.promised.upstreams
