"""Nobody waits for what is known: a page that was answered once is served whatever becomes of its upstream."""

from __future__ import annotations

import asyncio

import pytest

from pyproxy.settings import UpstreamSettings
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Clock
from tests.http.publishing import filenames, publish
from tests.upstream_server import (
    Behaviour,
    Empty,
    Hold,
    Portal,
    Redirect,
    Reset,
    Silence,
    Status,
    Truncate,
    UpstreamServer,
)
from tests.waiting import eventually

HOUR, DAY = 3600.0, 86400.0

FAILURES: list[Behaviour] = [
    Status(401),
    Status(403),
    Status(429),
    Status(500),
    Status(503),
    Reset(),
    Empty(),
    Truncate(10),
    Portal(),
    Redirect("http://example.org/login"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: f"{failure}"[:12])
async def test_a_failing_upstreams_last_page_is_served_stale(
    failure: Behaviour, upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(check 65) (pain 3)"""
    upstream.no_etag = True
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    upstream.behave("/simple/", failure)
    clock.advance(HOUR)

    answer = await proxy.get("/simple/demo/", {"Accept": JSON})

    assert [file["filename"] for file in answer.json()["files"]] == [filename]
    assert answer.upstream == "first"
    assert answer.cache_status is not None
    assert answer.cache_status.startswith("pyproxy; fwd=stale; detail=")
    assert answer.headers["Cache-Control"] == "max-age=0"


async def test_the_page_and_a_cached_file_of_a_dead_upstream_are_served_for_thirty_days(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """The file without any upstream request (pain 3)"""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    content = (await proxy.file("demo", filename)).body
    await upstream.stop()

    clock.advance(29 * DAY)
    stale = await proxy.file("demo", filename)
    assert (stale.status, stale.body, stale.cache_status) == (200, content, "pyproxy; hit")
    link = await proxy.link("demo", filename)
    clock.advance(2 * DAY)
    assert (await proxy.get("/simple/demo/")).status == 502
    assert (await proxy.get(link)).body == content


async def test_a_stale_page_hides_nothing_and_the_next_upstream_is_not_asked(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    publish(other, "demo", "99.0")
    proxy = await start_proxy(upstream, other)
    await proxy.page("demo")
    await upstream.stop()
    clock.advance(HOUR)

    assert (await proxy.get("/simple/demo/")).upstream == "first"
    assert other.requests == []


async def test_a_refresh_that_takes_long_goes_on_behind(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """The known page is served meanwhile, the new one as soon as it is here."""
    old = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    new = publish(upstream, "demo", "2.0")
    release = asyncio.Event()
    upstream.behave("/simple/demo/", Hold(release))
    clock.advance(HOUR)

    waited = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert [file["filename"] for file in waited.json()["files"]] == [old]
    assert waited.cache_status == "pyproxy; fwd=stale; detail=refreshing"
    release.set()

    async def refreshed() -> bool:
        return await filenames(proxy, "demo") == [old, new]

    await eventually(refreshed)
    assert upstream.count("/simple/demo/") == 2


async def test_a_black_hole_costs_a_second_once_not_each_time(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """Thirty stale pages would otherwise take thirty seconds (pain 3)"""
    projects = [f"demo-{number}" for number in range(30)]
    proxy = await start_proxy(upstream)
    for project in projects:
        publish(upstream, project, "1.0")
        await proxy.page(project)
    upstream.behave("/simple/", Silence())
    clock.advance(HOUR)

    async with asyncio.timeout(25):
        answers = [await proxy.get(f"/simple/{project}/") for project in projects]

    assert {(answer.status, answer.upstream) for answer in answers} == {(200, "first")}
    assert all("fwd=stale" in (answer.cache_status or "") for answer in answers)


async def test_all_known_404s_on_the_way_cost_a_second_together(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """The patience is for the look-up, not for each upstream."""
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other)
    await proxy.page("demo")
    for server in (upstream, other):
        server.behave("/simple/", Silence())
    clock.advance(600)

    answer = await proxy.get("/simple/demo/")

    assert (answer.status, answer.upstream) == (200, "second")
    assert answer.cache_status == "pyproxy; fwd=stale; detail=refreshing"


async def test_an_upstream_that_lost_the_project_loses_its_page_but_not_its_verified_files(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """A 404 is an answer, not a failure; links that are out there go on working (F7) (pain 26)"""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, other)
    link = await proxy.link("demo", filename)
    content = (await proxy.get(link)).body
    upstream.remove("demo")
    clock.advance(HOUR)

    assert (await proxy.get("/simple/demo/")).status == 404
    assert (await proxy.get(link)).body == content
    publish(other, "demo", "2.0")
    clock.advance(60)
    assert (await proxy.get("/simple/demo/")).upstream == "second"


async def test_a_yank_shows_after_the_next_refresh(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """With its reason, in both formats (pain 26)"""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    assert (await proxy.page("demo"))["files"][0]["yanked"] is False
    upstream.add_file("demo", filename, b"", yanked="broken on Mondays")
    clock.advance(300)

    assert (await proxy.page("demo"))["files"][0]["yanked"] == "broken on Mondays"
    assert b'data-yanked="broken on Mondays"' in (await proxy.get("/simple/demo/", {"Accept": "text/html"})).body


async def test_offline_serves_known_pages_of_any_age_and_asks_nobody(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(pain 35)"""
    filename = publish(upstream, "demo", "1.0")
    publish(upstream, "never-fetched", "1.0")
    publish(other, "elsewhere", "1.0")
    stop = UpstreamSettings(name="second", url=other.url, on_failure="stop")
    proxy = await start_proxy(upstream, stop)
    await proxy.file("demo", filename)
    await proxy.page("elsewhere")
    await proxy.get("/simple/nobody/")
    await proxy.restart(offline=True)
    asked = len(upstream.requests), len(other.requests)
    clock.advance(400 * DAY)

    known = await proxy.get("/simple/demo/")
    behind_a_404 = await proxy.get("/simple/elsewhere/")
    file = await proxy.file("demo", filename)
    absent = await proxy.get("/simple/nobody/")
    unknown = await proxy.get("/simple/never-fetched/")

    assert (known.status, known.upstream, behind_a_404.status, behind_a_404.upstream) == (200, "first", 200, "second")
    assert (file.status, file.cache_status, absent.status) == (200, "pyproxy; hit", 404)
    assert unknown.status == 503
    assert "offline" in unknown.reason
    assert (len(upstream.requests), len(other.requests)) == asked
