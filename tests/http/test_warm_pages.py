"""The short way to a warm page answers as its handler does, to the last header, and is recorded as well.

An empty query is all it takes to be answered by the handler (``tests/handlers/test_short_way.py``).
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pyproxy.config.model import ServerConfig
from tests.distributions import make_wheel
from tests.http.conftest import StartProxy
from tests.http.proxy import HTML, JSON, Answer, Clock, Proxy
from tests.http.publishing import publish
from tests.http.recording import client_requests
from tests.http.test_metrics import value
from tests.upstream_server import UpstreamServer

ACCEPTS = {
    "nothing": {},
    "pip": {"Accept": f"{JSON}, {HTML}; q=0.1, text/html; q=0.01"},
    "uv": {"Accept": f"{JSON}, {HTML};q=0.2, text/html;q=0.01"},
    "html": {"Accept": HTML},
    "browser": {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
    "none of ours": {"Accept": "image/png"},
    "empty": {"Accept": ""},
}

CODINGS = {
    "plain": {},
    "gzip": {"Accept-Encoding": "gzip, deflate"},
    "x-gzip": {"Accept-Encoding": "x-gzip"},
    "anything": {"Accept-Encoding": "*"},
    "no gzip": {"Accept-Encoding": "gzip;q=0, *"},
}


def told(answer: Answer) -> tuple[int, str, dict[str, str], bytes]:
    """Everything but the time."""
    headers = {name.title(): text for name, text in answer.headers.items() if name.title() != "Date"}
    assert len(headers) == len(answer.headers) - 1
    assert len(answer.headers["Date"]) == len("Mon, 30 Nov 2026 12:00:00 GMT")
    return answer.status, answer.reason, headers, answer.body


async def same(proxy: Proxy, headers: dict[str, str], method: str = "GET", project: str = "demo") -> Answer:
    """The answer, which both ways give."""
    short = await proxy.get(f"/simple/{project}/", headers, method)
    assert told(short) == told(await proxy.get(f"/simple/{project}/?", headers, method))
    return short


@pytest.mark.parametrize("accept", ACCEPTS)
async def test_both_ways_give_the_same_answer(accept: str, upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.get("/simple/demo/", ACCEPTS[accept])  # renders it
    for coding in CODINGS.values():
        asked = ACCEPTS[accept] | coding
        page = await same(proxy, asked)
        await same(proxy, asked, "HEAD")
        if accept == "none of ours":
            assert page.status == 406
            continue
        assert (page.status, page.cache_status, page.upstream) == (200, "pyproxy; hit", "first")
        etag = page.headers["ETag"]
        for known in (etag, f"W/{etag}", f'"x", {etag}', "*", f"{etag}, *"):
            assert (await same(proxy, asked | {"If-None-Match": known})).status == 304
            await same(proxy, asked | {"If-None-Match": known}, "HEAD")
        for unknown in ('"x"', etag.strip('"'), "", f'{etag[:-1]}x"'):
            assert (await same(proxy, asked | {"If-None-Match": unknown})).status == 200


async def test_both_ways_say_the_same_of_freshness(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    """To the second at which the page is asked for again."""
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, index_ttl=700.0)
    await proxy.get("/simple/demo/")
    for seconds, kept in ((0, 600), (99, 600), (2, 599), (598, 1)):
        clock.advance(seconds)
        assert (await same(proxy, {})).headers["Cache-Control"] == f"public, max-age={kept}"
    clock.advance(0.5)
    assert (await same(proxy, {})).headers["Cache-Control"] == "max-age=0"
    clock.advance(0.5)
    assert (await proxy.get("/simple/demo/")).cache_status == "pyproxy; fwd=miss"
    assert upstream.count("/simple/demo/") == 2


async def test_a_clock_that_was_set_back_makes_nothing_last_longer(
    upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    await proxy.get("/simple/demo/")
    clock.advance(-3600)
    assert (await proxy.get("/simple/demo/")).cache_status == "pyproxy; fwd=miss"


async def test_local_pages_are_answered_both_ways_and_follow_their_files(
    start_proxy: StartProxy, tmp_path: Path
) -> None:
    directory = tmp_path / "local"
    directory.mkdir()
    (directory / "mine-1.0-py3-none-any.whl").write_bytes(make_wheel("mine", "1.0")[1])
    proxy = await start_proxy(local=directory)
    await proxy.get("/simple/mine/")
    before = await same(proxy, {}, project="mine")
    assert (before.status, before.upstream, before.headers["Cache-Control"]) == (200, "local", "max-age=0")
    more = make_wheel("mine", "1.0", files={"mine/more.py": b"# more"})[1]
    (directory / "mine-1.0-py3-none-any.whl").write_bytes(more)
    after = await same(proxy, {}, project="mine")
    assert after.status == 200
    assert after.headers["ETag"] != before.headers["ETag"]


async def test_both_ways_are_counted_recorded_and_logged_alike(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream)
    etag = (await proxy.get("/simple/demo/")).headers["ETag"]
    for headers, method in (({}, "GET"), ({}, "HEAD"), ({"If-None-Match": etag}, "GET")):
        caplog.clear()
        with caplog.at_level(logging.INFO, "pyproxy.access"):
            await same(proxy, {"User-Agent": "pip/26.3 {}", **headers}, method)
        short, long = (record.getMessage() for record in caplog.records if record.name == "pyproxy.access")
        columns = [line.replace("/?", "/").split(" ") for line in (short, long)]
        assert [[*line[:7], *line[8:]] for line in columns] == [[*columns[0][:7], *columns[0][8:]]] * 2  # but the time
    rows = (await client_requests(proxy))[1:]
    assert len(rows) == 6
    for short_row, long_row in zip(rows[::2], rows[1::2], strict=True):
        fields = ("client", "agent", "method", "route", "project", "filename", "address", "status", "outcome")
        for field in (*fields, "upstream", "sent"):
            assert getattr(short_row, field) == getattr(long_row, field), field
    assert await value(proxy, "pyproxy_requests_total", route="page", outcome="hit", status="200") == 4
    assert await value(proxy, "pyproxy_requests_total", route="page", outcome="hit", status="304") == 2


async def test_both_ways_refuse_a_head_that_is_too_long(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    publish(upstream, "demo", "1.0")
    proxy = await start_proxy(upstream, server=ServerConfig(port=0, max_header_size=2000))
    await proxy.get("/simple/demo/")
    for size, status in ((1500, 200), (2000, 431)):
        assert (await same(proxy, {"Cookie": "x" * size})).status == status
