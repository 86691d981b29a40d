"""However a request for a file ends, it lets go of what it held open."""

from __future__ import annotations

import asyncio
import gc
import logging
import os

import pytest

from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle, under_way
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.net.scripted_bodies import until
from tests.upstream_server import Corrupt, Hold, Reset, Truncate, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=9_000_000)
PATH = address("demo", FILENAME, CONTENT)
CONDITIONS = (
    {},
    {"Range": "bytes=-10"},
    {"Range": "bytes=999999999-"},
    {"If-None-Match": "*"},
    {"Range": "bytes=0-9", "If-Range": '"x"'},
)


def open_files(proxy: Proxy) -> set[str]:
    """What this process has open below the storage directory, less the database."""
    gc.collect()
    return open_now(proxy)


def open_now(proxy: Proxy) -> set[str]:
    """The same, with what waits for being collected."""
    found = set()
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if path.startswith(str(proxy.config.storage.directory)) and ("/files" in path or "/tmp/" in path):
            found.add(f"{descriptor}: {path}")
    return found


async def settled(proxy: Proxy, before: set[str]) -> None:
    """Wait until everything is closed again; the test's own limit ends a wait in vain."""
    await under_way(proxy, 0)
    await idle(proxy)
    await until(lambda: open_files(proxy) == before)


async def test_nothing_stays_open(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Cached and not, read to the end and not, good and bad; and nothing of it is an error in the log."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.add_file("bad", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, whole_file_below=1)
    await proxy.page("demo")
    before = open_files(proxy)

    for behaviour in (Corrupt(), Truncate(100_000), Reset(100_000)):
        upstream.behave("/packages/bad/", behaviour, times=2)
        await ask(proxy, PATH.replace("/demo/", "/bad/"))
        await ask(proxy, PATH.replace("/demo/", "/bad/"), {"Range": "bytes=9-8000000"})
        await settled(proxy, before)
    hold = Hold(asyncio.Event(), after=8_000_000)
    upstream.behave("/packages/demo/", hold, times=1)
    for headers in ({}, {"Range": "bytes=0-7999999"}):
        async with calling(proxy, PATH, headers) as call:
            await call.read(1000)
            call.leave()
    hold.event.set()
    await settled(proxy, before)

    for headers in CONDITIONS:
        for method in ("GET", "HEAD"):
            await ask(proxy, PATH, headers, method=method)
            await ask(proxy, PATH + ".metadata", headers, method=method)
        async with calling(proxy, PATH, headers) as call:
            call.leave()
    await settled(proxy, before)

    assert (await ask(proxy, PATH)).cache_status == "pyproxy; hit"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_what_is_not_kept_gives_its_room_back_without_waiting_for_the_garbage_collector(
    upstream: UpstreamServer, start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is nearly full, removed files that were open still took the room that others were measured by."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    monkeypatch.setattr(proxy.server.resources.files, "min_free", 1 << 60)
    before = open_files(proxy)

    gc.disable()
    try:
        assert (await ask(proxy, PATH)).body == CONTENT
        await idle(proxy)
        await until(lambda: open_now(proxy) == before)
    finally:
        gc.enable()
    assert proxy.kept() == []
