"""Who answers for a project: local files, then the first upstream in the order that has it, alone."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.administration import noticed
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON
from tests.http.publishing import filenames, publish
from tests.upstream_server import Redirect, Status, UpstreamServer
from tests.waiting import eventually, until


async def test_a_local_project_is_answered_from_here_and_its_name_never_leaves_the_house(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    local.mkdir()
    filename, content, _ = make_wheel("house", "1.0")
    (local / filename).write_bytes(content)
    public = publish(upstream, "house", "99.0")
    proxy = await start_proxy(upstream, local=local)

    page = await proxy.get("/simple/house/", {"Accept": JSON})
    file = await proxy.file("house", filename)
    other_version = await proxy.get(f"/files/house/{public}")
    metadata = await proxy.get((await proxy.link("house", filename)) + ".metadata")
    await proxy.get("/simple/House/")
    await proxy.get("/simple/")

    assert [entry["filename"] for entry in page.json()["files"]] == [filename]
    assert (page.upstream, file.body, file.upstream) == ("local", content, "local")
    assert (other_version.status, metadata.status) == (404, 200)
    assert upstream.requests == []


async def test_a_file_put_into_the_local_directory_is_listed_within_five_seconds(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    local.mkdir()
    publish(upstream, "house", "99.0")
    proxy = await start_proxy(upstream, local=local)
    assert (await proxy.get("/simple/house/")).upstream == "first"

    filename, content, _ = make_wheel("house", "1.0")
    (local / filename).write_bytes(content)

    async def listed() -> bool:
        return await filenames(proxy, "house") == [filename]

    await eventually(listed)


async def test_a_local_name_stays_in_the_house_while_the_directory_is_away(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An unmounted share must not turn private names into public ones (pain 5)"""
    local, away = tmp_path / "local", tmp_path / "away"
    local.mkdir()
    filename, content, _ = make_wheel("house", "1.0")
    (local / filename).write_bytes(content)
    publish(upstream, "house", "99.0")
    proxy = await start_proxy(upstream, local=local)
    local.rename(away)
    await until(lambda: "cannot be read" in caplog.text)

    assert (await proxy.get("/simple/house/")).status == 503
    assert (await proxy.get("/files/house/house-99.0-py3-none-any.whl")).status == 404
    assert upstream.requests == []
    away.rename(local)
    assert await filenames(proxy, "house") == [filename]


async def test_the_first_upstream_that_has_the_project_owns_it_and_nothing_is_mixed_in(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """A private 1.0 is not displaced by a public 99.0 (pain 5)."""
    private = publish(upstream, "demo", "1.0")
    publish(other, "demo", "99.0")
    proxy = await start_proxy(upstream, other)

    assert await filenames(proxy, "demo") == [private]
    assert other.requests == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_project_that_the_first_does_not_have_is_asked_of_the_next(
    status: int, upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.behave("/simple/demo/", Status(status))
    public = publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other)

    answer = await proxy.get("/simple/demo/", {"Accept": JSON})

    assert [file["filename"] for file in answer.json()["files"]] == [public]
    assert (answer.upstream, answer.cache_status) == ("second", "pyproxy; fwd=miss")


async def test_an_html_index_page_without_files_counts_as_missing(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Some indexes answer every unknown name so (pain 27)."""
    upstream.set_page("demo", b"<html><head><title>Links for demo</title></head><body></body></html>", "text/html")
    upstream.set_page("nobody", b"<html><head><title>Links for nobody</title></head></html>", "text/html")
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other)

    assert (await proxy.get("/simple/demo/")).upstream == "second"
    assert (await proxy.get("/simple/nobody/")).status == 404


async def test_a_real_project_without_any_file_is_a_page(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """An empty JSON page is an answer (pain 27)."""
    upstream.set_page("demo", b'{"meta":{"api-version":"1.0"},"name":"demo","files":[]}', JSON)
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other)

    answer = await proxy.get("/simple/demo/", {"Accept": JSON})

    assert (answer.status, answer.upstream, answer.json()["files"]) == (200, "first", [])
    assert b"<a " not in (await proxy.get("/simple/demo/", {"Accept": "text/html"})).body


async def test_404_needs_every_upstream_that_may_be_asked(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream, other)

    answer = await proxy.get("/simple/nobody/")

    assert (answer.status, upstream.count("/simple/nobody/"), other.count("/simple/nobody/")) == (404, 1, 1)


async def test_every_spelling_of_a_name_is_one_project_and_asked_normalised(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Upstreams are asked with a final slash, too (pain 28)."""
    publish(upstream, "foo-bar-baz", "1.0")
    proxy = await start_proxy(upstream)

    for spelling in ("Foo.Bar_baz", "foo--bar__baz", "FOO-BAR-BAZ"):
        redirected = await proxy.get(f"/simple/{spelling}/")
        assert (redirected.status, redirected.headers["Location"]) == (301, "../foo-bar-baz/")
    assert (await proxy.get("/simple/foo-bar-baz")).headers["Location"] == "foo-bar-baz/"
    assert upstream.requests == []
    await proxy.page("foo-bar-baz")
    assert [request.path for request in upstream.requests] == ["/simple/foo-bar-baz/"]


async def test_a_brand_new_project_is_found_without_the_upstreams_list(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Neither the start nor ``/simple/`` asks an upstream for its list (pain 31)."""
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/", {"Accept": JSON})).json()["projects"] == []

    publish(upstream, "brand-new", "1.0")

    assert await filenames(proxy, "brand-new")
    assert (await proxy.get("/simple/", {"Accept": JSON})).json()["projects"] == [{"name": "brand-new"}]
    assert {request.path for request in upstream.requests} == {"/simple/brand-new/"}


async def test_every_link_of_every_page_answers_whatever_the_order(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Page and file are decided alike, for each order of priorities, also for links from before (F20)."""
    for version in ("1.0", "2.0"):
        publish(upstream, "demo", version)
    for version in ("2.0", "3.0"):
        publish(other, "demo", version)
    publish(other, "single", "1.0")
    proxy = await start_proxy(upstream, other)
    links: set[str] = set()

    for order in itertools.permutations(("first", "second")):
        await noticed(proxy, lambda store, name=order[0]: store.move(name, 1))  # type: ignore[misc]
        owner = (await proxy.get("/simple/demo/")).upstream
        assert owner == order[0]
        for project in ("demo", "single"):
            links |= {await proxy.link(project, filename) for filename in await filenames(proxy, project)}
        for link in links:
            assert [(await proxy.get(path, method="HEAD")).status for path in (link, f"{link}.metadata")] == [200, 200]
    assert len(links) == 4


async def test_a_redirect_to_another_host_is_followed_only_where_it_is_allowed(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Some private indexes redirect unknown names to a public one, which would then answer for private names."""
    upstream.behave("/simple/", Redirect(other.url, keep_path=True))
    publish(other, "ghost", "1.0")
    proxy = await start_proxy(UpstreamSettings(name="first", url=upstream.url, on_failure="stop"))

    refused = await proxy.get("/simple/ghost/")
    assert (refused.status, other.count("/")) == (502, 0)
    assert "redirect_hosts" in refused.json()["title"]

    allowed = UpstreamSettings(name="first", url=upstream.url, redirect_hosts=(f"127.0.0.1:{other.port}",))
    await noticed(proxy, lambda store: store.change("first", allowed))
    assert (await proxy.get("/simple/ghost/")).status == 200
