"""The short way to a small kept file answers as its handler does, to the last header, and is recorded as well.

An empty query is all it takes to be answered by the handler.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyproxy.handlers.short_way import Asked
from pyproxy.handlers.warm_files import LIMIT_BYTES, find_file
from tests.distributions import make_wheel
from tests.http.calls import address, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.http.recording import client_requests
from tests.http.test_warm_pages import told
from tests.page_cache import needs_page_cache
from tests.upstream_server import UpstreamServer

pytestmark = needs_page_cache

FILENAME, CONTENT, METADATA = make_wheel("demo", "1.0", size=20_000)
PATH = address("demo", FILENAME, CONTENT)
SHA256 = PATH.split("/")[3]
LARGE, LARGE_CONTENT, _ = make_wheel("demo", "2.0", size=LIMIT_BYTES + 1)


async def keeping(upstream: UpstreamServer, start_proxy: StartProxy, **settings: Any) -> Proxy:
    """A proxy that has a small file and a large one."""
    upstream.add_file("demo", FILENAME, CONTENT, metadata=METADATA)
    upstream.add_file("demo", LARGE, LARGE_CONTENT)
    proxy = await start_proxy(upstream, **settings)
    for path, content in ((PATH, CONTENT), (address("demo", LARGE, LARGE_CONTENT), LARGE_CONTENT)):
        assert (await proxy.get(path)).body == content
    await idle(proxy)
    return proxy


def is_short(proxy: Proxy, path: str, **fields: str) -> bool:
    """Whether the request is answered the short way."""
    return find_file(proxy.server.services, Asked("GET", path, fields, 0.0)) is not None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_both_ways_give_the_same_answer(method: str, upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await keeping(upstream, start_proxy)
    short = await proxy.get(PATH, method=method)
    assert is_short(proxy, PATH)
    assert told(short) == told(await proxy.get(f"{PATH}?", method=method))
    assert (short.status, short.cache_status, short.body) == (
        *(200, "pyproxy; hit"),
        CONTENT if method == "GET" else b"",
    )
    assert short.headers["Content-Length"] == str(len(CONTENT))


async def test_both_ways_are_recorded_and_logged_alike(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy = await keeping(upstream, start_proxy)
    already = len(await client_requests(proxy))
    for method in ("GET", "HEAD"):
        caplog.clear()
        with caplog.at_level(logging.INFO, "pyproxy.access"):
            for path in (PATH, f"{PATH}?"):
                await proxy.get(path, {"User-Agent": "pip/26.3 {}"}, method)
        short, long = (record.getMessage().split(" ") for record in caplog.records if record.name == "pyproxy.access")
        assert short[:2] == long[:2] == ["127.0.0.1", method]
        assert short[2] == PATH == long[2].rstrip("?")
        assert [*short[3:7], *short[8:]] == [*long[3:7], *long[8:]]  # but the time
    rows = (await client_requests(proxy))[already:]
    assert len(rows) == 4
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        fields = ("client", "agent", "method", "route", "project", "filename", "address", "status", "outcome")
        for field in (*fields, "upstream", "sent"):
            assert getattr(first, field) == getattr(second, field), field


HANDED_ON: dict[str, Callable[[Proxy], bool]] = {
    "a large file": lambda proxy: is_short(proxy, address("demo", LARGE, LARGE_CONTENT)),
    "metadata": lambda proxy: is_short(proxy, PATH + ".metadata"),
    "another sha256": lambda proxy: is_short(proxy, PATH.replace(SHA256, SHA256[::-1])),
    "another name": lambda proxy: is_short(proxy, PATH.replace("1.0", "1.1")),
    "another spelling": lambda proxy: is_short(proxy, PATH.replace("/demo/", "/Demo/")),
    "an encoded name": lambda proxy: is_short(proxy, PATH.replace("demo-1", "dem%6f-1")),
    "no sha256": lambda proxy: is_short(proxy, f"/files/demo/{FILENAME}"),
    "a range": lambda proxy: is_short(proxy, PATH, Range="bytes=0-1"),
    "a condition": lambda proxy: is_short(proxy, PATH, **{"If-None-Match": f'"{SHA256}"'}),
}


async def test_all_else_is_handed_on(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await keeping(upstream, start_proxy)
    assert {name for name, short in HANDED_ON.items() if short(proxy)} == set()
    assert is_short(proxy, PATH, Accept="*/*"), "these would be answered the short way otherwise"


async def test_nginx_is_told_the_place_of_small_files_too(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await keeping(upstream, start_proxy)
    proxy.server.services.accel_redirect = "/kept-files/"
    assert not is_short(proxy, PATH)


@pytest.mark.parametrize("damage", ["removed", "cut"])
async def test_a_file_that_is_not_whole_is_fetched_again(
    damage: str, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await keeping(upstream, start_proxy)
    place = proxy.files_directory / SHA256[:2] / SHA256
    if damage == "removed":
        place.unlink()
    else:
        place.write_bytes(CONTENT[:-1])
    answer = await proxy.get(PATH)
    assert (answer.status, answer.body, answer.cache_status) == (200, CONTENT, "pyproxy; fwd=miss")


async def test_a_project_that_became_local_is_answered_by_its_own_files(
    upstream: UpstreamServer, start_proxy: StartProxy, tmp_path: Path
) -> None:
    """As far as it has them; see ``test_file_cached.py``."""
    local = tmp_path / "local"
    local.mkdir()
    proxy = await keeping(upstream, start_proxy, local=local)
    assert is_short(proxy, PATH)
    (local / FILENAME).write_bytes(make_wheel("demo", "1.0", size=10)[1])
    await proxy.restart()
    assert not is_short(proxy, PATH)


async def test_a_use_counts_the_short_way_as_well(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await keeping(upstream, start_proxy)
    files = proxy.server.resources.files
    await files.flush_uses()
    await proxy.get(PATH)
    assert await files.flush_uses() == 1
