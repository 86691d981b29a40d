"""The storage of a running server: verified, pruned and looked at from within, while it serves."""

from __future__ import annotations

import hashlib

from pyproxy.admin.holdings import Holdings
from pyproxy.admin.storage.prune_preview import Wish
from tests.admin.storage.working import is_open, keep_a_hole
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock, Proxy
from tests.upstream_server import UpstreamServer
from tests.waiting import until

FILENAME, CONTENT, _ = make_wheel("demo", "1.0", size=200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)


def holdings(proxy: Proxy) -> Holdings:
    return proxy.server.holdings


def verify_is_over(proxy: Proxy) -> bool:
    verification = holdings(proxy).jobs.verification()
    return verification is not None and verification.outcome is not None


async def test_damage_is_found_and_the_next_request_fetches_again(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)
    place = proxy.files_directory / SHA256[:2] / SHA256
    place.write_bytes(CONTENT[:1000] + bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:])

    assert await holdings(proxy).jobs.start_verify()
    await until(lambda: verify_is_over(proxy))

    verification = holdings(proxy).jobs.verification()
    assert verification is not None
    assert (verification.outcome, verification.damaged) == ("done", 1)
    again = await ask(proxy, PATH)
    assert (again.body, again.cache_status) == (CONTENT, "pyproxy; fwd=miss")


async def test_the_server_answers_while_it_verifies_and_stops_at_once(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    resources = proxy.server.resources
    path = await keep_a_hole(resources.database, resources.files)
    await holdings(proxy).jobs.start_verify()
    await until(lambda: is_open(path))
    assert (await ask(proxy, PATH)).body == CONTENT
    assert is_open(path)

    await proxy.restart()

    assert not is_open(path)
    verification = holdings(proxy).jobs.verification()
    assert verification is not None
    assert (verification.outcome, verification.damaged) == ("cut off", 0)
    assert path.exists()


async def test_a_prune_takes_nothing_from_who_is_reading(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    filename, content, _ = make_wheel("demo", "2.0", size=12_000_000)
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)
    path = address("demo", filename, content)
    await ask(proxy, path)
    await idle(proxy)
    clock.advance(100)
    async with calling(proxy, path) as call:
        got = await call.read(1000)
        preview = await holdings(proxy).previews.preview(Wish(max_size=1_000_000))
        assert [file.filename for file in preview.first] == [filename]
        assert await holdings(proxy).jobs.start_prune(preview)
        await until(lambda: proxy.kept() == [])
        assert got + (await call.answer()).body == content


async def test_the_overview_is_that_of_the_configuration(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream, max_size=10**9)
    await ask(proxy, PATH)
    await idle(proxy)
    overview = await holdings(proxy).storage.look()
    assert overview.statistics.max_size == 10**9
    assert (overview.kept.bytes, overview.statistics.totals.pages) == (len(CONTENT), 1)
    assert [each.project for each in overview.largest] == ["demo"]
    assert overview.may_grow == 10**9 - len(CONTENT)
