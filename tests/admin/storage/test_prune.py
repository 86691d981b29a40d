"""A prune shows before what goes, and does it as a job of the server."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pyproxy.admin.cache.pruning import Pruned
from pyproxy.admin.storage.prune import Prune
from pyproxy.admin.storage.prune_preview import LISTED, PrunePreviews, Wish
from pyproxy.admin.storage.storage_jobs import StorageJobs
from pyproxy.config.model import CacheConfig
from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.outdated import OutdatedAnswers
from pyproxy.storage.pages import PageStore
from pyproxy.storage.pruning import FilePruning, Limits
from pyproxy.storage.upstreams import StoredUpstream
from pyproxy.storage.use_days import Amount
from tests.admin.storage.working import jobs_of
from tests.storage.conftest import Clock, OpenStore
from tests.storage.evicting import SIZE, content, here, keep_all
from tests.storage.keeping import sha256_of
from tests.waiting import until

DAY = 86400.0


@asynccontextmanager
async def working(
    database: Database, files: FileStore, directory: Path, clock: Clock
) -> AsyncIterator[StorageJobs]:
    jobs = jobs_of(database, files, directory, clock)
    try:
        yield jobs
    finally:
        await jobs.close()


def previews_of(database: Database, clock: Clock) -> PrunePreviews:
    return PrunePreviews(database, ages=CacheConfig(), upstreams=list, clock=clock)


async def ended(jobs: StorageJobs) -> Prune:
    def is_over() -> bool:
        prune = jobs.prune()
        return prune is not None and prune.outcome is not None

    await until(is_over)
    prune = jobs.prune()
    assert prune is not None
    return prune


async def test_a_preview_removes_nothing_and_says_what_would_go(
    database: Database, open_store: OpenStore, clock: Clock, upstream: StoredUpstream
) -> None:
    files, pages = open_store(None), PageStore(database)
    await keep_all(files, clock, *"abcde")
    for project, age in (("old", 90 * DAY), ("new", DAY)):
        await pages.put_page(
            upstream.key, NormalizedName(project), tag=project, body_z=b"body", etag=None, last_modified=None, url="u",
            checked_at=clock.now - age,
        )  # fmt: skip
    preview = await previews_of(database, clock).preview(Wish(max_size=SIZE, unused_for=3.5))
    assert preview.pruned == Pruned(
        unused=Amount(1, SIZE),
        surplus=Amount(3, 3 * SIZE),
        outdated=OutdatedAnswers(pages=1, page_bytes=4, missing=0),
        kept=Amount(1, SIZE),
    )
    assert (preview.files, preview.bytes) == (4, 4 * SIZE)
    assert [file.filename for file in preview.first] == ["a.whl", "b.whl", "c.whl", "d.whl"]
    assert here(files, *"abcde") == "a b c d e"


async def test_without_a_wish_no_file_would_go(database: Database, open_store: OpenStore, clock: Clock) -> None:
    await keep_all(open_store(None), clock, *"ab")
    preview = await previews_of(database, clock).preview(Wish())
    assert (preview.files, preview.first, preview.pruned.kept) == (0, (), Amount(2, 2 * SIZE))


async def test_of_many_the_first_hundred_are_listed(database: Database, open_store: OpenStore, clock: Clock) -> None:
    rows = [(f"{number:064x}", 5, 0.0, float(number)) for number in range(1000)]
    await database.write(
        lambda connection: connection.executemany(
            "INSERT INTO contents (sha256, size, stored_at, last_used) VALUES (?, ?, ?, ?)", rows
        )
    )
    preview = await previews_of(database, clock).preview(Wish(max_size=0))
    assert (preview.files, preview.bytes, len(preview.first)) == (1000, 5000, LISTED)
    assert [file.last_used for file in preview.first] == [float(number) for number in range(LISTED)]


@pytest.mark.parametrize("max_size", [None, 0, 1, 5000, 20_000, 10**9])
@pytest.mark.parametrize("unused_for", [None, 0.0, 2.5 * DAY, 20 * DAY, 400 * DAY])
async def test_the_sums_of_a_preview_are_those_of_the_files_that_go(
    database: Database, open_store: OpenStore, clock: Clock, max_size: int | None, unused_for: float | None
) -> None:
    """Told by sums of days beforehand, file by file by the prune itself."""
    chance, clock.now = random.Random(8), 200 * DAY + 1000
    rows = [
        (f"{number:064x}", chance.choice((1, 100, 777)), 0.0, clock.now - chance.choice((0.5, 1, 2.5, 30, 199)) * DAY)
        for number in range(100)
    ]
    await database.write(
        lambda connection: connection.executemany(
            "INSERT INTO contents (sha256, size, stored_at, last_used) VALUES (?, ?, ?, ?)", rows
        )
    )
    pruned = (await previews_of(database, clock).preview(Wish(max_size=max_size, unused_for=unused_for))).pruned
    limits = Limits(max_size, None if unused_for is None else clock.now - unused_for)
    unused = surplus = Amount()
    for going in FilePruning(database, open_store(None)).going(limits):
        if going.unused:
            unused = unused.more(going.content.size)
        else:
            surplus = surplus.more(going.content.size)
    assert (pruned.unused, pruned.surplus) == (unused, surplus)


async def test_what_was_shown_goes_as_a_job(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    files = open_store(None)
    await keep_all(files, clock, *"abcde")
    async with working(database, files, tmp_path, clock) as jobs:
        assert jobs.prune() is None
        preview = await previews_of(database, clock).preview(Wish(max_size=2 * SIZE))
        assert await jobs.start_prune(preview)
        prune = await ended(jobs_of(database, files, tmp_path, clock))
    assert (prune.outcome, prune.wish) == ("done", Wish(max_size=2 * SIZE))
    assert (prune.files, prune.total_files, prune.bytes, prune.total_bytes) == (3, 3, 3 * SIZE, 3 * SIZE)
    assert (prune.pruned.surplus, prune.pruned.kept) == (Amount(3, 3 * SIZE), Amount(2, 2 * SIZE))
    assert here(files, *"abcde") == "d e"


async def test_what_was_used_since_the_preview_stays(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    """Also a use that is not written yet."""
    files = open_store(None)
    await keep_all(files, clock, *"abc")
    async with working(database, files, tmp_path, clock) as jobs:
        preview = await previews_of(database, clock).preview(Wish(max_size=2 * SIZE))
        assert [file.filename for file in preview.first] == ["a.whl"]
        files.note_use(sha256_of(content("a")), clock.now + 1)
        await jobs.start_prune(preview)
        await ended(jobs)
    assert here(files, *"abc") == "a c"


async def test_a_stopped_prune_says_what_has_gone(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    files = open_store(None)
    rows = [(f"{number:064x}", 5, 0.0, float(number)) for number in range(3000)]
    await database.write(
        lambda connection: connection.executemany(
            "INSERT INTO contents (sha256, size, stored_at, last_used) VALUES (?, ?, ?, ?)", rows
        )
    )
    async with working(database, files, tmp_path, clock) as jobs:
        preview = await previews_of(database, clock).preview(Wish(max_size=0))
        await jobs.start_prune(preview)

        def has_begun() -> bool:
            prune = jobs.prune()
            return prune is not None and prune.files > 0

        await until(has_begun)
        assert not await jobs.start_prune(preview)
        await jobs.stop("prune")
        prune = await ended(jobs)
    left = database.one("SELECT count(*) FROM contents", {})
    assert left is not None
    assert prune.outcome == "stopped"
    assert 0 < prune.files == 3000 - left[0] < 3000
