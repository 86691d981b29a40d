"""What clients ask for and what upstreams answer is recorded, and recording disturbs nobody."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from ipaddress import IPv4Network
from operator import attrgetter

from pyproxy.config.model import ServerConfig
from pyproxy.storage.counted import RequestTally
from pyproxy.storage.history_reads import HistoryReads, Window
from pyproxy.storage.periods import HOUR, start_of
from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Clock, Proxy
from tests.http.publishing import publish
from tests.http.recording import client_requests, upstream_requests, written
from tests.upstream_server import Corrupt, Status, UpstreamServer

PIP = {"User-Agent": 'pip/24.0 {"ci": true}', "Accept": JSON}

_told = attrgetter("route", "project", "filename", "status", "outcome", "upstream")


def counted(proxy: Proxy) -> dict[str, RequestTally]:
    """Requests of this hour, by outcome."""
    with database_of(proxy) as database:
        window = Window(HOUR, start_of(proxy.clock(), HOUR), HOUR, 1)
        return {row.outcome: RequestTally(*row[2:]) for row in HistoryReads(database, window).requests()}


async def test_an_install_is_recorded_request_by_request(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.get("/simple/demo/", PIP)
    link = await proxy.link("demo", filename)
    size = len((await proxy.get(link, PIP)).body)
    await proxy.get(link, PIP)

    requests = await client_requests(proxy)
    assert [_told(each) for each in requests] == [
        ("page", "demo", "", 200, "miss", "first"),
        ("page", "demo", "", 200, "hit", "first"),
        ("file", "demo", filename, 200, "miss", "first"),
        ("file", "demo", filename, 200, "hit", "first"),
    ]
    first, last = requests[0], requests[-1]
    assert (first.client, first.agent, first.method, first.address) == ("127.0.0.1", "pip/24.0", "GET", "")
    assert (last.sent, last.at) == (size, proxy.clock())
    assert 0 < first.seconds < 30
    page, file = await upstream_requests(proxy)
    assert (page.upstream, page.route, page.project, page.result) == ("first", "page", "demo", "found")
    assert (file.upstream, file.route, file.filename, file.received) == ("first", "file", filename, size)
    tallies = counted(proxy)
    assert {outcome: tally.requests for outcome, tally in tallies.items()} == {"miss": 2, "hit": 2}
    assert tallies["hit"].saved == tallies["hit"].sent > size


async def test_what_an_upstream_does_wrong_is_recorded_with_its_reason(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    upstream.behave("/simple/broken/", Status(503))
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/broken/", PIP)).status == 502
    assert (await proxy.get("/simple/unknown/", PIP)).status == 404
    link = await proxy.link("demo", filename)
    upstream.behave("/packages/", Corrupt())
    await proxy.get(link, PIP)

    calls = [(each.project, each.result, each.kind) for each in await upstream_requests(proxy)]
    assert calls == [
        ("broken", "failed", "status"),
        ("unknown", "missing", ""),
        ("demo", "found", ""),
        ("demo", "failed", "hash mismatch"),
    ]
    assert "answered 503" in (await upstream_requests(proxy))[0].reason
    assert [each.outcome for each in await client_requests(proxy)] == ["failed", "missing", "miss", "failed"]


async def test_a_wrong_address_is_recorded_and_signs_of_life_are_not(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    for path in ("/healthz", "/readyz", "/metrics", "/", "/static/pyproxy.css", "/no/such/thing"):
        await proxy.get(path)
    await proxy.get("/simple/%FF/")
    first, second = await client_requests(proxy)
    assert (first.route, first.address, first.outcome) == ("other", "/no/such/thing", "missing")
    assert (second.route, second.project, second.address, second.status) == ("page", "", "/simple/%FF/", 404)


async def test_behind_a_front_the_client_is_who_the_front_names(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream, server=ServerConfig(port=0, trusted_proxies=(IPv4Network("127.0.0.0/8"),)))
    await proxy.get("/simple/unknown/", {"X-Forwarded-For": "203.0.113.9"})
    assert [each.client for each in await client_requests(proxy)] == ["203.0.113.9"]


async def test_a_stop_loses_nothing_and_a_start_counts_on(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    for _ in range(3):
        await proxy.page("demo")
        await proxy.restart()
    await proxy.stop()
    assert sum(tally.requests for tally in counted(proxy).values()) == 3


async def test_a_database_that_another_process_keeps_locked_does_not_disturb_requests(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    await proxy.get(link)
    await written(proxy)
    path = proxy.server.resources.database.path
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        flushing = asyncio.create_task(proxy.server.recorder.flush())
        for _ in range(20):
            assert (await proxy.get(link)).status == 200
            assert (await proxy.get("/simple/demo/")).status == 200
        await flushing
        await proxy.server.recorder.flush()
        other.execute("COMMIT")
    await written(proxy)
    assert sum(tally.requests for tally in counted(proxy).values()) == 42
    assert len(await client_requests(proxy)) == 42
