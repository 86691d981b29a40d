"""Addresses that people and tools try by habit lead to the right one, or say which that is."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from pyproxy.config.model import ServerConfig
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON
from tests.http.publishing import publish
from tests.http.wire import get_raw
from tests.upstream_server import UpstreamServer

PIP = {"Accept": f"{JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"}
UV = {"Accept": f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"}
POETRY = {"Accept": f"{JSON}, */*;q=0.1"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
CURL = {"Accept": "*/*"}

WHEEL = "demo_x-1.0-py3-none-any.whl"

SAME_FOR_EVERYBODY = [
    ("/simple/simple/demo/", "/simple/demo/"),
    ("/simple/simple/Demo.X", "/simple/demo-x/"),
    ("/index/demo/", "/simple/demo/"),
    ("/index/simple/", "/simple/simple/"),
    ("/index/simple/demo/", "/simple/demo/"),
    ("/pypi/simple/", "/simple/"),
    ("/pypi/simple", "/simple/"),
    ("/pypi/simple/demo/", "/simple/demo/"),
    ("/pypi/simple/simple/", "/simple/simple/"),
    ("/+simple/", "/simple/"),
    ("/root/simple/+simple/demo/", "/simple/demo/"),
    ("/root/pypi/+simple/simple/", "/simple/simple/"),
    ("/+simple/demo/", "/simple/demo/"),
    ("/root/pypi/+simple/", "/simple/"),
    ("/root/pypi/+simple/Demo_X/", "/simple/demo-x/"),
    ("/root/pypi/+simple/demo", "/simple/demo/"),
    ("/repository/pypi-all/simple/demo/", "/simple/demo/"),
    ("/nexus/repository/pypi-all/simple/demo/", "/simple/demo/"),
    ("/api/pypi/team/simple/demo/", "/simple/demo/"),
    ("/artifactory/api/pypi/team/simple/demo/", "/simple/demo/"),
    ("/api/v4/projects/7/packages/pypi/simple/demo", "/simple/demo/"),
    (f"/simple/Demo_X/{WHEEL}", f"/files/demo-x/{WHEEL}"),
    (f"/simple/demo-x/{WHEEL}.metadata", f"/files/demo-x/{WHEEL}.metadata"),
    ("/simple/torch/torch-2.4.0%2Bcu124.tar.gz", "/files/torch/torch-2.4.0+cu124.tar.gz"),
    (f"/packages/py3/d/demo_x/{WHEEL}", f"/files/demo-x/{WHEEL}"),
    ("/packages/source/d/demo/demo-1.0.tar.gz", "/files/demo/demo-1.0.tar.gz"),
    (f"/packages/ab/cd/{'0' * 60}/{WHEEL}", f"/files/demo-x/{WHEEL}"),
    (f"/repository/all/packages/demo-x/1.0/{WHEEL}", f"/files/demo-x/{WHEEL}"),
    (f"/root/pypi/+f/8c5/9f1d2b3a4c5d6/{WHEEL}", f"/files/demo-x/{WHEEL}"),
    ("/Demo_X/json", "/pypi/demo-x/json"),
]


@pytest.mark.parametrize("headers", [PIP, UV, POETRY, BROWSER, CURL, {}])
@pytest.mark.parametrize(("asked", "right"), SAME_FOR_EVERYBODY)
async def test_another_servers_way_of_writing_it_leads_to_ours(
    asked: str, right: str, headers: dict[str, str], start_proxy: StartProxy
) -> None:
    """Never for ever, and right behind any prefix (check 43)"""
    proxy = await start_proxy()
    for method in ("GET", "HEAD"):
        answer = await proxy.get(asked, headers, method=method)
        assert answer.status == 302
        location = answer.headers["Location"]
        assert "://" not in location
        assert not location.startswith("/")
        assert urljoin(f"http://h{asked}", location) == f"http://h{right}"
        assert urljoin(f"http://h/team/py{asked}", location) == f"http://h/team/py{right}"
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("asked", ["/requests/", "/requests", "/Requests", "/pypi/requests/", "/project/requests/"])
async def test_a_project_without_its_index_is_for_browsers_only(asked: str, start_proxy: StartProxy) -> None:
    """An installer must not find most of its projects and miss those whose names mean something here."""
    proxy = await start_proxy()
    led = await proxy.get(asked, BROWSER)
    assert (led.status, urljoin(f"http://h{asked}", led.headers["Location"])) == (302, "http://h/simple/requests/")
    other = await proxy.get(asked, CURL)
    assert other.status == 404
    assert "/simple/requests/" in other.json()["detail"]
    assert other.headers["Vary"] == "Accept"


@pytest.mark.parametrize("page", ["/healthz", "/readyz", "/metrics"])
async def test_a_page_for_monitoring_with_a_slash_is_not_taken_for_a_project(
    page: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy()
    led = await proxy.get(f"{page}/", BROWSER)
    assert (led.status, urljoin(f"http://h{page}/", led.headers["Location"])) == (302, f"http://h{page}")
    other = await proxy.get(f"{page}/", CURL)
    assert other.status == 404
    assert other.json()["detail"].startswith(f"The address is {page}, without a slash at its end.")


@pytest.mark.parametrize("headers", [PIP, UV, POETRY])
@pytest.mark.parametrize(
    "asked", ["/metrics/", "/requests/", "/pypi/requests/", "/index/", "/pypi/", "/a/b/c/", "/files/"]
)
async def test_an_installer_at_the_wrong_address_is_told_the_index_url(
    asked: str, headers: dict[str, str], start_proxy: StartProxy
) -> None:
    """uv shows nothing of a 404 and asks the next index; of a 400 it prints the sentence (pain 36)"""
    proxy = await start_proxy()
    answer = await proxy.get(asked, headers)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == f"This is no index; the index URL is {proxy.url}/simple/"
    assert answer.reason == answer.json()["title"]


async def test_a_double_slash_is_a_plain_404_for_everybody(start_proxy: StartProxy) -> None:
    """pipenv asks there first where its index URL ends in a slash, and goes on after a 404."""
    proxy = await start_proxy()
    for headers in (PIP, BROWSER, CURL):
        assert (await proxy.get("/simple//demo/", headers)).status == 404


@pytest.mark.parametrize("asked", ["/pypi", "/pypi/", "/index", "/index/"])
async def test_a_word_for_the_index_leads_people_to_the_list(asked: str, start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await proxy.get(asked, BROWSER)
    assert (answer.status, urljoin(f"http://h{asked}", answer.headers["Location"])) == (302, "http://h/simple/")
    other = await proxy.get(asked, CURL)
    assert other.status == 404
    assert f"{proxy.url}/simple/" in other.json()["detail"]


async def test_a_release_has_no_page_of_its_own(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    for asked in ("/simple/demo/1.0/", "/simple/demo/1.0", "/simple/simple/1.0/"):
        project = asked.split("/")[2]
        answer = await proxy.get(asked)
        assert answer.status == 404
        assert f"/simple/{project}/ lists the files" in answer.json()["detail"]
        led = await proxy.get(asked, BROWSER)
        assert urljoin(f"http://h{asked}", led.headers["Location"]) == f"http://h/simple/{project}/"
    assert upstream.requests == []


async def test_a_pasted_files_address_gets_the_file(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    led = await proxy.get(f"/simple/demo/{filename}")
    answer = await proxy.get(urljoin(f"/simple/demo/{filename}", led.headers["Location"]))
    assert (answer.status, answer.body) == (200, upstream.projects["demo"][filename].content)


async def test_the_json_api_is_not_taken_for_a_page(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    for asked in ("/pypi/requests/json", "/pypi/requests/2.0/json"):
        assert (await proxy.get(asked)).status != 302


@pytest.mark.parametrize("path", ["/legacy/", "/legacy"])
async def test_uploads_are_refused_in_words_without_a_redirect(path: str, start_proxy: StartProxy) -> None:
    """(check 77): twine and Poetry follow none."""
    proxy = await start_proxy()
    answer = await proxy.get(path, method="POST")
    assert (answer.status, answer.reason) == (405, "Uploads to pyproxy are not possible")
    assert "publish to the private index" in answer.json()["detail"]
    assert (await proxy.get(path)).status == 404


async def test_search_engines_are_kept_out(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await proxy.get("/robots.txt")
    assert (answer.status, answer.body) == (200, b"User-agent: *\nDisallow: /\n")
    assert answer.headers["Content-Type"].startswith("text/plain")


async def test_browsers_find_the_icon(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    led = await proxy.get("/favicon.ico")
    icon = await proxy.get(urljoin("/favicon.ico", led.headers["Location"]))
    assert (icon.status, icon.headers["Content-Type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize(
    "target",
    [
        b"//simple/demo/",
        b"/index/..%2f..%2fetc/",
        b"/index/%0d%0aSet-Cookie:%20a=b/",
        b"/pypi/simple/%2F%2Fevil.example.org/",
        b"/packages/%2e%2e/%2e%2e%2fx.whl",
        b"/packages/<script>.whl",
        b"/index/<script>alert(1)<%2fscript>/",
        b"/+f/" + b"a" * 20_000 + b".whl",
        b"/" + b"a/" * 5_000 + b"simple/demo/",
        b"/" + b"simple/" * 500,
        b"/\xff\xfe/",
        b"/simple/demo/%ff",
        b"/..%2f..%2fetc%2fpasswd",
        b"/-/",
    ],
)
async def test_nonsense_leads_nowhere(target: bytes, start_proxy: StartProxy) -> None:
    """(check 53, F40)"""
    proxy = await start_proxy()
    answer = await get_raw(proxy.port, target)
    assert answer.status == 404
    assert answer.header("Location") is None
    assert answer.header("Set-Cookie") is None
    assert b"<script>" not in answer.body
    assert len(answer.body) < 1000


async def test_a_redirect_keeps_the_query(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await proxy.get("/index/demo/?format=application/vnd.pypi.simple.v1%2Bjson")
    assert answer.headers["Location"] == "../../simple/demo/?format=application/vnd.pypi.simple.v1%2Bjson"


async def test_the_index_url_in_a_sentence_is_the_public_one(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(server=ServerConfig(port=0, public_url="https://pypi.example.org/team/"))
    answer = await proxy.get("/requests/", UV)
    assert answer.reason == "This is no index; the index URL is https://pypi.example.org/team/simple/"
