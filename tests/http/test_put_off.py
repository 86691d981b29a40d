"""While something else is arriving, what has come is served, and put away afterwards (``net/lull.py``)."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from pyproxy.admin.cache.purging import Purging
from pyproxy.net import lull
from pyproxy.simple.model import NormalizedName
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import Hold, UpstreamServer
from tests.waiting import eventually, until

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=100_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)
BARE, BARE_CONTENT, _ = make_wheel("bare", "1.0", size=100_000)
SLOW, SLOW_CONTENT, _ = make_wheel("slow", "1.0", size=300_000)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a busy machine: nothing is done because it has waited for long."""
    monkeypatch.setattr(lull, "LONGEST_SECONDS", 240.0)


async def arriving(upstream: UpstreamServer, start_proxy: StartProxy) -> tuple[Proxy, Hold]:
    """A proxy in which the file of another project is arriving until the hold's event is set."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.add_file("slow", SLOW, SLOW_CONTENT)
    hold = Hold(asyncio.Event(), after=1000)
    upstream.behave(upstream.file_path("slow", SLOW), hold)
    proxy = await start_proxy(upstream)
    async with calling(proxy, address("slow", SLOW, SLOW_CONTENT)):
        await hold.reached.wait()
    return proxy, hold


async def test_what_has_come_is_served_again_and_kept_afterwards(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy, hold = await arriving(upstream, start_proxy)
    first = [await ask(proxy, path) for path in (PATH, f"{PATH}.metadata")]
    assert [(answer.status, answer.body) for answer in first] == [(200, CONTENT), (200, METADATA)]
    assert proxy.kept() == []

    again = [await ask(proxy, path) for path in (PATH, f"{PATH}.metadata", "/simple/demo/")]
    again.append(await ask(proxy, PATH, method="HEAD"))
    assert [answer.cache_status for answer in again] == ["pyproxy; hit"] * 4
    assert again[-1].headers["Content-Length"] == str(len(CONTENT))
    assert upstream.count("/simple/demo/") == 1
    assert upstream.count(upstream.file_path("demo", FILENAME)) == 2, "the wheel and its metadata, once each"

    hold.event.set()
    await idle(proxy)
    assert SHA256 in proxy.kept()
    assert len(proxy.kept()) == 3
    assert proxy.left_over() == []


async def test_a_file_without_a_hash_gets_its_own_when_it_is_put_away(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Until then it is served from what has come, however often it is asked for."""
    upstream.add_file("bare", BARE, BARE_CONTENT, sha256=False)
    proxy, hold = await arriving(upstream, start_proxy)
    bodies = [(await ask(proxy, f"/files/bare/{BARE}")).body for _ in range(2)]
    assert bodies == [BARE_CONTENT] * 2
    assert (proxy.kept(), (await proxy.page("bare"))["files"][0]["hashes"]) == ([], {})

    hold.event.set()
    await idle(proxy)
    sha256 = hashlib.sha256(BARE_CONTENT).hexdigest()
    assert (await proxy.page("bare"))["files"][0]["hashes"] == {"sha256": sha256}
    assert sha256 in proxy.kept()
    assert upstream.count(upstream.file_path("bare", BARE)) == 1


async def purge_aside(proxy: Proxy, filename: str | None = None) -> None:
    """As the command does, in another process."""
    resources = proxy.server.resources
    purging = Purging(
        resources.database, pages=resources.pages, recorded=resources.recorded, files=resources.files
    )
    await purging.forget(NormalizedName("demo"), filename, stale_since=0.0)


async def asked_for_again(proxy: Proxy, upstream: UpstreamServer) -> None:
    """Wait until the server asks for the page once more."""
    before = upstream.count("/simple/demo/")

    async def asked() -> bool:
        await ask(proxy, "/simple/demo/")
        return upstream.count("/simple/demo/") > before

    await eventually(asked)


@pytest.mark.parametrize("filename", [None, FILENAME])
async def test_what_is_purged_before_it_is_put_away_does_not_come_back(
    upstream: UpstreamServer, start_proxy: StartProxy, filename: str | None
) -> None:
    proxy, hold = await arriving(upstream, start_proxy)
    assert (await ask(proxy, "/simple/demo/")).status == 200
    assert (await ask(proxy, PATH)).body == CONTENT
    await purge_aside(proxy, filename)
    hold.event.set()
    await idle(proxy)
    assert SHA256 not in proxy.kept()
    await asked_for_again(proxy, upstream)
    await idle(proxy)
    assert (await ask(proxy, PATH)).body == CONTENT
    await until(lambda: SHA256 in proxy.kept())


async def test_a_server_that_stops_puts_away_what_has_come(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy, hold = await arriving(upstream, start_proxy)
    assert (await ask(proxy, PATH)).body == CONTENT
    assert proxy.kept() == []

    await proxy.restart(offline=True)
    hold.event.set()

    assert proxy.kept() == [SHA256]
    assert (await ask(proxy, PATH)).body == CONTENT
    assert (await ask(proxy, "/simple/demo/")).status == 200


async def test_on_a_disk_that_is_nearly_full_nothing_is_put_off(
    upstream: UpstreamServer, start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits takes room that others are measured by."""
    proxy, hold = await arriving(upstream, start_proxy)
    monkeypatch.setattr(type(proxy.server.resources.files), "has_plenty", False)
    assert (await ask(proxy, PATH)).body == CONTENT
    await until(lambda: proxy.kept() == [SHA256])
    hold.event.set()
