"""A page and a file, cold and warm."""

from __future__ import annotations

from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.upstream_server import UpstreamServer


async def test_a_page_and_a_file_are_fetched_once_and_served_twice(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream)

    cold = await proxy.get("/simple/demo/")
    warm = await proxy.get("/simple/demo/")
    cold_file = await proxy.file("demo", filename)
    warm_file = await proxy.file("demo", filename)

    assert (cold.status, cold.cache_status, cold.upstream) == (200, "pyproxy; fwd=miss", "first")
    assert (warm.status, warm.cache_status, warm.upstream) == (200, "pyproxy; hit", "first")
    assert cold.body == warm.body
    assert (cold_file.status, cold_file.body, cold_file.cache_status) == (200, content, "pyproxy; fwd=miss")
    assert (warm_file.status, warm_file.body, warm_file.cache_status) == (200, content, "pyproxy; hit")
    assert upstream.count("/simple/") == 1
    assert upstream.count("/packages/") == 1
