"""Projects as an administrator of a running server finds them, looks at them, refreshes and purges them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pyproxy.admin.explanation.model import State
from pyproxy.admin.holdings import Holdings
from pyproxy.config.model import LocalConfig
from pyproxy.errors import InvalidProjectName
from pyproxy.simple.model import NormalizedName
from tests.distributions import make_wheel
from tests.http.administration import administration, noticed
from tests.http.calls import ask, idle
from tests.http.conftest import StartProxy
from tests.http.legacy_documents import publish_with_document
from tests.http.proxy import Clock, Proxy
from tests.http.publishing import publish
from tests.upstream_server import UpstreamServer

DEMO = NormalizedName("demo")
README = "Summary: short\nDescription-Content-Type: text/markdown\n\n# Demo\n\n![x](https://x.example/y.png)\n"


def holdings(proxy: Proxy) -> Holdings:
    return proxy.server.holdings


async def get_file(proxy: Proxy, filename: str) -> None:
    answer = await proxy.file("demo", filename)
    assert answer.status == 200
    await idle(proxy)


async def test_what_was_asked_for_is_found_with_what_is_kept_of_it(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    filename = publish(upstream, "demo", "1.0")
    publish(other, "demo-other", "1.0")
    proxy = await start_proxy(upstream, other)
    search = holdings(proxy).search
    assert (await search.search()).total == 0

    await get_file(proxy, filename)
    await get_file(proxy, filename)
    await ask(proxy, "/simple/demo-other/")
    await ask(proxy, "/simple/nowhere/")
    await proxy.server.resources.files.flush_uses()

    found = await search.search("DEMO", "uses")
    assert [(each.name, each.owner, each.local) for each in found.projects] == [
        ("demo", "first", False),
        ("demo-other", "second", False),
    ]
    totals = found.projects[0].totals
    assert (totals.files, totals.uses, totals.last_used, totals.checked_at) == (1, 1, clock.now, clock.now)
    assert found.projects[1].totals.files == 0


async def test_a_look_tells_owner_releases_and_which_files_are_kept(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    publish(upstream, "demo", "1.0")
    filename = publish(upstream, "demo", "2.0")
    proxy = await start_proxy(upstream)
    await get_file(proxy, filename)
    await get_file(proxy, filename)
    await proxy.server.resources.files.flush_uses()

    view = await holdings(proxy).projects.look("Demo")

    assert (view.project, view.explanation.state, view.explanation.owner) == (DEMO, State.SERVED, "first")
    assert view.page is not None
    assert (view.page.upstream, view.page.serves, view.page.all_releases, view.page.windows) == ("first", True, 2, 1)
    newest, oldest = view.page.releases
    assert (newest.version, oldest.version) == ("2.0", "1.0")
    [kept], [not_kept] = newest.files, oldest.files
    assert kept.kept is not None
    assert (kept.listed.filename, kept.kept.upstream, kept.uses) == (filename, "first", 1)
    assert (not_kept.kept, not_kept.uses) == (None, 0)
    assert (view.unlisted, view.all_unlisted, view.totals.files) == ((), 0, 1)
    assert view.is_known


async def test_nobody_is_asked_by_looking(upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    asked = len(upstream.requests)
    clock.advance(10**6)
    for name in ("demo", "nowhere"):
        view = await holdings(proxy).projects.look(name)
        await holdings(proxy).descriptions.find(view)
    await holdings(proxy).search.search()
    await idle(proxy)
    assert len(upstream.requests) == asked
    assert not view.is_known


async def test_a_name_that_nothing_can_have_is_an_error(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    with pytest.raises(InvalidProjectName):
        await holdings(proxy).projects.look("<script>")


async def test_kept_files_of_a_removed_upstream_and_of_a_deleted_release_are_shown(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await get_file(proxy, filename)
    upstream.remove("demo")
    publish(upstream, "demo", "2.0")
    await holdings(proxy).actions.refresh(DEMO)
    view = await holdings(proxy).projects.look("demo")
    assert view.page is not None
    assert [each.version for each in view.page.releases] == ["2.0"]
    assert [file.filename for file in view.unlisted] == [filename]

    with administration(proxy) as store:
        await noticed(proxy, lambda _: store.remove("first"))
    view = await holdings(proxy).projects.look("demo")
    assert (view.page, view.all_unlisted) == (None, 1)
    assert [file.filename for file in view.unlisted] == [filename]
    [found] = (await holdings(proxy).search.search()).projects
    assert (found.name, found.owner, found.totals.pages) == ("demo", None, 0)


async def test_a_local_project_is_found_and_looked_at(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    filename, content, _ = make_wheel("demo", "1.0", metadata_extra=README)
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / filename).write_bytes(content)
    proxy = await start_proxy(upstream, local=tmp_path / "local")

    [found] = (await holdings(proxy).search.search("demo")).projects
    assert (found.name, found.owner, found.local_files, found.totals.files) == ("demo", "local", 1, 0)

    view = await holdings(proxy).projects.look("demo")
    assert view.page is not None
    assert (view.page.upstream, view.page.serves) == ("local", True)
    assert [file.listed.filename for release in view.page.releases for file in release.files] == [filename]
    description = await holdings(proxy).descriptions.find(view)
    assert description is not None
    assert (description.source, description.summary) == (filename, "short")


async def test_the_description_is_that_of_the_highest_release_that_is_kept(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    for version in ("1.0", "10.0", "9.0"):
        filename, content, _ = make_wheel("demo", version, metadata_extra=README.replace("short", version))
        upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)
    view = await holdings(proxy).projects.look("demo")
    assert await holdings(proxy).descriptions.find(view) is None
    for version in ("10.0", "1.0", "9.0"):
        await get_file(proxy, f"demo-{version}-py3-none-any.whl")

    view = await holdings(proxy).projects.look("demo")
    description = await holdings(proxy).descriptions.find(view)

    assert description is not None
    assert (description.version, description.summary) == ("10.0", "10.0")
    rendered = await holdings(proxy).descriptions.render(description)
    assert rendered is not None
    assert "picture: x" in rendered.html
    assert "<img" not in rendered.html


async def test_a_kept_document_of_the_owner_comes_first(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    document = publish_with_document(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await ask(proxy, "/pypi/demo/json")
    description = await holdings(proxy).descriptions.find(await holdings(proxy).projects.look("demo"))
    assert description is not None
    assert (description.source, description.summary) == ("first", document["info"]["summary"])
    assert description.links[0] == ("Homepage", "https://example.org/demo")


async def test_refresh_shows_at_once_what_was_published_a_moment_ago(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    publish(upstream, "demo", "2.0")
    assert len((await proxy.page("demo"))["files"]) == 1
    revision = proxy.server.resources.pages.revision()

    refreshed = await holdings(proxy).actions.refresh(DEMO)

    [said] = refreshed.said
    assert (refreshed.ok, refreshed.owner, said.kind, said.added) == (True, "first", "changed", 1)
    assert proxy.server.resources.pages.revision() > revision, "by which other workers notice"
    assert len((await proxy.page("demo"))["files"]) == 2


async def test_refresh_of_a_failing_upstream_says_so_and_takes_nothing(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    await upstream.stop()
    refreshed = await holdings(proxy).actions.refresh(DEMO)
    assert (refreshed.ok, refreshed.said[0].kind, refreshed.said[0].stands_in) == (False, "failed", "page")
    assert len((await proxy.page("demo"))["files"]) == 1


async def test_purge_forgets_the_project_and_the_next_request_asks_again(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await get_file(proxy, filename)
    actions = holdings(proxy).actions

    before = await actions.would_go(DEMO)
    assert [file.filename for file in before.files] == [filename]
    assert proxy.kept()

    upstream.remove("demo")
    gone = await actions.purge(DEMO)

    assert gone == before
    assert proxy.kept() == []
    assert (await ask(proxy, "/simple/demo/")).status == 404
    assert (await holdings(proxy).search.search()).total == 0
    assert not await actions.purge(NormalizedName("nothing"))


async def test_purge_of_one_file_leaves_the_others(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    names = [publish(upstream, "demo", version) for version in ("1.0", "2.0")]
    proxy = await start_proxy(upstream)
    for name in names:
        await get_file(proxy, name)
    await holdings(proxy).actions.purge(DEMO, names[0])
    view = await holdings(proxy).projects.look("demo")
    assert view.page is not None
    assert [[file.kept is not None for file in each.files] for each in view.page.releases] == [[True], [False]]


async def test_looks_beside_changes_never_fail(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """Purged, refreshed and looked at, all at the same time."""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)

    async def change() -> None:
        for _ in range(10):
            await ask(proxy, f"/files/demo/{filename}")
            await holdings(proxy).actions.purge(DEMO)
            await holdings(proxy).actions.refresh(DEMO)

    async def look() -> None:
        for _ in range(30):
            view = await holdings(proxy).projects.look("demo")
            await holdings(proxy).descriptions.find(view)
            await holdings(proxy).search.search("demo")

    await asyncio.gather(change(), look(), look())


async def test_a_project_that_became_local_hides_what_is_kept_and_listed(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    filename = publish(upstream, "demo", "9.0")
    local, content, _ = make_wheel("demo", "1.0")
    proxy = await start_proxy(upstream)
    await get_file(proxy, filename)
    await proxy.stop()
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / local).write_bytes(content)
    proxy.config = replace(proxy.config, local=LocalConfig(directory=tmp_path / "local"))
    await proxy.start()

    [found] = (await holdings(proxy).search.search()).projects
    assert (found.owner, found.local_files, found.totals.files) == ("local", 1, 1)
    view = await holdings(proxy).projects.look("demo")
    assert view.page is not None
    assert [each.version for each in view.page.releases] == ["1.0"]
    assert [file.filename for file in view.unlisted] == [filename]
