"""Testing an upstream in the browser: each step as it happens, for settings that are stored and such that are not."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from pyproxy.settings import UpstreamSettings
from tests.http.admin.browser import Browser, Page, signed_in, xsrf_of
from tests.http.admin.upstream_forms import ADD, send
from tests.http.administration import administration
from tests.http.conftest import StartProxy
from tests.http.publishing import publish
from tests.upstream.certificates import Authority, self_signed_context
from tests.upstream_server import Hold, Recorded, UpstreamServer
from tests.waiting import LIMIT_SECONDS, eventually, until

TYPED = "/admin/upstreams/+test"
STORED = "/admin/upstreams/first/test"
SECRET = "s3cret-in-clear"


def steps(page: Page) -> dict[str, str]:
    """State and words of each step, by its name."""
    found = re.findall(r'<li class="(?:ok|warning|failed|skipped)">(.*?)</li>', page.text)
    words = [" ".join(unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in found]
    names = [unescape(re.findall(r"<strong>(.*?)</strong>", each)[0]) for each in found]
    return {name: " ".join(text.replace(name, "", 1).split()) for name, text in zip(names, words, strict=True)}


async def pressed(browser: Browser, changes: Mapping[str, str | None], form: str = ADD, **files: bytes) -> Page:
    """Press Test below a form with these changes."""
    return await send(browser, form, changes, files, to=TYPED)


def carries_secret(request: Recorded) -> bool:
    """Whether the password or token came with it."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return SECRET in (base64.b64decode(value).decode() if kind == "Basic" else value)


async def test_a_stored_upstream_is_tested_step_by_step(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    browser = await signed_in(await start_proxy(upstream))
    page = await browser.submit(STORED)
    assert page.status == 200
    found = steps(page)
    assert list(found)[:3] == ["settings", "name look-up", "connect"]
    assert re.match(r"ok \d\.\d{3} s connected to 127\.0\.0\.1", found["connect"])
    assert "the first 1,024 bytes" in found["file"] or "by range" in found["file"]
    assert "Nothing failed" in page.words
    assert page.text.rstrip().endswith("</html>")


async def test_what_is_typed_is_tested_and_not_stored(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy()
    browser = await signed_in(proxy)
    page = await pressed(browser, {"name": "", "url": upstream.url})
    assert "Nothing failed" in page.words
    with administration(proxy) as store:
        assert store.list() == []


async def test_the_steps_are_sent_before_the_test_is_over(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    browser = await signed_in(await start_proxy(upstream))
    hold = Hold(asyncio.Event())
    upstream.behave("/simple/", hold)
    async with streamed(browser, STORED) as reader:
        seen = await read_until(reader, b"project list \xe2\x80\xa6")
        assert b"connected to" in seen
        assert b"</html>" not in seen
        assert hold.reached.is_set() or await asyncio.wait_for(hold.reached.wait(), 5)
        hold.event.set()
        rest = await read_until(reader, b"</html>")
        assert b"Nothing failed" in rest


async def test_a_browser_that_goes_away_ends_the_test(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    browser = await signed_in(proxy)
    upstream.behave("/simple/", Hold(asyncio.Event()))
    async with streamed(browser, STORED) as reader:
        await read_until(reader, b"project list \xe2\x80\xa6")
        assert proxy.server.services.requests.count == 1
    await until(lambda: proxy.server.services.requests.count == 0)
    await until(lambda: not [task for task in asyncio.all_tasks() if "watched" in repr(task.get_coro())])


async def test_a_panel_gets_the_steps_alone_each_on_a_line(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    browser = await signed_in(await start_proxy(upstream))
    page = await pressed(browser, {"name": "x", "url": upstream.url, "panel": "yes"})
    lines = page.text.strip().splitlines()
    assert (lines[0], lines[-1]) == ('<ol class="steps">', "</ol>")
    assert all(line.startswith("<li ") and line.endswith("</li>") for line in lines[1:-1] if line)
    assert page.headers["X-Accel-Buffering"] == "no"
    assert page.headers["Cache-Control"] == "no-store"


async def test_a_project_to_look_at_can_be_given(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    publish(upstream, "rare", "1.0")
    browser = await signed_in(await start_proxy(upstream))
    page = await browser.submit(STORED, {"project": "Rare"})
    assert "rare: 1 file" in page.words
    assert 'value="Rare"' in page.text


@pytest.mark.parametrize("project", ["not a name!", "x-1", "secret-1"])
async def test_a_project_that_is_never_asked_of_it_is_refused(
    project: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(
        UpstreamSettings(name="first", url=upstream.url, excluded_projects=("x-*",)),
        UpstreamSettings(name="other", url="https://other.example.org/", projects=("secret-*",)),
    )
    browser = await signed_in(proxy)
    page = await browser.submit(STORED, {"project": project})
    assert page.status == 422
    assert "Project: " in page.words
    assert upstream.requests == []


async def test_a_self_signed_certificate_is_refused_until_validation_is_off(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    server = await UpstreamServer.start(self_signed_context(tmp_path))
    try:
        publish(server, "demo", "1.0")
        proxy = await start_proxy()
        browser = await signed_in(proxy)
        typed = {"name": "first", "url": server.url}
        page = await pressed(browser, typed)
        assert steps(page)["TLS"].startswith("failed")
        assert "It failed." in page.words
        assert "Nothing failed" in (await pressed(browser, {**typed, "verify_ssl": None})).words

        assert (await send(browser, ADD, typed)).status == 303

        async def answers(status: int) -> bool:
            return (await proxy.get("/simple/demo/")).status == status

        await eventually(lambda: answers(502))
        assert (await send(browser, "/admin/upstreams/first/edit", {"verify_ssl": None})).status == 303
        await eventually(lambda: answers(200))
        assert "its certificate is not checked" in (await browser.get("/admin/upstreams")).words
    finally:
        await server.stop()


async def test_an_uploaded_authority_is_used_for_the_test_and_gone_after_it(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    server = await UpstreamServer.start(authority.server_context())
    try:
        publish(server, "demo", "1.0")
        proxy = await start_proxy()
        browser = await signed_in(proxy)
        assert "It failed." in (await pressed(browser, {"name": "x", "url": server.url})).words
        page = await pressed(
            browser, {"name": "x", "url": server.url}, ca_bundle_file=authority.certificate.read_bytes()
        )
        assert "Nothing failed" in page.words
        await until(lambda: list((proxy.config.storage.directory / "certificates").iterdir()) == [])
    finally:
        await server.stop()


@pytest.mark.parametrize("secret", [{"token": SECRET}, {"username": "ci", "password": SECRET}], ids=["token", "basic"])
@pytest.mark.parametrize("form", ["edit", "copy"])
async def test_a_stored_secret_does_not_travel_to_another_host_by_a_test(
    form: str, secret: dict[str, str], upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    for server in (upstream, other):
        publish(server, "demo", "1.0")
    proxy = await start_proxy(UpstreamSettings(name="first", url=upstream.url, projects=("demo",), **secret))  # type: ignore[arg-type]
    browser = await signed_in(proxy)
    path, key = f"/admin/upstreams/first/{form}", "token" if "token" in secret else "password"

    # To its own place it goes …
    page = await pressed(browser, {"name": "copy"}, path)
    assert "Nothing failed" in page.words
    assert all(map(carries_secret, upstream.requests))

    # … and nowhere else, whatever the form says of it.
    for typed in ({}, {key: ""}, {"like": "first", "way": "add"}, {"version": ""}):
        page = await pressed(browser, {"name": "copy", "url": other.url, **typed}, path)
        assert page.status == 422
        assert "asks for its" in page.words
    assert other.requests == []
    page = await pressed(browser, {"name": "copy", "url": other.url, "like": ""}, path)
    assert not any(map(carries_secret, other.requests))
    assert SECRET not in page.text

    # What is typed again goes where it is typed for.
    page = await pressed(browser, {"name": "copy", "url": other.url, key: SECRET}, path)
    assert carries_secret(other.requests[-1])
    assert SECRET not in page.text


@pytest.mark.parametrize(
    "change",
    [{"verify_ssl": None}, {"credential_hosts": "http://127.0.0.1:1"}, {"http_proxy": "http://127.0.0.1:1"}],
    ids=lambda change: next(iter(change)),
)
async def test_a_stored_secret_is_asked_for_before_a_test_that_could_show_it(
    change: dict[str, str | None], upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(UpstreamSettings(name="first", url=upstream.url, token=SECRET))
    page = await pressed(await signed_in(proxy), change, "/admin/upstreams/first/edit")
    assert page.status == 422
    assert "asks for its token again" in page.words
    assert upstream.requests == []


async def test_what_is_typed_wrong_is_told_instead_of_a_test(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    for panel in ({}, {"panel": "yes"}):
        page = await pressed(browser, {"name": "x", "url": "ftp://x", "index_ttl": "soon", **panel})
        assert page.status == 422
        assert "URL: The URL does not begin with http:// or https://" in page.words.replace(" : ", ": ")
        assert "Pages are fresh for" in page.words


async def test_what_an_upstream_sends_is_shown_harmlessly(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.set_page("demo", b"<html><title><script>alert(1)</script></title>\x1b[31m</html>", "text/html")
    upstream.set_list(b'<html><title>Simple</title><a href="/simple/demo/">demo</a></html>', "text/html")
    browser = await signed_in(await start_proxy(upstream))
    page = await browser.submit(STORED, {"project": "demo"})
    assert "It failed." in page.words
    assert "<script>alert" not in page.text
    assert "\x1b" not in page.text


async def test_a_secret_that_an_upstream_sends_back_is_not_shown(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.set_page("demo", f"<title>{SECRET}</title>".encode(), "text/html")
    proxy = await start_proxy(replace(UpstreamSettings(name="first", url=upstream.url), token=SECRET))
    page = await (await signed_in(proxy)).submit(STORED, {"project": "demo"})
    assert SECRET not in page.text


async def test_the_page_before_a_test_asks_for_a_project_and_runs_nothing(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    browser = await signed_in(await start_proxy(upstream))
    page = await browser.get(STORED)
    assert (page.status, "Project to look at" in page.words) == (200, True)
    assert upstream.requests == []
    assert (await browser.get(TYPED)).location == "/admin/upstreams"
    viewer = await signed_in(browser.proxy, "vera", "viewer")
    assert (await viewer.get(STORED)).status == 403


@contextlib.asynccontextmanager
async def streamed(browser: Browser, path: str) -> AsyncIterator[asyncio.StreamReader]:
    """The bytes of a page as they come; the connection is cut at the end."""
    body = urlencode({"_xsrf": xsrf_of(await browser.get(path))}).encode()
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", browser.proxy.port)
    try:
        writer.write(head.encode() + body)
        yield reader
    finally:
        writer.transport.abort()


async def read_until(reader: asyncio.StreamReader, mark: bytes) -> bytes:
    async with asyncio.timeout(LIMIT_SECONDS):
        return await reader.readuntil(mark)
