"""Metadata files that were answered a moment ago (``repositories/metadata_at_hand.py``), by the short way."""

from __future__ import annotations

import hashlib

import pytest

from pyproxy.simple.model import NormalizedName
from tests.distributions import make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=100_000)
SIDECAR = address("demo", FILENAME, CONTENT) + ".metadata"


@pytest.fixture(params=[METADATA, None], ids=["offered", "read out of the wheel"])
def serving(request: pytest.FixtureRequest, upstream: UpstreamServer) -> UpstreamServer:
    upstream.add_file("demo", FILENAME, CONTENT, metadata=request.param)
    return upstream


async def answered(proxy: Proxy) -> None:
    """Somebody has asked for page and metadata, and all is put away."""
    assert (await ask(proxy, "/simple/demo/")).status == 200
    assert (await ask(proxy, SIDECAR)).body == METADATA
    await idle(proxy)


def is_at_hand(proxy: Proxy) -> bool:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    repository = proxy.server.services.repository
    return repository.file_at_hand("demo", f"{FILENAME}.metadata", sha256, 1_000_000) is not None


async def test_it_is_answered_from_memory_as_it_was(serving: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(serving)
    await answered(proxy)
    assert is_at_hand(proxy)
    warm = await proxy.get(SIDECAR)
    assert (warm.status, warm.body, warm.cache_status) == (200, METADATA, "pyproxy; hit")
    long = await ask(proxy, SIDECAR, {"Range": "bytes=0-"})
    same = ("Content-Type", "Cache-Control", "Etag", "X-Pyproxy-Upstream")
    assert [warm.headers[name] for name in same] == [long.headers[name] for name in same]
    assert (await proxy.get(SIDECAR, method="HEAD")).headers["Content-Length"] == str(len(METADATA))
    etag = {"If-None-Match": warm.headers["Etag"]}
    assert (await proxy.get(SIDECAR, etag)).status == 304
    assert 'route="metadata"' in (await proxy.get("/metrics")).body.decode()


async def test_it_is_not_once_the_project_is_purged(serving: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(serving)
    await answered(proxy)
    before = serving.count("/packages/")
    await proxy.server.holdings.actions.purge(NormalizedName("demo"))
    assert not is_at_hand(proxy)
    assert (await ask(proxy, SIDECAR)).body == METADATA
    assert serving.count("/packages/") == before + 1


async def test_it_is_looked_up_again_once_the_page_is_no_longer_fresh(
    serving: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(serving)
    await answered(proxy)
    clock.advance(301)
    assert not is_at_hand(proxy)
    await answered(proxy)
    assert is_at_hand(proxy)
