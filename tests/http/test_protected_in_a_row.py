"""A pyproxy in front of one that wants credentials."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from pyproxy.config.model import AccessConfig
from pyproxy.settings import UpstreamSettings
from tests.http.admin.browser import PASSWORD, add_account
from tests.http.proxy import Clock, Proxy, make_config
from tests.http.publishing import publish
from tests.http.reading import add_token, bearer, revoke_token
from tests.upstream_server import UpstreamServer

StartOne = Callable[..., Awaitable[Proxy]]


@pytest.fixture
def start(io_loop: IOLoop, tmp_path: Path, clock: Clock) -> Iterator[StartOne]:
    """``await start("name", "http://…", token="…")``: a server of that name with one upstream, called ``behind``."""
    running: list[Proxy] = []

    async def begin(name: str, url: str, *, anonymous_read: bool = True, **settings: Any) -> Proxy:
        upstream = UpstreamSettings(name="behind", url=url, **settings)
        access = AccessConfig(anonymous_read=anonymous_read)
        proxy = Proxy(make_config(tmp_path / name, [upstream], access=access), clock, {})
        running.append(proxy)
        await proxy.start()
        return proxy

    yield begin
    for proxy in running:
        io_loop.run_sync(proxy.stop)


@pytest.mark.parametrize("kind", ["token", "token as the password", "account"])
async def test_it_reads_pages_files_and_documents_with_an_account_or_a_token(
    kind: str, upstream: UpstreamServer, start: StartOne
) -> None:
    """(check 63)"""
    filename = publish(upstream, "demo", "1.0")
    first = await start("first", upstream.url, anonymous_read=False)
    add_account(first, "chained", "viewer")
    token = add_token(first)
    secret: dict[str, str] = {
        "token": {"token": token},
        "token as the password": {"username": "any", "password": token},
        "account": {"username": "chained", "password": PASSWORD},
    }[kind]
    second = await start("second", first.url, **secret)

    answer = await second.file("demo", filename)
    document = await second.get("/pypi/demo/json")
    unknown = await second.get("/simple/unknown/")

    assert (answer.status, document.status, unknown.status) == (200, 200, 404)
    assert answer.headers["Cache-Control"].startswith("public"), "who may read there is another question than here"
    assert document.json()["info"]["name"] == "demo"


async def test_a_revoked_token_is_a_failure_that_says_so_and_what_is_known_is_served(
    upstream: UpstreamServer, start: StartOne, clock: Clock
) -> None:
    filename = publish(upstream, "demo", "1.0")
    first = await start("first", upstream.url, anonymous_read=False)
    second = await start("second", first.url, token=add_token(first))
    assert (await second.file("demo", filename)).status == 200

    revoke_token(first)
    clock.advance(3600)

    page = await second.get("/simple/demo/")
    assert (page.status, page.cache_status) == (200, "pyproxy; fwd=stale; detail=status-401")
    assert (await second.file("demo", filename)).status == 200
    unknown = await second.get("/simple/other/")
    assert unknown.status == 502
    assert unknown.reason.startswith("upstream behind answered 401 Unauthorized: check its username and password")
    assert "it says: the token is unknown" in unknown.reason


async def test_an_old_password_in_a_server_before_it_is_counted_once(
    upstream: UpstreamServer, start: StartOne, clock: Clock
) -> None:
    first = await start("first", upstream.url, anonymous_read=False)
    add_account(first, "chained", "viewer")
    second = await start("second", first.url, username="chained", password="the old password")
    for number in range(15):
        assert (await second.get(f"/simple/project-{number}/")).status == 502
        clock.advance(60)
    answer = await first.get("/simple/demo/", bearer(add_token(first)))
    assert answer.status == 404
    third = await start("third", first.url, username="chained", password=PASSWORD)
    assert (await third.get("/simple/demo/")).status == 404
