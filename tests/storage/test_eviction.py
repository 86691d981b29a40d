"""With ``max_size`` the least recently used files make room, and nothing else is lost."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from pyproxy.errors import StorageError
from pyproxy.simple.model import NormalizedName
from pyproxy.storage import eviction, file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.eviction import Eviction
from pyproxy.storage.files import FileStore
from pyproxy.storage.manifests import Manifest, Places, write_manifest
from pyproxy.storage.migrations import MIGRATIONS
from pyproxy.storage.recorded import RecordedHashes
from pyproxy.storage.shelf import Shelf
from pyproxy.storage.upstreams import StoredUpstream
from pyproxy.storage.uses import Uses
from tests.storage.conftest import Clock
from tests.storage.keeping import PROJECT, keep, manifest, on_disk, sha256_of

ROOT = Path(__file__).parents[2]
SIZE = 100

OpenStore = Callable[[int | None], FileStore]


@pytest.fixture
def open_store(tmp_path: Path, database: Database, clock: Clock) -> Iterator[OpenStore]:
    """``open_store(max_size)``, as often as there are processes to be."""
    stores: list[FileStore] = []

    def open_one(max_size: int | None) -> FileStore:
        stores.append(FileStore(tmp_path, database, max_size=max_size, clock=clock))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def content(name: str) -> bytes:
    return name.encode().ljust(SIZE, b".")


async def keep_all(files: FileStore, clock: Clock, *names: str) -> None:
    """One after the other, a second apart, each of `SIZE` bytes."""
    for name in names:
        clock.now += 1
        await keep(files, content(name), f"{name}.whl")


def here(files: FileStore, *names: str) -> str:
    """Those of the names whose files are found."""
    return " ".join(name for name in names if files.find(PROJECT, f"{name}.whl", sha256_of(content(name))))


def total(database: Database) -> int:
    """The sum that the database keeps, which must be the true one."""
    kept = database.one(eviction.TOTAL, {})
    true = database.one("SELECT coalesce(sum(size), 0) AS bytes FROM contents", {})
    assert kept is not None
    assert true is not None
    assert kept["bytes"] == true["bytes"]
    return int(kept["bytes"])


async def test_the_least_recently_kept_go_first_and_leave_nothing_behind(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c", "d", "e")
    assert here(files, "a", "b", "c", "d", "e") == "c d e"
    assert total(database) == 3 * SIZE
    places = [f"files/{sha256[:2]}/{sha256}" for sha256 in (sha256_of(content(name)) for name in "cde")]
    assert on_disk(tmp_path) == sorted([*places, *(f"{place}.json" for place in places)])


async def test_without_a_limit_everything_stays(open_store: OpenStore, clock: Clock, database: Database) -> None:
    files = open_store(None)
    await keep_all(files, clock, "a", "b", "c")
    await files.trim()
    assert total(database) == 3 * SIZE


async def test_no_more_is_evicted_than_has_to_be(open_store: OpenStore, clock: Clock) -> None:
    files = open_store(3 * SIZE + SIZE // 2)
    await keep_all(files, clock, "a", "b", "c")
    await keep(files, b"half".ljust(SIZE // 2), "half.whl")
    assert here(files, "a", "b", "c") == "a b c"
    await keep(files, b"more", "more.whl")
    assert here(files, "a", "b", "c") == "b c"


@pytest.mark.parametrize("flushed", [True, False], ids=["written", "in memory"])
async def test_a_use_counts_also_before_it_is_written(open_store: OpenStore, clock: Clock, flushed: bool) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c")
    files.note_use(sha256_of(content("a")), clock.now + 1)
    if flushed:
        await files.flush_uses()
    clock.now += 1
    await keep_all(files, clock, "d", "e")
    assert here(files, "a", "b", "c", "d", "e") == "a d e"


async def test_the_order_of_uses_in_memory_holds_among_themselves_and_against_written_ones(
    open_store: OpenStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where fewer rows are looked at than have such uses."""
    monkeypatch.setattr(eviction, "AT_ONCE", 2)
    files = open_store(5 * SIZE)
    await keep_all(files, clock, "a", "b", "c", "d", "e")
    for name in ("c", "a", "b"):
        clock.now += 1
        files.note_use(sha256_of(content(name)), clock.now)
    order = []
    for number in range(5):
        await keep_all(files, clock, f"new-{number}")
        left = here(files, "a", "b", "c", "d", "e").split()
        order += [name for name in "abcde" if name not in left and name not in order]
    assert order == ["d", "e", "c", "a", "b"]


async def test_an_evicted_use_is_counted_on_no_row_and_the_rest_is(
    open_store: OpenStore, clock: Clock, database: Database
) -> None:
    """What eviction writes of a use early is not counted twice."""
    files = open_store(2 * SIZE)
    await keep_all(files, clock, "a", "b")
    for _ in range(3):
        files.note_use(sha256_of(content("a")), clock.now + 1)
    clock.now += 1
    await keep_all(files, clock, "c")
    await files.flush_uses()
    uses = {row["sha256"]: row["uses"] for row in database.all("SELECT sha256, uses FROM contents", {})}
    assert uses == {sha256_of(content("a")): 3, sha256_of(content("c")): 0}


async def test_a_file_larger_than_the_limit_is_not_kept_and_nothing_goes_for_it(
    open_store: OpenStore, clock: Clock, tmp_path: Path
) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c")
    before = on_disk(tmp_path)
    with pytest.raises(StorageError, match=r"301 bytes are more than storage\.max_size \(300\)"):
        await keep(files, b"x" * 301, "large.whl")
    assert on_disk(tmp_path) == before
    await keep(files, b"x" * 300, "fits.whl")
    assert files.find(PROJECT, "fits.whl", sha256_of(b"x" * 300)) is not None
    assert here(files, "a", "b", "c") == ""


async def test_bytes_that_are_here_already_need_no_room(open_store: OpenStore, clock: Clock) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c")
    clock.now += 1
    await keep(files, content("a"), "a-again.whl")
    assert here(files, "a", "b", "c") == "a b c"
    await keep_all(files, clock, "d")
    assert here(files, "a", "b", "c", "d") == "a c d", "and being kept again was a use"


async def test_bytes_that_are_kept_again_are_not_what_goes_for_them(open_store: OpenStore, clock: Clock) -> None:
    """Under a limit that was lowered; they would lose their other names."""
    await keep_all(open_store(None), clock, "a", "b", "c")
    files = open_store(2 * SIZE)
    clock.now += 1
    await keep(files, content("a"), "a-again.whl")
    assert here(files, "a", "b", "c") == "a c"


async def test_all_names_of_evicted_bytes_go(open_store: OpenStore, clock: Clock, database: Database) -> None:
    files = open_store(SIZE)
    await keep_all(files, clock, "a")
    await files.add_name(sha256=sha256_of(content("a")), project="y", filename="y.whl", upstream="b", hashes={})
    await keep_all(files, clock, "b")
    assert [row["filename"] for row in database.all("SELECT filename FROM files", {})] == ["b.whl"]


async def test_who_reads_an_evicted_file_reads_it_to_its_end(open_store: OpenStore, clock: Clock) -> None:
    files = open_store(SIZE)
    await keep_all(files, clock, "a")
    found = files.find(PROJECT, "a.whl", sha256_of(content("a")))
    assert found is not None
    with found.open() as stream:
        start = stream.read(10)
        await keep_all(files, clock, "b")
        assert not found.path.exists()
        assert start + stream.read() == content("a")


async def test_the_recorded_sha256_of_an_evicted_file_is_not_forgotten(
    open_store: OpenStore, clock: Clock, database: Database, upstream: StoredUpstream
) -> None:
    recorded = RecordedHashes(database, clock)
    files = open_store(SIZE)
    await keep_all(files, clock, "a")
    await recorded.record(upstream.id, NormalizedName(PROJECT), "a.whl", sha256_of(content("a")))
    await keep_all(files, clock, "b")
    assert recorded.for_project(upstream.id, NormalizedName(PROJECT)) == {"a.whl": sha256_of(content("a"))}


async def test_files_that_are_still_arriving_are_left_alone(open_store: OpenStore, clock: Clock) -> None:
    files = open_store(SIZE)
    arriving = files.temporary()
    await keep_all(files, clock, "a", "b")
    assert arriving.path.exists()
    arriving.discard()


async def test_many_that_are_kept_at_once_stay_within_the_limit_together(
    open_store: OpenStore, clock: Clock, database: Database
) -> None:
    """By two stores, as if by two processes; and no more goes than has to."""
    stores = [open_store(5 * SIZE), open_store(5 * SIZE)]
    names = [f"n{number}" for number in range(40)]
    await asyncio.gather(
        *(keep(stores[number % 2], content(name), f"{name}.whl") for number, name in enumerate(names))
    )
    assert total(database) == 5 * SIZE
    assert len(here(stores[0], *names).split()) == 5


class Disturbed(Shelf):
    """A shelf on which something else happens after bytes were picked, before they go."""

    def __init__(self, directory: Path, database: Database, disturb: Callable[[], None]) -> None:
        super().__init__(Places(directory / "files"), database)
        self._disturb = disturb

    def evict(self, sha256: str, delete: Callable[[sqlite3.Connection], bool], workspace: Path) -> bool:
        self._disturb()
        return super().evict(sha256, delete, workspace)


async def test_what_was_picked_stays_when_another_process_makes_the_room_first(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    files = open_store(None)
    await keep_all(files, clock, "a", "b", "c")

    def forget_b() -> None:
        database.write_now(lambda connection: file_rows.delete_content(connection, sha256_of(content("b"))))

    shelf = Disturbed(tmp_path, database, forget_b)
    Eviction(database, shelf, Uses(database), max_size=2 * SIZE, workspace=tmp_path / "tmp").trim()
    assert here(files, "a", "b", "c") == "a c"


async def test_what_was_picked_stays_when_it_is_used_before_it_goes(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    files, uses = open_store(None), Uses(database)
    await keep_all(files, clock, "a", "b", "c")
    shelf = Disturbed(tmp_path, database, lambda: uses.note(sha256_of(content("a")), clock.now + 1))
    Eviction(database, shelf, uses, max_size=2 * SIZE, workspace=tmp_path / "tmp").trim()
    assert here(files, "a", "b", "c") == "a c"


async def test_a_lowered_limit_is_kept_to_once_trimmed(
    open_store: OpenStore, clock: Clock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eviction, "AT_ONCE", 2)
    await keep_all(open_store(None), clock, *"abcdefgh")
    stores = [open_store(3 * SIZE), open_store(3 * SIZE)]
    assert total(database) == 8 * SIZE, "opening evicts nothing"
    await asyncio.gather(*(store.trim() for store in stores))
    assert here(stores[0], *"abcdefgh") == "f g h"
    assert total(database) == 3 * SIZE


async def test_until_a_lowered_limit_is_trimmed_to_each_file_makes_room_for_itself_only(
    open_store: OpenStore, clock: Clock
) -> None:
    await keep_all(open_store(None), clock, *"abcdef")
    files = open_store(2 * SIZE)
    await keep_all(files, clock, "g")
    assert here(files, *"abcdefg") == "c d e f g", "one for before, and one for after"


async def test_a_trim_that_the_end_cuts_short_leaves_all_sound_and_is_gone_on_with(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    names = [f"n{number}" for number in range(50)]
    await keep_all(open_store(None), clock, *names)
    ending = open_store(SIZE)
    trimming = asyncio.get_running_loop().create_task(ending.trim())
    await asyncio.sleep(0)
    ending.close()
    await trimming
    files = open_store(SIZE)
    assert len(on_disk(tmp_path)) == 2 * len(here(files, *names).split())
    await files.trim()
    assert here(files, *names) == names[-1]


async def test_what_cannot_be_evicted_is_a_sentence_and_nothing_is_kept(
    open_store: OpenStore, clock: Clock, tmp_path: Path
) -> None:
    files = open_store(SIZE)
    await keep_all(files, clock, "a")
    place = Places(tmp_path / "files").content(sha256_of(content("a")))
    place.unlink()
    place.mkdir()
    with pytest.raises(StorageError, match=r"cannot evict .* \("):
        await keep_all(files, clock, "b")
    assert here(files, "b") == ""
    assert list((tmp_path / "tmp").rglob("[0-9]")) == []


async def test_forgetting_and_losing_files_is_counted(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    files = open_store(3 * SIZE)
    await keep_all(files, clock, "a", "b", "c")
    await files.forget(PROJECT, "b.whl")
    assert total(database) == 2 * SIZE
    Places(tmp_path / "files").content(sha256_of(content("a"))).unlink()
    assert here(files, "a") == ""
    await database.write(lambda _: None)
    assert total(database) == SIZE


async def test_an_eviction_cut_short_before_its_rows_went_comes_to_nothing(
    open_store: OpenStore, clock: Clock, tmp_path: Path
) -> None:
    await keep_all(open_store(SIZE), clock, "a")
    sha256 = sha256_of(content("a"))
    (tmp_path / "tmp" / "99999-dead").mkdir()
    write_manifest(tmp_path / "tmp" / "99999-dead" / f"{sha256}.json", Manifest(sha256=sha256, size=0, names=()))
    assert here(open_store(SIZE), "a") == "a"
    assert manifest(tmp_path, sha256) is not None


DIES_BETWEEN_ROWS_AND_BYTES = """
import asyncio, os, sys
from pathlib import Path
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore

def die(event, arguments):
    if event == "os.remove" and "/files/" in str(arguments[0]):
        os._exit(9)

directory = Path(sys.argv[1])
files = FileStore(directory, Database.open(directory / DATABASE_NAME), max_size=1)
sys.addaudithook(die)
asyncio.run(files.trim())
"""


async def test_an_eviction_cut_short_after_its_rows_went_is_finished(
    open_store: OpenStore, clock: Clock, database: Database, tmp_path: Path
) -> None:
    await keep_all(open_store(None), clock, "a")
    died = subprocess.run([sys.executable, "-c", DIES_BETWEEN_ROWS_AND_BYTES, str(tmp_path)], cwd=ROOT, timeout=60)
    assert (died.returncode, total(database), len(on_disk(tmp_path))) == (9, 0, 3), "bytes, manifest and intention"
    open_store(None)
    assert on_disk(tmp_path) == []


EVICTOR = """
import asyncio, sys
from pathlib import Path
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from tests.storage.keeping import keep

async def main():
    directory, begin, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    database = Database.open(directory / DATABASE_NAME)
    files = FileStore(directory, database, max_size=200_000)
    print("begun", flush=True)
    for number in range(begin, begin + count):
        contents = [f"{number}.{part}".encode().ljust(30_000) for part in range(3)]
        await asyncio.gather(*(keep(files, each, f"x-{each.decode().strip()}.whl") for each in contents))
    files.close()
    database.close()

asyncio.run(main())
"""


def evictor(directory: Path, begin: int, count: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", EVICTOR, str(directory), str(begin), str(count)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    return process


def assert_sound(directory: Path, database: Database, files: FileStore) -> None:
    """Each row has its bytes and its manifest, and no file lies around without."""
    expected = []
    for row in database.all("SELECT project, filename, sha256 FROM files", {}):
        found = files.find(row["project"], row["filename"], row["sha256"])
        assert found is not None
        assert sha256_of(found.path.read_bytes()) == row["sha256"]
        place = f"files/{row['sha256'][:2]}/{row['sha256']}"
        expected += [place, f"{place}.json"]
    assert on_disk(directory) == sorted(expected)


def test_several_processes_evict_at_once(tmp_path: Path) -> None:
    processes = [evictor(tmp_path, begin, 15) for begin in (0, 1000, 2000)]
    for process in processes:
        with process:
            assert process.wait(60) == 0
    database = Database.open(tmp_path / DATABASE_NAME)
    files = FileStore(tmp_path, database)
    assert_sound(tmp_path, database, files)
    assert total(database) == 180_000, "as much as fits"
    files.close()
    database.close()


def test_a_process_killed_while_evicting_leaves_nothing_wrong(tmp_path: Path, io_loop: IOLoop) -> None:
    dice = random.Random(34)
    for round_number in range(10):
        with evictor(tmp_path, round_number * 1000, 1000) as process:
            try:
                process.wait(dice.uniform(0.02, 0.25))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        database = Database.open(tmp_path / DATABASE_NAME)
        files = FileStore(tmp_path, database, max_size=200_000)
        assert_sound(tmp_path, database, files)
        io_loop.run_sync(files.trim)  # whoever was killed between keeping and looking again may have left too much
        assert_sound(tmp_path, database, files)
        assert 0 < total(database) <= 200_000
        files.close()
        database.close()


def test_the_schema_before_eviction_gets_its_sum(tmp_path: Path) -> None:
    steps = [step.name for step in MIGRATIONS].index("eviction")
    before = Database.open(tmp_path / DATABASE_NAME, migrations=MIGRATIONS[:steps])
    before.write_now(
        lambda connection: connection.executemany(
            "INSERT INTO contents (sha256, size, stored_at, last_used) VALUES (?, ?, 1, 1)", [("a", 5), ("b", 7)]
        )
    )
    before.close()
    after = Database.open(tmp_path / DATABASE_NAME)
    assert total(after) == 12
    after.write_now(lambda connection: connection.execute("UPDATE contents SET size = 6 WHERE sha256 = 'a'"))
    assert total(after) == 13
    after.write_now(lambda connection: connection.execute("DELETE FROM contents"))
    assert total(after) == 0
    after.close()


def test_the_schema_before_eviction_without_files_has_the_sum_nought(database: Database) -> None:
    assert total(database) == 0


def test_looking_for_the_oldest_sorts_nothing(database: Database) -> None:
    parameters = {"spared": "", "count": 1}
    plan = [row["detail"] for row in database.all(f"EXPLAIN QUERY PLAN {eviction.OLDEST}", parameters)]
    assert plan == ["SCAN contents USING INDEX contents_by_last_use"]
