"""Many files forgotten together: a few at a time, and finished by the next start where a process died on the way."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore
from tests.storage.conftest import OpenStore
from tests.storage.keeping import PROJECT, keep, manifest, on_disk, sha256_of

T = TypeVar("T")
ROOT = Path(__file__).parents[2]


class Counting(Database):
    """Counts its transactions."""

    transactions = 0

    def write_now(self, function: Callable[[Connection], T]) -> T:
        self.transactions += 1
        return super().write_now(function)


def neighbours(count: int) -> list[bytes]:
    """So many contents that lie in one directory."""
    contents = (str(number).encode() for number in itertools.count())
    return list(itertools.islice((each for each in contents if sha256_of(each).startswith("ab")), count))


async def keep_all(files: FileStore, contents: list[bytes]) -> None:
    for number, content in enumerate(contents):
        await keep(files, content, f"x-{number}.whl")


async def test_a_large_project_is_forgotten_in_few_transactions(tmp_path: Path) -> None:
    """One for each file took 20 seconds for 20,000 of them."""
    database = Counting.open(tmp_path / DATABASE_NAME)
    files = FileStore(tmp_path, database)
    await keep_all(files, neighbours(150))
    before = database.transactions

    forgotten = await files.forget(PROJECT)

    assert (len(forgotten), on_disk(tmp_path)) == (150, [])
    assert database.transactions - before <= 5
    files.close()
    database.close()


async def test_of_several_forgotten_together_those_that_another_project_has_stay(
    open_store: OpenStore, tmp_path: Path
) -> None:
    files = open_store(None)
    contents = neighbours(4)
    await keep_all(files, contents)
    await keep(files, contents[1], "y-1.whl", project="y")
    await keep(files, contents[2], "x-again.whl")

    assert len(await files.forget(PROJECT)) == 5

    sha256 = sha256_of(contents[1])
    assert files.find("y", "y-1.whl", sha256) is not None
    beside = manifest(tmp_path, sha256)
    assert beside is not None
    assert [(name.project, name.filename) for name in beside.names] == [("y", "y-1.whl")]
    assert on_disk(tmp_path) == [f"files/ab/{sha256}", f"files/ab/{sha256}.json"]


DIES_BETWEEN_MANIFEST_AND_ROWS = """
import asyncio, os, sys
from pathlib import Path
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore

def die(event, arguments):
    if event == "os.rename" and "/files/" in str(arguments[1]):
        os.rename = None
        Path(arguments[1]).write_bytes(Path(arguments[0]).read_bytes())
        os._exit(9)

directory = Path(sys.argv[1])
files = FileStore(directory, Database.open(directory / DATABASE_NAME))
sys.addaudithook(die)
asyncio.run(files.forget("x"))
"""


async def test_a_name_whose_manifest_was_changed_before_its_row_is_forgotten_by_the_next_start(
    open_store: OpenStore, database: Database, tmp_path: Path
) -> None:
    """Rows and manifest say the same again, and nobody has to mend anything."""
    (content,) = neighbours(1)
    files = open_store(None)
    kept = await keep(files, content, "x-1.whl")
    await keep(files, content, "y-1.whl", project="y")
    command = [sys.executable, "-c", DIES_BETWEEN_MANIFEST_AND_ROWS, str(tmp_path)]
    died = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, timeout=120)
    assert died.returncode == 9
    assert len(database.all("SELECT * FROM files", {})) == 2

    open_store(None)

    assert [row["project"] for row in database.all("SELECT project FROM files", {})] == ["y"]
    beside = manifest(tmp_path, kept.sha256)
    assert beside is not None
    assert [name.project for name in beside.names] == ["y"]


DIES_BETWEEN_ROWS_AND_BYTES = """
import asyncio, os, sys
from pathlib import Path
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.files import FileStore

left = 2

def die(event, arguments):
    global left
    if event == "os.remove" and "/files/" in str(arguments[0]):
        left -= 1
        if not left:
            os._exit(9)

directory = Path(sys.argv[1])
files = FileStore(directory, Database.open(directory / DATABASE_NAME))
sys.addaudithook(die)
asyncio.run(files.forget("x"))
"""


async def test_forgetting_cut_short_is_finished_but_for_what_is_wanted_again(
    open_store: OpenStore, database: Database, tmp_path: Path
) -> None:
    """Somebody asks for one of the files before the next start: it stays."""
    contents = neighbours(5)
    files = open_store(None)
    await keep_all(files, contents)
    command = [sys.executable, "-c", DIES_BETWEEN_ROWS_AND_BYTES, str(tmp_path)]
    died = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, timeout=120)
    assert died.returncode == 9
    assert database.all("SELECT * FROM contents", {}) == []
    assert len(on_disk(tmp_path)) == 10, "but for what has gone, and with the intention"
    again = await keep(files, contents[2], "x-2.whl")

    newer = open_store(None)

    assert newer.find(PROJECT, "x-2.whl", again.sha256) == again
    assert on_disk(tmp_path) == [f"files/ab/{again.sha256}", f"files/ab/{again.sha256}.json"]
