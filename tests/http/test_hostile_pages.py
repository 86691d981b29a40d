"""Pages of an upstream that means no good, or was broken by somebody who does not."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON, Clock, Proxy
from tests.upstream_server import Raw, UpstreamServer

SHA256 = "a" * 64
GOOD = {"filename": "demo-1.0.tar.gz", "url": "/packages/demo/demo-1.0.tar.gz", "hashes": {"sha256": SHA256}}
SCRIPT = "<script>alert(1)</script>"
HREF = re.compile(r'href="([^"]*)"')


def html_page(*anchors: str) -> bytes:
    lines = "\n".join(anchors)
    return f"<!DOCTYPE html><html><head><title>Links for demo</title></head><body>{lines}</body></html>".encode()


def json_page(*entries: object, **more: object) -> bytes:
    return json.dumps({"meta": {"api-version": "1.0"}, "name": "demo", "files": entries, **more}).encode()


async def both_formats(proxy: Proxy) -> tuple[list[str], str]:
    """The filenames of the JSON page, and the HTML page's text."""
    files = [file["filename"] for file in (await proxy.page("demo"))["files"]]
    answer = await proxy.get("/simple/demo/", {"Accept": HTML})
    assert answer.status == 200
    return files, answer.body.decode()


async def test_scripts_come_out_as_text(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """In names, yank reasons, version demands and unknown keys."""
    hostile = {
        **GOOD,
        "filename": f'demo-2.0"{SCRIPT.replace("/", "")}.tar.gz',
        "yanked": f'"><img src=x onerror=alert(1)>{SCRIPT}',
        "requires-python": f'">{SCRIPT}',
        SCRIPT: SCRIPT,
    }
    status = {"status": "archived", "reason": f'">{SCRIPT}'}
    upstream.set_page("demo", json_page(GOOD, hostile, **{"project-status": status, "name": SCRIPT}), JSON)
    proxy = await start_proxy(upstream)
    files, text = await both_formats(proxy)
    assert GOOD["filename"] in files
    assert "<script" not in text
    assert "<img" not in text
    assert "onerror=alert(1)>" not in text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//demo-2.0.tar.gz",
        "file:///etc/demo-2.0.tar.gz",
        "data:text/html,demo-2.0.tar.gz",
        "ftp://files.example.org/demo-2.0.tar.gz",
        "\x00http://files.example.org/demo-2.0.tar.gz\r\nX: y",
        "http://[::bad/demo-2.0.tar.gz",
        "http://files.example.org:99999/demo-2.0.tar.gz",
        "",
    ],
)
async def test_links_that_lead_nowhere_good_cost_only_themselves(
    url: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 14)"""
    upstream.set_page("demo", json_page(GOOD, {**GOOD, "filename": "demo-2.0.tar.gz", "url": url}), JSON)
    proxy = await start_proxy(upstream)
    files, text = await both_formats(proxy)
    assert GOOD["filename"] in files
    for href in HREF.findall(text):
        assert href.startswith("../../files/demo/")


async def test_hostile_links_of_html_pages_are_left_out(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    anchors = [
        '<a href="javascript:alert(1)">demo-3.0.tar.gz</a>',
        '<a href="file:///etc/passwd">passwd</a>',
        '<a href="..%2f..%2fdemo-4.0.tar.gz">x</a>',
        '<a href="https://files.example.org/..%2f..%2fx.whl">x</a>',
        '<a href="/packages/%00demo-5.0.tar.gz">x</a>',
        '<a href="//">x</a><a href="#">x</a><a>x</a><a href="?">x</a>',
        f'<a href="/packages/demo-1.0.tar.gz#sha256={SHA256}" data-yanked="{SCRIPT}">{SCRIPT}</a>',
        "<a href='/packages/demo-1.1.tar.gz' data-requires-python='&gt;=3\"><script>'>demo</a>",
        f"{SCRIPT}<iframe src='http://evil.example.org/'></iframe>",
    ]
    upstream.set_page("demo", html_page(*anchors), "text/html")
    proxy = await start_proxy(upstream)
    files, text = await both_formats(proxy)
    assert {"demo-1.0.tar.gz", "demo-1.1.tar.gz"} <= set(files)
    assert not any("/" in name or "\x00" in name for name in files)
    assert "<script" not in text
    assert "<iframe" not in text
    assert "evil.example.org" not in text
    for href in HREF.findall(text):
        assert href.startswith("../../files/demo/")


@pytest.mark.parametrize(
    "filename",
    [
        "../../x.whl",
        "..\\x.whl",
        "/etc/x.whl",
        "x\x00.whl",
        "x\n.whl",
        "",
        "..",
        ".",
        "a" * 300 + ".whl",
        7,
        None,
        ["x"],
    ],
)
async def test_a_name_that_no_file_may_have_is_left_out(
    filename: object, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F40)"""
    upstream.set_page("demo", json_page(GOOD, {**GOOD, "filename": filename}), JSON)
    proxy = await start_proxy(upstream)
    files, _ = await both_formats(proxy)
    assert files == [GOOD["filename"]]


@pytest.mark.parametrize(
    "entry",
    [None, 7, "x", [], {}, {"filename": "x-1.tar.gz"}, {"url": "/x"}, {**GOOD, "filename": "y.whl", "hashes": 7}],
)
async def test_an_entry_that_is_none_costs_only_itself(
    entry: object, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.set_page("demo", json_page(entry, GOOD), JSON)
    proxy = await start_proxy(upstream)
    files, _ = await both_formats(proxy)
    assert GOOD["filename"] in files


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", JSON),
        (b"null", JSON),
        (b"[]", JSON),
        (b"{}", JSON),
        (b'{"files": {}}', JSON),
        (b'{"files": 7, "meta": {}, "name": "demo"}', JSON),
        (b'{"meta": {"api-version": "2.0"}, "name": "demo", "files": []}', JSON),
        (b'{"meta": {"api-version": "1.0"}, "name": "demo", "files": [', JSON),
        (b'{"meta": {"api-version": "1.0"}, "name": "demo", "files": [' + b"[" * 100_000, JSON),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, JSON),
        (b"\xff\xfe\x00", JSON),
        (b"<html><body>Log in</body></html>", "text/html"),
        (b"<html>" + b"<div>" * 100_000, "text/html"),
        (b"\x00" * 1000, "text/html"),
        (b"PK\x03\x04", "application/octet-stream"),
        (gzip.compress(json_page(GOOD)), JSON),
        (b"just words", "text/plain"),
        (b"%PDF-1.7", "application/pdf"),
    ],
)
async def test_what_is_no_page_is_a_failure_of_the_upstream(
    body: bytes, content_type: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Never passed on, never taken for an empty project (pain 8, pain 14, F10)."""
    upstream.set_page("demo", body, content_type)
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert answer.status == 502
    assert "no index page" in answer.reason
    assert (await proxy.get("/healthz")).status == 200


@pytest.mark.parametrize("charset", ["utf-16", "ascii", "no-such-charset", '"', "latin-1; x", ""])
async def test_a_wrong_charset_is_no_end(charset: str, upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    body = html_page(f'<a href="/packages/demo-1.0.tar.gz#sha256={SHA256}" data-yanked="größer">demo</a>')
    upstream.set_page("demo", body, f"text/html; charset={charset}")
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/demo/", {"Accept": HTML})
    assert answer.status in (200, 502)
    if charset != "utf-16":
        assert b"demo-1.0.tar.gz" in answer.body
        answer.body.decode()


async def test_a_page_that_inflates_without_end_stops_at_the_limit(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """It is the decoded size that counts."""
    bomb = gzip.compress(b" " * 20_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    upstream.behave("/simple/", Raw(head.encode() + bomb))
    proxy = await start_proxy(upstream, max_page_size=1_000_000)
    answer = await proxy.get("/simple/demo/")
    assert answer.status == 502
    assert "more than 1000000 bytes" in answer.reason


async def test_an_upstreams_headers_end_at_the_proxy(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    page = json_page(GOOD)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {len(page)}\r\nSet-Cookie: a=b\r\n"
        'ETag: "x\x01y"\r\nLast-Modified: never\r\nX-PyPI-Last-Serial: <b>\r\nLink: <http://evil.example.org/>\r\n\r\n'
    )
    upstream.behave("/simple/", Raw(head.encode() + page))
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/demo/")
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers
    assert "Link" not in answer.headers
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("header", ["X-PyPI-Last-Serial", "Content-Length"])
async def test_a_number_that_is_too_long_to_be_one_is_none(
    header: str, upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    page = json_page(GOOD)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nConnection: close\r\n{header}: "
    proxy = await start_proxy(upstream)
    for number in ("9" * 5001, "9" * 5000):
        upstream.behave("/simple/", Raw(f"{head}{number}\r\n\r\n".encode() + page))
        assert (await proxy.get("/simple/demo/")).status == 200
        clock.advance(1000)
    assert [record.exc_info for record in caplog.records if record.exc_info] == []


async def test_an_endless_header_is_a_failure(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.behave("/simple/", Raw(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 2_000_000))
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/demo/")).status == 502
