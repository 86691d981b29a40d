"""Requests that make no sense: each gets a clear status, none reaches an upstream, nothing is reflected raw."""

from __future__ import annotations

import asyncio

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Proxy
from tests.http.wire import exchange, get_raw
from tests.upstream_server import UpstreamServer
from tests.waiting import LIMIT_SECONDS

SHA256 = b"a" * 64
BROWSER = b"Accept: text/html,application/xhtml+xml\r\n"


async def start_with_demo(upstream: UpstreamServer, start_proxy: StartProxy) -> Proxy:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    return await start_proxy(upstream)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/simple/", "/simple/demo/", "/files/demo/demo-1.0.tar.gz", "/", "/healthz", "/x"])
async def test_only_get_and_head_make_sense(
    method: str, path: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """uv turns the 405 of an upload to the index into a hint (check 78, pain 36)."""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await proxy.get(path, {"Accept": JSON}, method=method)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert method in answer.reason
    assert "publish" in answer.json()["detail"]
    assert upstream.requests == []


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_an_upload_is_read_to_its_end_and_then_refused(
    method: bytes, chunked: bool, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Who is cut off while sending sees a broken connection instead of the reason (check 78)."""
    proxy = await start_with_demo(upstream, start_proxy)
    body = b"x" * 6_000_000
    headers = b"Content-Type: multipart/form-data; boundary=b\r\n"
    if chunked:
        headers += b"Transfer-Encoding: chunked\r\n"
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        start = method + b" /simple/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        answer = await exchange(proxy.port, start + headers + b"\r\n" + chunks)
    else:
        answer = await get_raw(proxy.port, b"/simple/", method=method, headers=headers, body=body)
    assert answer.status == 405
    assert b"Uploads" in answer.body


@pytest.mark.parametrize("path", ["/simple/", "/legacy/"])
async def test_an_upload_is_refused_in_the_line_that_publishers_print(
    path: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """twine prints the title and nothing else (check 78, pain 36)."""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await proxy.get(path, {"Accept": "*/*"}, method="POST")
    assert "uploads" in answer.json()["title"].lower()
    assert "uploads" in answer.reason.lower()


async def test_an_upload_larger_than_tornados_limit_is_still_refused_in_words(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 78)"""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await get_raw(proxy.port, b"/simple/", method=b"POST", body=bytes(110_000_000))
    assert answer.status == 405


async def test_no_upload_is_too_large_to_be_refused_in_words(start_proxy: StartProxy) -> None:
    """Wheels of some gigabytes are published, by mistake also here."""
    proxy = await start_proxy()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"POST /legacy/ HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000000000\r\n\r\n")
    async with asyncio.timeout(LIMIT_SECONDS):
        assert (await reader.readline()).startswith(b"HTTP/1.1 100 ")
    writer.transport.abort()


async def test_a_get_with_a_body_is_answered_all_the_same(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await get_raw(proxy.port, b"/simple/demo/", body=b"what is this")
    assert answer.status == 200


@pytest.mark.parametrize(
    "target",
    [
        b"/files/demo/" + SHA256 + b"/..%2f..%2fetc%2fpasswd",
        b"/files/demo/..%2f..%2fetc%2fpasswd",
        b"/files/demo/%2e%2e",
        b"/files/demo/..%5cx.whl",
        b"/files/demo/x%00.whl",
        b"/files/demo/x%0d%0aSet-Cookie:%20a=b.whl",
        b"/files/demo/%ff.whl",
        b"/files/demo/" + b"x" * 300 + b".whl",
        pytest.param(b"/files/demo/" + b"x" * 200_000 + b".whl", id="file-of-200-kB"),
        pytest.param(b"/simple/" + b"x" * 200_000 + b"/", id="project-of-200-kB"),
        b"/files/..%2fdemo/x.whl",
        b"/files/-/x.whl",
        b"/files/../../etc/passwd",
        b"/files/demo/" + SHA256[:-1] + b"/x.whl",
        b"/files/demo/" + SHA256.upper() + b"/x.whl",
        b"/files/demo/",
        b"/files/",
        b"/static/..%2fsetup.cfg",
        b"/static/../setup.cfg",
        b"/static/.hidden",
        b"/static/%2e%2e",
        b"/static/__init__.py",
        b"/static/",
        b"/\xff\xfe",
        b"http://elsewhere.example.org/simple/demo/",
        b"*",
    ],
)
async def test_what_is_no_address_of_ours_is_a_404_without_asking_anybody(
    target: bytes, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 53, F40)"""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await get_raw(proxy.port, target)
    assert answer.status == 404
    assert answer.header("Set-Cookie") is None
    assert len(answer.status_line) < 160
    assert upstream.requests == []


@pytest.mark.parametrize("path", ["/pypi/not%20a%20name/json", "/pypi/demo/json/more", "/pypi", "/RPC2"])
async def test_the_addresses_of_older_tools_are_a_quick_404_that_is_no_page(
    path: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """They fall back to the index then (pain 37)."""
    proxy = await start_with_demo(upstream, start_proxy)
    for accept in ("application/json", "*/*", ""):
        answer = await proxy.get(path, {"Accept": accept})
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert upstream.requests == []


@pytest.mark.parametrize(
    "value", ["bytes=0-10", "bytes=-1", "bytes=999999999-", "bytes=5-1", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "%"]
)
async def test_a_page_has_no_ranges(value: str, upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_with_demo(upstream, start_proxy)
    whole = await proxy.get("/simple/demo/")
    answer = await proxy.get("/simple/demo/", {"Range": value, "If-Range": '"x"'})
    assert (answer.status, answer.body) == (200, whole.body)


@pytest.mark.parametrize(
    "headers",
    [
        b"Accept: " + b"text/html," * 5000 + b"*/*\r\n",
        b"Accept: ;;;q=,,=\r\n",
        b"Accept: */*;q=nan, text/html;q=1e999\r\n",
        b"Accept-Encoding: gzip;q=\xff\r\n",
        b'If-None-Match: \xff"\r\n',
        b"If-Modified-Since: the day before\r\n",
        b"Cookie: a=\xff; b\r\n",
        b"Authorization: Basic !!!\r\n",
        b"X-Forwarded-For: not an address\r\nX-Forwarded-Proto: gopher\r\n",
        b"Content-Type: multipart/form-data\r\n",
    ],
)
async def test_nonsense_in_headers_hurts_nobody(
    headers: bytes, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await get_raw(proxy.port, b"/simple/demo/", headers=headers)
    assert answer.status in (200, 406)


@pytest.mark.parametrize(
    "request_", [b"GARBAGE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"]
)
async def test_what_is_no_http_is_a_400(request_: bytes, upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_with_demo(upstream, start_proxy)
    assert (await exchange(proxy.port, request_)).status == 400
    assert (await proxy.get("/simple/demo/")).status == 200


@pytest.mark.parametrize(
    "target", [b"/simple/<script>alert(1)<%2fscript>/", b"/files/demo/<script>x.whl", b"/<script>"]
)
async def test_nothing_is_reflected_unescaped(target: bytes, upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await get_raw(proxy.port, target, headers=BROWSER)
    assert answer.status == 404
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert b"<script" not in answer.status_line + answer.head + answer.body
    assert answer.header("X-Content-Type-Options") == "nosniff"


async def test_a_reason_phrase_is_one_line_of_latin_1(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 71)"""
    proxy = await start_with_demo(upstream, start_proxy)
    for name in (b"gr%c3%b6%c3%9fe-1.0.whl", b"%e2%98%83-1.0.whl", b"%c2%85-1.0.whl", b"%e2%80%a8-1.0.whl"):
        answer = await get_raw(proxy.port, b"/files/demo/" + name)
        assert answer.status == 404
        assert b"Unknown" not in answer.status_line
        assert answer.status_line.isascii()
        assert len(answer.status_line.split(b" ", 2)[2]) <= 120


async def test_the_home_page_shows_the_address_that_was_used(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """With nothing in it that the visitor's browser would run."""
    proxy = await start_with_demo(upstream, start_proxy)
    plain = await exchange(proxy.port, b"GET / HTTP/1.1\r\nHost: pypi.example.org:8443\r\nConnection: close\r\n\r\n")
    hostile = await exchange(proxy.port, b'GET / HTTP/1.1\r\nHost: "><script>x\r\nConnection: close\r\n\r\n')
    assert b"http://pypi.example.org:8443/simple/" in plain.body
    assert b"<script>x" not in hostile.body


async def test_an_upstreams_name_is_safe_in_headers(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """A settings' name cannot carry a line break into ``X-Pyproxy-Upstream``."""
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(UpstreamSettings(name="my-index_2", url=upstream.url))
    assert (await proxy.get("/simple/demo/")).upstream == "my-index_2"


async def test_a_connection_that_ends_with_its_answer_is_told_to(start_proxy: StartProxy) -> None:
    """Else a client sends its next request into a connection that is gone."""
    proxy = await start_proxy()
    proxy.server._administration.database.read.close()  # an error before the request was read to its end
    for target, ends in ((b"/admin/", True), (b"/healthz", False)):
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"GET %s HTTP/1.1\r\nHost: proxy.example.org\r\nCookie: pyproxy_session=x\r\n\r\n" % target)
        head = await reader.readuntil(b"\r\n\r\n")
        assert (b"Connection: close" in head) is ends
        if ends:
            await reader.read()  # which returns, for nothing more comes
        writer.close()
