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
BARE_SIDECAR = f"/files/demo/{FILENAME}.metadata"


@pytest.fixture(params=["offered", "read out of the wheel", "of a wheel without a hash"])
def serving(request: pytest.FixtureRequest, upstream: UpstreamServer) -> UpstreamServer:
    offered = METADATA if request.param == "offered" else None
    upstream.add_file("demo", FILENAME, CONTENT, metadata=offered, sha256="without" not in request.param)
    return upstream


@pytest.fixture
def sidecar(request: pytest.FixtureRequest, serving: UpstreamServer) -> str:
    """Where the page leads to."""
    return BARE_SIDECAR if "without" in request.node.callspec.params["serving"] else SIDECAR


async def answered(proxy: Proxy, sidecar: str) -> None:
    """Somebody has asked for page and metadata, and all is put away."""
    assert (await ask(proxy, "/simple/demo/")).status == 200
    assert (await ask(proxy, sidecar)).body == METADATA
    await idle(proxy)


def is_at_hand(proxy: Proxy, sidecar: str) -> bool:
    sha256 = hashlib.sha256(CONTENT).hexdigest() if sidecar == SIDECAR else ""
    repository = proxy.server.services.repository
    return repository.file_at_hand("demo", f"{FILENAME}.metadata", sha256, 1_000_000) is not None


async def test_it_is_answered_from_memory_as_it_was(
    serving: UpstreamServer, sidecar: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(serving)
    await answered(proxy, sidecar)
    assert is_at_hand(proxy, sidecar)
    warm = await proxy.get(sidecar)
    assert (warm.status, warm.body, warm.cache_status) == (200, METADATA, "pyproxy; hit")
    long = await ask(proxy, sidecar, {"Range": "bytes=0-"})
    same = ("Content-Type", "Cache-Control", "Etag", "X-Pyproxy-Upstream")
    assert [warm.headers[name] for name in same] == [long.headers[name] for name in same]
    assert (await proxy.get(sidecar, method="HEAD")).headers["Content-Length"] == str(len(METADATA))
    etag = {"If-None-Match": warm.headers["Etag"]}
    assert (await proxy.get(sidecar, etag)).status == 304
    assert 'route="metadata"' in (await proxy.get("/metrics")).body.decode()


async def test_it_is_not_once_the_project_is_purged(
    serving: UpstreamServer, sidecar: str, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(serving)
    await answered(proxy, sidecar)
    before = serving.count("/packages/")
    await proxy.server.holdings.actions.purge(NormalizedName("demo"))
    assert not is_at_hand(proxy, sidecar)
    assert (await ask(proxy, sidecar)).body == METADATA
    assert serving.count("/packages/") == before + 1


async def test_it_is_looked_up_again_once_the_page_is_no_longer_fresh(
    serving: UpstreamServer, sidecar: str, start_proxy: StartProxy, clock: Clock
) -> None:
    proxy = await start_proxy(serving)
    await answered(proxy, sidecar)
    clock.advance(301)
    assert not is_at_hand(proxy, sidecar)
    await answered(proxy, sidecar)
    assert is_at_hand(proxy, sidecar)
