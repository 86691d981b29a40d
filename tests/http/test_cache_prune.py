"""``cache prune`` beside a running server: what is removed is fetched again when somebody asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.commands import done
from tests.http.conftest import StartProxy
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, _ = make_wheel("demo", "1.0", size=12_000_000)
PATH = address("demo", FILENAME, CONTENT)


@pytest.fixture
def clock() -> Callable[[], float]:
    """The commands' own, which is the machine's."""
    return time.time


async def test_readers_end_well_and_the_next_request_fetches_again(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """(pain 18) The page, and so the link, stays."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)
    pages = upstream.count("/simple/demo/")

    async with calling(proxy, PATH) as call:
        got = await call.read(1000)
        assert "gone: 1 file, 12.0 MB; kept: 0 files" in await done(proxy, "cache", "prune", "--max-size", "1MB")
        assert proxy.kept() == []
        assert got + (await call.answer()).body == CONTENT

    again = await ask(proxy, PATH)
    assert (again.body, again.cache_status) == (CONTENT, "pyproxy; fwd=miss")
    await idle(proxy)
    assert (await ask(proxy, PATH)).cache_status == "pyproxy; hit"
    assert upstream.count("/simple/demo/") == pages
