"""A running server takes over what commands change, within a second, and cuts nobody off."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.app.chain import FOLLOW_SECONDS
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore
from tests.http.administration import database_of, noticed
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON
from tests.http.publishing import filenames, publish
from tests.upstream_server import Hold, UpstreamServer
from tests.waiting import until


def test_changes_are_looked_for_more_often_than_once_a_second() -> None:
    assert FOLLOW_SECONDS < 1


async def test_a_changed_url_loses_the_pages_at_once_and_keeps_verified_files(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The new index's releases are visible with the next request (F11) (pain 32)"""
    old = publish(upstream, "demo", "1.0")
    new = publish(other, "demo", "2.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", old)
    content = (await proxy.get(link)).body

    await noticed(proxy, lambda store: store.change("first", UpstreamSettings(name="first", url=other.url)))

    assert await filenames(proxy, "demo") == [new]
    assert ((await proxy.get(link)).body, upstream.count("/packages/")) == (content, 1)


async def test_a_request_under_way_ends_on_the_settings_it_began_with(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    old, new = publish(upstream, "demo", "1.0"), publish(other, "demo", "2.0")
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", hold)
    proxy = await start_proxy(upstream)
    under_way = asyncio.ensure_future(proxy.get("/simple/demo/", {"Accept": JSON}))
    await hold.reached.wait()

    await noticed(proxy, lambda store: store.change("first", UpstreamSettings(name="first", url=other.url)))
    assert await filenames(proxy, "demo") == [new]
    hold.event.set()
    answer = await under_way

    assert (answer.status, [file["filename"] for file in answer.json()["files"]]) == (200, [old])
    assert await filenames(proxy, "demo") == [new]


async def test_a_page_that_is_on_its_way_outlives_its_upstream(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Nothing of a removed upstream is kept, and its name is answered by others from then on."""
    old, new = publish(upstream, "demo", "1.0"), publish(other, "demo", "2.0")
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", hold)
    proxy = await start_proxy(upstream, other)
    under_way = asyncio.ensure_future(proxy.get("/simple/demo/", {"Accept": JSON}))
    await hold.reached.wait()

    await noticed(proxy, lambda store: store.remove("first"))
    hold.event.set()
    answer = await under_way

    assert (answer.status, [file["filename"] for file in answer.json()["files"]]) == (200, [old])
    assert await filenames(proxy, "demo") == [new]


async def test_a_known_page_that_is_being_refreshed_outlives_its_upstream(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(UpstreamSettings(name="first", url=upstream.url, index_ttl=0.0))
    await proxy.page("demo")
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", hold)
    under_way = asyncio.ensure_future(proxy.get("/simple/demo/"))
    await hold.reached.wait()
    await noticed(proxy, lambda store: store.remove("first"))
    hold.event.set()

    assert (await under_way).status == 200


async def test_a_moved_upstream_is_asked_first(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    publish(other, "demo", "2.0")
    proxy = await start_proxy(upstream, other)
    assert (await proxy.get("/simple/demo/")).upstream == "first"

    await noticed(proxy, lambda store: store.move("second", 1))

    assert (await proxy.get("/simple/demo/")).upstream == "second"


async def test_an_added_upstream_is_asked(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/demo/")).status == 404

    await noticed(proxy, lambda store: store.add(UpstreamSettings(name="added", url=other.url)))

    assert (await proxy.get("/simple/demo/")).upstream == "added"


async def test_right_credentials_work_with_the_next_request(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """The remembered failure belongs to the old ones."""
    publish(upstream, "demo", "1.0")
    upstream.username, upstream.password = "me", "secret"
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/demo/")).status == 502

    right = UpstreamSettings(name="first", url=upstream.url, username="me", password="secret")
    await noticed(proxy, lambda store: store.change("first", right))

    assert (await proxy.get("/simple/demo/")).status == 200


async def test_with_every_upstream_switched_off_a_page_says_so(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Their verified files still answer to their links."""
    filename = publish(upstream, "demo", "1.0")
    settings = UpstreamSettings(name="first", url=upstream.url)
    proxy = await start_proxy(settings)
    link = await proxy.link("demo", filename)
    content = (await proxy.get(link)).body
    asked = len(upstream.requests)

    await noticed(proxy, lambda store: store.change("first", replace(settings, active=False)))
    answer = await proxy.get("/simple/demo/")
    file = await proxy.get(link)

    assert (answer.status, answer.reason) == (
        503,
        "no upstream is active; an administrator can add or enable one",
    )
    assert (file.body, (await proxy.get(f"{link}.metadata")).status, len(upstream.requests)) == (content, 200, asked)
    await noticed(proxy, lambda store: store.change("first", settings))
    assert (await proxy.get("/simple/demo/")).cache_status == "pyproxy; hit"


async def test_a_reserved_name_stays_reserved_while_its_upstream_is_off(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Page and files alike; the public index gets no request for it (F18)"""
    private = UpstreamSettings(name="private", url=upstream.url, projects=("mycompany-*",))
    own = publish(upstream, "mycompany-tool", "1.0")
    publish(other, "mycompany-tool", "99.0")
    publish(other, "demo", "1.0")
    proxy = await start_proxy(private, other)
    assert await filenames(proxy, "mycompany-tool") == [own]
    assert (await proxy.get("/simple/mycompany-unknown/")).status == 404
    assert (await proxy.get("/simple/demo/")).upstream == "first"
    assert upstream.count("/simple/demo/") == 0

    await noticed(proxy, lambda store: store.change("private", replace(private, active=False)))
    paths = ["/simple/mycompany-tool/", "/files/mycompany-tool/x.whl", f"/files/mycompany-tool/{'1' * 64}/x.whl"]
    answers = [await proxy.get(path) for path in paths]

    assert [answer.status for answer in answers] == [503] * 3
    assert all("upstream private" in answer.reason for answer in answers)
    assert other.count("/simple/mycompany") == 0


async def test_excluded_projects_are_not_asked_for(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    for server in (upstream, other):
        publish(server, "internal-tool", "1.0")
    picky = UpstreamSettings(name="picky", url=upstream.url, excluded_projects=("Internal_*",))
    proxy = await start_proxy(picky, other)

    assert (await proxy.get("/simple/internal-tool/")).upstream == "first"
    assert upstream.requests == []


async def test_settings_that_cannot_be_used_leave_the_old_ones_working(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A secret that another key encrypted, for one; said once, and mended settings are taken over."""
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    sealed = UpstreamSettings(name="sealed", url=upstream.url, token="a-token")
    other_key = SecretBox.open(tmp_path, {"PYPROXY_SECRET_KEY": "another key than the server's"})
    with database_of(proxy) as database, caplog.at_level(logging.ERROR):
        UpstreamStore(database, other_key).add(sealed)
        await until(lambda: "the old ones go on" in caplog.text)
        await asyncio.sleep(2 * FOLLOW_SECONDS)
    assert (await proxy.get("/simple/demo/")).upstream == "first"
    assert caplog.text.count("the old ones go on") == 1

    await noticed(proxy, lambda store: store.remove("sealed"))
