"""How long an answer decides by itself, and what asking again costs."""

from __future__ import annotations

import logging

import pytest

from pyproxy.settings import UpstreamSettings
from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Clock, Proxy
from tests.http.publishing import filenames, publish
from tests.upstream_server import Status, UpstreamServer


def written_bodies(proxy: Proxy) -> list[tuple[int, str]]:
    """Row number and tag of every stored page body: a rewritten one would get a new number."""
    with database_of(proxy) as database:
        return [(row["rowid"], row["tag"]) for row in database.all("SELECT rowid, tag FROM page_bodies", {})]


async def test_a_page_is_fresh_for_index_ttl_and_then_asked_again(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(pain 9)"""
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    publish(upstream, "demo", "2.0")

    clock.advance(299)
    assert len(await filenames(proxy, "demo")) == 1
    clock.advance(1)
    assert len(await filenames(proxy, "demo")) == 2


async def test_a_new_project_is_visible_after_missing_ttl(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(pain 9)"""
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/demo/")).status == 404
    publish(upstream, "demo", "1.0")

    clock.advance(59)
    assert (await proxy.get("/simple/demo/")).status == 404
    assert upstream.count("/simple/demo/") == 1
    clock.advance(1)
    assert (await proxy.get("/simple/demo/")).status == 200


async def test_each_upstream_has_its_own_freshness(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """What is published at a private index shows within that index's own time, also a project's first page (F12)"""
    publish(other, "demo", "1.0")
    private = UpstreamSettings(name="private", url=upstream.url, index_ttl=10.0, missing_ttl=5.0)
    slow = UpstreamSettings(name="public", url=other.url, index_ttl=86400.0, missing_ttl=86400.0)
    proxy = await start_proxy(private, slow)
    assert (await proxy.get("/simple/demo/")).upstream == "public"

    publish(upstream, "demo", "1.0")
    clock.advance(5)
    assert (await proxy.get("/simple/demo/")).upstream == "private"
    publish(upstream, "demo", "2.0")
    clock.advance(10)
    assert len(await filenames(proxy, "demo")) == 2


async def test_no_freshness_at_all_asks_each_time(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(UpstreamSettings(name="first", url=upstream.url, index_ttl=0.0, missing_ttl=0.0))

    for _ in range(3):
        assert (await proxy.get("/simple/demo/")).headers["Cache-Control"] == "max-age=0"
    assert upstream.count("/simple/demo/") == 3


async def test_asking_again_is_conditional_and_a_304_rewrites_no_body(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    first = await proxy.get("/simple/demo/")
    before = written_bodies(proxy)

    clock.advance(300)
    again = await proxy.get("/simple/demo/")
    clock.advance(299)
    await proxy.get("/simple/demo/")

    first_request, second_request = upstream.requests
    assert "if-none-match" not in first_request.headers
    assert second_request.headers["if-none-match"]
    assert (again.body, again.headers["Etag"]) == (first.body, first.headers["Etag"])
    assert written_bodies(proxy) == before


async def test_the_same_page_without_validators_rewrites_no_body_either(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    upstream.no_etag = True
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    before = written_bodies(proxy)

    clock.advance(300)
    await proxy.page("demo")

    assert upstream.count("/simple/demo/") == 2
    assert written_bodies(proxy) == before


async def test_a_page_without_upload_times_is_fetched_once_like_any_other(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """What an upstream does not offer is not looked for again with each request (F31)"""
    upstream.html_only = True
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)

    for accept in (JSON, "text/html", JSON):
        assert (await proxy.get("/simple/demo/", {"Accept": accept})).status == 200
    assert len(upstream.requests) == 1


async def test_pages_404s_and_their_freshness_survive_a_restart(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(pain 35)"""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    await proxy.get("/simple/nobody/")
    clock.advance(50)
    await proxy.restart()

    warm = await proxy.get("/simple/demo/", {"Accept": JSON})
    missing = await proxy.get("/simple/nobody/")
    assert [file["filename"] for file in warm.json()["files"]] == [filename]
    assert (warm.cache_status, warm.headers["Cache-Control"]) == ("pyproxy; hit", "public, max-age=250")
    assert (missing.status, len(upstream.requests)) == (404, 2)

    await upstream.stop()
    clock.advance(3600)
    assert await filenames(proxy, "demo") == [filename]


async def test_every_answer_of_the_index_says_how_long_it_may_be_kept(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """Never longer than it is fresh here; without a word uv guesses (F13)"""
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    fresh = await proxy.get("/simple/demo/")
    clock.advance(100)
    warm = await proxy.get("/simple/demo/")
    unchanged = await proxy.get("/simple/demo/", {"If-None-Match": warm.headers["Etag"]})
    missing = await proxy.get("/simple/nobody/")
    listing = await proxy.get("/simple/")

    assert fresh.headers["Cache-Control"] == "public, max-age=300"
    assert warm.headers["Cache-Control"] == "public, max-age=200"
    assert (unchanged.status, unchanged.headers["Cache-Control"]) == (304, "public, max-age=200")
    assert (missing.headers["Cache-Control"], listing.headers["Cache-Control"]) == ("no-store", "max-age=0")


async def test_an_older_page_than_before_is_logged_and_asked_for_again_soon(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Nodes of a CDN may lag behind by months; their page replaces no newer one (F14)"""
    publish(upstream, "demo", "1.0")
    publish(upstream, "demo", "2.0")
    upstream.serial = 200
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    upstream.remove("demo")
    publish(upstream, "demo", "1.0")
    upstream.serial = 100
    clock.advance(300)

    with caplog.at_level(logging.WARNING):
        assert len(await filenames(proxy, "demo")) == 2
    assert "older page than before (serial 100 after 200)" in caplog.text
    publish(upstream, "demo", "2.0")
    publish(upstream, "demo", "3.0")
    upstream.serial = 300
    clock.advance(3)
    assert len(await filenames(proxy, "demo")) == 3


async def test_an_index_that_was_set_back_is_believed_the_second_time(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """A serial never blocks later updates (F14) (pain 32)"""
    publish(upstream, "demo", "1.0")
    publish(upstream, "demo", "2.0")
    upstream.serial = 200
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    upstream.remove("demo")
    publish(upstream, "demo", "1.0")
    upstream.serial = 100
    clock.advance(300)

    assert len(await filenames(proxy, "demo")) == 2
    clock.advance(3)
    assert len(await filenames(proxy, "demo")) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_that_was_set_back_freezes_no_page(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy, restarted: bool
) -> None:
    """A machine that starts with a wrong clock fetches pages "in the future"; they must not stay fresh until then."""
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    publish(upstream, "demo", "2.0")

    clock.advance(-86400)
    if restarted:
        await proxy.restart()

    assert len(await filenames(proxy, "demo")) == 2


async def test_a_304_that_names_another_page_does_not_freeze_the_one_we_have(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """Its ETag is not asked with: the next answer is about the page that we really have (RFC 9111 section 4.3.4)."""
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    ours = upstream.requests[-1]
    publish(upstream, "demo", "2.0")

    upstream.behave("/simple/demo/", Status(304, headers={"ETag": '"another"'}), times=1)
    clock.advance(300)
    await proxy.page("demo")
    clock.advance(300)

    assert len(await filenames(proxy, "demo")) == 2
    asked = [request.headers.get("If-None-Match") for request in upstream.requests if request is not ours]
    assert len(asked) == 2
    assert asked[0] == asked[1] != '"another"'
