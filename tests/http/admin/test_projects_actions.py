"""Refresh and purge in the pages: what they do, what they ask before, who may, and what the audit log says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.storage.audit import Change
from tests.distributions import make_wheel
from tests.http.admin.browser import signed_in
from tests.http.admin.holding import audited, fetch, links, rows
from tests.http.calls import ask
from tests.http.conftest import StartProxy
from tests.http.publishing import filenames, publish
from tests.upstream_server import Status, UpstreamServer

DEMO = "/admin/projects/demo"


async def test_refresh_brings_a_new_release_at_once(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    first = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    browser = await signed_in(proxy)
    second = publish(upstream, "demo", "2.0")
    assert await filenames(proxy, "demo") == [first]

    page = await browser.follow(await browser.submit(f"{DEMO}/refresh", form_on=DEMO))

    assert "first: new page, 2 files: 1 more." in page.words
    assert second in page.words
    assert await filenames(proxy, "demo") == [first, second]
    (entry,) = audited(proxy)[:1]
    assert (entry.actor.name, entry.action, entry.subject) == ("ada", "refreshed", "project demo")
    assert entry.changes == (Change("first", None, "new page, 2 files: 1 more"),)


async def test_refresh_of_an_unknown_project_asks_for_it(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    browser = await signed_in(await start_proxy(upstream))
    page = await browser.follow(await browser.submit(f"{DEMO}/refresh", form_on=DEMO))
    assert "first: has it, 1 file." in page.words
    assert "demo is answered by first." in page.words


async def test_refresh_tells_which_upstream_failed(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    browser = await signed_in(proxy)
    upstream.behave("/simple/", Status(503))
    page = await browser.follow(await browser.submit(f"{DEMO}/refresh", form_on=DEMO))
    assert "first: failed: it answered 503 Service Unavailable; its last known page counts." in page.words


async def test_purge_asks_first_and_says_what_goes(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    browser = await signed_in(proxy)
    size = len(make_wheel("demo", "1.0")[1])

    page = await browser.get(f"{DEMO}/purge")

    assert f"1 cached file with {size} bytes" in page.words
    assert "the page, as first said just now" in page.words
    assert rows(page)[1] == f"{filename} {size} bytes"
    assert len(proxy.kept()) == 1


async def test_purge_forgets_the_project(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    browser = await signed_in(proxy)

    page = await browser.follow(await browser.submit(f"{DEMO}/purge"))

    assert "demo is forgotten: 1 file," in page.words
    assert "Nothing is known of demo here" in page.words
    assert proxy.kept() == []
    entry = audited(proxy)[0]
    assert (entry.action, entry.subject) == ("purged", "project demo")
    assert [(change.field, change.new) for change in entry.changes] == [("files", None), ("answers", None)]
    asked = upstream.count("/simple/demo/")
    await ask(proxy, "/simple/demo/")
    assert upstream.count("/simple/demo/") == asked + 1


async def test_one_file_is_purged_and_the_others_stay(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    first, second = publish(upstream, "demo", "1.0"), publish(upstream, "demo", "2.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", first)
    await fetch(proxy, "demo", second)
    browser = await signed_in(proxy)
    file = await browser.get(f"{DEMO}/file?name={first}")
    question = f"{DEMO}/purge?file={first}"
    assert any(link.endswith(f"/purge?file={first}") for link in links(file))

    page = await browser.submit(f"{DEMO}/purge", {"file": first}, form_on=question)

    assert f"{first} is forgotten" in (await browser.follow(page)).words
    assert len(proxy.kept()) == 1
    assert (await ask(proxy, "/simple/demo/")).status == 200
    assert audited(proxy)[0].subject == f"file {first} of demo"


async def test_purge_of_nothing_says_so(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    assert "Nothing is kept of it" in (await browser.get(f"{DEMO}/purge")).words
    page = await browser.submit(f"{DEMO}/purge", form_on="/admin/account")
    assert "Nothing was kept of demo." in (await browser.follow(page)).words


async def test_purge_says_that_local_files_stay(start_proxy: StartProxy, tmp_path: Path) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / filename).write_bytes(content)
    browser = await signed_in(await start_proxy(local=tmp_path / "wheels"))
    assert "the files in the local directory, which are not touched" in (await browser.get(f"{DEMO}/purge")).words
    await browser.submit(f"{DEMO}/purge", form_on="/admin/account")
    assert (tmp_path / "wheels" / filename).read_bytes() == content


@pytest.mark.parametrize("what", ["refresh", "purge"])
async def test_a_viewer_cannot_do_it_and_sees_no_button(
    what: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    viewer = await signed_in(proxy, "vera", "viewer")
    asked = len(upstream.requests)

    page = await viewer.submit(f"{DEMO}/{what}", form_on="/admin/account")

    assert page.status == 403
    assert f'id="{what}"' not in (await viewer.get(DEMO)).text
    assert "<button" not in (await viewer.get(f"{DEMO}/purge")).text.partition("<main")[2]
    assert (len(upstream.requests), len(proxy.kept()), audited(proxy)) == (asked, 1, [])


@pytest.mark.parametrize("what", ["refresh", "purge"])
async def test_a_form_of_another_site_does_nothing(
    what: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    browser = await signed_in(proxy)
    answer = await browser.send(
        "POST", f"{DEMO}/{what}", b"_xsrf=guessed", {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status == 403
    assert (upstream.requests, audited(proxy)) == ([], [])


async def test_whoever_reloads_after_refreshing_is_led_to_the_project(start_proxy: StartProxy) -> None:
    page = await (await signed_in(await start_proxy())).get(f"{DEMO}/refresh")
    assert (page.status, page.location) == (303, DEMO)
