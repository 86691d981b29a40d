"""Whether what is open still lies where it was opened; and what is read while it does not."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.storage.aside import aside
from pyproxy.storage.database import Database
from pyproxy.storage.database_file import DatabaseFile
from pyproxy.storage.snapshots import Reads, in_snapshot


def remove(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def replace(path: Path) -> None:
    """By an older copy, as somebody does who restores a backup and forgets the server."""
    other = path.with_name("other")
    Database.open(other).close()
    remove(path)
    other.rename(path)


LOSSES = pytest.mark.parametrize(("lose", "loss"), [(remove, "removed"), (replace, "replaced")])


def make_things(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE things (name TEXT NOT NULL)")
    connection.execute("INSERT INTO things VALUES ('x')")


def test_a_file_that_is_written_to_is_still_there(database: Database) -> None:
    database.write_now(make_things)
    database.read.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert database.file.loss() is None


@LOSSES
def test_a_file_that_is_no_longer_there_or_another_one_is_lost(
    lose: Callable[[Path], None], loss: str, database: Database
) -> None:
    lose(database.path)
    assert database.file.loss() == loss


def test_a_storage_directory_that_is_gone_has_lost_the_file_too(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "db").touch()
    file = DatabaseFile.of(tmp_path / "storage" / "db")
    shutil.rmtree(tmp_path / "storage")
    assert file.loss() == "removed"


def test_where_the_system_does_not_tell_nothing_counts_as_lost(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "db").touch()
    file = DatabaseFile.of(tmp_path / "storage" / "db")
    shutil.rmtree(tmp_path / "storage")
    (tmp_path / "storage").touch()
    assert file.loss() is None


@LOSSES
def test_what_would_open_it_by_its_path_is_told_what_to_do(
    lose: Callable[[Path], None], loss: str, database: Database
) -> None:
    database.file.check()
    lose(database.path)
    with pytest.raises(StorageError, match=f"was {loss} under the running server: stop the server, .*start it again"):
        database.file.check()


@LOSSES
async def test_looks_cannot_write_what_was_taken_away(
    lose: Callable[[Path], None], loss: str, database: Database
) -> None:
    lose(database.path)
    with pytest.raises(StorageError, match="opened for reading only"):
        await aside(database, lambda there: there.write_now(make_things))


@LOSSES
async def test_reads_aside_go_on_with_what_was_opened(
    lose: Callable[[Path], None], loss: str, database: Database
) -> None:
    database.write_now(make_things)
    lose(database.path)
    sql = "SELECT name FROM things"

    def look(reads: Reads) -> list[str]:
        return [row["name"] for row in reads.all(sql, {})]

    assert await in_snapshot(database, look) == ["x"]
    assert [row["name"] for row in await database.all_aside(sql, {})] == ["x"]
    assert await aside(database, look) == ["x"]
    assert database.path.exists() == (loss == "replaced"), "nothing is made anew by looking"
