"""One transfer serves everybody who asks for a file while it arrives, whoever comes and goes."""

from __future__ import annotations

import asyncio
import hashlib

from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle, under_way
from tests.http.conftest import StartProxy
from tests.upstream_server import Hold, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=500_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)


async def test_fifty_clients_cost_one_transfer(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 59) (pain 2) (F3) Page, metadata and file, all cold."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    hold = Hold(asyncio.Event(), after=1000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)

    files = [asyncio.create_task(ask(proxy, PATH)) for _ in range(50)]
    metadata = [asyncio.create_task(ask(proxy, PATH + ".metadata")) for _ in range(50)]
    await under_way(proxy, 100)
    await hold.reached.wait()
    hold.event.set()

    assert {(answer.status, answer.body) for answer in await asyncio.gather(*files)} == {(200, CONTENT)}
    assert {(answer.status, answer.body) for answer in await asyncio.gather(*metadata)} == {(200, METADATA)}
    assert upstream.count("/simple/demo/") == 1
    assert upstream.count(upstream.file_path("demo", FILENAME)) == 2, "the wheel and its metadata, once each"
    await idle(proxy)
    assert SHA256 in proxy.kept()


async def test_everybody_gets_the_first_bytes_while_the_last_are_still_under_way(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 15) Also who comes late, from the first byte on."""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=300_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)

    async with calling(proxy, PATH) as first:
        got = await first.read(200_000)
        async with calling(proxy, PATH) as late:
            late_got = await late.read(200_000)
            hold.event.set()
            got += (await first.answer()).body
            late_got += (await late.answer()).body
        assert late.headers["Cache-Status"] == "pyproxy; fwd=miss; collapsed"

    assert got == late_got == CONTENT
    assert upstream.count("/packages/") == 1


async def test_the_last_bytes_wait_for_the_verdict(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """All but one byte is here: the last 64 KiB are not given away."""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=len(CONTENT) - 1)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)

    async with calling(proxy, PATH) as call:
        got = await call.read(len(CONTENT) - (64 << 10))
        more = asyncio.create_task(call.read(1))
        await hold.reached.wait()
        download = proxy.server.resources.downloads.find(("demo", FILENAME, SHA256))
        assert download is not None
        while download.spool.stored < len(CONTENT) - 1:
            await download.change()
        assert download.released == len(CONTENT) - (64 << 10)
        assert not more.done()
        hold.event.set()
        assert got + await more + (await call.read((64 << 10) - 1)) == CONTENT


async def test_the_first_client_leaves_and_the_others_get_everything(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F5)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=300_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)

    async with calling(proxy, PATH) as first:
        await first.read(1000)
        async with calling(proxy, PATH) as second:
            first.leave()
            hold.event.set()
            assert (await second.answer()).body == CONTENT

    assert upstream.count("/packages/") == 1


async def test_all_clients_leave_and_the_file_is_kept_all_the_same(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=300_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)

    async with calling(proxy, PATH) as only:
        await only.read(1000)
        only.leave()
    hold.event.set()
    await idle(proxy)

    assert proxy.kept() == [SHA256]
    assert (await ask(proxy, PATH)).cache_status == "pyproxy; hit"
    assert upstream.count("/packages/") == 1


async def test_a_client_that_does_not_read_keeps_nobody_waiting(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 15) Nor does it cost memory: it reads from the file on the disk when it likes to."""
    filename, content, _ = make_wheel("big", "1.0", size=20_000_000)
    upstream.add_file("big", filename, content)
    proxy = await start_proxy(upstream)
    path = address("big", filename, content)

    async with calling(proxy, path) as slow:
        assert (await ask(proxy, path)).body == content
        await idle(proxy)
        assert (await slow.answer()).body == content

    assert upstream.count("/packages/") == 1


async def test_head_of_an_arriving_file_does_not_wait_for_its_end(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 46)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=100_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)

    async with calling(proxy, PATH) as call:
        answer = await ask(proxy, PATH, method="HEAD")
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(CONTENT)))
        hold.event.set()
        assert (await call.answer()).body == CONTENT


async def test_head_of_a_file_that_has_not_begun_to_arrive_is_answered_from_the_page(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The upstream thinks for a while, and somebody waits for that already."""
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event())
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)
    asking = asyncio.create_task(ask(proxy, PATH))
    await hold.reached.wait()

    answer = await ask(proxy, PATH, method="HEAD")

    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(CONTENT)))
    hold.event.set()
    assert (await asking).body == CONTENT


async def test_nobody_waits_for_a_first_byte_longer_than_clients_do(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """An error in time, that says to ask again; and the transfer goes on, so that asking again helps (check 67)."""
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)
    proxy.server.services.first_byte_seconds = 0.2
    link = await proxy.link("demo", filename)
    release = asyncio.Event()
    upstream.behave("/packages/", Hold(release))

    early = await proxy.get(link)
    release.set()
    proxy.server.services.first_byte_seconds = 10.0
    late = await proxy.get(link)

    assert (early.status, early.headers["Retry-After"]) == (503, "3")
    assert filename in early.json()["title"]
    assert (late.status, late.body) == (200, content)
    assert upstream.count("/packages/") == 1
