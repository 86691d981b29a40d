"""Ranges of files that are not here: small ones are fetched whole, of large ones only what is wanted."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle, under_way
from tests.http.conftest import StartProxy
from tests.upstream_server import (
    Corrupt,
    GzipAll,
    Hold,
    Normal,
    Raw,
    Status,
    Truncate,
    UpstreamServer,
)

FILENAME, CONTENT, _ = make_wheel("demo", "1.0", size=300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)
LARGE = {"whole_file_below": 1}
WANTED = [
    ("bytes=0-99", 0, 100),
    ("bytes=100000-", 100_000, len(CONTENT)),
    ("bytes=-9", len(CONTENT) - 9, len(CONTENT)),
]


@pytest.mark.parametrize(("wanted", "start", "stop"), WANTED)
async def test_a_range_of_a_small_file_fetches_the_whole_of_it(
    upstream: UpstreamServer, start_proxy: StartProxy, wanted: str, start: int, stop: int
) -> None:
    """(check 47) The client's range is never what fills the cache (pain 11)."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH, {"Range": wanted})
    await idle(proxy)

    assert (answer.status, answer.body) == (206, CONTENT[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(CONTENT)}"
    assert proxy.kept() == [SHA256]
    assert [request.headers.get("range") for request in upstream.requests] == [None, None]


@pytest.mark.parametrize("size_listed", [True, False])
@pytest.mark.parametrize(("wanted", "start", "stop"), WANTED)
async def test_a_range_of_a_large_file_costs_that_range_upstream(
    upstream: UpstreamServer, start_proxy: StartProxy, wanted: str, start: int, stop: int, size_listed: bool
) -> None:
    """(check 60) (pain 11) Reading the tail of a big wheel costs kilobytes."""
    upstream.add_file("demo", FILENAME, CONTENT, size=size_listed)
    proxy = await start_proxy(upstream, **LARGE)

    answer = await ask(proxy, PATH, {"Range": wanted})

    assert (answer.status, answer.body, answer.broken) == (206, CONTENT[start:stop], None)
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(CONTENT)}"
    assert answer.headers["Etag"] == f'"{SHA256}"'
    assert answer.cache_status == "pyproxy; fwd=miss; detail=range"
    assert upstream.requests[-1].headers["range"] == f"bytes={start}-{stop - 1}"
    assert proxy.kept() == [], "a part is not the file"


async def test_a_range_of_a_large_file_without_a_listed_hash_costs_that_range_too(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream, **LARGE)

    answer = await ask(proxy, f"/files/demo/{FILENAME}", {"Range": "bytes=-100"})

    assert (answer.status, answer.body, answer.headers["Etag"]) == (206, CONTENT[-100:], None)
    assert "range" in upstream.requests[-1].headers


async def test_an_upstream_without_ranges_is_asked_for_the_whole_file(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.no_ranges = True
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, **LARGE)

    answer = await ask(proxy, PATH, {"Range": "bytes=-5000"})
    await idle(proxy)

    assert (answer.status, answer.body) == (206, CONTENT[-5000:])
    assert proxy.kept() == [SHA256]


@pytest.mark.parametrize(
    "behaviour",
    [
        Status(416),
        Status(501),
        Status(403),
        Raw(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/300\r\nContent-Length: 10\r\n\r\n0123456789"),
        Raw(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 10-19/99\r\nContent-Length: 10\r\n\r\n0123456789"),
        Raw(b"HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\n\r\n0123456789"),
        GzipAll(),
    ],
    ids=["416", "501", "403", "another range", "another size", "no range", "encoded"],
)
async def test_an_upstream_that_cannot_do_ranges_well_is_asked_for_the_whole_file(
    upstream: UpstreamServer, start_proxy: StartProxy, behaviour: Normal
) -> None:
    """(F27) Some indexes answer 404, 416 or 501 to ranges: the client never gets to know."""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", behaviour, times=1)
    proxy = await start_proxy(upstream, **LARGE)

    answer = await ask(proxy, PATH, {"Range": "bytes=10-19"})

    assert (answer.status, answer.body) == (206, CONTENT[10:20])


async def test_a_range_that_ends_early_is_a_broken_response(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 55)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Truncate(70_000), times=1)
    proxy = await start_proxy(upstream, **LARGE)

    broken = await ask(proxy, PATH, {"Range": "bytes=0-199999"})
    good = await ask(proxy, PATH, {"Range": "bytes=0-199999"})

    assert broken.broken
    assert len(broken.body) < 200_000
    assert (good.status, good.body, good.broken) == (206, CONTENT[:200_000], None)


async def test_who_leaves_in_the_middle_of_a_range_ends_its_transfer(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=100_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream, **LARGE)

    async with calling(proxy, PATH, {"Range": "bytes=0-199999"}) as call:
        await call.read(1000)
        call.leave()
    hold.event.set()
    upstream.clear_behaviours()

    assert (await ask(proxy, PATH)).body == CONTENT


async def test_a_range_of_an_arriving_file_is_served_from_it(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=200_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream, **LARGE)

    async with calling(proxy, PATH) as whole:
        await hold.reached.wait()
        arrived = await ask(proxy, PATH, {"Range": "bytes=50-99"})
        tail = asyncio.create_task(ask(proxy, PATH, {"Range": "bytes=-100"}))
        await under_way(proxy, 2)
        hold.event.set()
        rest = await tail
        assert (await whole.answer()).body == CONTENT

    assert (arrived.status, arrived.body) == (206, CONTENT[50:100])
    assert (rest.status, rest.body) == (206, CONTENT[-100:])
    assert upstream.count("/packages/") == 1


async def test_what_an_arriving_file_has_not_got_by_far_is_asked_for_apart(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename, content, _ = make_wheel("demo", "2.0", size=6_000_000)
    upstream.add_file("demo", filename, content)
    hold = Hold(asyncio.Event(), after=100_000)
    upstream.behave("/packages/", hold, times=1)
    proxy = await start_proxy(upstream, whole_file_below=1_000_000)
    path = address("demo", filename, content)

    async with calling(proxy, path) as whole:
        await hold.reached.wait()
        tail = await ask(proxy, path, {"Range": "bytes=-1000"})
        hold.event.set()
        assert (await whole.answer()).body == content

    assert (tail.status, tail.body) == (206, content[-1000:])
    assert upstream.requests[-1].headers["range"] == f"bytes={len(content) - 1000}-{len(content) - 1}"


async def test_the_tail_of_wrong_bytes_never_leaves_by_a_range(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 54) The last 64 KiB of a file that is fetched whole leave only after verification."""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/packages/", Corrupt(at=0))
    proxy = await start_proxy(upstream)

    answer = await ask(proxy, PATH, {"Range": "bytes=-1000"})

    assert (answer.status, proxy.kept()) == (502, [])
    assert answer.headers["Content-Range"] is None
