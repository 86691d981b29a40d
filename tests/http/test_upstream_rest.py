"""An upstream that cannot be connected rests, and is probed until it answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from pyproxy.settings import UpstreamSettings
from tests.http.administration import noticed
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.http.publishing import publish
from tests.upstream_server import Redirect, Status, UpstreamServer
from tests.waiting import eventually

QUICK = (0.05,)
NEVER = (3600.0,)


async def fail(proxy: Proxy, clock: Clock, times: int = 3) -> None:
    for number in range(times):
        await proxy.get(f"/simple/unknown-{number}/")


async def test_after_three_failed_connections_nobody_tries_any_more(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """It counts as failed at once, with the reason; what is known of it is served stale."""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, rest_pauses=NEVER)
    await proxy.page("demo")
    await upstream.stop()
    await fail(proxy, clock)
    await upstream.restart()
    before = upstream.connections
    clock.advance(600)

    stale = await proxy.get("/simple/demo/")
    unknown = await proxy.get("/simple/never-asked/")
    file = await proxy.file("demo", filename)

    assert (stale.status, stale.cache_status) == (200, "pyproxy; fwd=stale; detail=unreachable")
    assert (unknown.status, file.status) == (502, 502)
    for answer in (unknown, file):
        assert "upstream first rests after repeated failures: it refused the connection" in answer.reason
    assert upstream.connections == before


async def test_a_resting_upstream_is_passed_over_at_once(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish(other, "demo", "1.0")
    proxy = await start_proxy(upstream, other, rest_pauses=NEVER)
    await upstream.stop()
    await fail(proxy, clock)

    answer = await proxy.get("/simple/demo/")

    assert (answer.upstream, answer.cache_status) == ("second", "pyproxy; fwd=miss; detail=degraded")


async def test_two_failures_are_no_reason_to_rest(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, rest_pauses=NEVER)
    await upstream.stop()
    await fail(proxy, clock, times=2)
    await upstream.restart()

    assert (await proxy.get("/simple/demo/")).status == 200


async def test_an_upstream_that_answers_errors_does_not_rest(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    publish(upstream, "demo", "1.0")
    upstream.behave("/simple/unknown", Status(500))
    proxy = await start_proxy(upstream, rest_pauses=NEVER)
    await fail(proxy, clock, times=5)

    assert (await proxy.get("/simple/demo/")).status == 200


async def test_one_successful_probe_ends_the_rest(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """In the background: no client's request is needed for it."""
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, rest_pauses=QUICK)
    await upstream.stop()
    await fail(proxy, clock)
    await upstream.restart()

    await upstream.requested("/simple/unknown-")
    await eventually(lambda: answers(proxy, "demo"))


async def test_a_probe_that_is_led_elsewhere_ends_the_rest_too(
    upstream: UpstreamServer, other: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """The upstream answers, though this project's answer is refused; it is not asked without a pause for ever."""
    publish(upstream, "demo", "1.0")
    upstream.behave("/simple/unknown-", Redirect(other.url))
    proxy = await start_proxy(upstream, rest_pauses=QUICK)
    await upstream.stop()
    await fail(proxy, clock)
    await upstream.restart()

    await eventually(lambda: answers(proxy, "demo"))
    assert upstream.count("/simple/unknown-") <= 2


async def test_changed_settings_do_not_end_the_probing(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """The upstream rests on after a change that has nothing to do with its connection, and recovers all the same."""
    settings = UpstreamSettings(name="first", url=upstream.url)
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(settings, rest_pauses=(1.5, 0.05))
    await upstream.stop()
    await fail(proxy, clock)

    await noticed(proxy, lambda store: store.change("first", replace(settings, index_ttl=7.0)))
    await upstream.restart()

    await upstream.requested("/simple/unknown-")
    await eventually(lambda: answers(proxy, "demo"))


async def test_an_upstream_that_is_switched_off_is_not_probed_either(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    """Switched on again, it recovers with the first requests."""
    settings = UpstreamSettings(name="first", url=upstream.url)
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(settings, rest_pauses=(1.5, 0.05))
    await upstream.stop()
    await fail(proxy, clock)
    await noticed(proxy, lambda store: store.change("first", replace(settings, active=False)))
    await upstream.restart()
    await asyncio.sleep(1.5)  # the probe would have come
    assert upstream.requests == []

    await noticed(proxy, lambda store: store.change("first", settings))
    await eventually(lambda: answers(proxy, "demo"))


async def test_a_changed_connection_begins_with_a_clean_record(
    upstream: UpstreamServer, clock: Clock, start_proxy: StartProxy
) -> None:
    settings = UpstreamSettings(name="first", url=upstream.url)
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(settings, rest_pauses=NEVER)
    await upstream.stop()
    await fail(proxy, clock)
    await upstream.restart()

    await noticed(proxy, lambda store: store.change("first", replace(settings, connect_timeout_ms=4000)))

    assert await answers(proxy, "demo")


async def answers(proxy: Proxy, project: str) -> bool:
    return (await proxy.get(f"/simple/{project}/")).status == 200
