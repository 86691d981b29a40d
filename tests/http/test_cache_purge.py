"""``cache purge`` beside a running server: the next request asks as if it were the first."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.pages import PageStore
from tests.distributions import make_wheel
from tests.http.administration import noticed
from tests.http.calls import address, ask, calling, idle, under_way
from tests.http.commands import command, done
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.test_page_storage import fill_disk, publish_large
from tests.upstream_server import Hold, Status, UpstreamServer
from tests.waiting import eventually

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=200_000)
_, OTHER_CONTENT, _ = make_wheel("demo", "1.0", size=300_000)
PATH = address("demo", FILENAME, CONTENT)


@pytest.fixture
def clock() -> Callable[[], float]:
    """The commands' own, which is the machine's."""
    return time.time


async def page_status(proxy: Proxy, project: str = "demo") -> str | None:
    return (await ask(proxy, f"/simple/{project}/")).cache_status


async def test_after_a_purge_page_and_file_are_asked_for_anew(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 9)"""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)
    assert await page_status(proxy) == "pyproxy; hit"

    printed = await done(proxy, "cache", "purge", "demo")

    assert f"demo is forgotten: 1 file, {len(CONTENT) / 1000:.1f} kB of disk freed" in printed
    assert proxy.kept() == []

    async def is_a_miss() -> bool:
        return await page_status(proxy) == "pyproxy; fwd=miss"

    await eventually(is_a_miss)
    again = await ask(proxy, PATH)
    assert (again.body, again.cache_status) == (CONTENT, "pyproxy; fwd=miss")
    assert upstream.count("/packages/") == 2


async def test_a_purge_while_the_upstream_is_asked_makes_no_absence_of_a_file(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The upstream says that a page is unchanged which is no longer here, and whoever joined hears that, too."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, index_ttl=0.0)
    await proxy.page("demo")
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/demo/", hold, times=1)
    page = asyncio.ensure_future(ask(proxy, "/simple/demo/"))
    await hold.reached.wait()
    await proxy.server.resources.pages.purge(NormalizedName("demo"))
    file = asyncio.ensure_future(ask(proxy, PATH))
    await under_way(proxy, 2)
    hold.event.set()

    assert (await file).body == CONTENT
    assert (await page).status == 200


async def test_an_answer_that_could_not_be_stored_goes_too_and_others_stay(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F34) The server's disk was full, so it holds pages in memory, where the purge of the database cannot reach."""
    publish_large(upstream, "demo")
    publish_large(upstream, "other")
    proxy = await start_proxy(upstream)
    await fill_disk(proxy)
    await proxy.page("demo")
    await proxy.page("other")
    await done(proxy, "cache", "refresh", "third")
    assert await page_status(proxy) == "pyproxy; hit"

    assert await done(proxy, "cache", "purge", "demo") == "nothing is kept of demo\n"

    async def is_a_miss() -> bool:
        return await page_status(proxy) == "pyproxy; fwd=miss"

    await eventually(is_a_miss)
    assert await page_status(proxy, "other") == "pyproxy; hit"


async def test_a_failure_that_lies_in_memory_goes_too(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """It would answer for as long as the upstream had asked to be left alone: a minute."""
    upstream.add_file("demo", FILENAME, CONTENT)
    upstream.behave("/simple/demo/", Status(429, headers={"Retry-After": "60"}), times=1)
    proxy = await start_proxy(upstream)
    assert (await ask(proxy, "/simple/demo/")).status == 502

    await done(proxy, "cache", "purge", "demo")

    async def is_a_miss() -> bool:
        return await page_status(proxy) == "pyproxy; fwd=miss"

    await eventually(is_a_miss)


async def test_other_projects_keep_what_they_have(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """The same bytes may have a name in both."""
    for project in ("demo", "twin"):
        upstream.add_file(project, FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)
    await ask(proxy, address("twin", FILENAME, CONTENT))

    assert "1 file, 0 bytes of disk freed" in await done(proxy, "cache", "purge", "demo")

    assert (await ask(proxy, address("twin", FILENAME, CONTENT))).cache_status == "pyproxy; hit"
    assert await page_status(proxy, "twin") == "pyproxy; hit"


async def test_a_recorded_hash_is_forgotten_so_that_changed_content_is_taken(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 25) Somebody looked, and the change is right."""
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    await ask(proxy, f"/files/demo/{FILENAME}")
    await idle(proxy)
    upstream.add_file("demo", FILENAME, OTHER_CONTENT, sha256=False)

    await done(proxy, "cache", "purge", "demo", FILENAME)

    async def is_the_new_one() -> bool:
        return (await ask(proxy, f"/files/demo/{FILENAME}")).body == OTHER_CONTENT

    await eventually(is_the_new_one)


async def test_a_single_file_goes_with_its_metadata_and_the_page_stays(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    other, content, metadata = make_wheel("demo", "2.0")
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.add_file("demo", other, content, metadata=metadata)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH + ".metadata")
    await ask(proxy, PATH)
    await ask(proxy, address("demo", other, content))
    await idle(proxy)
    pages = upstream.count("/simple/demo/")

    await done(proxy, "cache", "purge", "demo", FILENAME)

    assert len(proxy.kept()) == 1
    assert (await ask(proxy, address("demo", other, content))).cache_status == "pyproxy; hit"
    assert (await ask(proxy, PATH + ".metadata")).cache_status == "pyproxy; fwd=miss"
    assert (await ask(proxy, PATH)).cache_status == "pyproxy; fwd=miss"
    assert upstream.count("/simple/demo/") == pages


async def test_a_download_under_way_ends_well(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    hold = Hold(asyncio.Event(), after=50_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)

    async with calling(proxy, PATH) as call:
        await done(proxy, "cache", "purge", "demo")
        hold.event.set()
        answer = await call.answer()
    await idle(proxy)

    assert (answer.body, answer.broken) == (CONTENT, None)
    assert (await ask(proxy, PATH)).body == CONTENT


async def test_a_reader_under_way_gets_the_whole_file(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename, content, _ = make_wheel("large", "1.0", size=12_000_000)
    upstream.add_file("large", filename, content)
    proxy = await start_proxy(upstream)
    path = address("large", filename, content)
    await ask(proxy, path)
    await idle(proxy)

    async with calling(proxy, path) as call:
        got = await call.read(1000)
        await done(proxy, "cache", "purge", "large")
        assert proxy.kept() == []
        assert got + (await call.answer()).body == content


async def test_files_of_an_upstream_that_was_removed_go_too(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)
    await noticed(proxy, lambda store: store.remove("first"))
    assert json.loads(await done(proxy, "cache", "stats", "--json"))["upstreams"][0]["configured"] is False

    await done(proxy, "cache", "purge", "demo")

    assert proxy.kept() == []
    assert json.loads(await done(proxy, "cache", "stats", "--json"))["upstreams"] == []


async def test_a_dry_run_says_the_same_and_changes_nothing(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT, sha256=False)
    proxy = await start_proxy(upstream)
    await ask(proxy, f"/files/demo/{FILENAME}")
    await idle(proxy)
    before = json.loads(await done(proxy, "cache", "stats", "--json"))["totals"]

    dry = json.loads(await done(proxy, "cache", "purge", "demo", "--dry-run", "--json"))

    assert (len(dry["files"]), len(dry["answers"]), len(dry["recorded"])) == (1, 1, 1)
    assert dry["freed_bytes"] == len(CONTENT)
    assert json.loads(await done(proxy, "cache", "stats", "--json"))["totals"] == before
    wet = json.loads(await done(proxy, "cache", "purge", "demo", "--json"))
    assert {**wet, "dry_run": True} == dry


async def test_a_purge_of_nothing_says_so_and_ends_well(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)

    assert await done(proxy, "cache", "purge", "nothing") == "nothing is kept of nothing\n"
    assert await done(proxy, "cache", "purge", "nothing", "x.whl") == "nothing is kept of x.whl of nothing\n"
    for arguments in (("../x",), ("demo", "a/b.whl")):
        ended = await command(proxy, "cache", "purge", *arguments)
        assert (ended.status, ended.out, len(ended.err.splitlines())) == (2, "", 1)


async def test_local_files_are_not_touched(upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / FILENAME).write_bytes(CONTENT)
    proxy = await start_proxy(upstream, local=tmp_path / "local")

    assert "demo is local: the files in local.directory are not touched" in await done(proxy, "cache", "purge", "demo")
    assert (await ask(proxy, PATH)).body == CONTENT


async def test_a_page_that_was_purged_and_has_come_again_lists_its_files(
    upstream: UpstreamServer, start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the decision for a page and a look into it: then its body is not there for a moment."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    bodies = PageStore.body
    gone = [True]
    monkeypatch.setattr(PageStore, "body", lambda self, tag: None if gone and gone.pop() else bodies(self, tag))

    answer = await ask(proxy, f"/files/demo/{FILENAME}")

    assert (answer.status, answer.body) == (200, CONTENT)
    assert not gone
