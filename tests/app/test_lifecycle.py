"""A server that stops, in the test's own loop."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.distributions import make_wheel
from tests.http.conftest import StartProxy, clock, start_proxy, upstream
from tests.upstream_server import Hold, Stall, UpstreamServer
from tests.waiting import LIMIT_SECONDS

__all__ = ["clock", "start_proxy", "upstream"]


async def test_what_never_ends_is_cut_off(
    upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    filename, content, _ = make_wheel("demo", "1.0", size=3_000_000)
    upstream.add_file("demo", filename, content)
    upstream.behave("/packages/", Stall(2_500_000))
    proxy = await start_proxy(upstream)
    link = await proxy.link("demo", filename)
    asking = asyncio.ensure_future(proxy.get(link))
    await upstream.requested("/packages/")
    with caplog.at_level(logging.INFO):
        await proxy.server.stop(finish_seconds=0.2)
    assert "1 responses are cut off" in caplog.text
    answer = await asking
    assert answer.broken
    assert len(answer.body) < len(content)


@pytest.mark.parametrize(("path", "hangs"), [("/simple/demo/", "/simple/"), ("/pypi/demo/json", "/pypi/")])
async def test_a_question_that_is_cut_off_is_no_defect(
    path: str, hangs: str, upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    filename, content, _ = make_wheel("demo", "1.0")
    upstream.add_file("demo", filename, content)
    upstream.behave(hangs, Hold(asyncio.Event()))
    proxy = await start_proxy(upstream)
    asking = asyncio.ensure_future(proxy.get(path))
    await upstream.requested(hangs)
    await proxy.server.stop(finish_seconds=0.2)
    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], ConnectionError)
    assert [record for record in caplog.records if record.exc_info] == []


async def test_requests_are_counted_until_they_have_left(upstream: UpstreamServer, start_proxy: StartProxy) -> None:
    proxy = await start_proxy(upstream)
    requests = proxy.server.services.requests
    event = asyncio.Event()
    upstream.behave("/simple/", Hold(event))
    asking = asyncio.ensure_future(proxy.get("/simple/demo/"))
    await upstream.requested("/simple/demo/")
    assert requests.count == 1
    event.set()
    await asking
    async with asyncio.timeout(LIMIT_SECONDS):
        await requests.finished()
    assert requests.count == 0
