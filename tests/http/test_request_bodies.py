"""Bodies of requests: how large they may be, and how who sends a larger one comes to know it."""

from __future__ import annotations

import asyncio
import json

import pytest

from pyproxy.config.model import ServerConfig
from tests.http.admin.browser import signed_in, xsrf_of
from tests.http.api.client import script
from tests.http.conftest import StartProxy
from tests.http.wire import exchange
from tests.waiting import LIMIT_SECONDS

LIMIT = 20_000
SMALL = ServerConfig(port=0, max_body_size=LIMIT)
SAID = "The body of the request is larger than 20kB (server.max_body_size)"


async def test_a_form_that_is_too_large_is_refused_on_a_page_that_names_the_limit(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy(server=SMALL))
    token = xsrf_of(await browser.get("/admin/upstreams/+add"))
    form = f"_xsrf={token}&name=".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    page = await browser.send("POST", "/admin/upstreams/+add", form + b"a" * LIMIT, headers)
    assert (page.status, page.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert f"{SAID} Nothing was changed." in page.words
    assert "raise server.max_body_size" in page.words

    page = await browser.send("POST", "/admin/upstreams/+add", form + b"a" * (LIMIT - len(form)), headers)
    assert page.status == 422, "as large as may be"


async def test_a_chunked_body_is_counted_as_it_comes(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=SMALL)
    token = script(proxy).headers["Authorization"]
    head = (
        f"POST /api/v1/upstreams HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\nConnection: close\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    chunk = b"3e8\r\n" + b" " * 1000 + b"\r\n"

    answer = await exchange(proxy.port, head + chunk * 21 + b"0\r\n\r\n")
    assert (answer.status, answer.header("Content-Type")) == (413, "application/problem+json")
    assert json.loads(answer.body)["title"] == SAID

    answer = await exchange(proxy.port, head + chunk * 19 + b"2\r\n{}\r\n0\r\n\r\n")
    assert answer.status == 422


@pytest.mark.parametrize("path", ["/admin/sign-in", "/api/v1/upstreams"])
async def test_who_asks_before_sending_too_much_is_refused_at_once(start_proxy: StartProxy, path: str) -> None:
    """As curl does, which sends the body only where it was told to, or after a while without an answer."""
    proxy = await start_proxy(server=SMALL)
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    answer = await exchange(proxy.port, head.encode())
    assert (answer.status, answer.header("Connection")) == (413, "close")
    assert json.loads(answer.body)["title"] == SAID


async def test_who_asks_before_sending_what_may_be_is_told_to_go_on(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=SMALL)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(
        b"POST /api/v1/upstreams HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
        b"Content-Length: %d\r\n\r\n" % LIMIT
    )
    async with asyncio.timeout(LIMIT_SECONDS):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b" " * LIMIT)
        assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("length", [b"20001", b"1" + b"0" * 30, b"0" * 30 + b"20001"])
async def test_however_much_is_announced_there_is_an_answer(start_proxy: StartProxy, length: bytes) -> None:
    proxy = await start_proxy(server=SMALL)
    head = b"POST /api/v1/upstreams HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %s\r\n\r\n" % length
    assert (await exchange(proxy.port, head)).status == 413
