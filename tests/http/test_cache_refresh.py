"""``cache refresh`` beside a running server: what was just published is served at once, though the page was fresh."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.commands import command, done
from tests.http.conftest import StartProxy
from tests.http.publishing import filenames, publish
from tests.upstream_server import Status, UpstreamServer, closed_port
from tests.waiting import eventually


@pytest.fixture
def clock() -> Callable[[], float]:
    """The commands' own, which is the machine's."""
    return time.time


async def test_a_new_release_is_served_within_a_second_of_the_first_refresh(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 9)"""
    old = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    new = publish(upstream, "demo", "2.0")
    assert await filenames(proxy, "demo") == [old], "the page is fresh"

    printed = await done(proxy, "cache", "refresh", "demo")

    async def is_there() -> bool:
        return new in await filenames(proxy, "demo")

    await eventually(is_there)
    assert printed == "demo: first: new page, 2 files: 1 more\n"


async def test_what_has_not_changed_is_asked_for_conditionally(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")

    assert await done(proxy, "cache", "refresh", "Demo") == "demo: first: unchanged, 1 file\n"
    assert "if-none-match" in upstream.requests[-1].headers


async def test_a_project_published_at_a_more_trusted_upstream_changes_its_owner(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 9) The 404 of the first was fresh."""
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other, missing_ttl=3600)
    await proxy.page("demo")
    own = publish(upstream, "demo", "9.0")

    assert await done(proxy, "cache", "refresh", "demo") == "demo: first: has it, 1 file\n"

    async def is_owner() -> bool:
        return await filenames(proxy, "demo") == [own]

    await eventually(is_owner)


async def test_the_old_page_counts_and_the_status_is_1_while_the_owner_fails(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    old = publish(upstream, "demo", "1.0")
    publish(other, "demo", "9.0")
    proxy = await start_proxy(upstream, other)
    await proxy.page("demo")
    upstream.behave("/simple/", Status(503))

    ended = await command(proxy, "cache", "refresh", "demo")

    assert ended.status == 1
    assert ended.out == "demo: first: failed: it answered 503 Service Unavailable; its last known page counts\n"
    assert ended.err == "pyproxy: not fully refreshed: demo\n"
    assert other.count("/simple/demo/") == 0, "the owner's names are not asked of others"
    assert await filenames(proxy, "demo") == [old]


async def test_a_known_absence_at_an_upstream_that_fails_hides_nothing(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other)
    await proxy.page("demo")
    upstream.behave("/simple/", Status(503))

    printed = await done(proxy, "cache", "refresh", "demo")

    assert printed.splitlines() == [
        "demo: first: failed: it answered 503 Service Unavailable; it had no such project before",
        "demo: second: unchanged, 1 file",
    ]


async def test_an_upstream_with_on_failure_stop_ends_the_asking(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    dead = f"http://127.0.0.1:{closed_port()}"
    proxy = await start_proxy(UpstreamSettings(name="inner", url=dead, on_failure="stop"), upstream)

    ended = await command(proxy, "cache", "refresh", "demo")

    assert (ended.status, ended.out) == (1, "demo: inner: failed: it refused the connection\n")
    assert upstream.count("/simple/demo/") == 0


async def test_a_local_name_is_asked_of_nobody(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / filename).write_bytes(content)
    proxy = await start_proxy(upstream, local=tmp_path / "local")

    assert "demo: is local; no upstream is asked" in await done(proxy, "cache", "refresh", "demo")
    assert upstream.requests == []


async def test_several_are_refreshed_and_one_that_nobody_has_is_no_failure(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)

    printed = await done(proxy, "cache", "refresh", "demo", "none")

    assert printed.splitlines() == [
        "demo: first: has it, 1 file",
        "none: first: no such project",
        "none: no upstream has it",
    ]


async def test_offline_nobody_is_asked_and_the_status_is_1(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream, offline=True)

    ended = await command(proxy, "cache", "refresh", "demo")

    assert (ended.status, ended.out) == (1, "demo: cache.offline is on: no upstream is asked\n")
    assert upstream.requests == []


async def test_it_works_without_a_server(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    new = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.stop()
    await done(proxy, "cache", "refresh", "demo")
    await proxy.start()

    assert await filenames(proxy, "demo") == [new]
    assert upstream.count("/simple/demo/") == 1
