"""``storage.max_size`` and ``storage.min_free`` while many files come at once: they hold all the time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import KEEPERS
from pyproxy.storage.inventory import Inventory
from pyproxy.storage.space import free_bytes
from tests.distributions import make_wheel
from tests.http.calls import address, ask, calling, idle
from tests.http.conftest import StartProxy
from tests.http.proxy import Proxy
from tests.upstream_server import UpstreamServer
from tests.waiting import until

SIZE = 200_000
COUNT = 40


def publish(upstream: UpstreamServer, size: int = SIZE) -> list[tuple[str, bytes]]:
    """The address and the content of each file."""
    wheels = []
    for number in range(COUNT):
        filename, content, _ = make_wheel("demo", f"{number}.0", size=size)
        upstream.add_file("demo", filename, content)
        wheels.append((address("demo", filename, content), content))
    return wheels


async def watched(
    proxy: Proxy, look: Callable[[], int], wheels: list[tuple[str, bytes]], *, at_once: int = 2 * COUNT
) -> list[int]:
    """Ask for all of them, some twice, so many ``at_once``; what was seen meanwhile."""
    seen: list[int] = []
    turn = asyncio.Semaphore(at_once)

    async def watch() -> None:
        while True:
            seen.append(look())
            await asyncio.sleep(0.002)

    async def fetch(path: str, content: bytes) -> None:
        async with turn:
            assert (await ask(proxy, path)).body == content

    watching = asyncio.create_task(watch())
    again = random.Random(5).choices(wheels, k=COUNT)
    await asyncio.gather(*(fetch(*wheel) for wheel in [*wheels, *again]))
    await idle(proxy)
    watching.cancel()
    seen.append(look())
    return seen


async def test_max_size_is_exceeded_by_no_more_than_is_being_brought_to_its_place(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Each makes room for itself before, and for what others kept meanwhile afterwards."""
    wheels, limit = publish(upstream), 1_300_000
    proxy = await start_proxy(upstream, max_size=limit)
    inventory = Inventory(proxy.server.resources.database)
    largest = max(len(content) for _, content in wheels)

    seen = await watched(proxy, lambda: inventory.totals().file_bytes, wheels)

    assert limit - largest < seen[-1] <= limit
    assert max(seen) <= limit + KEEPERS * largest
    kept = [proxy.files_directory / sha256[:2] / sha256 for sha256 in proxy.kept()]
    assert sum(path.stat().st_size for path in kept) == seen[-1]


async def test_min_free_is_left_by_all_that_is_kept(
    small_disk: Path, upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """24 MB, of which half is to stay: files are served in full, and kept as long as there is room.

    There is room for those that arrive at once: of forty, each would have a part on the disk, and none could be kept.
    """
    wheels, limit = publish(upstream, size=1_000_000), 12_000_000
    proxy = await start_proxy(upstream, min_free=limit)

    def taken_by_database() -> int:
        return sum(path.stat().st_size for path in small_disk.glob(f"{DATABASE_NAME}*"))

    before = taken_by_database()
    await watched(proxy, lambda: 0, wheels, at_once=8)

    assert 0 < len(proxy.kept()) < COUNT
    # What the database took is not theirs; and what was not kept goes once its last reader has let go.
    await until(lambda: free_bytes(small_disk) + taken_by_database() - before >= limit)
    assert proxy.left_over() == []


async def test_a_file_that_is_read_or_on_its_way_is_not_lost_to_others(
    upstream: UpstreamServer, start_proxy: StartProxy
) -> None:
    """Its place may go; who has begun to read reads it to its end."""
    path, content = publish(upstream, size=2_000_000)[0]
    wheels = publish(upstream)
    proxy = await start_proxy(upstream, max_size=2_500_000)
    upstream.add_file("demo", path.rpartition("/")[2], content)
    assert (await ask(proxy, path)).body == content
    await idle(proxy)

    async with calling(proxy, path) as reading:
        begun = await reading.read(1000)
        await watched(proxy, lambda: 0, wheels[1:])
        assert begun + (await reading.answer()).body == content
