"""A disk that is full: everybody is still served in full, and nothing is kept."""

from __future__ import annotations

import asyncio
import hashlib
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pyproxy.settings.quantities import format_size
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.upstream_server import Corrupt, Hold, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=9_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)
NEVER_ENOUGH = 1 << 60


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Every write past this offset is refused by the kernel, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_below_min_free_files_are_served_and_not_kept(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """(pain 18) Ranges, metadata and unhashed files as well."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.add_file("plain", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream, min_free=NEVER_ENOUGH)

    assert (await ask(proxy, PATH)).body == CONTENT
    assert (await ask(proxy, PATH, {"Range": "bytes=-100"})).body == CONTENT[-100:]
    assert (await ask(proxy, PATH + ".metadata")).body == METADATA
    assert (await ask(proxy, f"/files/plain/{FILENAME}")).body == CONTENT
    await idle(proxy)

    assert (proxy.kept(), proxy.left_over()) == ([], [])
    assert f"not kept: less than storage.min_free ({format_size(NEVER_ENOUGH)}) is left on the disk" in caplog.text
    [entry] = (await proxy.page("plain"))["files"]
    assert entry["hashes"] == {"sha256": SHA256}, "what was found out about it is kept"


async def test_below_min_free_who_comes_late_shares_the_transfer(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 2) Far more has passed than would wait in memory."""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=8_000_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream, min_free=NEVER_ENOUGH)

    async with calling(proxy, PATH) as first:
        got = await first.read(7_000_000)
        async with calling(proxy, PATH) as late:
            late_got = await late.read(100)
            hold.event.set()
            assert late_got + (await late.answer()).body == CONTENT
        assert got + (await first.answer()).body == CONTENT
    await idle(proxy)

    assert upstream.count("/packages/") == 1
    assert (proxy.kept(), proxy.left_over()) == ([], [])


async def test_below_min_free_what_is_cached_is_served(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(F34, pain 18)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await proxy.stop()
    await upstream.stop()
    full = await start_proxy(upstream, min_free=NEVER_ENOUGH)

    assert (await ask(full, PATH)).cache_status == "pyproxy; hit"


async def test_a_disk_that_fills_up_on_the_way_is_not_noticed(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F35) Clients that are there already are served together."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")

    with files_end_at(3_000_000):
        answers = await asyncio.gather(*(ask(proxy, PATH) for _ in range(3)))
        await idle(proxy)

    assert {(answer.status, answer.body, answer.broken) for answer in answers} == {(200, CONTENT, None)}
    assert (proxy.kept(), proxy.left_over()) == ([], [])
    assert (await ask(proxy, PATH)).body == CONTENT
    await idle(proxy)
    assert proxy.kept() == [SHA256]


async def test_who_comes_late_to_a_full_disk_is_served_too(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(F35) What passed through memory is gone, so it is fetched once more."""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=8_500_000)
    upstream.behave("/packages/", hold, times=1)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")

    with files_end_at(1_000_000):
        async with calling(proxy, PATH) as first:
            got = await first.read(8_000_000)
            assert (await ask(proxy, PATH)).body == CONTENT
            hold.event.set()
            assert got + (await first.answer()).body == CONTENT
        await idle(proxy)

    assert proxy.kept() == []


async def test_wrong_bytes_are_refused_on_a_full_disk_too(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 54)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Corrupt(len(CONTENT) - 1))
    proxy = await start_proxy(upstream)
    await proxy.page("demo")

    with files_end_at(1_000_000):
        answer = await ask(proxy, PATH)
        await idle(proxy)

    assert answer.broken
    assert len(answer.body) <= len(CONTENT) - (64 << 10)
