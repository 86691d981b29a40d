"""Kept files that somebody removes, cuts or writes to under the running server: no wrong byte is served."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.distributions import make_wheel
from tests.http.calls import address, ask, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer

SMALL = make_wheel("demo", "1.0", size=50_000)[:2]
LARGE = make_wheel("demo", "2.0", size=900_000)[:2]

each_size = pytest.mark.parametrize("wheel", [SMALL, LARGE], ids=["small", "large"])
"""Small ones are sent by another way."""

Wheel = tuple[str, bytes]


def place_of(proxy: Proxy, wheel: Wheel) -> Path:
    sha256 = hashlib.sha256(wheel[1]).hexdigest()
    return proxy.files_directory / sha256[:2] / sha256


async def kept(upstream: UpstreamServer, start_proxy: StartProxy, wheel: Wheel) -> tuple[Proxy, str]:
    upstream.add_file("demo", *wheel)
    proxy = await start_proxy(upstream)
    path = address("demo", *wheel)
    assert (await ask(proxy, path)).body == wheel[1]
    await idle(proxy)
    assert (await ask(proxy, path)).cache_status == "pyproxy; hit"
    return proxy, path


def write_later(place: Path, content: bytes) -> None:
    """As one writes some time after it was kept."""
    place.write_bytes(content)
    os.utime(place, (time.time() + 5, time.time() + 5))


def alter(place: Path) -> None:
    content = place.read_bytes()
    write_later(place, content[:1000] + bytes([content[1000] ^ 1]) + content[1001:])


def cut(place: Path) -> None:
    os.truncate(place, 1000)


def remove(place: Path) -> None:
    place.unlink()


@each_size
@pytest.mark.parametrize("harm", [alter, cut, remove])
async def test_what_was_harmed_is_fetched_again_and_told_of(
    upstream: UpstreamServer,
    start_proxy: StartProxy,
    caplog: pytest.LogCaptureFixture,
    wheel: Wheel,
    harm: Callable[[Path], None],
) -> None:
    proxy, path = await kept(upstream, start_proxy, wheel)
    place = place_of(proxy, wheel)
    harm(place)

    answer = await ask(proxy, path)

    assert (answer.body, answer.cache_status) == (wheel[1], "pyproxy; fwd=miss")
    await idle(proxy)
    await proxy.server.resources.database.write(lambda connection: None)
    assert any(record.levelname == "ERROR" and str(place) in record.getMessage() for record in caplog.records)
    attention = (await proxy.server.administration.dashboard.overview("24h")).attention
    assert any("1 cached file found harmed" in each.sentence and wheel[0] in each.sentence for each in attention)
    assert place.read_bytes() == wheel[1]
    assert (await ask(proxy, path)).cache_status == "pyproxy; hit"


@each_size
async def test_altered_bytes_are_not_served_without_upstream_either(
    upstream: UpstreamServer, start_proxy: StartProxy, wheel: Wheel
) -> None:
    proxy, path = await kept(upstream, start_proxy, wheel)
    await upstream.stop()
    alter(place_of(proxy, wheel))

    answers = [await ask(proxy, path) for _ in range(2)]

    assert [answer.status for answer in answers] == [502, 502]
    assert proxy.kept() == []


@each_size
async def test_bytes_that_are_only_newer_are_looked_at_once_and_served(
    upstream: UpstreamServer, start_proxy: StartProxy, wheel: Wheel
) -> None:
    """As after a copy that lost the times of files."""
    proxy, path = await kept(upstream, start_proxy, wheel)
    await upstream.stop()
    write_later(place_of(proxy, wheel), wheel[1])

    for _ in range(2):
        answer = await ask(proxy, path)
        assert (answer.body, answer.cache_status) == (wheel[1], "pyproxy; hit")
