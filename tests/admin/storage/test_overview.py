"""The storage at a glance: every figure is that of what is there."""

from __future__ import annotations

from pathlib import Path

from pyproxy.admin.storage.overview import Idle, StorageLook
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.json_documents import DocumentName, JsonDocumentStore
from pyproxy.storage.pages import KnownPage
from pyproxy.storage.upstreams import StoredUpstream
from pyproxy.storage.use_days import Amount
from tests.storage.conftest import Clock, OpenStore
from tests.storage.keeping import keep, sha256_of

DAY = 86400.0


def look_at(database: Database, directory: Path, clock: Clock, max_size: int | None = None) -> StorageLook:
    return StorageLook(database, directory, max_size=max_size, min_free=0, clock=clock)


async def test_an_empty_storage_has_nothing(database: Database, tmp_path: Path, clock: Clock) -> None:
    overview = await look_at(database, tmp_path, clock).look()
    assert (overview.kept, overview.largest, overview.left_behind) == (Amount(), (), Amount())
    assert [idle.amount for idle in overview.idle] == [Amount()] * 4
    assert overview.statistics.totals.database_bytes > 0


async def test_sizes_are_told_by_upstream_and_project_and_age(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock, upstream: StoredUpstream
) -> None:
    clock.now = 1000 * DAY + 5
    files = open_store(None)
    now = clock.now
    for age, name in ((400, "x"), (100, "y"), (40, "x"), (8, "z"), (1, "z")):
        clock.now = now - age * DAY
        await keep(files, b"." * age, f"{name}-{age}.whl", name, "removed" if name == "z" else "a")
    clock.now = now
    answer = KnownPage("tag", None, None, now, now, None, None)
    await JsonDocumentStore(database).put(upstream.key, DocumentName(NormalizedName("x")), answer, b"12345")

    overview = await look_at(database, tmp_path, clock).look(largest=2)

    assert overview.kept == Amount(5, 549)
    assert overview.idle == (
        Idle(days=7, amount=Amount(4, 548)),
        Idle(days=30, amount=Amount(3, 540)),
        Idle(days=90, amount=Amount(2, 500)),
        Idle(days=365, amount=Amount(1, 400)),
    )
    assert [(each.project, each.bytes) for each in overview.largest] == [("x", 440), ("y", 100)]
    assert overview.left_behind == Amount(2, 9)
    assert overview.json_bytes == 517
    assert [(each.upstream, each.files, each.file_bytes) for each in overview.statistics.upstreams] == [
        ("a", 3, 540),
        ("removed", 2, 9),
    ]

    files.note_use(sha256_of(b"." * 400), now)
    await files.flush_uses()
    assert (await look_at(database, tmp_path, clock).look()).idle[-1].amount == Amount()


async def test_the_room_that_is_left_is_that_of_the_tighter_limit(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    await keep(open_store(None), b"1234", "x-1.whl")
    assert (await look_at(database, tmp_path, clock, max_size=10).look()).may_grow == 6
    assert (await look_at(database, tmp_path, clock, max_size=3).look()).may_grow == 0
    overview = await look_at(database, tmp_path, clock).look()
    assert overview.may_grow == overview.statistics.free_bytes
