"""A verified copy is served without asking anybody, whatever has become of upstreams, pages and settings."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.administration import database_of
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.upstream_server import Reset, Status, UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)
MONTH = 31 * 86400


async def cached(upstream: UpstreamServer, start_proxy: StartProxy, **cache: object) -> Proxy:
    """A proxy that has the file and its page."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    proxy = await start_proxy(upstream, **cache)
    assert (await ask(proxy, PATH)).body == CONTENT
    await idle(proxy)
    upstream.requests.clear()
    return proxy


async def is_served_without_a_question(proxy: Proxy, upstream: UpstreamServer) -> None:
    for path, body in ((PATH, CONTENT), (PATH + ".metadata", METADATA)):
        answer = await ask(proxy, path)
        assert (answer.status, answer.body, answer.cache_status) == (200, body, "pyproxy; hit")
        assert answer.upstream == "first"
        assert (await ask(proxy, path, {"Range": "bytes=-20"})).body == body[-20:]
        assert (await ask(proxy, path, method="HEAD")).headers["Content-Length"] == str(len(body))
    assert upstream.requests == []


async def test_also_when_its_page_expired_long_ago(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 3)"""
    proxy = await cached(upstream, start_proxy)
    clock.advance(MONTH)
    await is_served_without_a_question(proxy, upstream)


async def test_also_when_the_upstream_is_down_and_the_server_was_restarted(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await cached(upstream, start_proxy)
    await upstream.stop()
    await proxy.restart()
    clock.advance(MONTH)
    await is_served_without_a_question(proxy, upstream)


async def test_also_when_the_file_and_its_project_are_gone_upstream(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(F7) (pain 26) A pinned install goes on; the good copy is not thrown away."""
    proxy = await cached(upstream, start_proxy)
    upstream.remove("demo")
    clock.advance(MONTH)
    assert (await ask(proxy, "/simple/demo/")).status == 404
    upstream.requests.clear()
    await is_served_without_a_question(proxy, upstream)


async def test_also_when_the_upstream_is_switched_off(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await cached(upstream, start_proxy)
    store = proxy.server.resources.upstreams
    store.change("first", UpstreamSettings(name="first", url=upstream.url, active=False))
    await proxy.restart()
    await is_served_without_a_question(proxy, upstream)


async def test_also_when_the_upstream_was_removed(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await cached(upstream, start_proxy)
    proxy.server.resources.upstreams.remove("first")
    await proxy.restart()
    await is_served_without_a_question(proxy, upstream)


async def test_also_offline(upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock) -> None:
    proxy = await cached(upstream, start_proxy)
    await proxy.restart(offline=True)
    clock.advance(MONTH)
    await is_served_without_a_question(proxy, upstream)


async def test_offline_what_is_not_here_says_so(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """Not here: 503 that says "offline", whether its page is known or not."""
    proxy = await cached(upstream, start_proxy)
    other, content, metadata = make_wheel("demo", "2.0")
    upstream.add_file("demo", other, content, metadata=metadata)
    await proxy.restart(offline=True)

    for path in (address("demo", other, content), address("demo", other, content) + ".metadata"):
        for method in ("GET", "HEAD"):
            answer = await ask(proxy, path, method=method)
            assert (answer.status, "offline" in answer.reason) == (503, True), answer.reason
    assert (await ask(proxy, address("unknown", other, content))).status == 503
    assert upstream.requests == []


async def test_for_a_project_that_became_local_an_old_link_still_works(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """A lock file made before goes on working, and the name of the project does not leave the house."""
    local = tmp_path / "local"
    local.mkdir()
    proxy = await cached(upstream, start_proxy, local=local)
    mine, content, _ = make_wheel("demo", "9.0")
    (local / mine).write_bytes(content)
    await proxy.restart()

    assert [file["filename"] for file in (await proxy.page("demo"))["files"]] == [mine]
    await is_served_without_a_question(proxy, upstream)
    assert (await ask(proxy, PATH.replace("1.0", "3.0"))).status == 404
    assert upstream.requests == []


async def test_a_file_deleted_under_the_server_is_fetched_again(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F6)"""
    proxy = await cached(upstream, start_proxy)
    (proxy.files_directory / SHA256[:2] / SHA256).unlink()

    answer = await ask(proxy, PATH)
    await idle(proxy)

    assert (answer.status, answer.body) == (200, CONTENT)
    assert (proxy.kept(), upstream.count("/packages/")) == ([SHA256], 1)
    assert (await ask(proxy, PATH)).cache_status == "pyproxy; hit"


async def test_a_file_cut_under_the_server_is_fetched_again(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(F6) (pain 1)"""
    proxy = await cached(upstream, start_proxy)
    os.truncate(proxy.files_directory / SHA256[:2] / SHA256, 1000)

    answer = await ask(proxy, PATH)

    assert (answer.status, answer.body, upstream.count("/packages/")) == (200, CONTENT, 1)


async def test_a_file_cut_while_it_is_sent_ends_as_broken(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename, content, _ = make_wheel("big", "1.0", size=30_000_000)
    upstream.add_file("big", filename, content)
    proxy = await start_proxy(upstream)
    path = address("big", filename, content)
    await ask(proxy, path)
    await idle(proxy)

    async with calling(proxy, path) as call:
        await call.read(1000)
        [sha256] = proxy.kept()
        os.truncate(proxy.files_directory / sha256[:2] / sha256, 2000)
        answer = await call.answer()

    assert answer.broken
    assert (await ask(proxy, path)).body == content


async def test_the_same_bytes_under_another_name_are_not_fetched_again(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await cached(upstream, start_proxy)
    upstream.add_file("copy", FILENAME, CONTENT)
    upstream.behave("/packages/copy/", Status(500))

    answer = await ask(proxy, address("copy", FILENAME, CONTENT))

    assert (answer.status, answer.body, upstream.count("/packages/")) == (200, CONTENT, 0)


async def test_they_are_given_also_while_the_database_takes_no_further_name(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Another process holds the write lock meanwhile (F33)"""
    proxy = await cached(upstream, start_proxy)
    upstream.add_file("copy", FILENAME, CONTENT)
    await proxy.page("copy")
    with database_of(proxy) as database:
        writer = sqlite3.connect(database.path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        answer = await ask(proxy, address("copy", FILENAME, CONTENT))
        assert writer.in_transaction
        writer.execute("COMMIT")
        writer.close()

    assert (answer.status, answer.body, answer.cache_status) == (200, CONTENT, "pyproxy; hit")
    assert upstream.count("/packages/") == 0


async def test_a_copy_that_nobody_lists_under_that_name_is_not_given(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Who knows a sha256 knows nothing else: it must be listed under the name that is asked for."""
    proxy = await cached(upstream, start_proxy)
    upstream.add_file("other", "other-1.0.tar.gz", b"")
    upstream.behave("/packages/", Reset())

    assert (await ask(proxy, address("other", FILENAME, CONTENT))).status == 404
