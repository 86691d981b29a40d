"""Verify as a job of the server: told to everybody, stopped by anybody, and gone on with where it ended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pyproxy.admin.storage.storage_jobs import StorageJobs
from pyproxy.admin.storage.verification import Verification
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from tests.admin.storage.working import is_open, jobs_of, keep_a_hole
from tests.storage.conftest import Clock, OpenStore
from tests.storage.keeping import keep
from tests.waiting import until

CHECKOUT = Path(__file__).parents[3]

VERIFY = """
import asyncio, sys
from pathlib import Path
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from tests.admin.storage.working import jobs_of
from tests.storage.conftest import Clock

async def main():
    directory = Path(sys.argv[1])
    database = Database.open(directory / "pyproxy.sqlite3")
    jobs = jobs_of(database, FileStore(directory, database), directory, Clock())
    assert await jobs.start_verify()
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@asynccontextmanager
async def working(
    database: Database, files: FileStore, directory: Path, clock: Clock
) -> AsyncIterator[StorageJobs]:
    jobs = jobs_of(database, files, directory, clock)
    try:
        yield jobs
    finally:
        await jobs.close()


async def ended(jobs: StorageJobs) -> Verification:
    def is_over() -> bool:
        verification = jobs.verification()
        return verification is not None and verification.outcome is not None

    await until(is_over)
    verification = jobs.verification()
    assert verification is not None
    return verification


async def test_the_result_is_kept_for_everybody(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    files = open_store(None)
    await keep(files, b"sound", "x-1.whl")
    damaged = await keep(files, b"damaged", "x-2.whl")
    damaged.path.write_bytes(b"damageD")
    async with working(database, files, tmp_path, clock) as jobs:
        assert jobs.verification() is None
        assert await jobs.start_verify()
        await ended(jobs)
        verification = jobs_of(database, files, tmp_path, clock).verification()
    assert verification is not None
    assert (verification.outcome, verification.problem, verification.may_go_on) == ("done", "", False)
    assert (verification.files, verification.total_files) == (2, 2)
    assert (verification.bytes, verification.total_bytes) == (12, 12)
    [finding] = verification.findings
    assert (verification.damaged, finding.filenames, finding.outcome) == (1, ("x-2.whl",), "removed")
    assert files.find("x", "x-2.whl", damaged.sha256) is None


async def test_what_is_found_again_is_no_damage(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    files = open_store(None)
    await keep(files, b"sound", "x-1.whl")
    await database.write(lambda connection: connection.execute("DELETE FROM contents"))
    async with working(database, files, tmp_path, clock) as jobs:
        await jobs.start_verify()
        verification = await ended(jobs)
    assert (verification.damaged, [finding.outcome for finding in verification.findings]) == (0, ["found again"])


async def test_one_runs_at_a_time_and_tells_how_far_it_is_and_stops_when_somebody_wants_it(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    files, others = open_store(None), open_store(None)
    path = await keep_a_hole(database, files)
    async with working(database, files, tmp_path, clock) as jobs, working(database, others, tmp_path, clock) as other:
        assert await jobs.start_verify()
        await until(lambda: is_open(path))
        assert not await other.start_verify()
        assert not await jobs.start_verify()

        def has_told() -> bool:
            verification = other.verification()
            return verification is not None and verification.bytes > 0 and verification.total_files == 1

        await until(has_told)
        assert await other.stop("verify")
        verification = await ended(other)
        assert (verification.outcome, verification.files, verification.damaged) == ("stopped", 0, 0)
        assert path.exists(), "nothing was decided about it"
        assert not await jobs.stop("verify")


async def test_the_end_of_the_server_ends_it_at_once_and_another_goes_on_where_it_was(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    """They are looked at in the order of their sha256; the first ones are sound, and not read again."""
    files = open_store(None)
    path = await keep_a_hole(database, files)
    small = [await keep(files, bytes([number]) * 10, f"x-{number}.whl") for number in range(40)]
    before = [each for each in small if each.sha256 < path.name]
    assert before
    async with working(database, files, tmp_path, clock) as jobs:
        await jobs.start_verify()
        await until(lambda: is_open(path))
    clock.now += 60
    async with working(database, files, tmp_path, clock) as jobs:
        verification = jobs.verification()
        assert verification is not None
        assert (verification.outcome, verification.files, verification.may_go_on) == ("cut off", len(before), True)

        await database.write(lambda connection: connection.execute("DELETE FROM contents WHERE size > 1000"))
        path.unlink()
        before[0].path.write_bytes(b"damaged since")
        assert await jobs.start_verify(go_on=True)
        verification = await ended(jobs)
    assert (verification.outcome, verification.files, verification.total_files) == ("done", 40, 40)
    assert [finding.sha256 for finding in verification.findings] == [path.name], "its manifest without bytes"


async def test_a_new_one_begins_from_the_beginning(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    files = open_store(None)
    await keep(files, b"sound", "x-1.whl")
    async with working(database, files, tmp_path, clock) as jobs:
        await jobs.start_verify()
        await ended(jobs)
        await jobs.start_verify(go_on=True)
        verification = await ended(jobs)
    assert (verification.files, verification.bytes) == (1, 5), "the last one was done: nothing to go on with"


async def test_when_its_process_is_killed_it_is_cut_off_and_another_process_goes_on(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    files = open_store(None)
    path = await keep_a_hole(database, files)
    async with working(database, files, tmp_path, clock) as jobs:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", VERIFY, str(tmp_path), cwd=CHECKOUT)
        try:

            def is_reading() -> bool:
                verification = jobs.verification()
                return verification is not None and verification.outcome is None and verification.bytes > 0

            await until(is_reading)
            assert not await jobs.start_verify()
        finally:
            process.kill()
            await process.wait()
        verification = jobs.verification()
        assert verification is not None
        assert verification.outcome == "cut off"

        await database.write(lambda connection: connection.execute("DELETE FROM contents"))
        path.unlink()
        assert await jobs.start_verify(go_on=True)
        assert (await ended(jobs)).outcome == "done"


async def test_why_it_could_not_be_done_is_told(
    database: Database, open_store: OpenStore, tmp_path: Path, clock: Clock
) -> None:
    files = open_store(None)
    stored = await keep(files, b"sound", "x-1.whl")
    stored.path.unlink()
    stored.path.mkdir()
    await database.write(
        lambda connection: connection.execute("UPDATE contents SET size = ?", [stored.path.stat().st_size])
    )
    async with working(database, files, tmp_path, clock) as jobs:
        await jobs.start_verify()
        verification = await ended(jobs)
    assert verification.outcome == "failed"
    assert str(stored.path) in verification.problem
