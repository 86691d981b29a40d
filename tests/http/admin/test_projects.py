"""The list of projects: found by a part of the name, in several orders, page by page."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest

from tests.distributions import make_wheel
from tests.http.admin.browser import Browser, Page, signed_in
from tests.http.admin.holding import LARGEST_PAGE, fetch, links, rows
from tests.http.calls import ask
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.publishing import publish
from tests.upstream_server import UpstreamServer

PROJECTS = "/admin/projects"


def names(page: Page) -> list[str]:
    return re.findall(r'<th scope="row"><a href="projects/([^"]+)"', page.text)


def next_of(page: Page) -> str:
    found = re.search(r'href="([^"]*)" rel="next"', page.text)
    assert found is not None
    return urljoin(PROJECTS, found[1].replace("&amp;", "&"))


async def holding(proxy: Proxy, upstream: UpstreamServer, *projects: str) -> Browser:
    """A browser of a proxy that knows the pages of some projects."""
    for project in projects:
        publish(upstream, project, "1.0")
        await ask(proxy, f"/simple/{project}/")
    return await signed_in(proxy)


async def test_before_anything_was_installed_it_says_how_to(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    page = await (await signed_in(proxy)).get(PROJECTS)
    assert page.status == 200
    assert f"pip install --index-url {proxy.url}/simple/" in page.words


async def test_a_project_stands_there_with_owner_files_size_and_uses(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await fetch(proxy, "demo", filename)
    await fetch(proxy, "demo", filename)
    page = await (await signed_in(proxy)).get(PROJECTS)
    size = len(make_wheel("demo", "1.0")[1])
    assert rows(page)[1:] == [f"demo first 1 {size} bytes 1 just now just now"]
    assert "1 project" in page.words


async def test_a_local_project_is_marked(start_proxy: StartProxy, tmp_path: Path) -> None:
    filename, content, _ = make_wheel("house-tool", "1.0")
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / filename).write_bytes(content)
    proxy = await start_proxy(local=tmp_path / "wheels")
    page = await (await signed_in(proxy)).get(PROJECTS)
    assert "house-tool local" in rows(page)[1]


async def test_any_part_of_a_name_in_any_spelling_finds_it(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    browser = await holding(proxy, upstream, "my-demo-tool", "other")
    page = await browser.get(f"{PROJECTS}?q=Demo_T")
    assert names(page) == ["my-demo-tool"]
    assert 'value="Demo_T"' in page.text


@pytest.mark.parametrize("text", ["%", "_%", "*", "[a-z]", "' OR 1=1 --", "\\", "ſ", "\udcff"])
async def test_signs_that_mean_something_to_a_database_mean_nothing(
    text: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    browser = await holding(proxy, upstream, "demo")
    page = await browser.get(f"{PROJECTS}?q={quote(text, errors='surrogateescape')}")
    assert (page.status, names(page)) == (200, [])
    assert "Nothing found" in page.words


async def test_a_hostile_text_is_shown_and_does_nothing(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    browser = await holding(proxy, upstream, "demo")
    hostile = '"><script>alert(1)</script>'
    page = await browser.get(f"{PROJECTS}?q={quote(hostile)}")
    assert hostile not in page.text
    assert hostile in page.words


async def test_what_is_not_found_leads_to_who_would_be_asked_for_it(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    browser = await holding(proxy, upstream, "demo")
    page = await browser.get(f"{PROJECTS}?q=No.Where")
    assert "projects/no-where" in links(page)
    found = await browser.get(f"{PROJECTS}?q=demo")
    assert links(found).count("projects/demo") == 1


@pytest.mark.parametrize(
    ("sort", "first", "order"),
    [("name", "aaa", "ascending"), ("uses", "zzz", "descending"), ("size", "zzz", "descending")],
)
async def test_columns_sort_and_say_how(
    sort: str, first: str, order: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "zzz", "1.0")
    proxy = await start_proxy(upstream)
    browser = await holding(proxy, upstream, "aaa")
    await fetch(proxy, "zzz", filename)
    await fetch(proxy, "zzz", filename)
    page = await browser.get(f"{PROJECTS}?sort={sort}")
    assert names(page)[0] == first
    assert re.findall(r'aria-sort="([a-z]+)"', page.text) == [order]


async def test_the_pages_of_a_long_list_show_each_project_once(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    browser = await holding(proxy, upstream, *(f"demo-{number:03}" for number in range(60)))
    first = await browser.get(f"{PROJECTS}?q=demo&sort=name")
    assert "1 to 50 of 60 projects" in first.words
    second = await browser.get(next_of(first))
    assert "51 to 60 of 60 projects" in second.words
    assert names(first) + names(second) == [f"demo-{number:03}" for number in range(60)]
    assert 'rel="next"' not in second.text
    assert len(first.text.encode()) < LARGEST_PAGE


@pytest.mark.parametrize(
    "query", ["sort=nothing", "at=nothing", "at=after~name~1~9e999~x", "sort=size&at=after~name~1~0~x"]
)
async def test_a_wrong_address_begins_at_the_first_page(
    query: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    browser = await holding(proxy, upstream, "demo")
    page = await browser.get(f"{PROJECTS}?{query}")
    assert (page.status, names(page)) == (200, ["demo"])


async def test_a_script_gets_the_list_alone_and_the_notice_stays_for_a_whole_page(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    browser = await holding(proxy, upstream, "demo", "other")
    await browser.submit("/admin/projects/demo/refresh", form_on="/admin/projects/demo")
    part = await browser.get(f"{PROJECTS}?q=dem&part=list")
    assert names(part) == ["demo"]
    assert "<html" not in part.text
    assert "first: unchanged" not in part.words
    assert "first: unchanged" in (await browser.get(PROJECTS)).words


async def test_a_viewer_sees_the_list_and_a_stranger_signs_in_first(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    await holding(proxy, upstream, "demo")
    assert names(await (await signed_in(proxy, "vera", "viewer")).get(PROJECTS)) == ["demo"]
    page = await Browser(proxy).get(f"{PROJECTS}?q=demo")
    assert (page.status, page.location) == (303, "/admin/sign-in?next=projects%3Fq%3Ddemo")
