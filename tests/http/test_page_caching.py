"""What lets clients keep pages: validators, conditional answers, explicit lifetimes."""

from __future__ import annotations

import gzip

import pytest

from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON, Clock, Proxy
from tests.upstream_server import Status, UpstreamServer


async def start_with_demo(upstream: UpstreamServer, start_proxy: StartProxy) -> Proxy:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    return await start_proxy(upstream)


@pytest.mark.parametrize("accept", [JSON, HTML, "text/html"])
@pytest.mark.parametrize("path", ["/simple/demo/", "/simple/"])
async def test_a_page_has_all_that_a_client_needs_to_keep_it(
    path: str, accept: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 36, F13)"""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await proxy.get(path, {"Accept": accept})
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Date"]
    assert "max-age=" in answer.headers["Cache-Control"]
    assert "no-store" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize("path", ["/simple/demo/", "/simple/"])
async def test_a_client_that_has_the_page_gets_a_304(
    path: str, encoding: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 37)"""
    proxy = await start_with_demo(upstream, start_proxy)
    headers = {"Accept": JSON, "Accept-Encoding": encoding}
    page = await proxy.get(path, headers)
    etag = page.headers["ETag"]
    for condition in (etag, f'"other", {etag}', f'{etag} , "other"', f"W/{etag}", "*"):
        answer = await proxy.get(path, {**headers, "If-None-Match": condition})
        assert (answer.status, answer.body) == (304, b"")
        for name in ("ETag", "Vary", "Cache-Control"):
            assert answer.headers[name] == page.headers[name]
        assert answer.headers["Date"]
        assert answer.headers["Content-Length"] is None
    for condition in ('"other"', "nonsense", '"', "", etag.strip('"') + "-gzip"):
        answer = await proxy.get(path, {**headers, "If-None-Match": condition})
        assert (answer.status, answer.body) == (200, page.body)


async def test_each_format_and_coding_has_an_etag_of_its_own(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 38)"""
    proxy = await start_with_demo(upstream, start_proxy)
    etags = set()
    for accept in (JSON, "text/html"):
        for encoding in ("identity", "gzip"):
            answer = await proxy.get("/simple/demo/", {"Accept": accept, "Accept-Encoding": encoding})
            etags.add(answer.headers["ETag"])
    assert len(etags) == 4
    # One format's validator is no condition for another's.
    answer = await proxy.get("/simple/demo/", {"Accept": JSON, "If-None-Match": answer.headers["ETag"]})
    assert answer.status == 200


@pytest.mark.parametrize("no_etag", [False, True])
async def test_a_refresh_without_change_keeps_the_etag(
    no_etag: bool, upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(check 39)"""
    upstream.no_etag = no_etag
    proxy = await start_with_demo(upstream, start_proxy)
    before = await proxy.get("/simple/demo/", {"Accept": JSON})
    clock.advance(301)
    after = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert upstream.count("/simple/demo/") == 2
    assert before.headers["ETag"] == after.headers["ETag"]


async def test_every_representation_comes_from_one_answer_of_the_upstream(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Else a CDN could give us pages of different age for different clients (F15)."""
    upstream.gzip_pages = True
    proxy = await start_with_demo(upstream, start_proxy)
    first = await proxy.get("/simple/demo/", {"Accept": JSON})
    filename, content, _ = make_wheel("demo", "2.0")
    upstream.add_file("demo", filename, content)
    for accept in (JSON, HTML, "text/html"):
        for encoding in ("identity", "gzip", "gzip, deflate, zstd"):
            answer = await proxy.get("/simple/demo/", {"Accept": accept, "Accept-Encoding": encoding})
            body = gzip.decompress(answer.body) if answer.headers["Content-Encoding"] else answer.body
            assert filename.encode() not in body
    assert first.status == 200
    assert upstream.count("/simple/demo/") == 1


async def test_the_etag_survives_a_restart(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_with_demo(upstream, start_proxy)
    before = await proxy.get("/simple/demo/", {"Accept": JSON, "Accept-Encoding": "gzip"})
    await proxy.restart()
    after = await proxy.get("/simple/demo/", {"Accept": JSON, "Accept-Encoding": "gzip"})
    assert before.headers["ETag"] == after.headers["ETag"]
    assert before.body == after.body


async def test_a_changed_page_has_another_etag(upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock) -> None:
    """(check 39)"""
    proxy = await start_with_demo(upstream, start_proxy)
    before = await proxy.get("/simple/demo/", {"Accept": JSON})
    filename, content, _ = make_wheel("demo", "2.0")
    upstream.add_file("demo", filename, content)
    clock.advance(301)
    headers = {"Accept": JSON, "If-None-Match": before.headers["ETag"]}
    after = await proxy.get("/simple/demo/", headers)
    assert after.status == 200
    assert len(after.json()["files"]) == 2


async def test_a_page_may_be_kept_as_long_as_it_is_fresh_here(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """A client's own lifetime must not be stacked on ours (F12, pain 9)."""
    proxy = await start_with_demo(upstream, start_proxy)
    ages = []
    for _ in range(3):
        ages.append((await proxy.get("/simple/demo/")).headers["Cache-Control"])
        clock.advance(100)
    assert ages == ["public, max-age=300", "public, max-age=200", "public, max-age=100"]


async def test_no_page_may_be_kept_longer_than_ten_minutes(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream, index_ttl=86400.0)
    assert (await proxy.get("/simple/demo/")).headers["Cache-Control"] == "public, max-age=600"


async def test_stale_and_degraded_pages_are_asked_for_again(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 10)"""
    filename, content, _ = make_wheel("demo", "1.0")
    other.add_file("demo", filename, content)
    upstream.behave("/simple/", Status(503))
    proxy = await start_proxy(upstream, other)
    degraded = await proxy.get("/simple/demo/")
    assert degraded.cache_status == "pyproxy; fwd=miss; detail=degraded"
    assert (degraded.status, degraded.headers["Cache-Control"]) == (200, "max-age=0")

    upstream.clear_behaviours()
    clock.advance(4)
    await proxy.get("/simple/demo/")
    other.behave("/simple/", Status(503))
    clock.advance(301)
    stale = await proxy.get("/simple/demo/")
    assert stale.cache_status == "pyproxy; fwd=stale; detail=status-503"
    assert (stale.status, stale.headers["Cache-Control"]) == (200, "max-age=0")


async def test_errors_are_not_kept(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(F8)"""
    proxy = await start_proxy(upstream)
    for path in ("/simple/none/", "/simple/!/", "/files/none/none-1.0.tar.gz", "/nothing"):
        answer = await proxy.get(path)
        assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")
