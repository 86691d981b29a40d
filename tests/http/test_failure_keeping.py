"""Recorded failures stay, within bounds, and rests end with what ends them."""

from __future__ import annotations

from dataclasses import replace

from pyproxy.storage.failures import FailureStore
from tests.distributions import make_wheel
from tests.http.administration import administration, database_of, noticed
from tests.http.calls import address, ask
from tests.http.conftest import StartProxy
from tests.http.explaining import failures_of
from tests.http.proxy import Clock
from tests.upstream_server import Portal, Status, UpstreamServer
from tests.waiting import eventually, until

FILENAME, CONTENT, _ = make_wheel("demo", "1.0")
PATH = address("demo", FILENAME, CONTENT)


async def test_what_is_recorded_is_there_within_seconds_without_being_asked_for(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.behave("/simple/", Status(503))
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    with database_of(proxy) as database:
        await until(lambda: FailureStore(database).of_project("demo") != [])


async def test_it_survives_a_restart(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.behave("/simple/", Status(503))
    proxy = await start_proxy(upstream)
    await ask(proxy, "/simple/demo/")
    await proxy.restart()  # the stop writes what the last second has not
    assert [each.times for each in await failures_of(proxy, "demo")] == [1]


async def test_names_made_up_at_a_failing_upstream_leave_a_bounded_record(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    upstream.behave("/simple/", Portal())
    proxy = await start_proxy(upstream)
    proxy.server.resources.failures._rows = 20
    for number in range(60):
        await ask(proxy, f"/simple/x{number}/")
        clock.advance(1)
    await failures_of(proxy, "x0")
    with database_of(proxy) as database:
        rows = database.all("SELECT project FROM upstream_failures", {})
    assert {row["project"] for row in rows} == {f"x{number}" for number in range(40, 60)}


async def test_a_rest_is_recorded_with_its_probe_and_ends_with_it(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(upstream, rest_pauses=(0.2,))
    port = upstream.port
    await upstream.stop()
    for project in ("a", "b", "c"):
        await ask(proxy, f"/simple/{project}/")
    await proxy.server.records.flush()
    with database_of(proxy) as database:
        store = FailureStore(database)
        (rest,) = store.rests().values()
        assert (rest.since, rest.reason) == (clock.now, "refused the connection")
        assert rest.probe_at is not None
        assert clock.now < rest.probe_at <= clock.now + 0.2

        assert upstream.port == port
        await upstream.restart()

        async def over() -> bool:
            await proxy.server.records.flush()
            return store.rests() == {}

        await eventually(over)


async def test_a_change_of_the_upstreams_address_ends_its_rest(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream, rest_pauses=(3600,))
    await upstream.stop()
    for project in ("a", "b", "c"):
        await ask(proxy, f"/simple/{project}/")
    await proxy.server.records.flush()
    with administration(proxy) as store:
        settings = store.get("first").settings
    await noticed(proxy, lambda store: store.change("first", replace(settings, url=other.url)))
    await proxy.server.records.flush()
    with database_of(proxy) as database:
        assert FailureStore(database).rests() == {}


async def test_a_file_from_an_upstream_that_rests_is_no_failure_of_the_file(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    """It was not asked; that it rests is another record."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, rest_pauses=(3600,))
    await ask(proxy, "/simple/demo/")
    await upstream.stop()
    for project in ("a", "b", "c"):
        await ask(proxy, f"/simple/{project}/")
    assert (await ask(proxy, PATH)).status == 502
    assert await failures_of(proxy, "demo") == []
