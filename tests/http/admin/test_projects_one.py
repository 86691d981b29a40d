"""The page of one project: who answers and why, its releases and files, its description."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest

from pyproxy.admin.projects.looking import KEPT_LOADED
from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.admin.browser import Browser, signed_in
from tests.http.admin.holding import LARGEST_PAGE, fetch, links, rows
from tests.http.calls import ask
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.http.publishing import publish
from tests.upstream_server import Status, UpstreamServer

DEMO = "/admin/projects/demo"
HOSTILE = (
    "Summary: <img src=x onerror=alert(1)>\nDescription-Content-Type: text/markdown\n"
    'Project-URL: "><script>alert(2)</script>, javascript:alert(3)\n\n'
    "# Demo\n\n<script>alert(4)</script> [click](javascript:alert(5)) <b onclick='alert(6)'>bold</b>\n"
)


async def look(proxy: Proxy, name: str = "demo") -> Browser:
    """A browser of a proxy that was asked for the project."""
    await ask(proxy, f"/simple/{name}/")
    return await signed_in(proxy)


async def test_it_tells_who_answers_and_who_was_asked_before(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(other, "demo", "1.0")
    browser = await look(await start_proxy(upstream, other))
    page = await browser.get(DEMO)
    assert page.status == 200
    assert "demo is answered by second." in page.words
    assert "first comes before it and said: no such project." in page.words
    assert "second answers It has the project: 1 file, 1 release, the newest 1.0." in page.words


async def test_releases_stand_newest_first_with_what_is_known_of_their_files(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content, requires_python=">=3.9", yanked="broken <here>")
    newest = publish(upstream, "demo", "2.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", newest)
    browser = await look(proxy)
    lines = rows(await browser.get(DEMO))
    assert [line.split()[0] for line in lines[1:]] == ["2.0", newest, "1.0", filename]
    assert re.search(r"kept 0 [0-9a-f]{8}$", lines[2])
    assert lines[3] == "1.0 yanked broken <here>"
    assert ">=3.9" in lines[4]


async def test_another_spelling_is_led_to_the_right_one(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    page = await browser.get("/admin/projects/My_Demo.x?page=2")
    assert (page.status, page.location) == (303, "/admin/projects/my-demo-x?page=2")
    assert (await browser.get("/admin/projects/De_mo/purge")).location == "/admin/projects/de-mo/purge"


@pytest.mark.parametrize("name", ["-", "a%2Fb", "%ff", "%3Cscript%3E", "x" * 300])
async def test_what_can_be_no_name_is_a_friendly_404(name: str, start_proxy: StartProxy) -> None:
    page = await (await signed_in(await start_proxy())).get(f"/admin/projects/{name}")
    assert page.status == 404
    assert "is no project name" in page.words
    assert "<script>" not in page.text


async def test_an_unknown_project_tells_who_would_be_asked_and_asks_nobody(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    page = await (await signed_in(proxy)).get("/admin/projects/nowhere")
    assert page.status == 200
    assert "Nothing is known of nowhere here" in page.words
    assert "The next request asks first." in page.words
    assert "Ask for it now" in page.words
    assert "/purge" not in page.text
    assert upstream.requests == []


async def test_a_local_project_says_that_no_upstream_is_asked(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    filename, content, _ = make_wheel("demo", "3.0", metadata_extra="Summary: made here\n")
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / filename).write_bytes(content)
    proxy = await start_proxy(upstream, local=tmp_path / "wheels")
    page = await (await signed_in(proxy)).get(DEMO)
    assert "demo is local: it is answered from local files alone" in page.words
    assert "made here" in page.words
    assert rows(page)[2].startswith(filename)
    assert 'id="refresh"' not in page.text


async def test_a_name_reserved_for_an_inactive_upstream_says_so(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    private = UpstreamSettings(name="private", url=upstream.url, projects=("de*",), active=False)
    page = await (await signed_in(await start_proxy(private))).get(DEMO)
    assert "demo is reserved for private, switched off now" in page.words


async def test_a_stale_page_is_served_with_its_reason(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=60.0)
    browser = await look(proxy)
    clock.advance(3600)
    upstream.behave("/simple/", Status(503))
    await ask(proxy, "/simple/demo/")
    await proxy.server.records.flush()
    page = await browser.get(DEMO)
    assert "STALE" in page.words
    assert "503" in page.words


async def test_the_install_lines_have_the_visitors_address(start_proxy: StartProxy) -> None:
    browser = await signed_in(await start_proxy())
    page = await browser.get(DEMO, {"Host": "pypi.example.org"})
    assert "pip install --index-url http://pypi.example.org/simple/ --trusted-host pypi.example.org demo" in page.words
    assert "uv pip install --default-index http://pypi.example.org/simple/ demo" in page.words


async def test_a_hostile_description_is_harmless(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename, content, _ = make_wheel("demo", "1.0", metadata_extra=HOSTILE)
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    browser = await look(proxy)
    alone = await browser.get(f"{DEMO}/description")
    whole = await browser.get(DEMO)
    assert "bold" in alone.words
    assert "<details" in whole.text
    for page in (alone, whole):
        assert not re.search(r"<script>|href=.javascript:|<[^>]*\son[a-z]+=|<img src=x", page.text)
    assert "<img src=x onerror=alert(1)>" in whole.words


async def test_a_project_without_a_description_has_a_page_that_says_so(start_proxy: StartProxy) -> None:
    page = await (await signed_in(await start_proxy())).get(f"{DEMO}/description")
    assert page.status == 200
    assert "No description of it is kept" in page.words


async def test_a_page_of_20_000_files_stays_small(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    for number in range(20_000):
        upstream.add_file("demo", f"demo-{number // 20}.{number % 20}-cp312-cp312-manylinux_2_17_x86_64.whl", b"x")
    browser = await look(await start_proxy(upstream))
    page = await browser.get(DEMO)
    assert "20,000 files of 20,000 releases" in page.words
    assert len(page.text.encode()) < LARGEST_PAGE
    assert "?page=2#releases" in links(page)
    last = await browser.get(f"{DEMO}?page=99999999")
    assert "demo-0.0-cp312" in last.words
    assert len(last.text.encode()) < LARGEST_PAGE


async def test_a_page_of_hostile_names_stays_small_and_harmless(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    for number in range(120):
        hostile = f"demo-1.{number}-" + "<\"'&\u202e>" * 24 + ".tar.gz"
        upstream.add_file("demo", hostile[-220:] if number % 2 else hostile, b"x", yanked='"><b>' * 500)
    browser = await look(await start_proxy(upstream))
    page = await browser.get(DEMO)
    assert page.status == 200
    assert "<b>" not in page.text
    assert len(page.text.encode()) < LARGEST_PAGE


async def test_thousands_of_patterns_are_cut_short(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    projects = tuple(f"project-{number:06}-*" for number in range(4000))
    many = [UpstreamSettings(name=f"u{number}", url=upstream.url, projects=projects) for number in range(40)]
    page = await (await signed_in(await start_proxy(*many))).get(DEMO)
    assert "28 further upstreams have nothing to do with it" in page.words
    assert len(page.text.encode()) < LARGEST_PAGE


async def test_a_file_has_a_page_with_its_whole_hash_and_who_lists_it(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    browser = await look(proxy)
    assert f"demo/file?name={filename}" in links(await browser.get(DEMO))
    page = await browser.get(f"{DEMO}/file?name={quote(filename)}")
    assert re.search(r"SHA-256 [0-9a-f]{64} ", page.words)
    assert "Listed by first" in page.words
    download = next(link for link in links(page) if "/files/" in link)
    assert (await proxy.get(urljoin(page.path, download))).status == 200


@pytest.mark.parametrize("name", ["", "..%2Fx", "a%5Cb"])
async def test_what_can_be_no_file_is_a_friendly_404(name: str, start_proxy: StartProxy) -> None:
    page = await (await signed_in(await start_proxy())).get(f"{DEMO}/file?name={name}")
    assert page.status == 404
    assert "is no filename" in page.words


async def test_a_file_kept_before_many_others_is_known_to_be_kept(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    first, *later = [publish(upstream, "demo", f"1.{number}") for number in range(KEPT_LOADED + 5)]
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", first)
    clock.advance(10)
    for filename in later:
        await fetch(proxy, "demo", filename)
    page = await (await signed_in(proxy)).get(f"{DEMO}/file?name={first}")
    assert "Kept here; it is served without asking anybody." in page.words
    assert "from first, kept 10 seconds ago" in page.words
