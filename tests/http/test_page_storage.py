"""Pages when the storage fails, is busy, or loses them: they are served all the same."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

import pytest

from pyproxy.storage.pages import PageStore
from tests.http.administration import database_of
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Clock, Proxy
from tests.http.publishing import filenames, publish
from tests.upstream_server import Hold, UpstreamServer


async def fill_disk(proxy: Proxy) -> None:
    """From now on SQLite says, as on a full disk, that the database cannot grow."""

    def limit(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    await proxy.server.resources.database.write(limit)


def publish_large(upstream: UpstreamServer, project: str) -> None:
    """A project whose page needs more room than a database page has left."""
    for number in range(300):
        upstream.add_file(project, f"{project}-{number}.tar.gz", f"{project} {number}".encode())


async def test_with_the_disk_full_pages_are_fetched_and_served(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for many clients, fresh and refreshed, with their files"""
    publish_large(upstream, "demo")
    proxy = await start_proxy(upstream)
    await fill_disk(proxy)

    with caplog.at_level(logging.WARNING):
        cold = await proxy.get("/simple/demo/", {"Accept": JSON})
    warm = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert "the disk is full" in caplog.text
    assert (cold.status, len(cold.json()["files"]), warm.cache_status) == (200, 300, "pyproxy; hit")
    assert upstream.count("/simple/demo/") == 1
    assert (await proxy.file("demo", "demo-7.tar.gz")).body == b"demo 7"

    clock.advance(300)
    assert len(await filenames(proxy, "demo")) == 300
    assert upstream.count("/simple/demo/") == 2
    clock.advance(299)
    assert len(await filenames(proxy, "demo")) == 300
    assert upstream.count("/simple/demo/") == 2
    await upstream.stop()
    clock.advance(600)
    assert (await proxy.get("/simple/demo/")).status == 200


async def test_pages_are_stored_again_once_there_is_room(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish_large(upstream, "demo")
    proxy = await start_proxy(upstream)
    await fill_disk(proxy)
    await proxy.page("demo")
    await proxy.server.resources.database.write(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchall())

    clock.advance(300)
    await proxy.page("demo")  # a 304: what is held is what gets stored
    await proxy.restart()

    assert (await proxy.get("/simple/demo/")).cache_status == "pyproxy; hit"
    assert upstream.count("/simple/demo/") == 2


async def test_a_busy_database_delays_pages_but_fails_none(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Another process holds the write lock meanwhile (F33, pain 17)"""
    projects = [f"demo-{number}" for number in range(6)]
    for project in projects:
        publish(upstream, project, "1.0")
    proxy = await start_proxy(upstream)
    with database_of(proxy) as database:
        writer = sqlite3.connect(database.path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(*(proxy.get(f"/simple/{project}/") for project in projects))
        writer.execute("COMMIT")
        writer.close()

    assert {answer.status for answer in answers} == {200}
    assert "locked" not in caplog.text
    assert "busy" not in caplog.text


async def test_a_purged_page_is_fetched_again(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """Also where the decision for it is still warm, and its rendered form is not at hand"""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    with database_of(proxy) as database:
        await PageStore(database).purge("demo")  # type: ignore[arg-type]

    html = await proxy.get("/simple/demo/", {"Accept": "text/html"})

    assert (html.status, filename.encode() in html.body) == (200, True)
    assert upstream.count("/simple/demo/") == 2


async def test_a_page_whose_body_is_lost_is_fetched_again(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """Without validators, or the upstream would say that nothing changed."""
    filename = publish(upstream, "demo", "1.0")
    publish(upstream, "other", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    with database_of(proxy) as database:
        await database.write(lambda connection: connection.execute("DELETE FROM page_bodies"))
    await proxy.restart()

    assert await filenames(proxy, "demo") == [filename]
    assert "if-none-match" not in upstream.requests[-1].headers
    assert (await proxy.file("demo", filename)).status == 200


async def test_a_file_of_a_lost_page_is_found_again(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    with database_of(proxy) as database:
        await database.write(lambda connection: connection.execute("DELETE FROM page_bodies"))

    assert (await proxy.get(link)).status == 200


async def test_a_page_purged_while_it_is_refreshed_is_fetched_again(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """The 304 that comes then confirms nothing any more; it is no 404 either."""
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", hold, times=1)
    clock.advance(300)
    asked = asyncio.ensure_future(proxy.get("/simple/demo/"))
    await hold.reached.wait()
    with database_of(proxy) as database:
        await PageStore(database).purge("demo")  # type: ignore[arg-type]
    hold.event.set()

    assert (await asked).status == 200
    assert upstream.count("/simple/demo/") == 3


async def test_the_listed_files_do_not_depend_on_what_is_cached(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """Before caching, after caching any subset, after eviction, after a restart (pain 4)"""
    names = [publish(upstream, "demo", version) for version in ("1.0", "1.1", "2.0", "3.0")]
    proxy = await start_proxy(upstream)
    accepts = (JSON, "text/html")

    async def pages() -> list[bytes]:
        return [(await proxy.get("/simple/demo/", {"Accept": accept})).body for accept in accepts]

    before = await pages()
    for cached in names[1:3]:
        assert (await proxy.file("demo", cached)).status == 200
        assert await pages() == before
    clock.advance(300)
    assert await pages() == before
    await proxy.server.resources.files.forget("demo", names[1])  # type: ignore[arg-type]
    assert await pages() == before
    await proxy.restart()
    assert await pages() == before
    await upstream.stop()
    clock.advance(3600)
    assert await pages() == before
