"""``cache verify`` beside a running server: what is damaged goes, and the next request fetches it again."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable

import pytest

from tests.distributions import make_wheel
from tests.http.calls import address, ask, idle
from tests.http.commands import command, done
from tests.http.conftest import StartProxy
from tests.upstream_server import UpstreamServer

FILENAME, CONTENT, _ = make_wheel("demo", "1.0", size=200_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATH = address("demo", FILENAME, CONTENT)


@pytest.fixture
def clock() -> Callable[[], float]:
    """The commands' own, which is the machine's."""
    return time.time


async def test_a_damaged_file_is_named_removed_and_fetched_again(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """A flipped bit: the size is right, so serving would not notice."""
    upstream.add_file("demo", FILENAME, CONTENT)
    proxy = await start_proxy(upstream)
    await ask(proxy, PATH)
    await idle(proxy)
    place = proxy.files_directory / SHA256[:2] / SHA256
    place.write_bytes(CONTENT[:1000] + bytes([CONTENT[1000] ^ 1]) + CONTENT[1001:])

    ended = await command(proxy, "cache", "verify")

    assert ended.status == 1
    assert SHA256 in ended.out
    assert FILENAME in ended.out
    assert ended.err == "pyproxy: 1 damaged entry found; see above\n"
    again = await ask(proxy, PATH)
    assert (again.body, again.cache_status) == (CONTENT, "pyproxy; fwd=miss")
    await idle(proxy)
    assert "1 file, 201.1 kB read: no damage" in await done(proxy, "cache", "verify")


async def test_files_that_come_and_go_meanwhile_are_no_damage(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """The server keeps and evicts in the middle of it."""
    wheels = [make_wheel("demo", f"{number}.0", size=100_000) for number in range(30)]
    for filename, content, _ in wheels:
        upstream.add_file("demo", filename, content)
    proxy = await start_proxy(upstream, max_size=500_000)

    async def fetch_all() -> None:
        for filename, content, _ in wheels:
            assert (await ask(proxy, address("demo", filename, content))).body == content

    await fetch_all()
    ended, _ = await asyncio.gather(command(proxy, "cache", "verify"), fetch_all())
    assert ended.status == 0, ended.out
