"""``project_list: upstream``: the first upstream's list, fetched when asked for and served from the disk."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pyproxy.settings import UpstreamSettings
from tests.distributions import make_wheel
from tests.http.administration import noticed
from tests.http.calls import calling
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON, Answer, Clock, Proxy
from tests.http.publishing import publish
from tests.upstream_server import Behaviour, Hold, Portal, Redirect, Reset, Stall, Status, Truncate, UpstreamServer
from tests.waiting import eventually, until

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
LIST = "/simple/"


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, (answer.status, answer.reason, answer.body)
    return [project["name"] for project in answer.json()["projects"]]


async def listed(proxy: Proxy) -> Answer:
    return await proxy.get(LIST, {"Accept": JSON})


def asked(upstream: UpstreamServer) -> int:
    return sum(request.path == LIST for request in upstream.requests)


@pytest.fixture
def full(upstream: UpstreamServer) -> UpstreamServer:
    """An upstream with a few projects, in an odd spelling among them."""
    for project in ("demo", "Other.Demo", "zeta"):
        publish(upstream, project, "1.0")
    return upstream


@pytest.mark.parametrize("html_only", [False, True])
async def test_the_first_upstreams_list_is_served_in_both_formats(
    html_only: bool, full: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 33)"""
    full.html_only = html_only
    publish(other, "of-the-second", "1.0")
    proxy = await start_proxy(full, other, project_list="upstream")

    answer = await listed(proxy)
    page = await proxy.get(LIST, {"Accept": HTML})

    assert answer.json() == {
        "meta": {"api-version": "1.0"},
        "projects": [{"name": "demo"}, {"name": "Other.Demo"}, {"name": "zeta"}],
    }
    assert (answer.cache_status, answer.upstream) == ("pyproxy; fwd=miss", "first")
    assert answer.headers["Content-Type"] == JSON
    assert '<a href="other-demo/">Other.Demo</a>' in page.body.decode()
    assert page.body.decode().count("<a ") == 3
    assert page.cache_status == "pyproxy; hit"
    assert (asked(full), asked(other)) == (1, 0)


async def test_the_list_is_not_fetched_before_somebody_asks(full: UpstreamServer, start_proxy: StartProxy) -> None:
    """Nor to decide whether a project exists: what it does not list is served (pain 31)"""
    proxy = await start_proxy(full, project_list="upstream")
    await proxy.page("demo")
    assert asked(full) == 0
    await listed(proxy)
    publish(full, "newer", "1.0")
    await proxy.page("newer")
    assert "newer" not in names(await listed(proxy))


async def test_answers_are_conditional_compressed_and_the_same_for_head(
    full: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 5) (check 37) (check 38) (check 44)"""
    proxy = await start_proxy(full, project_list="upstream")
    await listed(proxy)
    tags = set()
    for accept in (JSON, HTML, "text/html"):
        for coding in ("identity", "gzip"):
            headers = {"Accept": accept, "Accept-Encoding": coding}
            got = await proxy.get(LIST, headers)
            head = await proxy.get(LIST, headers, method="HEAD")
            again = await proxy.get(LIST, {**headers, "If-None-Match": got.headers["Etag"]})
            body = gzip.decompress(got.body) if coding == "gzip" else got.body
            assert b"Other.Demo" in body
            assert got.headers["Content-Length"] == str(len(got.body)) == head.headers["Content-Length"]
            assert got.headers["Vary"] == "Accept, Accept-Encoding"
            assert got.headers["Cache-Control"] == "public, max-age=300"
            assert (head.status, head.body, again.status, again.body) == (200, b"", 304, b"")
            assert head.headers["Etag"] == again.headers["Etag"] == got.headers["Etag"]
            tags.add((accept == JSON, coding, got.headers["Etag"]))
    assert len({tag for _, _, tag in tags}) == 4


async def test_local_projects_are_listed_with_the_upstreams(
    full: UpstreamServer, tmp_path: Path, start_proxy: StartProxy
) -> None:
    local = tmp_path / "local"
    local.mkdir()
    filename, content, _ = make_wheel("mine", "1.0")
    (local / filename).write_bytes(content)
    proxy = await start_proxy(full, project_list="upstream", local=local)
    assert names(await listed(proxy)) == ["demo", "mine", "Other.Demo", "zeta"]

    filename, content, _ = make_wheel("mine-too", "1.0")
    (local / filename).write_bytes(content)

    async def both() -> bool:
        return "mine-too" in names(await listed(proxy))

    await eventually(both)
    assert asked(full) == 1


async def test_names_that_the_upstream_may_not_be_asked_for_are_not_listed(
    full: UpstreamServer, start_proxy: StartProxy
) -> None:
    settings = UpstreamSettings(name="first", url=full.url, excluded_projects=("Other_*",))
    proxy = await start_proxy(settings, project_list="upstream")
    assert names(await listed(proxy)) == ["demo", "zeta"]


async def test_however_many_ask_the_upstream_is_asked_once(full: UpstreamServer, start_proxy: StartProxy) -> None:
    hold = Hold(asyncio.Event())
    full.behave(LIST, hold, times=1)
    proxy = await start_proxy(full, project_list="upstream")
    asking = [asyncio.create_task(_call(proxy)) for _ in range(20)]
    await until(lambda: proxy.server.services.requests.count == 20)
    asking[0].cancel()
    hold.event.set()
    answers = await asyncio.gather(*asking[1:])
    assert {tuple(names(answer)) for answer in answers} == {("demo", "Other.Demo", "zeta")}
    assert asked(full) == 1


async def test_the_first_request_waits_and_is_told_when_it_takes_too_long(
    full: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 67): and the asking goes on."""
    hold = Hold(asyncio.Event(), after=5)
    full.behave(LIST, hold, times=1)
    proxy = await start_proxy(full, project_list="upstream")
    proxy.server.services.first_byte_seconds = 0.2

    early = await listed(proxy)
    assert (early.status, early.headers["Retry-After"]) == (503, "3")
    assert "list of projects" in early.json()["title"]

    hold.event.set()
    proxy.server.services.first_byte_seconds = 10.0
    assert names(await listed(proxy)) == ["demo", "Other.Demo", "zeta"]
    assert asked(full) == 1


async def test_an_unchanged_list_is_confirmed_by_a_304(
    full: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(check 39) (check 84)"""
    proxy = await start_proxy(full, project_list="upstream")
    before = await listed(proxy)
    clock.advance(HOUR)
    after = await listed(proxy)
    assert (after.cache_status, after.headers["Etag"]) == ("pyproxy; fwd=miss", before.headers["Etag"])
    assert "if-none-match" in full.requests[-1].headers
    assert (await listed(proxy)).cache_status == "pyproxy; hit"
    assert asked(full) == 2


async def test_a_new_name_is_listed_after_the_upstreams_ttl(
    full: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    settings = UpstreamSettings(name="first", url=full.url, index_ttl=20.0)
    proxy = await start_proxy(settings, project_list="upstream")
    assert (await listed(proxy)).headers["Cache-Control"] == "public, max-age=20"
    publish(full, "alpha", "1.0")
    clock.advance(21)
    await eventually(lambda: _lists(proxy, "alpha"))
    kept = sorted(path.name for path in (proxy.config.storage.directory / "lists").iterdir())
    assert len(kept) == 6, "newest.json and the five files that it names, and no older ones"


async def test_nobody_waits_for_a_refresh_of_what_is_known(
    full: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(full, project_list="upstream")
    await listed(proxy)
    hold = Hold(asyncio.Event())
    full.behave(LIST, hold)
    clock.advance(HOUR)
    stale = await listed(proxy)
    assert stale.cache_status == "pyproxy; fwd=stale; detail=refreshing"
    assert stale.headers["Cache-Control"] == "max-age=0"
    await listed(proxy)
    assert asked(full) == 2
    hold.event.set()
    await eventually(lambda: _is_hit(proxy))


FAILURES: list[Behaviour] = [
    Status(401),
    Status(404),
    Status(503),
    Reset(),
    Truncate(10),
    Portal(),
    Redirect("http://example.org/login"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: f"{failure}"[:12])
async def test_a_failing_upstreams_list_is_served_stale_as_long_as_its_pages(
    failure: Behaviour, full: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    full.no_etag = True
    proxy = await start_proxy(full, project_list="upstream")
    await listed(proxy)
    full.behave(LIST, failure)
    clock.advance(HOUR)
    stale = await listed(proxy)
    assert names(stale) == ["demo", "Other.Demo", "zeta"]
    assert (stale.cache_status or "").startswith("pyproxy; fwd=stale; detail=")
    clock.advance(31 * DAY)
    assert (await listed(proxy)).status == 502


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: f"{failure}"[:12])
async def test_with_nothing_known_a_failure_is_a_sentence_that_names_the_upstream(
    failure: Behaviour, full: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """(pain 8)"""
    full.behave(LIST, failure)
    proxy = await start_proxy(full, project_list="upstream")
    answer = await listed(proxy)
    assert answer.status == 502
    assert "upstream first" in answer.json()["title"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    count = asked(full)
    await listed(proxy)
    assert asked(full) == count, "a client's retries do not repeat the walk"
    full.clear_behaviours()
    clock.advance(4)
    assert names(await listed(proxy)) == ["demo", "Other.Demo", "zeta"]


async def test_a_list_that_stalls_is_a_504(full: UpstreamServer, start_proxy: StartProxy) -> None:
    full.behave(LIST, Stall(10))
    settings = UpstreamSettings(name="first", url=full.url, stall_timeout_ms=300)
    proxy = await start_proxy(settings, project_list="upstream")
    answer = await listed(proxy)
    assert (answer.status, answer.reason[:14]) == (504, "upstream first")


async def test_monitoring_counts_the_list_as_such(full: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(full, project_list="upstream")
    await listed(proxy)
    figures = (await proxy.get("/metrics")).body.decode()
    asked_for = [line for line in figures.splitlines() if "upstream_requests_total{" in line and 'route="list"' in line]
    assert len(asked_for) == 1
    assert asked_for[0].endswith(" 1.0")


async def test_offline_lists_what_is_kept_however_old_or_else_what_is_known(
    full: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(full, project_list="upstream")
    await proxy.page("demo")
    await proxy.restart(offline=True)
    assert names(await listed(proxy)) == ["demo"]
    assert asked(full) == 0

    await proxy.restart(offline=False)
    await listed(proxy)
    clock.advance(400 * DAY)
    await proxy.restart(offline=True)
    answer = await listed(proxy)
    assert names(answer) == ["demo", "Other.Demo", "zeta"]
    assert answer.cache_status == "pyproxy; fwd=stale; detail=offline"


async def test_without_an_active_upstream_there_is_no_list(full: UpstreamServer, start_proxy: StartProxy) -> None:
    """Not an empty one: a mirror would remove all that it has."""
    settings = UpstreamSettings(name="first", url=full.url, active=False)
    proxy = await start_proxy(settings, project_list="upstream")
    answer = await listed(proxy)
    assert answer.status == 503
    assert "no upstream is active" in answer.json()["title"]


async def test_a_list_on_the_disk_outlives_the_server(full: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(full, project_list="upstream")
    before = await listed(proxy)
    await proxy.restart()
    after = await listed(proxy)
    assert (after.cache_status, after.body) == ("pyproxy; hit", before.body)
    assert asked(full) == 1
    assert proxy.left_over() == []


@pytest.mark.parametrize("damage", ["newest.json", "json", "html.gz", "names"])
async def test_what_is_damaged_on_the_disk_is_fetched_again(
    damage: str, full: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(F6)"""
    proxy = await start_proxy(full, project_list="upstream")
    await listed(proxy)
    for path in (proxy.config.storage.directory / "lists").glob(f"*{damage}"):
        path.write_bytes(b"")
    assert names(await listed(proxy)) == ["demo", "Other.Demo", "zeta"]
    assert asked(full) == 2


async def test_a_client_that_reads_slowly_gets_the_list_that_it_began(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """Although a newer one has taken its place meanwhile."""
    many = {"meta": {"api-version": "1.0"}, "projects": [{"name": f"project-{n:06}"} for n in range(60_000)]}
    upstream.set_list(json.dumps(many).encode(), JSON)
    proxy = await start_proxy(upstream, project_list="upstream")
    await listed(proxy)
    async with calling(proxy, LIST, {"Accept": JSON}) as call:
        first = await call.read(1000)
        upstream.set_list(json.dumps({**many, "projects": [{"name": "only"}]}).encode(), JSON)
        clock.advance(HOUR)
        await eventually(lambda: _lists(proxy, "only"))
        rest = await call.answer()
    document: Any = json.loads(first + rest.body[: int(call.headers["Content-Length"]) - 1000])
    assert len(document["projects"]) == 60_000


async def test_another_first_upstream_means_another_list(
    full: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(other, "of-the-second", "1.0")
    proxy = await start_proxy(full, other, project_list="upstream")
    await listed(proxy)
    await noticed(proxy, lambda store: store.move("second", 1))
    await eventually(lambda: _lists(proxy, "of-the-second"))


async def _call(proxy: Proxy) -> Answer:
    async with calling(proxy, LIST, {"Accept": JSON}) as call:
        return await call.answer()


async def _lists(proxy: Proxy, name: str) -> bool:
    return name in names(await listed(proxy))


async def _is_hit(proxy: Proxy) -> bool:
    return (await listed(proxy)).cache_status == "pyproxy; hit"
