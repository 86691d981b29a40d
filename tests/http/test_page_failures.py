"""A page that cannot be had: the status says what it is, the text says who failed and why."""

from __future__ import annotations

import contextlib
import json

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Answer, Clock
from tests.upstream_server import (
    Behaviour,
    BlackHole,
    Empty,
    Endless,
    Portal,
    Raw,
    Redirect,
    Reset,
    Silence,
    SilentListener,
    Stall,
    Status,
    Truncate,
    UpstreamServer,
    closed_port,
)

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

BROKEN: list[tuple[str, Behaviour, str]] = [
    ("500", Status(500), "answered 500 Internal Server Error"),
    ("503", Status(503), "answered 503 Service Unavailable"),
    ("401", Status(401), "answered 401 Unauthorized"),
    ("403", Status(403), "answered 403 Forbidden"),
    ("429", Status(429), "answered 429 Too Many Requests"),
    ("unknown status", Status(299), "answered 299"),
    ("reset", Reset(), "connection"),
    ("captive portal", Portal(), "no index page"),
    ("empty 200", Empty(), "no index page"),
    ("cut short", Truncate(20), ""),
    ("a huge header", Raw(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 120_000 + b"\r\n\r\n"), "more headers than libcurl takes"),
    ("huge headers", Raw(b"HTTP/1.1 200 OK\r\n" + (b"A: " + b"x" * 9000 + b"\r\n") * 40 + b"\r\n"), "300 KiB or 5,000"),
    ("not HTTP", Raw(b"SSH-2.0-OpenSSH_9.6\r\n"), ""),
]


def add_demo(upstream: UpstreamServer) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)


def assert_explains(answer: Answer, status: int, reason: str) -> None:
    """The same sentence as reason phrase and title, with the upstream's name in it."""
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert "first" in answer.reason
    assert reason in answer.reason
    assert answer.reason.removesuffix("...") in problem["title"]
    assert len(problem["detail"]) > len(problem["title"])
    assert "\n" not in problem["title"]


@pytest.mark.parametrize(("behaviour", "reason"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
async def test_a_failure_is_no_404_and_names_upstream_and_reason(
    behaviour: Behaviour, reason: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 65, check 66, pain 8, F8, F10)"""
    add_demo(upstream)
    upstream.behave("/simple/", behaviour)
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert_explains(answer, 502, reason)
    assert 1 <= int(answer.headers["Retry-After"]) <= 5


@pytest.mark.parametrize(("behaviour", "reason"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
async def test_a_known_page_is_served_instead_of_a_failure(
    behaviour: Behaviour, reason: str, upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(check 65, pain 3)"""
    add_demo(upstream)
    upstream.no_etag = True
    proxy = await start_proxy(upstream)
    before = await proxy.get("/simple/demo/")
    upstream.behave("/simple/", behaviour)
    clock.advance(86400)
    answer = await proxy.get("/simple/demo/")
    assert (answer.status, answer.body) == (200, before.body)
    assert answer.cache_status is not None
    assert answer.cache_status.startswith("pyproxy; fwd=stale; detail=")


async def test_silence_is_a_504_in_time(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 65, check 67, F9)"""
    upstream.behave("/simple/", Silence())
    proxy = await start_proxy(upstream, lookup_timeout=0.4)
    answer = await proxy.get("/simple/demo/")
    assert_explains(answer, 504, "did not answer within 0.")
    assert "(cache.lookup_timeout)" in answer.reason
    assert 1 <= int(answer.headers["Retry-After"]) <= 5


async def test_a_server_that_accepts_and_says_nothing_is_a_504(start_proxy: StartProxy) -> None:
    """(check 67, F9)"""
    with contextlib.closing(SilentListener()) as silent:
        settings = UpstreamSettings(name="first", url=f"http://127.0.0.1:{silent.port}/")
        proxy = await start_proxy(settings, lookup_timeout=0.4)
        assert_explains(await proxy.get("/simple/demo/"), 504, "did not answer")


async def test_a_page_that_stops_is_a_504_that_names_the_limit(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    add_demo(upstream)
    upstream.behave("/simple/", Stall(10))
    proxy = await start_proxy(UpstreamSettings(name="first", url=upstream.url, stall_timeout_ms=80))
    answer = await proxy.get("/simple/demo/")
    assert_explains(answer, 504, "sent no byte for 0.08 s after 10 bytes (stall_timeout_ms)")


async def test_who_takes_no_connection_is_a_504_that_names_the_limit(start_proxy: StartProxy) -> None:
    hole = BlackHole()
    settings = UpstreamSettings(name="first", url=f"http://127.0.0.1:{hole.port}/", connect_timeout_ms=80)
    proxy = await start_proxy(settings)
    answer = await proxy.get("/simple/demo/")
    hole.close()
    assert_explains(answer, 504, "did not answer within 80 ms (connect, connect_timeout_ms)")


async def test_a_refused_connection_is_a_502(start_proxy: StartProxy) -> None:
    """(check 65)"""
    settings = UpstreamSettings(name="first", url=f"http://127.0.0.1:{closed_port()}/")
    proxy = await start_proxy(settings)
    assert_explains(await proxy.get("/simple/demo/"), 502, "refused the connection")


async def test_one_upstream_that_fails_makes_the_absence_unknown(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(pain 8)"""
    upstream.behave("/simple/", Status(500))
    proxy = await start_proxy(upstream, other)
    assert (await proxy.get("/simple/demo/")).status == 502
    assert other.count("/simple/demo/") == 1
    upstream.clear_behaviours()
    clock.advance(4)
    assert (await proxy.get("/simple/demo/")).status == 404


async def test_a_retry_at_once_does_not_repeat_the_walk(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """A failure is remembered for three seconds (F8)."""
    add_demo(upstream)
    upstream.behave("/simple/", Status(429))
    proxy = await start_proxy(upstream)
    for _ in range(5):
        assert (await proxy.get("/simple/demo/")).status == 502
    assert upstream.count("/simple/demo/") == 1
    upstream.clear_behaviours()
    clock.advance(3)
    assert (await proxy.get("/simple/demo/")).status == 200


@pytest.mark.parametrize("after", [0, 1, 50, 300])
async def test_a_page_cut_anywhere_is_never_half_a_page(
    after: int, upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """(F39)"""
    for version in ("1.0", "2.0"):
        filename, content, _ = make_wheel("demo", version)
        upstream.add_file("demo", filename, content)
    upstream.behave("/simple/", Reset(after))
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/demo/")).status == 502
    upstream.clear_behaviours()
    clock.advance(4)
    assert len((await proxy.page("demo"))["files"]) == 2


async def test_a_redirect_to_another_host_is_not_followed(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """GitLab and pypiserver lead unknown names to a public index (check 72)."""
    add_demo(other)
    upstream.behave("/simple/", Redirect(f"{other.index_url}demo/", status=303))
    proxy = await start_proxy(upstream)
    assert_explains(await proxy.get("/simple/demo/"), 502, "redirect")
    assert other.requests == []


async def test_a_redirect_to_a_configured_host_is_followed(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 72)"""
    add_demo(other)
    upstream.behave("/simple/", Redirect(f"{other.index_url}demo/"))
    settings = UpstreamSettings(name="first", url=upstream.url, redirect_hosts=(f"127.0.0.1:{other.port}",))
    proxy = await start_proxy(settings)
    answer = await proxy.get("/simple/demo/")
    assert (answer.status, answer.upstream) == (200, "first")


async def test_redirects_in_a_circle_end(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.behave("/simple/", Redirect("/simple/demo/?again"))
    proxy = await start_proxy(upstream)
    assert_explains(await proxy.get("/simple/demo/"), 502, "redirects in a circle")
    assert len(upstream.requests) <= 12


async def test_an_endless_page_ends_at_the_limit(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    add_demo(upstream)
    upstream.behave("/simple/", Endless())
    proxy = await start_proxy(upstream, max_page_size=200_000)
    assert_explains(await proxy.get("/simple/demo/"), 502, "more than 200000 bytes (cache.max_page_size)")


async def test_nobody_may_be_asked_is_a_503_that_says_so(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    off = UpstreamSettings(name="first", url=upstream.url, active=False)
    proxy = await start_proxy(off)
    nobody = await proxy.get("/simple/demo/")
    assert nobody.status == 503
    assert "no upstream is active" in nobody.reason
    await proxy.restart(offline=True)
    assert (await proxy.get("/simple/demo/")).status == 503
    assert upstream.requests == []


async def test_offline_and_not_known_is_a_503_that_says_offline(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream, offline=True)
    answer = await proxy.get("/simple/demo/")
    assert answer.status == 503
    assert "offline" in answer.reason
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert upstream.requests == []


async def test_a_browser_gets_a_page_that_says_the_same(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.behave("/simple/", Status(503))
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/demo/", {"Accept": BROWSER})
    assert answer.status == 502
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    text = answer.body.decode()
    assert text.lstrip().startswith("<!DOCTYPE html>")
    assert "upstream first answered 503 Service Unavailable" in text


async def test_an_upstreams_own_words_are_not_passed_on(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """Neither headers nor bodies, which may hold anything (check 64, check 71)."""
    evil = b"HTTP/1.1 503 <script>alert(1)</script>\xff\xfe\r\nX-Evil: 1\r\nSet-Cookie: a=b\r\n"
    evil += b"Content-Length: 6\r\n\r\nsecret"
    upstream.behave("/simple/", Raw(evil))
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/demo/", {"Accept": BROWSER})
    assert answer.status == 502
    assert answer.reason.isascii()
    assert "Set-Cookie" not in answer.headers
    assert "X-Evil" not in answer.headers
    assert b"<script" not in answer.body
    assert b"secret" not in answer.body


async def test_credentials_are_in_no_error(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 64, pain 12)"""
    upstream.username, upstream.password = "reader", "right"
    url = upstream.url.replace("http://", "")
    settings = UpstreamSettings(name="first", url=f"http://{url}", username="reader", password="hunter2")
    proxy = await start_proxy(settings)
    answer = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert_explains(answer, 502, "401")
    told = json.dumps(answer.json()) + answer.reason + str(answer.headers)
    assert "hunter2" not in told
