"""A disk that is full, or may only be read: everybody is served, nothing half is kept, and it is said what is wrong.

The counts of uses, the history and the records of failures cannot be written either, and nobody notices.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.storage.directory import is_writable
from tests.disk.conftest import Place, full, read_only
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Clock
from tests.upstream_server import Hold, Status, UpstreamServer

KEPT, KEPT_CONTENT, _ = make_wheel("kept", "1.0", size=300_000)
COLD, COLD_CONTENT, COLD_METADATA = make_wheel("cold", "1.0", size=3_000_000)
KEPT_PATH, COLD_PATH = address("kept", KEPT, KEPT_CONTENT), address("cold", COLD, COLD_CONTENT)
KEPT_SHA256, COLD_SHA256 = (hashlib.sha256(content).hexdigest() for content in (KEPT_CONTENT, COLD_CONTENT))

both_kinds = pytest.mark.parametrize("trouble", [full, read_only])


def publish(upstream: UpstreamServer) -> None:
    upstream.add_file("kept", KEPT, KEPT_CONTENT)
    upstream.add_file("cold", COLD, COLD_CONTENT, metadata=COLD_METADATA)
    for number in range(300):  # more than the database has room for in what it has
        upstream.add_file("large", f"large-{number}.tar.gz", b"%d" % number)


@both_kinds
async def test_everybody_is_served_and_nothing_is_kept_until_it_can_be(
    small_disk: Path,
    upstream: UpstreamServer,
    start_proxy: StartProxy,
    caplog: pytest.LogCaptureFixture,
    trouble: Place,
) -> None:
    publish(upstream)
    proxy = await start_proxy(upstream)
    await ask(proxy, KEPT_PATH)
    await idle(proxy)

    with trouble(proxy), caplog.at_level(logging.WARNING):
        for project in ("kept", "cold", "large", "large"):
            assert (await ask(proxy, f"/simple/{project}/")).status == 200
        assert (await ask(proxy, KEPT_PATH)).cache_status == "pyproxy; hit"
        answers = await asyncio.gather(*(ask(proxy, COLD_PATH) for _ in range(3)))
        assert [answer.body == COLD_CONTENT for answer in answers] == [True] * 3
        assert (await ask(proxy, f"{COLD_PATH}.metadata")).body == COLD_METADATA
        assert (await ask(proxy, "/pypi/kept/json")).status == 200
        await idle(proxy)
        assert (proxy.kept(), proxy.left_over()) == ([KEPT_SHA256], [])
        attention = (await proxy.server.administration.dashboard.overview("24h")).attention
        assert any("nothing new is kept" in each.sentence and each.severity == "error" for each in attention)
    assert "is served but not kept" in caplog.text

    assert (await ask(proxy, COLD_PATH)).body == COLD_CONTENT
    await idle(proxy)
    assert proxy.kept() == sorted([KEPT_SHA256, COLD_SHA256])
    assert (await ask(proxy, COLD_PATH)).cache_status == "pyproxy; hit"


async def test_a_file_on_its_way_is_served_to_its_end_when_nothing_can_be_written_or_removed_any_more(
    small_disk: Path, upstream: UpstreamServer, start_proxy: StartProxy, caplog: pytest.LogCaptureFixture
) -> None:
    publish(upstream)
    hold = Hold(asyncio.Event(), after=1_000_000)
    upstream.behave("/packages/", hold)
    proxy = await start_proxy(upstream)

    async with calling(proxy, COLD_PATH) as call:
        with read_only(proxy):
            hold.event.set()
            answer = await call.answer()
            await idle(proxy)

    assert (answer.body == COLD_CONTENT, answer.broken) == (True, None)
    assert "is not kept" in caplog.text
    assert "Traceback" not in caplog.text
    assert proxy.kept() == []


@both_kinds
async def test_what_is_counted_and_recorded_waits_for_room(
    small_disk: Path, upstream: UpstreamServer, start_proxy: StartProxy, clock: Clock, trouble: Place
) -> None:
    """Requests go on; uses, counts and failures are written once they can be."""
    publish(upstream)
    proxy = await start_proxy(upstream)
    await ask(proxy, KEPT_PATH)
    await idle(proxy)
    upstream.behave("/simple/broken/", Status(503))
    resources = proxy.server.resources

    with trouble(proxy):
        clock.advance(50)
        for number in range(200):
            await ask(proxy, f"/simple/unknown-{number}/")
        assert (await ask(proxy, "/simple/broken/")).status == 502
        assert (await ask(proxy, KEPT_PATH)).cache_status == "pyproxy; hit"
        with pytest.raises(StorageError):
            await resources.files.flush_uses()
        await proxy.server.recorder.flush()
        await proxy.server.records.flush()
        assert (await ask(proxy, "/simple/kept/")).status == 200

    assert await resources.files.flush_uses() == 1
    await proxy.server.recorder.flush()
    await proxy.server.records.flush()
    overview = await proxy.server.administration.dashboard.overview("24h")
    assert overview.totals.requests >= 203
    assert [failure.project for failure in resources.failures.of_project("broken")] == ["broken"]


async def test_a_server_whose_folders_cannot_be_written_is_not_ready(
    small_disk: Path, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    proxy = await start_proxy(upstream)
    assert (await ask(proxy, "/readyz")).status == 200

    with read_only(proxy):
        answer = await ask(proxy, "/readyz")

    assert answer.status == 503
    assert "cannot be written" in answer.json()["checks"]["storage"]
    assert (await ask(proxy, "/readyz")).status == 200


def test_a_file_system_that_stopped_after_an_error_counts_as_not_writable(
    failing_disk: tuple[Path, Callable[[], None]],
) -> None:
    place, fail = failing_disk
    assert is_writable(place)
    fail()
    assert not is_writable(place)


def test_a_full_disk_counts_as_writable(small_disk: Path) -> None:
    """There may be room again in a moment, and what is kept goes on being served."""
    with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    assert is_writable(small_disk)
