"""Content negotiation, with the headers that real clients send."""

from __future__ import annotations

import gzip

import pytest

from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON, Proxy
from tests.upstream_server import Status, UpstreamServer

TEXT_HTML = "text/html; charset=utf-8"

PIP = f"{JSON}, {HTML}; q=0.1, text/html; q=0.01"
UV = f"{JSON}, {HTML};q=0.2, text/html;q=0.01"
POETRY = f"{JSON}, */*;q=0.1"
DEVPI = f"{HTML};q=0.2, {JSON}, text/html;q=0.01"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


async def start_with_demo(upstream: UpstreamServer, start_proxy: StartProxy) -> Proxy:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    return await start_proxy(upstream)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        pytest.param(PIP, JSON, id="pip (check 6)"),
        pytest.param(UV, JSON, id="uv (check 7)"),
        pytest.param(POETRY, JSON, id="poetry (check 8)"),
        pytest.param(DEVPI, JSON, id="devpi"),
        pytest.param(f"application/vnd.pyx.simple.v1+msgpack, {UV}", JSON, id="uv with its own format"),
        pytest.param("text/html", TEXT_HTML, id="dependabot (check 9)"),
        pytest.param(BROWSER, TEXT_HTML, id="browser"),
        pytest.param(None, TEXT_HTML, id="no Accept (check 10)"),
        pytest.param("*/*", TEXT_HTML, id="anything (check 10)"),
        pytest.param("application/vnd.pypi.simple.latest+json", JSON, id="latest json (check 11)"),
        pytest.param("application/vnd.pypi.simple.latest+html", HTML, id="latest html (check 11)"),
        pytest.param(f"{JSON};q=0, text/html", TEXT_HTML, id="q=0 excludes (check 14)"),
        pytest.param(f"text/html;q=0, {HTML};q=0, */*", JSON, id="q=0 excludes from a wildcard (check 14)"),
        pytest.param(f"text/html;q=0.01, {HTML};q=0.2, {JSON}", JSON, id="order does not matter (check 14)"),
        pytest.param(HTML, HTML, id="html v1"),
    ],
)
@pytest.mark.parametrize("path", ["/simple/demo/", "/simple/"])
async def test_each_client_gets_the_format_it_wants(
    path: str, accept: str | None, content_type: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The exact text matters: uv compares what stands before the ``;`` (checks 6 to 11, 14, 15, 16)."""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await proxy.get(path, {"Accept": accept} if accept else {})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type


@pytest.mark.parametrize("path", ["/simple/demo/", "/simple/"])
async def test_who_accepts_none_of_them_is_told_which_there_are(
    path: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 12)"""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await proxy.get(path, {"Accept": "image/png"})
    assert answer.status == 406
    for media_type in (JSON, HTML, "text/html"):
        assert media_type in answer.json()["detail"]
    assert upstream.requests == []


@pytest.mark.parametrize("accept", ["application/json", "application/json, */*;q=0.1", "application/*", JSON])
@pytest.mark.parametrize("path", ["/simple/", "/simple", "/simple/demo/", "/simple/none/", "/simple/down/"])
async def test_nothing_is_called_plain_json(
    path: str, accept: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """pip passes over such a page, uv refuses it (check 15)."""
    upstream.behave("/simple/down/", Status(500))
    proxy = await start_with_demo(upstream, start_proxy)
    answers = [await proxy.get(path, {"Accept": accept}, method=method) for method in ("GET", "HEAD", "POST")]
    assert {answer.headers.get_content_type() for answer in answers if "Content-Type" in answer.headers}.isdisjoint(
        {"application/json", "text/json"}
    )


@pytest.mark.parametrize(
    ("value", "content_type"),
    [
        ("application/vnd.pypi.simple.v1%2Bjson", JSON),
        ("application/vnd.pypi.simple.v1+json", JSON),
        ("application%2Fvnd.pypi.simple.latest%2Bjson", JSON),
        ("application/vnd.pypi.simple.v1%2Bhtml", HTML),
        ("text/html", TEXT_HTML),
    ],
)
async def test_the_format_parameter_overrides_the_header(
    value: str, content_type: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 13)"""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await proxy.get(f"/simple/demo/?format={value}", {"Accept": "image/png"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)


@pytest.mark.parametrize("value", ["json", "*/*", "text/html;q=1", "%ff", "a%00b", "x" * 5000, "%3Cscript%3E"])
async def test_a_format_that_there_is_not_is_a_406(
    value: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 13)"""
    proxy = await start_with_demo(upstream, start_proxy)
    answer = await proxy.get(f"/simple/demo/?format={value}", {"Accept": JSON})
    assert answer.status == 406
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("accept", [JSON, HTML, "text/html"])
@pytest.mark.parametrize("path", ["/simple/demo/", "/simple/"])
async def test_pages_are_compressed_when_asked(
    path: str, accept: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 44)"""
    proxy = await start_with_demo(upstream, start_proxy)
    plain = await proxy.get(path, {"Accept": accept})
    assert plain.headers["Content-Encoding"] is None
    for asked in ("gzip, deflate", "gzip, deflate, zstd", "GZIP;q=0.5", "*"):
        answer = await proxy.get(path, {"Accept": accept, "Accept-Encoding": asked})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Length"] == str(len(answer.body))
        assert gzip.decompress(answer.body) == plain.body
    for asked in ("identity", "gzip;q=0", "br", "", "deflate"):
        answer = await proxy.get(path, {"Accept": accept, "Accept-Encoding": asked})
        assert answer.headers["Content-Encoding"] is None
        assert answer.body == plain.body


async def test_every_answer_names_what_it_depends_on(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 17)"""
    proxy = await start_with_demo(upstream, start_proxy)
    page = await proxy.get("/simple/demo/", {"Accept": JSON})
    etag = page.headers["ETag"]
    answers = [
        page,
        await proxy.get("/simple/demo/", {"Accept": JSON, "If-None-Match": etag}),
        await proxy.get("/simple/"),
        await proxy.get("/simple/none/"),
        await proxy.get("/simple/demo/", {"Accept": "image/png"}),
        await proxy.get("/simple/!!/"),
        await proxy.get("/simple/demo/", method="POST"),
    ]
    assert [answer.status for answer in answers] == [200, 304, 200, 404, 406, 404, 405]
    for answer in answers:
        assert answer.headers.get_all("Vary") == ["Accept, Accept-Encoding"]
