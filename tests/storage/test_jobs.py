"""One job of each kind at a time, whichever process does it; one whose process died is under way no more."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.storage.database import Database
from pyproxy.storage.jobs import HEARD_SECONDS, REMEMBERED, JobStore, Told
from pyproxy.storage.temporary import TemporaryFolder, is_held
from tests.storage.conftest import Clock

DIED = "import fcntl, os, sys, time; os.mkdir(sys.argv[1]); fd = os.open(sys.argv[1], 0); fcntl.flock(fd, 2); print(1)"


@pytest.fixture
def store(database: Database, tmp_path: Path, clock: Clock) -> JobStore:
    return JobStore(database, tmp_path, clock=clock)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[TemporaryFolder]:
    """This process's own temporary folder."""
    folder = TemporaryFolder(tmp_path / "tmp", lambda path: None)
    yield folder
    folder.close()


@pytest.fixture
def dead(tmp_path: Path) -> str:
    """The name of the folder of a process that died."""
    (tmp_path / "tmp").mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-c", DIED, str(tmp_path / "tmp" / "99-dead")], check=True, capture_output=True)
    return "99-dead"


async def test_a_second_job_of_a_kind_does_not_begin(store: JobStore, holder: TemporaryFolder, clock: Clock) -> None:
    first = await store.begin("verify", holder.path.name, "", Told(total_files=3))
    assert first is not None
    assert await store.begin("verify", "another", "", Told()) is None
    assert await store.begin("prune", holder.path.name, "", Told()) is not None

    clock.now += 5
    await store.end(first, "done", Told(files=3))
    assert await store.begin("verify", holder.path.name, "", Told()) is not None


async def test_everybody_sees_how_far_it_is(
    store: JobStore, holder: TemporaryFolder, database: Database, tmp_path: Path, clock: Clock
) -> None:
    job_id = await store.begin("verify", holder.path.name, "all", Told(total_files=3, total_bytes=30))
    assert job_id is not None
    clock.now += 1
    told = Told(total_files=3, total_bytes=30, files=1, bytes=10, damaged=1, position="ab", report="[1]")
    assert await store.tell(job_id, told)

    seen = JobStore(database, tmp_path, clock=clock).newest("verify")
    assert seen is not None
    assert (seen.outcome, seen.ended_at, seen.began_at, seen.told_at) == (None, None, clock.now - 1, clock.now)
    assert (seen.wanted, seen.files, seen.bytes, seen.damaged, seen.position) == ("all", 1, 10, 1, "ab")
    assert (seen.total_files, seen.total_bytes, seen.report) == (3, 30, "[1]")
    assert store.last_ended("verify") is None


async def test_who_is_asked_to_stop_hears_it_with_the_next_breath(store: JobStore, holder: TemporaryFolder) -> None:
    assert not await store.ask_to_stop("verify")
    job_id = await store.begin("verify", holder.path.name, "", Told())
    assert job_id is not None
    assert await store.tell(job_id, Told())
    assert await store.ask_to_stop("verify")
    assert not await store.tell(job_id, Told())
    await store.end(job_id, "stopped", Told())
    newest = store.newest("verify")
    assert newest is not None
    assert (newest.outcome, newest.stop_wanted) == ("stopped", True)


async def test_the_job_of_a_process_that_died_is_cut_off_at_once(
    store: JobStore, holder: TemporaryFolder, dead: str, clock: Clock
) -> None:
    job_id = await store.begin("verify", dead, "", Told())
    assert job_id is not None
    began = clock.now
    clock.now += 3
    newest = store.newest("verify")
    assert newest is not None
    assert (newest.outcome, newest.ended_at) == ("cut off", began)
    assert store.last_ended("verify") == newest

    assert await store.begin("verify", holder.path.name, "", Told()) is not None
    before = store.last_ended("verify")
    assert before is not None
    assert (before.id, before.outcome) == (job_id, "cut off")


async def test_a_job_that_is_not_heard_of_for_long_is_cut_off_and_told_so(
    store: JobStore, holder: TemporaryFolder, clock: Clock
) -> None:
    """Its process lives, but could not end its row; or the machine slept."""
    job_id = await store.begin("verify", holder.path.name, "", Told())
    assert job_id is not None
    clock.now += HEARD_SECONDS
    assert await store.begin("verify", holder.path.name, "", Told()) is None
    clock.now += 1
    assert await store.begin("verify", holder.path.name, "", Told()) is not None
    assert not await store.tell(job_id, Told(files=7)), "it must not go on"
    await store.end(job_id, "done", Told(files=7))
    last = store.last_ended("verify")
    assert last is not None
    assert (last.outcome, last.files) == ("cut off", 0)


async def test_why_it_failed_is_kept(store: JobStore, holder: TemporaryFolder) -> None:
    job_id = await store.begin("verify", holder.path.name, "", Told())
    assert job_id is not None
    await store.end(job_id, "failed", Told(files=2), "the disk cannot be read")
    last = store.last_ended("verify")
    assert last is not None
    assert (last.outcome, last.problem, last.files) == ("failed", "the disk cannot be read", 2)


async def test_only_the_last_ones_are_remembered(store: JobStore, holder: TemporaryFolder, database: Database) -> None:
    for _ in range(REMEMBERED + 5):
        job_id = await store.begin("verify", holder.path.name, "", Told())
        assert job_id is not None
        await store.end(job_id, "done", Told())
    await store.begin("prune", holder.path.name, "", Told())
    rows = database.all("SELECT kind, count(*) FROM jobs GROUP BY kind ORDER BY kind", {})
    assert [tuple(row) for row in rows] == [("prune", 1), ("verify", REMEMBERED)]


def test_a_folder_is_held_while_its_process_lives(holder: TemporaryFolder, dead: str, tmp_path: Path) -> None:
    assert is_held(holder.path)
    assert not is_held(tmp_path / "tmp" / dead)
    assert not is_held(tmp_path / "tmp" / "nobody")
    holder.close()
    assert not is_held(holder.path)
