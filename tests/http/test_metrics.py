"""``/metrics``: what happened is found there, under the names that dashboards use."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.http.conftest import StartProxy
from tests.http.proxy import JSON, Proxy
from tests.http.publishing import publish
from tests.upstream_server import Corrupt, Status, UpstreamServer
from tests.waiting import eventually

Labels = dict[str, str]


async def value(proxy: Proxy, name: str, **labels: str) -> float | None:
    """The sample's value; ``None`` where there is none."""
    answer = await proxy.get("/metrics")
    assert answer.status == 200
    for family in text_string_to_metric_families(answer.body.decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


async def test_an_install_shows_as_misses_then_as_hits_and_saved_bytes(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Is it caching at all? (pain 30)"""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    size = len((await proxy.get(link)).body)
    assert await value(proxy, "pyproxy_requests_total", route="file", outcome="miss", status="200") == 1
    assert await value(proxy, "pyproxy_fetched_bytes_total", upstream="first", route="file") == size
    await proxy.get(link)
    await proxy.get("/simple/demo/", {"Accept": JSON})
    assert await value(proxy, "pyproxy_requests_total", route="file", outcome="hit", status="200") == 1
    assert await value(proxy, "pyproxy_saved_bytes_total", route="file") == size
    assert await value(proxy, "pyproxy_upstream_requests_total", upstream="first", route="page", result="found") == 1
    assert await value(proxy, "pyproxy_upstream_seconds_count", upstream="first", route="page") == 1
    assert await value(proxy, "pyproxy_cached_files") == 1
    assert await value(proxy, "pyproxy_cached_bytes") == size
    assert await value(proxy, "pyproxy_upstream_active", upstream="first") == 1


async def test_a_file_that_is_not_what_was_listed_is_counted_as_what_it_is(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """An upstream that lies is named in the metrics."""
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    upstream.behave("/packages/", Corrupt())
    assert (await proxy.get(link)).status == 502
    kind = {"upstream": "first", "route": "file", "kind": "hash mismatch"}
    assert await value(proxy, "pyproxy_upstream_failures_total", **kind) == 1


async def test_a_resting_upstream_shows_until_it_answers_again(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    await upstream.stop()
    for number in range(3):
        await proxy.get(f"/simple/project{number}/")

    async def rests() -> bool:
        return await value(proxy, "pyproxy_upstream_resting", upstream="first") == 1

    await eventually(rests)


async def test_openmetrics_is_spoken_to_those_who_ask_for_it(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    answer = await proxy.get("/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


async def test_an_upstream_that_was_removed_is_in_no_gauge(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.behave("/simple/demo/", Status(500))
    proxy = await start_proxy(upstream)

    async def sampled() -> bool:
        return await value(proxy, "pyproxy_upstream_resting", upstream="first") is not None

    await eventually(sampled)
    proxy.server.resources.upstreams.remove("first")
    assert await value(proxy, "pyproxy_upstream_resting", upstream="first") is None
    assert await value(proxy, "pyproxy_upstream_active", upstream="first") is None
