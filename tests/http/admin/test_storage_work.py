"""Pruning and verifying in the pages: first a preview, then a job that every page follows and that can be stopped."""

from __future__ import annotations

import os
from urllib.parse import quote

import pytest

from pyproxy.storage.audit import Change
from tests.admin.storage.working import is_open, keep_a_hole
from tests.http.admin.browser import Browser, signed_in
from tests.http.admin.holding import LARGEST_PAGE, audited, fetch, rows
from tests.http.calls import ask
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.http.publishing import publish
from tests.upstream_server import UpstreamServer
from tests.waiting import eventually, until

STORAGE = "/admin/storage"
JOBS, PART, PRUNE = f"{STORAGE}/jobs", f"{STORAGE}?part=jobs", f"{STORAGE}/prune"
DAY = 86400.0


async def over(browser: Browser) -> None:
    """Wait until no work is under way."""

    async def is_over() -> bool:
        return "data-busy" not in (await browser.get(PART)).text

    await eventually(is_over)


async def two_files(upstream: UpstreamServer, proxy: Proxy, clock: Clock) -> tuple[str, str]:
    """One that was not used for forty days, and one that was just now."""
    old, new = publish(upstream, "demo", "1.0"), publish(upstream, "demo", "2.0")
    await fetch(proxy, "demo", old)
    clock.advance(40 * DAY)
    await fetch(proxy, "demo", new)
    return old, new


def damage(proxy: Proxy) -> None:
    """Change a byte of a kept file."""
    sha256 = proxy.kept()[0]
    place = proxy.files_directory / sha256[:2] / sha256
    content = bytearray(place.read_bytes())
    content[100] ^= 1
    place.write_bytes(content)


async def test_a_prune_shows_what_would_go_before_anything_goes(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(upstream)
    old, new = await two_files(upstream, proxy, clock)
    page = await (await signed_in(proxy)).get(f"{PRUNE}?unused_for=30d")
    assert page.status == 200
    assert any(line.startswith("files not used for 30 days 1 ") for line in rows(page))
    assert any(line.startswith(f"{old} demo ") for line in rows(page))
    assert not any(line.startswith(new) for line in rows(page))
    assert len(proxy.kept()) == 2


async def test_what_was_shown_goes_as_a_job(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(upstream)
    await two_files(upstream, proxy, clock)
    browser = await signed_in(proxy)
    shown = f"{PRUNE}?unused_for=30d"
    size = (await browser.get(shown)).text.partition('name="bytes" value="')[2].partition('"')[0]

    page = await browser.submit(PRUNE, {"unused_for": "30d", "max_size": "", "bytes": size}, form_on=shown)
    page = await browser.follow(page)

    assert f"Pruning has begun: 1 file, {size} bytes." in page.words
    await over(browser)
    assert len(proxy.kept()) == 1
    assert f"1 file, {size} bytes removed" in (await browser.get(STORAGE)).words
    entry = audited(proxy)[0]
    assert (entry.action, entry.subject) == ("began to prune", "storage")
    assert entry.changes == (Change("unused_for", None, "30d"), Change("going", None, f"1 file, {size} bytes"))


async def test_more_than_was_shown_is_shown_again_first(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(upstream)
    await two_files(upstream, proxy, clock)
    browser = await signed_in(proxy)
    page = await browser.submit(PRUNE, {"max_size": "0", "bytes": "10"}, form_on=f"{PRUNE}?max_size=0")
    assert page.status == 409
    assert "Meanwhile it is more than you were shown" in page.words
    assert (len(proxy.kept()), audited(proxy)) == (2, [])


@pytest.mark.parametrize(
    ("field", "typed", "problem"),
    [
        ("max_size", "5 apples", "'5 apples' is no size. Write it like 50GB or 500MiB."),
        ("unused_for", "-3d", "'-3d' is no duration. Write it like 30d, 12h or 90m."),
        ("unused_for", "99999999d", "'99999999d' is longer than a hundred years"),
        ("max_size", "", "Say how much may stay"),
        ("max_size", "<script>", "'<script>' is no size"),
    ],
)
async def test_a_wrong_value_is_told_of_beside_its_field_and_kept(
    field: str, typed: str, problem: str, start_proxy: StartProxy
) -> None:
    browser = await signed_in(await start_proxy())
    page = await browser.get(f"{PRUNE}?{field}={quote(typed)}")
    assert page.status == 422
    assert problem in page.words
    assert f'aria-describedby="{field}-problem"' in page.text
    assert "<script>" not in page.text
    sent = await browser.submit(PRUNE, {field: typed}, form_on="/admin/account")
    assert (sent.status, problem in sent.words) == (422, True)


async def test_a_preview_of_many_files_stays_small(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    for filename in [publish(upstream, "demo", f"1.{number}") for number in range(110)]:
        await fetch(proxy, "demo", filename)
    page = await (await signed_in(proxy)).get(f"{PRUNE}?max_size=0")
    assert "100 of 110 files" in page.words
    assert len(page.text.encode()) < LARGEST_PAGE


async def test_verify_finds_the_damaged_file_and_names_it(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    damage(proxy)
    browser = await signed_in(proxy)

    page = await browser.follow(await browser.submit(JOBS, {"do": "verify"}, form_on=STORAGE))

    assert "Verifying has begun." in page.words
    await over(browser)
    page = await browser.get(STORAGE)
    assert "1 damaged file" in page.words
    assert any(line.startswith(filename) and line.endswith("removed") for line in rows(page))
    assert [(entry.action, entry.subject) for entry in audited(proxy)[:1]] == [("began to verify", "storage")]


async def test_verify_says_that_all_is_sound(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    browser = await signed_in(proxy)
    assert "It was never done here." in (await browser.get(STORAGE)).words
    await browser.submit(JOBS, {"do": "verify"}, form_on=STORAGE)
    await over(browser)
    assert "all sound" in (await browser.get(STORAGE)).words


async def test_a_verification_is_followed_and_stopped_and_goes_on(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    resources = proxy.server.resources
    path = await keep_a_hole(resources.database, resources.files)
    browser = await signed_in(proxy)
    await browser.submit(JOBS, {"do": "verify"}, form_on=STORAGE)
    await until(lambda: is_open(path))

    again = await browser.follow(await browser.submit(JOBS, {"do": "verify"}, form_on=STORAGE))
    assert "It is being verified already." in again.words
    assert "<progress" in (await browser.get(PART)).text
    assert "Load again" in again.words

    await browser.submit(JOBS, {"do": "stop verify"}, form_on=STORAGE)
    await over(browser)
    assert "The last verification was stopped" in (await browser.get(STORAGE)).words
    assert [entry.action for entry in audited(proxy)] == ["stopped verifying", "began to verify"]
    os.truncate(path, 0)


async def test_what_is_over_cannot_be_stopped(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    for do in ("stop verify", "stop prune"):
        page = await browser.follow(await browser.submit(JOBS, {"do": do}, form_on="/admin/account"))
        assert "It was over already." in page.words
    assert (await browser.submit(JOBS, {"do": "dance"}, form_on="/admin/account")).status == 303
    assert audited(proxy) == []


async def test_a_viewer_looks_and_changes_nothing(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(upstream)
    await two_files(upstream, proxy, clock)
    viewer = await signed_in(proxy, "vera", "viewer")
    sent = {"max_size": "0", "bytes": "999999999"}
    assert (await viewer.submit(PRUNE, sent, form_on="/admin/account")).status == 403
    for do in ("verify", "go on", "stop verify", "stop prune"):
        assert (await viewer.submit(JOBS, {"do": do}, form_on="/admin/account")).status == 403
    assert 'id="verify"' not in (await viewer.get(STORAGE)).text
    assert 'id="begin"' not in (await viewer.get(f"{PRUNE}?max_size=0")).text
    assert (len(proxy.kept()), audited(proxy)) == (2, [])
    assert (await ask(proxy, "/simple/demo/")).status == 200
