"""Files of one size with names as short as letters, and what of them is left."""

from __future__ import annotations

from pathlib import Path

from pyproxy.storage import eviction
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from tests.storage.conftest import Clock
from tests.storage.keeping import PROJECT, keep, on_disk, sha256_of

SIZE = 100


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
