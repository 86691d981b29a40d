"""What clients and upstreams do shows in the administrator's read models."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import pytest

from pyproxy.admin.activity.filters import CallFilter, ClientFilter
from pyproxy.admin.dashboard.model import Overview
from pyproxy.app.tls import KeyPair, load_pair
from pyproxy.settings import UpstreamSettings
from pyproxy.storage.activity_reads import Place
from pyproxy.storage.history_reads import ProjectSum
from tests.app.pairs import Place as CertificatePlace
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.http.publishing import publish
from tests.http.recording import written
from tests.upstream.certificates import HOSTS, Authority
from tests.upstream_server import Status, UpstreamServer


async def overview(proxy: Proxy) -> Overview:
    await written(proxy)
    await proxy.server.records.flush()
    return await proxy.server.administration.dashboard.overview("24h")


async def test_an_install_is_seen_on_the_dashboard(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    filename = publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    size = len((await proxy.get(link)).body)
    await proxy.get(link)

    shown = await overview(proxy)
    assert (shown.totals.requests, shown.totals.hits, shown.totals.misses) == (3, 1, 2)
    assert shown.totals.hit_ratio == pytest.approx(1 / 3)
    assert shown.totals.saved == size
    assert shown.totals.sent > 2 * size
    assert (shown.totals.calls, shown.totals.call_failures) == (2, 0)
    assert shown.buckets[-1].sums.requests == 3
    assert shown.projects == (ProjectSum("demo", 1, 2),)
    (first,) = shown.upstreams
    assert (first.name, first.state, first.calls, first.last_failure) == ("first", "active", 2, None)
    assert first.median is not None
    assert first.p95 is not None
    assert 0 < first.median <= first.p95 < 30
    assert shown.disk.cached == size


async def test_an_upstream_that_refuses_its_credentials_needs_attention(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.behave("/simple/demo/", Status(401))
    proxy = await start_proxy(upstream)
    assert (await proxy.get("/simple/demo/")).status == 502

    shown = await overview(proxy)
    (first,) = shown.upstreams
    assert (first.state, first.failures, shown.totals.failed) == ("failing", {"credentials refused": 1}, 1)
    told = [item for item in shown.attention if item.target == ("upstream", "first")]
    assert any("refuses its credentials" in item.sentence for item in told)


async def test_an_upstream_that_rests_needs_attention_until_it_answers(
    upstream: UpstreamServer, other: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream, other)
    await upstream.stop()
    for number in range(4):
        await proxy.get(f"/simple/project{number}/")

    shown = await overview(proxy)
    assert [each.state for each in shown.upstreams] == ["resting", "active"]
    assert any("rests, because it" in item.sentence for item in shown.attention if item.severity == "error")


async def test_a_certificate_that_ends_soon_needs_attention(
    tmp_path: Path, start_proxy: StartProxy, clock: Clock
) -> None:
    clock.now = time.time()  # TLS knows no other clock
    authority = Authority(tmp_path)
    end = datetime.datetime.fromtimestamp(int(clock.now) + 10 * 86400, datetime.UTC)
    context = authority.server_context()
    context.load_cert_chain(*authority.issue("127.0.0.1", HOSTS, end=end))
    server = await UpstreamServer.start(context)
    settings = UpstreamSettings(name="first", url=server.url, ca_bundle=str(authority.certificate))
    proxy = await start_proxy(settings)
    assert (await proxy.get("/simple/demo/")).status == 404
    await server.stop()

    shown = await overview(proxy)
    assert shown.upstreams[0].certificate_ends == end.timestamp()
    (item,) = shown.attention
    assert item.target == ("upstream", "first")
    assert item.sentence.startswith("the certificate of upstream first ends on")


async def test_the_servers_own_certificate_needs_attention_until_it_is_renewed(
    tmp_path: Path, upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    clock.now = time.time()
    place = CertificatePlace(tmp_path)

    def pair(days: float) -> KeyPair:
        end = datetime.datetime.fromtimestamp(int(clock.now + days * 86400), datetime.UTC)
        place.put(*place.issue("127.0.0.1", end=end))
        loaded = load_pair(place.config)
        assert loaded is not None
        return loaded

    proxy = await start_proxy(upstream, tls=pair(5))
    (item,) = (await overview(proxy)).attention
    assert item.target == ("server", "")
    assert item.sentence.startswith("this server's certificate ends on")
    proxy.server.use_tls(pair(90))
    assert (await overview(proxy)).attention == ()


async def test_a_year_later_the_day_is_a_point_of_zeros(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    assert (await overview(proxy)).totals.requests == 1
    clock.advance(365 * 86400)
    shown = await overview(proxy)
    assert (shown.totals.requests, shown.projects, len(shown.buckets)) == (0, (), 24)


async def test_the_activity_shows_who_failed_and_why(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    upstream.behave("/simple/broken/", Status(503))
    proxy = await start_proxy(upstream)
    await proxy.page("demo")
    await proxy.get("/simple/broken/", {"User-Agent": "uv/0.5 x"})
    await written(proxy)

    activity = proxy.server.administration.activity
    clients = await activity.clients(ClientFilter(failures_only=True), Place())
    (row,) = clients.rows
    assert (row.request.project, row.request.agent, row.request.status) == ("broken", "uv/0.5", 502)
    calls = await activity.calls(CallFilter(project="broken"), Place())
    assert [(each.request.kind, each.request.result) for each in calls.rows] == [("status", "failed")]
