"""What happened, over the API: summed up, and one by one."""

from __future__ import annotations

from typing import Any

import pytest

from pyproxy.admin.dashboard.ranges import RANGES
from pyproxy.admin.history.client_requests import OUTCOMES, SHOWN
from pyproxy.handlers.api import activity
from tests.distributions import make_wheel
from tests.http.api.client import errors_of, script
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import Status, UpstreamServer


async def used(start_proxy: StartProxy, upstream: UpstreamServer) -> Proxy:
    """A proxy of which a page and a file were asked twice, and once something that its upstream failed to answer."""
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)
    for _ in range(2):
        await proxy.file("demo", filename)
    upstream.behave("/simple/broken/", Status(503))
    await proxy.get("/simple/broken/", {"User-Agent": "pip/26.0 {}"})
    await proxy.server.recorder.flush()
    return proxy


@pytest.mark.parametrize("name", [*RANGES])
async def test_it_is_told_for_each_time(start_proxy: StartProxy, upstream: UpstreamServer, name: str) -> None:
    api = script(await used(start_proxy, upstream), "viewer")
    told = (await api.get(f"/dashboard?range={name}")).json()
    assert (told["range"], len(told["buckets"])) == (name, RANGES[name].buckets)  # type: ignore[index]
    totals = told["totals"]
    assert (totals["requests"], totals["hits"], totals["misses"], totals["failed"]) == (5, 2, 2, 1)
    assert totals["hit_ratio"] == 0.5
    assert sum(each["sums"]["requests"] for each in told["buckets"]) == 5
    assert [each["project"] for each in told["projects"]] == ["demo"]


async def test_it_tells_how_upstreams_stand_and_what_needs_attention(
    start_proxy: StartProxy, upstream: UpstreamServer
) -> None:
    api = script(await used(start_proxy, upstream))
    told = (await api.get("/dashboard")).json()
    (first,) = told["upstreams"]
    assert (first["name"], first["state"], first["failures_in_a_row"]) == ("first", "failing", 1)
    assert [(each["about"], each["name"]) for each in told["attention"]] == [("upstream", "first")]
    assert told["range"] == "24h"


async def test_one_upstream_is_told_of_over_time(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    api = script(await used(start_proxy, upstream), "viewer")
    told = (await api.get("/upstreams/first/history?range=7d")).json()
    assert (told["summary"]["name"], told["range"]) == ("first", "7d")
    assert sum(each["failures"] for each in told["buckets"]) == 1
    assert (await api.get("/upstreams/nowhere/history")).status == 404
    assert list(errors_of(await api.get("/upstreams/first/history?range=2d"))) == ["range"]


def test_every_word_for_a_request_is_known() -> None:
    assert activity.Outcome.__args__ == OUTCOMES  # type: ignore[attr-defined]
    assert activity.Route.__args__ == SHOWN  # type: ignore[attr-defined]


async def test_requests_are_listed_the_newest_first(start_proxy: StartProxy, upstream: UpstreamServer) -> None:
    api = script(await used(start_proxy, upstream), "viewer")
    answer = await api.get("/activity/requests")
    items = answer.json()["items"]
    assert [(each["route"], each["project"], each["outcome"]) for each in items[:2]] == [
        ("page", "broken", "failed"),
        ("file", "demo", "hit"),
    ]
    assert (items[0]["agent"], items[0]["status"], items[0]["client"]) == ("pip/26.0", 502, "127.0.0.1")
    assert answer.json()["since"] is not None
    assert answer.json()["left_out"] == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=failed", ["broken"]),
        ("failures_only=true", ["broken"]),
        ("agent=pip/*", ["broken"]),
        ("project=Demo&route=file", ["demo", "demo"]),
        ("project=d*&outcome=hit&route=file", ["demo"]),
        ("client=10.*", []),
        ("upstream=nowhere", []),
    ],
)
async def test_requests_are_sought(
    start_proxy: StartProxy, upstream: UpstreamServer, query: str, found: list[str]
) -> None:
    api = script(await used(start_proxy, upstream))
    assert [each["project"] for each in await api.items(f"/activity/requests?{query}")] == found


async def test_requests_to_upstreams_are_listed_and_sought(
    start_proxy: StartProxy, upstream: UpstreamServer
) -> None:
    api = script(await used(start_proxy, upstream))
    failed = await api.items("/activity/upstreams?result=failed")
    assert [(each["upstream"], each["project"], each["result"]) for each in failed] == [("first", "broken", "failed")]
    assert "503" in failed[0]["reason"]
    assert await api.items(f"/activity/upstreams?kind={failed[0]['kind'].replace(' ', '%20')}") == failed
    assert await api.items("/activity/upstreams?failures_only=1") == failed
    assert {each["project"] for each in await api.items("/activity/upstreams?project=demo")} == {"demo"}


@pytest.mark.parametrize("path", ["/activity/requests", "/activity/upstreams"])
async def test_they_come_in_pages(start_proxy: StartProxy, upstream: UpstreamServer, path: str) -> None:
    api = script(await used(start_proxy, upstream))
    everything = await api.items(path)
    found: list[Any] = []
    address = f"{path}?limit=2"
    while address:
        answer = await api.get(address)
        found += answer.json()["items"]
        link = answer.headers["Link"]
        address = "" if link is None else path + link.partition("<")[2].partition(">")[0]
    assert found == everything


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/activity/requests", "outcome=lost"),
        ("/activity/requests", "route=admin"),
        ("/activity/requests", "failures_only=perhaps"),
        ("/activity/upstreams", "result=hit"),
        ("/activity/upstreams", "cursor=-1"),
        ("/activity/upstreams", "client=a"),
        ("/dashboard", "range=2d"),
        ("/dashboard", "limit=5"),
    ],
)
async def test_a_wrong_wish_is_refused(start_proxy: StartProxy, path: str, query: str) -> None:
    answer = await script(await start_proxy()).get(f"{path}?{query}")
    assert (answer.status, list(errors_of(answer))) == (422, [query.partition("=")[0]])


async def test_requests_of_the_api_itself_are_not_among_them(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    api = script(proxy)
    await api.get("/version")
    await proxy.server.recorder.flush()
    assert await api.items("/activity/requests") == []
    assert (await api.get("/dashboard")).json()["totals"]["requests"] == 0
