"""The addresses of the Simple API: which exist, which lead elsewhere, and which never reach an upstream."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON
from tests.http.wire import get_raw
from tests.upstream_server import Redirect, UpstreamServer


def add(upstream: UpstreamServer, project: str) -> str:
    filename, content, _ = make_wheel(project, "1.0")
    upstream.add_file(project, filename, content)
    return filename


async def test_a_known_project_has_a_page(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 1)"""
    add(upstream, "foo-bar")
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/foo-bar/")
    assert (answer.status, answer.reason) == (200, "OK")


@pytest.mark.parametrize("spelling", ["Foo_Bar", "foo.bar", "FOO--BAR", "foo._-bar", "foo%2Dbar%5F%2Dx"])
async def test_another_spelling_leads_to_the_normalised_one(
    spelling: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 2)"""
    proxy = await start_proxy(upstream)
    asked = f"/simple/{spelling}/"
    answer = await proxy.get(asked)
    location = answer.headers["Location"]
    assert answer.status == 301
    assert "://" not in location
    assert urljoin(asked, location) in ("/simple/foo-bar/", "/simple/foo-bar-x/")
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("/simple/foo-bar", "/simple/foo-bar/"),
        ("/simple/Foo_Bar", "/simple/foo-bar/"),
        ("/simple", "/simple/"),
        ("/simple/Foo_Bar?format=x&y=%2F", "/simple/foo-bar/?format=x&y=%2F"),
        ("/simple?x=1", "/simple/?x=1"),
    ],
)
async def test_an_address_without_its_slash_leads_to_the_one_with_it(
    asked: str, page: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 3)"""
    proxy = await start_proxy(upstream)
    answer = await proxy.get(asked)
    assert answer.status == 301
    assert urljoin(asked, answer.headers["Location"]) == page
    assert upstream.requests == []


@pytest.mark.parametrize("prefix", ["/", "/team/index/"])
async def test_redirects_stay_right_behind_a_prefix(
    prefix: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """A front that strips a prefix passes the Location on as it is (pain 19)."""
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/Foo")
    assert urljoin(f"{prefix}simple/Foo", answer.headers["Location"]) == f"{prefix}simple/foo/"


async def test_a_redirect_says_how_long_it_may_be_kept(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(F13)"""
    proxy = await start_proxy(upstream)
    for asked in ("/simple", "/simple/Foo/"):
        answer = await proxy.get(asked)
        assert answer.headers["Cache-Control"]
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"


async def test_only_the_spelling_of_a_name_is_redirected(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """Clients keep a 301 for ever, so what an upstream redirects is answered here (check 43)."""
    filename = add(upstream, "demo")
    content = upstream.projects["demo"][filename].content
    upstream.behave("/simple/demo/", Redirect("/simple/demo/?moved", status=301), times=1)
    upstream.behave(upstream.file_path("demo", filename), Redirect(f"/packages/demo/{filename}?x", status=308), times=1)
    proxy = await start_proxy(upstream)
    page = await proxy.get("/simple/demo/")
    file = await proxy.file("demo", filename)
    assert page.status == 200
    assert (file.status, file.body) == (200, content)


async def test_an_unknown_project_is_a_404_that_says_so(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 4)"""
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/simple/nobody-has-it/", {"Accept": JSON})
    assert answer.status == 404
    assert "nobody-has-it" in answer.reason
    assert "nobody-has-it" in answer.json()["title"]


@pytest.mark.parametrize("accept", [JSON, HTML, "text/html"])
@pytest.mark.parametrize(
    "path", ["/simple/", "/simple", "/simple/demo/", "/simple/Demo/", "/simple/demo", "/simple/none/", "/simple/-/"]
)
async def test_head_says_what_get_says_without_a_body(
    path: str, accept: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 5)"""
    add(upstream, "demo")
    proxy = await start_proxy(upstream)
    await proxy.get("/simple/demo/")
    for headers in ({"Accept": accept}, {"Accept": accept, "Accept-Encoding": "gzip"}):
        got = await proxy.get(path, headers)
        head = await proxy.get(path, headers, method="HEAD")
        assert head.status == got.status
        assert head.body == b""
        assert _without_date(head.headers.items()) == _without_date(got.headers.items())


async def test_head_may_be_the_first_request_for_a_page(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """(check 5)"""
    add(upstream, "demo.zip")
    upstream.projects["demo-zip"] = upstream.projects.pop("demo.zip")
    proxy = await start_proxy(upstream)
    head = await proxy.get("/simple/demo-zip/", {"Accept": JSON}, method="HEAD")
    assert (head.status, head.headers["Content-Type"]) == (200, JSON)
    got = await proxy.get("/simple/demo-zip/", {"Accept": JSON})
    assert head.headers["Content-Length"] == str(len(got.body))


@pytest.mark.parametrize(
    "target",
    [
        b"/simple/-/",
        b"/simple/_private/",
        b"/simple/ends-/",
        b"/simple/.../",
        b"/simple/%2e%2e/",
        b"/simple/..%2f..%2fetc%2fpasswd/",
        b"/simple/..%5c..%5cwindows/",
        b"/simple/foo%00/",
        b"/simple/foo%0d%0aSet-Cookie:%20a=b/",
        b"/simple/foo%20bar/",
        b"/simple/foo+bar/",
        b"/simple/f%ff%fe/",
        b"/simple/gr%c3%b6%c3%9fe/",
        b"/simple/%e2%84%aaelvin/",
        b"/simple/\xc3\xa9/",
        b"/simple/<script>alert(1)<%2fscript>/",
        b"/simple/" + b"a" * 201 + b"/",
        b"/simple/" + b"a" * 20_000 + b"/",
        b"/simple/" + b"%61" * 9_000 + b"/",
        b"/simple//",
        b"/simple/../simple/demo/",
        b"/simple/demo/extra/",
        b"//simple/demo/",
        b"/simple/demo/..%2f",
    ],
)
async def test_what_is_no_project_name_is_a_404_without_asking_anybody(
    target: bytes, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 53, F40)"""
    add(upstream, "demo")
    proxy = await start_proxy(upstream)
    answer = await get_raw(proxy.port, target)
    assert answer.status == 404
    assert answer.header("Content-Type") == "application/problem+json"
    assert answer.header("Set-Cookie") is None
    assert len(answer.status_line) < 160
    assert len(answer.body) < 1000
    assert upstream.requests == []


async def test_unknown_parameters_are_ignored(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    add(upstream, "demo")
    proxy = await start_proxy(upstream)
    plain = await proxy.get("/simple/demo/")
    parametrized = await proxy.get("/simple/demo/?cache=bust&x=%00%0d%0a&x=%ff")
    assert (parametrized.status, parametrized.body) == (200, plain.body)


def _without_date(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in headers if name not in ("Date",))
