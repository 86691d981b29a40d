"""With ``storage.max_size`` files come and go; pages, addresses and right bytes stay."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON, Clock, Proxy
from tests.upstream_server import Hold, UpstreamServer
from tests.waiting import until

WHEELS = {version: make_wheel("demo", version, size=200_000)[:2] for version in ("1.0", "2.0", "3.0", "4.0")}
ROOM = 2 * max(len(content) for _, content in WHEELS.values())
"""For two of them."""


def publish(upstream: UpstreamServer, *, sha256: bool = True) -> None:
    for filename, content in WHEELS.values():
        upstream.add_file("demo", filename, content, sha256=sha256)


async def install(proxy: Proxy, clock: Clock, *versions: str) -> str | None:
    """Fetch the wheels one after the other, a second apart; where the last one came from."""
    for version in versions:
        clock.advance(1)
        filename, content = WHEELS[version]
        answer = await ask(proxy, address("demo", filename, content))
        assert (answer.status, answer.body, answer.broken) == (200, content, None)
        await idle(proxy)
    return answer.cache_status


def kept(proxy: Proxy) -> str:
    """The versions whose wheels lie on the disk."""
    hashes = proxy.kept()
    return " ".join(
        version for version, (_, content) in WHEELS.items() if hashlib.sha256(content).hexdigest() in hashes
    )


async def test_the_least_recently_used_file_goes_and_is_fetched_again(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 18)"""
    publish(upstream)
    proxy = await start_proxy(upstream, max_size=ROOM)
    await install(proxy, clock, "1.0", "2.0", "3.0")
    assert (kept(proxy), proxy.left_over()) == ("2.0 3.0", [])

    assert await install(proxy, clock, "1.0") == "pyproxy; fwd=miss"
    assert kept(proxy) == "1.0 3.0"
    assert await install(proxy, clock, "1.0") == "pyproxy; hit"
    assert upstream.count("/packages/") == 4


async def test_a_use_counts_at_once(upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock) -> None:
    """Uses are written every few seconds only; nothing of them is written here."""
    publish(upstream)
    proxy = await start_proxy(upstream, max_size=ROOM)
    await install(proxy, clock, "1.0", "2.0", "1.0", "3.0")
    assert kept(proxy) == "1.0 3.0"


async def test_the_page_lists_the_same_whatever_was_evicted(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 4) Byte for byte, also of files whose sha256 was learned here: it is not forgotten with them."""
    publish(upstream, sha256=False)
    proxy = await start_proxy(upstream, max_size=ROOM)
    for filename, content in WHEELS.values():
        clock.advance(1)
        assert (await proxy.file("demo", filename)).body == content
        await idle(proxy)
    assert kept(proxy) == "3.0 4.0"
    before = [(await proxy.get("/simple/demo/", {"Accept": accept})).body for accept in (JSON, HTML)]
    assert all(hashlib.sha256(content).hexdigest() in before[0].decode() for _, content in WHEELS.values())

    await install(proxy, clock, "1.0", "2.0")
    assert kept(proxy) == "1.0 2.0"
    assert [(await proxy.get("/simple/demo/", {"Accept": accept})).body for accept in (JSON, HTML)] == before
    await proxy.restart()
    assert [(await proxy.get("/simple/demo/", {"Accept": accept})).body for accept in (JSON, HTML)] == before


async def test_a_file_without_a_listed_hash_that_changed_after_its_eviction_is_refused(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    publish(upstream, sha256=False)
    proxy = await start_proxy(upstream, max_size=ROOM)
    for filename, _ in WHEELS.values():
        clock.advance(1)
        await proxy.file("demo", filename)
        await idle(proxy)
    filename, content = WHEELS["1.0"]
    upstream.add_file("demo", filename, bytes(reversed(content)), sha256=False)

    answer = await ask(proxy, address("demo", filename, content))

    assert answer.status == 502 or answer.broken
    assert "1.0" not in kept(proxy)


async def test_a_file_larger_than_all_room_is_served_and_not_kept(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """Each time anew, and nothing goes for it."""
    publish(upstream)
    filename, content, _ = make_wheel("large", "1.0", size=2 * ROOM)
    upstream.add_file("large", filename, content)
    proxy = await start_proxy(upstream, max_size=ROOM)
    await install(proxy, clock, "1.0", "2.0")

    for _ in range(2):
        answer = await ask(proxy, address("large", filename, content))
        await idle(proxy)
        assert (answer.status, answer.body, answer.broken) == (200, content, None)
        assert (kept(proxy), len(proxy.kept()), proxy.left_over()) == ("1.0 2.0", 2, [])


async def test_a_file_that_arrives_while_others_are_kept_is_not_touched(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 18) What is in transfer is not evicted."""
    publish(upstream)
    filename, content = WHEELS["1.0"]
    hold = Hold(asyncio.Event(), after=100_000)
    upstream.behave(upstream.file_path("demo", filename), hold, times=1)
    proxy = await start_proxy(upstream, max_size=ROOM)

    async with calling(proxy, address("demo", filename, content)) as call:
        got = await call.read(20_000)
        for version in ("2.0", "3.0", "4.0"):
            clock.advance(1)
            other, other_content = WHEELS[version]
            assert (await ask(proxy, address("demo", other, other_content))).body == other_content
            await until(lambda version=version: version in kept(proxy))  # at this time, not at the next one's
        hold.event.set()
        got += (await call.answer()).body
    await idle(proxy)

    assert got == content
    assert kept(proxy) == "1.0 4.0"


async def test_a_lowered_limit_is_kept_to_after_the_start(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    publish(upstream)
    proxy = await start_proxy(upstream)
    await install(proxy, clock, "1.0", "2.0", "3.0", "4.0")
    await proxy.stop()
    proxy.config = replace(proxy.config, storage=replace(proxy.config.storage, max_size=ROOM))
    await proxy.start()
    await until(lambda: kept(proxy) == "3.0 4.0")
    assert await install(proxy, clock, "4.0") == "pyproxy; hit"
