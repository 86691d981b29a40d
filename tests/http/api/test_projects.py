"""Projects over the API: found, explained, refreshed, forgotten."""

from __future__ import annotations

import json

import msgspec
import pytest

from pyproxy.admin.explanation.document import document
from pyproxy.handlers.api import explained
from tests.distributions import make_sdist, make_wheel
from tests.http.api.client import Script, errors_of, script
from tests.http.calls import idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import Status, UpstreamServer


async def with_demo(start_proxy: StartProxy, upstream: UpstreamServer) -> Proxy:
    """A proxy that has fetched one of the two files of demo."""
    wheel, content, _ = make_wheel("demo", "1.0")
    sdist, other = make_sdist("demo", "2.0")
    upstream.add_file("demo", wheel, content)
    upstream.add_file("demo", sdist, other)
    proxy = await start_proxy(upstream)
    assert (await proxy.file("demo", wheel)).status == 200
    await idle(proxy)
    await proxy.server.resources.files.flush_uses()
    return proxy


async def test_what_is_known_is_listed_with_what_is_cached(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    api = script(await with_demo(start_proxy, upstream), "viewer")
    answer = await api.get("/projects")
    (demo,) = answer.json()["items"]
    assert answer.json()["total"] == 1
    assert (demo["name"], demo["owner"], demo["pages"], demo["files"]) == ("demo", "first", 1, 1)
    assert demo["bytes"] == len(make_wheel("demo", "1.0")[1])
    assert demo["checked_at"] == "2027-01-15T08:00:00Z"


async def test_they_are_sought_sorted_and_come_in_pages(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    for name in ("widget", "demo-tool", "demo"):
        upstream.add_file(name, *make_wheel(name, "1.0")[:2])
    proxy = await start_proxy(upstream)
    for name in ("widget", "demo-tool", "demo"):
        await proxy.page(name)
    api = script(proxy)

    assert await listed(api, "/projects?limit=1") == ["demo", "demo-tool", "widget"]
    assert await listed(api, "/projects?limit=2&sort=checked") == ["demo", "demo-tool", "widget"]
    assert await listed(api, "/projects?search=Demo_") == ["demo-tool"]
    assert await listed(api, "/projects?search=%3Cb%3E") == []


@pytest.mark.parametrize(
    "query", ["sort=age", "limit=1001", "cursor=x", "cursor=after~name~1~nan~a", "search=" + "a" * 201]
)
async def test_a_wrong_wish_is_refused(start_proxy: StartProxy, query: str) -> None:
    answer = await script(await start_proxy()).get(f"/projects?{query}")
    assert (answer.status, list(errors_of(answer))) == (422, [query.partition("=")[0]])


async def test_one_is_explained_as_the_command_does(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    proxy = await with_demo(start_proxy, upstream)
    told = (await script(proxy, "viewer").get("/projects/Demo")).json()
    explanation = await proxy.server.holdings.projects.explain("Demo")
    assert told == json.loads(json.dumps(document(explanation)))
    assert (told["project"], told["given"], told["state"], told["owner"]) == ("demo", "Demo", "served", "first")


async def test_every_key_of_an_explanation_is_described(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    """With a file, a rest and failures in it, so that no part is empty."""
    proxy = await with_demo(start_proxy, upstream)
    upstream.behave("/simple/", Status(503))
    await proxy.get("/simple/other/")
    await proxy.server.records.flush()
    filename = make_wheel("demo", "1.0")[0]
    explainer = proxy.server.holdings.projects
    for explanation in (await explainer.explain("demo", filename), await explainer.explain("other")):
        made = document(explanation)
        assert msgspec.to_builtins(explained.explained(made)) == made


async def test_a_name_that_nobody_asked_for_is_explained_too(
    start_proxy: StartProxy, upstream: UpstreamServer
) -> None:
    told = (await script(await start_proxy(upstream)).get("/projects/nowhere")).json()
    assert (told["state"], told["owner"]) == ("unknown", None)
    assert told["upstreams"][0]["asked_next"] is True
    assert upstream.count("/simple/nowhere/") == 0


@pytest.mark.parametrize("name", ["-", "a%20b", "..%2f..", "%3Cscript%3E", "a" * 500, "%00", "é"])
async def test_what_no_project_can_be_called_is_not_found(start_proxy: StartProxy, name: str) -> None:
    api = script(await start_proxy())
    name = name.replace("é", "%C3%A9")
    for answer in (
        await api.get(f"/projects/{name}"),
        await api.get(f"/projects/{name}/files"),
        await api.post(f"/projects/{name}/refresh"),
        await api.delete(f"/projects/{name}"),
        await api.delete(f"/projects/{name}/files/a.whl"),
    ):
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


async def test_its_files_are_listed_the_newest_release_first(
    start_proxy: StartProxy, upstream: UpstreamServer
) -> None:
    api = script(await with_demo(start_proxy, upstream), "viewer")
    told = (await api.get("/projects/demo/files")).json()
    assert (told["project"], told["upstream"], told["serves"], told["files"], told["releases"]) == (
        *("demo", "first", True, 2, 2),
    )
    newest, oldest = told["items"]
    assert (newest["version"], newest["cached"]) == ("2.0", None)
    assert (oldest["version"], oldest["cached"]["filename"]) == ("1.0", oldest["filename"])
    assert oldest["cached"]["sha256"] == oldest["sha256"]
    assert told["next"] is None


async def test_many_files_come_in_pages(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    content = make_wheel("demo", "1.0")[1]
    for number in range(130):
        upstream.add_file("demo", f"demo-1.0-{number}-py3-none-any.whl", content)
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    api = script(proxy)
    first = (await api.get("/projects/demo/files")).json()
    second = (await api.get(f"/projects/demo/files?cursor={first['next']}")).json()
    names = {each["filename"] for page in (first, second) for each in page["items"]}
    assert (len(names), first["files"], second["next"]) == (130, 130, None)


async def test_a_project_without_a_page_has_no_files(start_proxy: StartProxy) -> None:
    told = (await script(await start_proxy()).get("/projects/nowhere/files")).json()
    assert (told["items"], told["upstream"], told["files"], told["unlisted"]) == ([], None, 0, [])


async def test_a_file_is_explained(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    api = script(await with_demo(start_proxy, upstream))
    filename = make_wheel("demo", "1.0")[0]
    told = (await api.get(f"/projects/demo/files/{filename}")).json()
    assert (told["state"], told["sources"]) == ("cached", ["first"])
    assert [copy["filename"] for copy in told["copies"]] == [filename]
    assert (await api.get("/projects/demo/files/demo-9.9.tar.gz")).json()["state"] == "not listed"
    assert (await api.get("/projects/demo/files/..%2fa")).status == 404


async def test_a_release_that_was_published_just_now_is_asked_for(
    start_proxy: StartProxy, upstream: UpstreamServer
) -> None:
    proxy = await with_demo(start_proxy, upstream)
    upstream.add_file("demo", *make_wheel("demo", "3.0")[:2])
    answer = await script(proxy).post("/projects/Demo/refresh")

    told = answer.json()
    assert (answer.status, told["ok"], told["owner"], told["project"]) == (200, True, "first", "demo")
    assert [(said["upstream"], said["kind"], said["added"]) for said in told["said"]] == [("first", "changed", 1)]
    assert len((await proxy.page("demo"))["files"]) == 3


async def test_a_refresh_says_what_was_in_the_way(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    proxy = await with_demo(start_proxy, upstream)
    upstream.behave("/simple/demo/", Status(503))
    told = (await script(proxy).post("/projects/demo/refresh")).json()
    assert (told["ok"], told["said"][0]["kind"], told["said"][0]["stands_in"]) == (False, "failed", "page")
    assert "503" in told["said"][0]["reason"]


async def test_a_project_is_forgotten_after_a_look_at_what_would_go(
    start_proxy: StartProxy, upstream: UpstreamServer
) -> None:
    proxy = await with_demo(start_proxy, upstream)
    api = script(proxy)
    would_go = (await api.delete("/projects/demo?dry_run=true")).json()
    assert (would_go["dry_run"], would_go["answers"], would_go["files"]) == (True, 1, 1)
    assert len(proxy.kept()) == 1

    gone = (await api.delete("/projects/demo")).json()
    assert gone == {**would_go, "dry_run": False}
    assert proxy.kept() == []
    again = (await api.delete("/projects/demo")).json()
    assert (again["answers"], again["files"], again["freed_bytes"]) == (0, 0, 0)
    assert len(await api.items("/audit?action=purged")) == 1
    asked = upstream.count("/simple/demo/")
    await proxy.page("demo")
    assert upstream.count("/simple/demo/") == asked + 1


async def test_one_file_is_forgotten_alone(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    proxy = await with_demo(start_proxy, upstream)
    sdist = make_sdist("demo", "2.0")[0]
    await proxy.file("demo", sdist)
    await idle(proxy)
    api = script(proxy)
    gone = (await api.delete(f"/projects/demo/files/{sdist}")).json()
    assert (gone["filename"], gone["files"], gone["answers"]) == (sdist, 1, 0)
    assert len(proxy.kept()) == 1


async def test_a_viewer_refreshes_and_forgets_nothing(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    proxy = await with_demo(start_proxy, upstream)
    viewer = script(proxy, "viewer")
    for answer in (
        await viewer.post("/projects/demo/refresh"),
        await viewer.delete("/projects/demo"),
        await viewer.delete("/projects/demo?dry_run=true"),
        await viewer.delete(f"/projects/demo/files/{make_wheel('demo', '1.0')[0]}"),
    ):
        assert answer.status == 403
    assert len(proxy.kept()) == 1


async def test_refreshes_and_purges_are_in_the_audit_log(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    api = script(await with_demo(start_proxy, upstream))
    filename = make_wheel("demo", "1.0")[0]
    await api.post("/projects/demo/refresh")
    await api.delete(f"/projects/demo/files/{filename}")
    await api.delete("/projects/Demo")
    entries = await api.items("/audit")
    assert [(each["action"], each["subject"], each["actor"]["origin"]) for each in entries] == [
        ("purged", "project demo", "api"),
        ("purged", f"file {filename} of demo", "api"),
        ("refreshed", "project demo", "api"),
    ]
    assert [change["field"] for change in entries[2]["changes"]] == ["first"]
    assert {change["field"] for change in entries[1]["changes"]} == {"files"}
    assert {change["field"] for change in entries[0]["changes"]} == {"answers"}


async def listed(api: Script, path: str) -> list[str]:
    """The names on all pages."""
    names: list[str] = []
    while path:
        answer = await api.get(path)
        assert answer.status == 200, answer.body
        names += [each["name"] for each in answer.json()["items"]]
        link = answer.headers["Link"]
        path = "" if link is None else "/projects" + link.partition("<")[2].partition(">")[0]
    return names
