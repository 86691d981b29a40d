"""Several processes that evict, and what a start finds after one was killed."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from pathlib import Path

from tornado.ioloop import IOLoop

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from pyproxy.storage.manifests import Manifest, write_manifest
from tests.storage.conftest import Clock, OpenStore
from tests.storage.evicting import SIZE, assert_sound, content, here, keep_all, total
from tests.storage.keeping import manifest, on_disk, sha256_of

ROOT = Path(__file__).parents[2]


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
    command = [sys.executable, "-c", DIES_BETWEEN_ROWS_AND_BYTES, str(tmp_path)]
    died = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, timeout=120)
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
