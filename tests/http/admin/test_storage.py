"""The storage page: how full it is and of what."""

from __future__ import annotations

from pyproxy.settings import UpstreamSettings
from tests.http.admin.browser import Browser, signed_in
from tests.http.admin.holding import LARGEST_PAGE, fetch, rows
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock
from tests.http.publishing import publish
from tests.upstream_server import UpstreamServer

STORAGE = "/admin/storage"
DAY = 86400.0


async def test_an_empty_storage_says_how_it_fills(start_proxy: StartProxy) -> None:
    page = await (await signed_in(await start_proxy())).get(STORAGE)
    assert page.status == 200
    assert "Nothing is kept yet." in page.words


async def test_it_tells_sizes_by_upstream_by_project_and_by_age(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    old, new = publish(upstream, "demo", "1.0"), publish(upstream, "demo", "2.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", old)
    clock.advance(40 * DAY)
    await fetch(proxy, "demo", new)

    page = await (await signed_in(proxy)).get(STORAGE)

    lines = rows(page)
    assert any(line.startswith("first 1 2 ") for line in lines)
    assert any(line.startswith("demo 2 ") for line in lines)
    assert [line.split()[:3] for line in lines if " days " in line and line[0].isdigit()] == [
        ["7", "days", "1"],
        ["30", "days", "1"],
        ["90", "days", "0"],
        ["365", "days", "0"],
    ]
    assert "The oldest was last used 40 days ago" in page.words


async def test_a_limit_has_a_meter(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, max_size=5_000_000)
    await fetch(proxy, "demo", filename)
    page = await (await signed_in(proxy)).get(STORAGE)
    assert "<meter" in page.text
    assert "of 5.0 MB (storage.max_size)" in page.words


async def test_files_of_a_removed_upstream_are_called_so(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    proxy.server.resources.upstreams.remove("first")
    page = await (await signed_in(proxy)).get(STORAGE)
    assert any(line.startswith("first removed 0 1 ") for line in rows(page))
    assert "of upstreams that were removed" in page.words


async def test_hundreds_of_upstreams_leave_the_page_small(start_proxy: StartProxy) -> None:
    many = [UpstreamSettings(name=f"upstream-{number:03}", url="http://127.0.0.1:9/") for number in range(300)]
    proxy = await start_proxy(*many)
    page = await (await signed_in(proxy)).get(STORAGE)
    assert len(page.text.encode()) < LARGEST_PAGE


async def test_strangers_sign_in_first(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await signed_in(proxy)
    for path in (STORAGE, f"{STORAGE}?part=jobs", f"{STORAGE}/prune?max_size=1", f"{STORAGE}/jobs"):
        page = await Browser(proxy).get(path)
        assert (page.status, page.location.partition("?")[0]) == (303, "/admin/sign-in")
