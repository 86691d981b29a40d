"""A pyproxy in front of a pyproxy: nothing is lost, failures and staleness are passed on, and rings end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from pyproxy.settings import UpstreamSettings
from tests.clients.process import free_port
from tests.distributions import make_wheel
from tests.http.proxy import HTML, JSON, Clock, Proxy, make_config
from tests.http.publishing import publish
from tests.simple.corpus import PAGES, PROJECT
from tests.upstream.proxy import ProxyServer
from tests.upstream_server import Status, UpstreamServer

MINUTE, HOUR = 60.0, 3600.0

StartNamed = Callable[..., Awaitable[Proxy]]


@pytest.fixture
def start(io_loop: IOLoop, tmp_path: Path, clock: Clock) -> Iterator[StartNamed]:
    """``await start("a", port, b=url_of_b, …)``: a server of that name whose upstreams are the keywords."""
    running: list[Proxy] = []

    async def begin(name: str, port: int = 0, *, http_proxy: str | None = None, **upstreams: str) -> Proxy:
        settings = [UpstreamSettings(name=each, url=url, http_proxy=http_proxy) for each, url in upstreams.items()]
        proxy = Proxy(make_config(tmp_path / name, settings), clock, {})
        proxy.port = port
        running.append(proxy)
        await proxy.start()
        return proxy

    yield begin
    for proxy in running:
        io_loop.run_sync(proxy.stop)


@pytest.fixture
def wire(io_loop: IOLoop) -> Iterator[ProxyServer]:
    """An outbound proxy that writes down what servers ask of each other."""
    proxy = io_loop.run_sync(ProxyServer.start)
    yield proxy
    io_loop.run_sync(proxy.stop)


# -- nothing is lost ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
async def test_the_second_server_says_exactly_what_the_first_says(
    page: Any, upstream: UpstreamServer, start: StartNamed
) -> None:
    """Byte for byte in every format, three servers deep (check 32, check 34)."""
    upstream.set_page(PROJECT, page.body, page.content_type or "text/html")
    first = await start("first", origin=upstream.url)
    second = await start("second", first=first.url)
    third = await start("third", second=second.url)
    for accept in (JSON, HTML, "text/html"):
        answers = [await each.get(f"/simple/{PROJECT}/", {"Accept": accept}) for each in (third, second, first)]
        assert [answer.status for answer in answers] == [200] * 3
        assert len({answer.body for answer in answers}) == 1


async def test_files_and_metadata_come_through_and_stay_with_every_server_stopped(
    upstream: UpstreamServer, start: StartNamed
) -> None:
    """(check 58)"""
    filename, content, metadata = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content, metadata=metadata)
    first = await start("first", origin=upstream.url)
    second = await start("second", first=first.url)
    link = await second.link("demo", filename)
    assert (await second.get(f"{link}.metadata")).body == metadata
    assert (await second.get(link)).body == content
    await upstream.stop()
    await first.stop()
    assert (await second.get(f"{link}.metadata")).body == metadata
    assert (await second.get(link)).body == content


# -- failures and staleness --------------------------------------------------------------------------------------------


async def test_a_failure_at_the_origin_stays_a_failure_and_its_reason_comes_through(
    upstream: UpstreamServer, start: StartNamed
) -> None:
    """(check 65, pain 8)"""
    upstream.behave("/simple/", Status(500))
    first = await start("first", origin=upstream.url)
    second = await start("second", first=first.url)
    answer = await second.get("/simple/demo/", {"Accept": JSON})
    assert answer.status == 502
    assert "upstream origin answered 500" in answer.json()["title"]
    assert (await second.get("/simple/unheard-of/", {"Accept": JSON})).status == 502


async def test_an_absence_at_the_origin_stays_an_absence(upstream: UpstreamServer, start: StartNamed) -> None:
    """(check 4)"""
    first = await start("first", origin=upstream.url)
    second = await start("second", first=first.url)
    assert (await second.get("/simple/unheard-of/", {"Accept": JSON})).status == 404


async def test_what_is_stale_stays_stale_and_is_asked_for_again(
    upstream: UpstreamServer, start: StartNamed, clock: Clock
) -> None:
    """Also where the second server is told that nothing has changed."""
    publish(upstream, "demo", "1.0")
    first = await start("first", origin=upstream.url)
    await first.page("demo")
    second = await start("second", first=first.url)
    await upstream.stop()
    clock.advance(HOUR)
    for _ in range(2):
        answer = await second.get("/simple/demo/", {"Accept": JSON})
        assert (answer.status, answer.cache_status) == (200, "pyproxy; fwd=stale; detail=upstream-stale")
        assert answer.headers["Cache-Control"] == "max-age=0"
    await upstream.restart()
    publish(upstream, "demo", "2.0")
    clock.advance(MINUTE)
    assert len((await second.page("demo"))["files"]) == 2
    assert (await second.get("/simple/demo/")).cache_status == "pyproxy; hit"


async def test_a_degraded_answer_is_not_remembered_one_server_further(
    upstream: UpstreamServer, other: UpstreamServer, start: StartNamed, clock: Clock
) -> None:
    """A name of the private index that fails must not stay the public one's for minutes (pain 5, pain 10)."""
    private, public = publish(upstream, "demo", "1.0"), publish(other, "demo", "9.0")
    first = await start("first", private=upstream.url, public=other.url)
    second = await start("second", first=first.url)
    upstream.behave("/simple/", Status(500))
    answer = await second.get("/simple/demo/", {"Accept": JSON})
    assert [file["filename"] for file in answer.json()["files"]] == [public]
    assert (answer.cache_status or "").startswith("pyproxy; fwd=stale")
    upstream.clear_behaviours()
    clock.advance(MINUTE / 10)
    assert [file["filename"] for file in (await second.page("demo"))["files"]] == [private]


# -- rings -------------------------------------------------------------------------------------------------------------


async def test_a_server_that_is_its_own_upstream_says_so_after_one_question(
    start: StartNamed, wire: ProxyServer
) -> None:
    port = free_port()
    proxy = await start("a", port, http_proxy=wire.url, itself=f"http://127.0.0.1:{port}")
    answer = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert answer.status == 502
    assert "upstream itself answered 508" in answer.reason
    assert "leads back to this server" in answer.json()["title"]
    assert len(wire.requests) == 1


async def test_a_ring_of_servers_ends_with_the_first_that_is_met_again(start: StartNamed, wire: ProxyServer) -> None:
    ports = {name: free_port() for name in "abc"}
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    proxies = [
        await start(name, ports[name], http_proxy=wire.url, **{after: urls[after]})
        for name, after in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    answer = await proxies[0].get("/simple/demo/", {"Accept": JSON})
    assert answer.status == 502
    assert "leads back to this server" in answer.json()["title"]
    assert len(wire.requests) == 3
    sent = [request.headers["cdn-loop"].split(", ") for request in wire.requests]
    assert [len(names) for names in sent] == [1, 2, 3]
    assert sent[2][:2] == sent[1]


async def test_a_ring_is_no_obstacle_to_what_another_upstream_has(upstream: UpstreamServer, start: StartNamed) -> None:
    """Two sites that are each other's upstream, and each has an index of its own."""
    filename = publish(upstream, "demo", "1.0")
    port = free_port()
    north = await start("north", port, south=f"http://127.0.0.1:{(south_port := free_port())}")
    south = await start("south", south_port, own=upstream.url, north=f"http://127.0.0.1:{port}")
    for proxy in (north, south):
        assert [file["filename"] for file in (await proxy.page("demo"))["files"]] == [filename]
    assert (await north.get("/simple/unheard-of/")).status == 502


async def test_a_file_that_is_asked_for_in_a_ring_ends_as_well(start: StartNamed, wire: ProxyServer) -> None:
    ports = free_port(), free_port()
    a = await start("a", ports[0], http_proxy=wire.url, b=f"http://127.0.0.1:{ports[1]}")
    await start("b", ports[1], http_proxy=wire.url, a=f"http://127.0.0.1:{ports[0]}")
    sha256 = hashlib.sha256(b"").hexdigest()
    for path in (f"/files/demo/{sha256}/demo-1.0.tar.gz", "/files/demo/demo-1.0.tar.gz.metadata"):
        assert (await a.get(path)).status == 502
    assert len(wire.requests) <= 4


async def test_many_who_ask_one_server_at_once_are_no_ring(upstream: UpstreamServer, start: StartNamed) -> None:
    publish(upstream, "demo", "1.0")
    origin = await start("origin", index=upstream.url)
    branches = [await start(f"branch{number}", origin=origin.url) for number in range(3)]
    answers = await asyncio.gather(*(branch.get("/simple/demo/") for branch in branches for _ in range(4)))
    assert {answer.status for answer in answers} == {200}
    assert upstream.count("/simple/") == 1
