"""Limits on what clients may take: each says which it is, and takes nothing from others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import ssl
from pathlib import Path

import pytest

from pyproxy.app.bounded_server import REFUSED_AT_ONCE
from pyproxy.app.limits import connections_warning, possible_connections
from pyproxy.app.tls import load_pair
from pyproxy.config.model import ServerConfig, TlsConfig
from pyproxy.handlers.request_heads import MOST_HEADERS, MOST_PARAMETERS
from tests.http.calls import ask, calling
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.publishing import publish
from tests.http.test_metrics import value
from tests.http.wire import get_raw
from tests.overload.crowd import connect, crowd
from tests.upstream.certificates import self_signed
from tests.upstream_server import UpstreamServer
from tests.waiting import LIMIT_SECONDS, until

IDLE_SECONDS = 1.0
"""Longer than a busy machine lets this process stand still, with both ends of each connection in it."""


async def refusals(proxy: Proxy, reason: str) -> float | None:
    return await value(proxy, "pyproxy_refused_connections_total", reason=reason)


async def test_a_connection_beyond_the_limit_is_told_so_and_later_ones_are_served(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, server=ServerConfig(port=0, max_connections=3))
    async with crowd(proxy, 3):
        refused = await ask(proxy, "/simple/demo/")

    assert refused.status == 503
    assert refused.reason == "this server has 3 connections, as many as it takes (server.max_connections)"
    assert refused.json()["title"] == refused.reason
    assert refused.headers["Retry-After"] == "3"
    assert refused.headers["Connection"] == "close"
    assert upstream.count("/") == 0
    await until(lambda: proxy.server.http.connections < 3)
    assert (await ask(proxy, "/simple/demo/")).status == 200
    assert await refusals(proxy, "too many") == 1


async def test_a_full_server_is_alive(start_proxy: StartProxy) -> None:
    """Whoever restarts it because it seems dead makes it worse."""
    proxy = await start_proxy(server=ServerConfig(port=0, max_connections=1))
    async with crowd(proxy, 1):
        assert (await ask(proxy, "/healthz")).json() == {"status": "ok"}
        assert (await ask(proxy, "/readyz")).status == 503
    await until(lambda: proxy.server.http.connections == 0)
    assert await refusals(proxy, "too many") == 1, "who asks whether it lives is told so, and not refused"


async def test_silent_connections_beyond_the_limit_cost_no_more_than_a_bounded_number(
    start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, max_connections=1))
    async with crowd(proxy, 1):
        silent = await asyncio.gather(*(connect(proxy) for _ in range(REFUSED_AT_ONCE + 1)))
        ends = [asyncio.ensure_future(client.reader.read()) for client in silent]
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        assert [end.result() for end in done] == [b""], "the others are listened to for longer"
        for end in ends:
            end.cancel()
        await asyncio.gather(*(client.leave() for client in silent))
    await until(lambda: proxy.server.http.connections == 0)
    assert await refusals(proxy, "too many") == REFUSED_AT_ONCE + 1
    assert sum("server.max_connections" in record.getMessage() for record in caplog.records) == 1, "said once"


async def test_a_client_that_asks_for_nothing_is_let_go(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, idle_timeout=IDLE_SECONDS))
    async with crowd(proxy, 1) as [client], asyncio.timeout(LIMIT_SECONDS):
        assert await client.reader.read() == b""
    await until(lambda: proxy.server.http.connections == 0)


@pytest.mark.parametrize("path", [b"/simple/", b"/admin/sign-in", b"/api/v1/tokens"])
async def test_a_body_that_never_comes_is_not_waited_for(path: bytes, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, idle_timeout=IDLE_SECONDS))
    async with crowd(proxy, 1) as [client], asyncio.timeout(LIMIT_SECONDS):
        client.writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf" % path)
        said = f"the body of the request did not come within {2 * IDLE_SECONDS:g} s (twice server.idle_timeout)"
        assert (await client.reader.read()).startswith(b"HTTP/1.1 408 " + said.encode())
    assert proxy.server.services.requests.count == 0
    await until(lambda: proxy.server.http.connections == 0)


async def test_a_client_that_takes_nothing_of_its_answer_is_cut_off_and_one_that_is_slow_is_not(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    content = b"x" * 30_000_000
    upstream.add_file("demo", "demo-1.0.tar.gz", content)
    proxy = await start_proxy(upstream, server=ServerConfig(port=0, idle_timeout=IDLE_SECONDS))
    path = await proxy.link("demo", "demo-1.0.tar.gz")
    async with calling(proxy, path) as slow, calling(proxy, path) as stuck:
        pieces = []
        for _ in range(20):  # longer than it may stand still
            pieces.append(await slow.read(1_500_000))
            await asyncio.sleep(IDLE_SECONDS / 8)

        assert b"".join(pieces) == content
        assert (await stuck.answer()).broken is not None, "never a clean end"
    assert await refusals(proxy, "stalled") == 1


@pytest.mark.parametrize("method", [b"GET", b"POST"])
@pytest.mark.parametrize("where", ["headers", "address"])
async def test_a_head_that_is_too_long_is_told_so(where: str, method: bytes, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, max_header_size=2000))
    headers = b"Cookie: " + b"x" * 3000 + b"\r\n" if where == "headers" else b""
    target = b"/simple/demo/" + (b"?" + b"x" * 3000 if where == "address" else b"")

    answer = await get_raw(proxy.port, target, method=method, headers=headers)

    assert answer.status == 431
    assert b"2000 bytes (server.max_header_size)" in answer.status_line
    assert answer.header("Content-Type") == "application/problem+json"


@pytest.mark.parametrize("path", [b"/simple/demo/", b"/admin/", b"/api/v1/upstreams", b"/nowhere"])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
async def test_more_headers_than_may_be_are_told_so(path: bytes, method: bytes, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    many = b"a: b\r\n" * MOST_HEADERS
    asked_next = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"

    answer = await get_raw(proxy.port, path, method=method, headers=many, body=asked_next)

    assert answer.status == 431
    assert answer.header("Content-Type") == "application/problem+json"
    assert json.loads(answer.body)["title"] == "the request has more than 1000 headers, which is a fixed limit"
    assert answer.header("Connection") == "close", "the length of its body, which came last, was not read"


@pytest.mark.parametrize("path", [b"/simple/demo/", b"/api/v1/upstreams"])
async def test_more_parameters_than_may_be_are_told_so(path: bytes, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await get_raw(proxy.port, path + b"?" + b"&" * MOST_PARAMETERS)
    assert answer.status == 400
    assert json.loads(answer.body)["title"] == "the address has more than 1000 parameters, which is a fixed limit"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/simple/{'a' * 201}/", "longer than 200 characters, a fixed limit"),
        (f"/files/demo/{'a' * 251}.whl", "no such limit"),
        (f"/files/demo/{'a' * 252}.whl", "longer than 255 bytes, a fixed limit"),
    ],
)
async def test_a_name_that_is_too_long_is_told_so(path: str, said: str, start_proxy: StartProxy) -> None:
    answer = await ask(await start_proxy(), path)
    assert (answer.reason.endswith(said), "limit" in answer.reason) == (said != "no such limit",) * 2, answer.reason


async def test_a_head_that_is_too_long_is_told_so_before_anybody_is_led_to_sign_in(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, max_header_size=2000))
    headers = b"Accept: text/html,application/xhtml+xml\r\nCookie: " + b"x" * 3000 + b"\r\n"
    answer = await get_raw(proxy.port, b"/admin/", headers=headers)
    assert answer.status == 431
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert b"2000 bytes (server.max_header_size)" in answer.body


async def test_a_head_within_the_limit_is_served(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, max_header_size=2000))
    assert (await get_raw(proxy.port, b"/healthz", headers=b"Cookie: " + b"x" * 1500 + b"\r\n")).status == 200


async def test_a_head_without_end_costs_a_bounded_amount_and_is_told_so(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, max_header_size=2000))
    async with crowd(proxy, 1) as [client], asyncio.timeout(LIMIT_SECONDS):
        for _ in range(50):  # much more than is read of it
            client.writer.write(b"GET / HTTP/1.1\r\nCookie: " + b"x" * 20_000)
            await client.writer.drain()
        answer = await client.reader.read()
    assert answer.startswith(b"HTTP/1.1 431 the address and headers of the request are longer than 2000 bytes (server.")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 431
    await until(lambda: proxy.server.http.connections == 0)


async def test_a_line_without_end_in_a_chunked_body_is_no_head(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    async with crowd(proxy, 1) as [client], asyncio.timeout(LIMIT_SECONDS):
        client.writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 1000)
        with contextlib.suppress(ConnectionResetError):
            assert await client.reader.read() == b""


def test_half_of_the_descriptors_are_for_connections_and_some_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    assert possible_connections() == (1024 - 256) // 2


def test_a_limit_that_cannot_be_reached_is_told() -> None:
    assert connections_warning(None) is None
    assert connections_warning(possible_connections()) is None
    assert "ulimit -n" in (connections_warning(possible_connections() + 1) or "")


async def test_who_comes_by_tls_is_refused_in_words_too(start_proxy: StartProxy, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    pair = load_pair(ServerConfig(tls=TlsConfig(certificate=certificate, key=key)))
    proxy = await start_proxy(server=ServerConfig(port=0, max_connections=1), tls=pair)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with crowd(proxy, 1):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, ssl=trusting)
        writer.write(b"GET /simple/ HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(LIMIT_SECONDS):
            assert (await reader.read()).startswith(b"HTTP/1.1 503 this server has 1 connections")
        writer.close()
        await writer.wait_closed()

    await until(lambda: proxy.server.http.connections == 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, ssl=trusting)
    writer.write(b"x" * 500_000)
    async with asyncio.timeout(LIMIT_SECONDS):
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 431 ")
    writer.transport.abort()
