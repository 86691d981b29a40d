"""An upstream fails and nothing is known of the project: who answers then, and what a client is told."""

from __future__ import annotations

import asyncio
import re

import pytest

from pyproxy.settings import UpstreamSettings
from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Answer, Clock
from tests.http.publishing import filenames, publish
from tests.upstream_server import (
    Behaviour,
    Empty,
    Hold,
    Portal,
    Reset,
    Silence,
    Status,
    UpstreamServer,
    closed_port,
)
from tests.waiting import LIMIT_SECONDS

FAILURES: list[Behaviour] = [
    Status(401),
    Status(403),
    Status(429),
    Status(500),
    Status(502),
    Status(503),
    Status(302),
    Status(204),
    Reset(),
    Empty(),
    Portal(),
]


def assert_explained(answer: Answer, *expected: str) -> None:
    """The failure names the upstream and the reason where pip, Poetry and uv print it."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert re.fullmatch("[1-5]", answer.headers["Retry-After"])
    for text in expected:
        assert text in answer.reason
        assert text in answer.json()["title"]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: f"{failure}"[:12])
async def test_a_failure_is_never_an_absence_and_never_an_empty_page(
    failure: Behaviour, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(check 65) (pain 8)"""
    publish(upstream, "demo", "1.0")
    upstream.behave("/simple/", failure)
    proxy = await start_proxy(upstream)

    answer = await proxy.get("/simple/demo/")

    assert answer.status == 502
    assert_explained(answer, "upstream first")


async def test_a_refused_connection_is_a_bad_gateway(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(UpstreamSettings(name="first", url=f"http://127.0.0.1:{closed_port()}"))

    answer = await proxy.get("/simple/demo/")

    assert answer.status == 502
    assert_explained(answer, "upstream first", "refused the connection")


async def test_a_hanging_upstream_is_a_gateway_timeout(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    """An error comes within the look-up's time (check 67) (F9)"""
    upstream.behave("/simple/", Silence())
    proxy = await start_proxy(upstream, lookup_timeout=0.3)

    async with asyncio.timeout(LIMIT_SECONDS):
        answer = await proxy.get("/simple/demo/")

    assert answer.status == 504
    assert_explained(answer, "upstream first", "did not answer")


async def test_each_upstream_gets_its_share_of_the_time(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The first hangs, the second has it: the second answers."""
    upstream.behave("/simple/", Silence())
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other, lookup_timeout=4.0)

    answer = await proxy.get("/simple/demo/")

    assert (answer.status, answer.upstream) == (200, "second")


async def test_nobody_had_the_time_is_a_gateway_timeout_that_names_the_first(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    for server in (upstream, other):
        server.behave("/simple/", Silence())
    proxy = await start_proxy(upstream, other, lookup_timeout=0.4)

    answer = await proxy.get("/simple/demo/")

    assert answer.status == 504
    assert_explained(answer, "upstream first")
    assert "upstream second" in answer.json()["detail"]


async def test_what_is_found_past_a_failed_upstream_is_degraded_and_not_remembered(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """The failed upstream's own page is back with the next request after it recovers (pain 10)."""
    own = publish(upstream, "demo", "1.0")
    foreign = publish(other, "demo", "99.0")
    upstream.behave("/simple/demo/", Status(503))
    proxy = await start_proxy(upstream, other)

    degraded = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert [file["filename"] for file in degraded.json()["files"]] == [foreign]
    assert degraded.cache_status == "pyproxy; fwd=miss; detail=degraded"
    assert degraded.headers["Cache-Control"] == "max-age=0"

    upstream.clear_behaviours()
    clock.advance(3)
    healed = await proxy.get("/simple/demo/", {"Accept": JSON})
    assert [file["filename"] for file in healed.json()["files"]] == [own]
    assert healed.cache_status == "pyproxy; fwd=miss"


async def test_stop_never_lets_another_upstream_answer(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """Neither page nor file of a private name is asked of the public index (F18) (pain 5)."""
    publish(other, "demo", "99.0")
    upstream.behave("/simple/", Status(500))
    private = UpstreamSettings(name="private", url=upstream.url, on_failure="stop")
    proxy = await start_proxy(private, other)

    for path in ("/simple/demo/", f"/files/demo/{'0' * 64}/demo-99.0-py3-none-any.whl", "/files/demo/demo-99.0.tar.gz"):
        clock.advance(3)
        assert (await proxy.get(path)).status == 502
    assert other.requests == []


async def test_stop_moves_on_after_a_fresh_404_only(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    public = publish(other, "demo", "1.0")
    private = UpstreamSettings(name="private", url=upstream.url, on_failure="stop")
    proxy = await start_proxy(private, other)
    assert await filenames(proxy, "demo") == [public]

    await upstream.stop()
    clock.advance(59)
    assert (await proxy.get("/simple/demo/")).status == 200
    clock.advance(2)
    assert (await proxy.get("/simple/demo/")).status == 502


async def test_next_moves_on_by_a_known_404_for_an_hour_undegraded(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other)
    await proxy.page("demo")

    await upstream.stop()
    clock.advance(3599)
    known = await proxy.get("/simple/demo/")
    clock.advance(10)
    unknown = await proxy.get("/simple/demo/")

    assert (known.status, known.upstream) == (200, "second")
    assert "degraded" not in (known.cache_status or "")
    assert "degraded" in (unknown.cache_status or "")


@pytest.mark.parametrize("failure", [Reset(), Status(500), Status(503)], ids=["reset", "500", "503"])
async def test_a_reset_or_5xx_is_tried_once_more(
    failure: Behaviour, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    upstream.behave("/simple/demo/", failure, times=1)
    proxy = await start_proxy(upstream)

    assert (await proxy.get("/simple/demo/")).status == 200
    assert upstream.count("/simple/demo/") == 2


async def test_a_timeout_is_not_tried_again(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.behave("/simple/demo/", Silence())
    proxy = await start_proxy(upstream, lookup_timeout=1.0)
    await proxy.get("/simple/nobody/")  # the connection stands

    assert (await proxy.get("/simple/demo/")).status == 504
    assert upstream.count("/simple/demo/") == 1


async def test_a_failure_is_remembered_for_three_seconds_and_no_longer(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """A client's retries do not repeat the walk, and one bad moment is over soon (F8)."""
    publish(upstream, "demo", "1.0")
    upstream.behave("/simple/demo/", Status(500), times=2)
    proxy = await start_proxy(upstream)

    assert [(await proxy.get("/simple/demo/")).status for _ in range(5)] == [502] * 5
    assert upstream.count("/simple/demo/") == 2
    clock.advance(2.9)
    assert (await proxy.get("/simple/demo/")).status == 502
    clock.advance(0.1)
    assert (await proxy.get("/simple/demo/")).status == 200


async def test_a_timeout_is_remembered_too(upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy) -> None:
    release = asyncio.Event()
    publish(upstream, "demo", "1.0")
    upstream.behave("/simple/demo/", Hold(release))
    proxy = await start_proxy(upstream, lookup_timeout=1.0)
    await proxy.get("/simple/nobody/")  # the connection stands

    assert [(await proxy.get("/simple/demo/")).status for _ in range(3)] == [504] * 3
    assert upstream.count("/simple/demo/") == 1


async def test_an_upstreams_own_retry_after_is_respected_up_to_a_minute(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """What clients are told stays within five seconds (check 66)"""
    upstream.behave("/simple/slow/", Status(429, headers={"Retry-After": "20"}))
    upstream.behave("/simple/slower/", Status(503, headers={"Retry-After": "86400"}))
    proxy = await start_proxy(upstream)

    for project in ("slow", "slower"):
        answer = await proxy.get(f"/simple/{project}/")
        assert answer.status == 502
        assert_explained(answer, "upstream first")
    clock.advance(19)
    await proxy.get("/simple/slow/")
    assert upstream.count("/simple/slow/") == 1
    clock.advance(1)
    await proxy.get("/simple/slow/")
    assert upstream.count("/simple/slow/") == 2
    clock.advance(40)
    await proxy.get("/simple/slower/")
    assert upstream.count("/simple/slower/") == 2


async def test_wrong_credentials_say_what_to_set(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.username, upstream.password = "me", "right"
    without = UpstreamSettings(name="first", url=upstream.url, projects=("a",))
    wrong = UpstreamSettings(name="second", url=upstream.url, username="me", password="wrong-one", projects=("b",))
    proxy = await start_proxy(without, wrong)

    missing, refused = await proxy.get("/simple/a/"), await proxy.get("/simple/b/")

    assert_explained(missing, "401", "set its username and password or token")
    assert_explained(refused, "401", "check its username and password or token")
    assert b"wrong-one" not in refused.body


@pytest.mark.parametrize(("limit", "status"), [(16 * 1024 * 1024, 200), (4 * 1024 * 1024, 502)])
async def test_a_huge_page_is_served_whole_or_is_a_failure(
    limit: int, status: int, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Never a part of it, and never an absence (F10)"""
    padding = "0" * 1000
    for number in range(9000):
        upstream.add_file("huge", f"huge-{number}.tar.gz", b"", url=f"https://files.example.org/{padding}/{number}.gz")
    proxy = await start_proxy(upstream, max_page_size=limit)

    answer = await proxy.get("/simple/huge/", {"Accept": JSON})

    assert answer.status == status
    if status == 200:
        assert len(answer.json()["files"]) == 9000
    else:
        assert_explained(answer, "max_page_size")
