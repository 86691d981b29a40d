"""Documents of the legacy JSON API are kept like pages: fresh, confirmed, stale, and gone with their upstream."""

from __future__ import annotations

import asyncio

import pytest

from pyproxy.settings import UpstreamSettings
from pyproxy.storage.pages import PageStore
from tests.http.administration import database_of, noticed
from tests.http.calls import ask, under_way
from tests.http.conftest import StartProxy
from tests.http.legacy_documents import publish_with_document
from tests.http.proxy import Clock, Proxy
from tests.upstream_server import Behaviour, Hold, Portal, Redirect, Reset, Silence, Status, Truncate, UpstreamServer
from tests.waiting import until

DOCUMENT = "/pypi/demo/json"
TTL = 300.0


async def told(proxy: Proxy, path: str = DOCUMENT) -> tuple[str | None, str]:
    """Where the document came from, and its summary."""
    answer = await proxy.get(path)
    assert answer.status == 200, answer
    return answer.cache_status, answer.json()["info"]["summary"]


async def test_a_fresh_document_is_not_asked_for_again(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=TTL)
    await proxy.get(DOCUMENT)
    clock.advance(TTL - 1)

    assert await told(proxy) == ("pyproxy; hit", "What demo 1.0 is")
    assert upstream.count("/pypi/") == 1


async def test_an_expired_document_is_asked_for_conditionally(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=TTL)
    etag = (await proxy.get(DOCUMENT)).headers["ETag"]
    clock.advance(TTL)

    answer = await proxy.get(DOCUMENT, {"If-None-Match": etag})

    asked = [request for request in upstream.requests if request.path == DOCUMENT]
    assert "if-none-match" in asked[1].headers
    assert asked[0].headers["accept"] == "application/json"
    assert (answer.status, answer.cache_status) == (304, "pyproxy; fwd=miss")
    clock.advance(TTL - 1)
    assert (await told(proxy))[0] == "pyproxy; hit"


async def test_a_changed_document_takes_its_place(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    said = publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=TTL)
    await proxy.get(DOCUMENT)
    said["info"]["summary"] = "Another one"
    upstream.set_json("demo", said)
    clock.advance(TTL)

    assert await told(proxy) == ("pyproxy; fwd=miss", "Another one")


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (Status(503), "status-503"),
        (Status(403), "status-403"),
        (Reset(), "unreachable"),
        (Truncate(10), "invalid-response"),
        (Portal(), "invalid-response"),
        (Redirect("http://example.org/login"), "invalid-response"),
        (Silence(), "refreshing"),
    ],
    ids=["503", "403", "reset", "cut", "portal", "redirect", "silence"],
)
async def test_a_known_document_stands_in_for_a_failure(
    failure: Behaviour, why: str, upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(pain 3)"""
    upstream.no_etag = True
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=TTL)
    await proxy.get(DOCUMENT)
    upstream.behave("/pypi/", failure)
    clock.advance(TTL)

    answer = await proxy.get(DOCUMENT)

    assert answer.json()["info"]["summary"] == "What demo 1.0 is"
    assert answer.cache_status == f"pyproxy; fwd=stale; detail={why}"
    assert answer.headers["Cache-Control"] == "max-age=0"


async def test_a_document_is_stale_no_longer_than_pages_are(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=TTL, serve_stale_for=3600.0)
    await proxy.get(DOCUMENT)
    upstream.behave("/pypi/", Status(503))
    clock.advance(3601)

    assert (await told(proxy))[0] == "pyproxy; fwd=miss; detail=made-after-status-503"


async def test_a_document_that_was_withdrawn_is_made(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=TTL)
    await proxy.get(DOCUMENT)
    del upstream.json_documents["demo"]
    clock.advance(TTL)

    assert (await proxy.get(DOCUMENT)).cache_status == "pyproxy; fwd=miss; detail=made"


async def test_a_failure_does_not_make_the_upstream_rest(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    for project in ("one", "two", "three", "four"):
        publish_with_document(upstream, project, "1.0")
    upstream.behave("/pypi/", Reset())
    proxy = await start_proxy(upstream)

    for project in ("one", "two", "three", "four"):
        assert (
            await proxy.get(f"/pypi/{project}/json")
        ).cache_status == "pyproxy; fwd=miss; detail=made-after-unreachable"

    publish_with_document(upstream, "five", "1.0")
    assert (await proxy.get("/simple/five/")).cache_status == "pyproxy; fwd=miss"


async def test_a_failure_is_not_repeated_at_once_and_not_remembered_for_long(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0")
    upstream.behave("/pypi/", Status(500, headers={"Retry-After": "1"}))
    proxy = await start_proxy(upstream)
    answers = [await proxy.get(DOCUMENT) for _ in range(3)]
    asked = upstream.count("/pypi/")
    upstream.clear_behaviours()
    clock.advance(4)

    assert asked == 1
    assert {answer.cache_status for answer in answers} == {"pyproxy; fwd=miss; detail=made-after-status-500"}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"max-age=0"}
    assert await told(proxy) == ("pyproxy; fwd=miss", "What demo 1.0 is")


async def test_many_who_ask_at_once_make_one_request(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 59)"""
    publish_with_document(upstream, "demo", "1.0")
    go = asyncio.Event()
    upstream.behave("/pypi/", Hold(go))
    proxy = await start_proxy(upstream)
    asking = [asyncio.ensure_future(ask(proxy, DOCUMENT)) for _ in range(10)]
    await under_way(proxy, 10)
    await upstream.requested("/pypi/")
    go.set()

    answers = await asyncio.gather(*asking)

    assert len({answer.body for answer in answers}) == 1
    assert upstream.count("/pypi/") == 1


async def test_documents_survive_a_restart(upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy) -> None:
    """(pain 35)"""
    publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream, index_ttl=TTL)
    await proxy.get(DOCUMENT)
    await proxy.get("/pypi/demo/1.0/json")
    await upstream.stop()
    await proxy.restart()

    assert await told(proxy) == ("pyproxy; hit", "What demo 2.0 is")
    assert await told(proxy, "/pypi/demo/1.0/json") == ("pyproxy; hit", "What demo 1.0 is")
    clock.advance(TTL)
    status, summary = await told(proxy)
    assert (status, summary) == ("pyproxy; fwd=stale; detail=unreachable", "What demo 2.0 is")


async def test_offline_what_is_known_answers_however_old(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream)
    await proxy.get(DOCUMENT)
    await proxy.restart(offline=True)
    clock.advance(1e8)
    asked = len(upstream.requests)

    assert await told(proxy) == ("pyproxy; fwd=stale; detail=offline", "What demo 2.0 is")
    assert (await proxy.get("/pypi/demo/1.0/json")).json()["info"]["version"] == "1.0"
    assert (await proxy.get("/pypi/other/json")).status == 503
    assert len(upstream.requests) == asked


async def test_a_changed_address_of_the_upstream_takes_its_documents(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F11)"""
    publish_with_document(upstream, "demo", "1.0")
    said = publish_with_document(other, "demo", "1.0")
    said["info"]["summary"] = "Of the other"
    other.set_json("demo", said)
    proxy = await start_proxy(upstream)
    await proxy.get(DOCUMENT)

    await noticed(proxy, lambda store: store.change("first", UpstreamSettings(name="first", url=other.url)))

    assert await told(proxy) == ("pyproxy; fwd=miss", "Of the other")
    with database_of(proxy) as database:
        assert len(database.all("SELECT 1 FROM json_documents", {})) == 1


async def test_a_purge_of_the_project_takes_its_documents(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish_with_document(upstream, "demo", "1.0", "2.0")
    proxy = await start_proxy(upstream)
    await proxy.get(DOCUMENT)
    await proxy.get("/pypi/demo/1.0/json")

    with database_of(proxy) as database:
        await PageStore(database).purge("demo")  # type: ignore[arg-type]
        assert database.all("SELECT * FROM json_documents", {}) == []
        assert database.all("SELECT * FROM json_bodies", {}) == []

    asked = upstream.count("/pypi/")
    await until(lambda: proxy.server.services.repository.priority.warm("demo") is None)  # type: ignore[attr-defined]
    assert await told(proxy) == ("pyproxy; fwd=miss", "What demo 2.0 is")
    assert upstream.count("/pypi/") == asked + 1
