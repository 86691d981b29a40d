"""A database that turns out to be damaged while the server runs: what can be served is served, and it is told once."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sqlite3
from pathlib import Path

import pytest

from pyproxy.storage.directory import DATABASE_NAME
from tests.distributions import make_sdist, make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=50_000)
LATER, LATER_CONTENT, _ = make_wheel("later", "1.0", size=50_000)
PLAIN, PLAIN_CONTENT = make_sdist("plain", "1.0")
PATH, LATER_PATH = address("demo", FILENAME, CONTENT), address("later", LATER, LATER_CONTENT)


def damage(directory: Path) -> None:
    """Overwrite all but the first page, as a disk that lost its mind would."""
    path = directory / DATABASE_NAME
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as stream:
        stream.seek(4096)
        stream.write(os.urandom(size - 4096))
    # So that nobody relies on what was read before.
    with contextlib.closing(sqlite3.connect(path)) as connection, contextlib.suppress(sqlite3.DatabaseError):
        connection.execute("PRAGMA user_version = 7")


async def damaged(upstream: UpstreamServer, start_proxy: StartProxy) -> Proxy:
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.add_file("later", LATER, LATER_CONTENT)
    upstream.add_file("plain", PLAIN, PLAIN_CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    # The metadata first: once the wheel is kept, its own answers, and none is fetched.
    for path in (f"{PATH}.metadata", PATH, f"/files/plain/{PLAIN}"):
        assert (await ask(proxy, path)).status == 200
    await idle(proxy)
    damage(proxy.config.storage.directory)
    return proxy


async def test_pages_and_files_are_served_all_the_same(
    upstream: UpstreamServer,
    start_proxy: StartProxy,
) -> None:
    """Known pages are asked for again, and kept files are found by their manifests."""
    proxy = await damaged(upstream, start_proxy)

    for project in ("demo", "later", "plain"):
        assert (await ask(proxy, f"/simple/{project}/")).status == 200
    kept = await ask(proxy, PATH)
    assert (kept.body, kept.cache_status) == (CONTENT, "pyproxy; hit")
    assert (await ask(proxy, f"{PATH}.metadata")).body == METADATA
    assert (await ask(proxy, LATER_PATH)).body == LATER_CONTENT
    await idle(proxy)
    assert proxy.left_over() == []
    assert proxy.kept() == sorted(hashlib.sha256(each).hexdigest() for each in (CONTENT, METADATA, PLAIN_CONTENT))


async def test_kept_files_are_served_without_upstream_too(
    upstream: UpstreamServer,
    start_proxy: StartProxy,
) -> None:
    proxy = await damaged(upstream, start_proxy)
    await upstream.stop()

    assert (await ask(proxy, PATH)).body == CONTENT


async def test_a_file_whose_recorded_hash_cannot_be_read_is_refused(
    upstream: UpstreamServer,
    start_proxy: StartProxy,
) -> None:
    """Nobody could tell whether it is still the same."""
    proxy = await damaged(upstream, start_proxy)

    assert (await ask(proxy, f"/files/plain/{PLAIN}")).status == 500


async def test_the_log_says_it_once_and_the_server_is_not_ready(
    upstream: UpstreamServer,
    start_proxy: StartProxy,
    caplog: pytest.LogCaptureFixture,
) -> None:
    proxy = await damaged(upstream, start_proxy)
    caplog.set_level(logging.INFO)

    for _ in range(3):
        await ask(proxy, "/simple/demo/")
        await ask(proxy, LATER_PATH)
    await idle(proxy)
    ready = await ask(proxy, "/readyz")

    told = [record.getMessage() for record in caplog.records if "pyproxy cache verify --rebuild" in record.getMessage()]
    assert len(told) == 1
    assert told[0].startswith(f"{proxy.config.storage.directory / DATABASE_NAME} is damaged or no database (")
    assert ready.status == 503
    assert ready.json()["checks"]["database"].startswith("the database ")
    assert (await ask(proxy, "/healthz")).status == 200
