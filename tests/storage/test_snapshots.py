"""Reads aside: not on the loop's thread, and of one state of the database."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.storage.database import Database
from pyproxy.storage.snapshots import Reads, in_snapshot


def make_table(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY)")


async def test_all_reads_see_the_state_at_the_first(database: Database) -> None:
    database.write_now(make_table)

    def look(reads: Reads) -> tuple[int, int]:
        first = len(reads.all("SELECT name FROM things", {}))
        database.write_now(lambda connection: connection.execute("INSERT INTO things VALUES ('x')"))
        row = reads.one("SELECT count(*) FROM things", {})
        assert row is not None
        return first, row[0]

    assert await in_snapshot(database, look) == (0, 0)
    assert len(database.all("SELECT name FROM things", {})) == 1


async def test_the_loop_goes_on_meanwhile(database: Database) -> None:
    assert await in_snapshot(database, lambda _: threading.get_ident()) != threading.get_ident()


async def test_nothing_can_be_written(database: Database) -> None:
    database.write_now(make_table)
    with pytest.raises(StorageError, match="readonly"):
        await in_snapshot(database, lambda reads: reads.all("INSERT INTO things VALUES ('x')", {}))


async def test_a_database_that_cannot_be_read_is_a_sentence(tmp_path: Path, database: Database) -> None:
    database.path = tmp_path / "nowhere" / "pyproxy.db"
    with pytest.raises(StorageError, match="cannot be opened"):
        await in_snapshot(database, lambda reads: reads.one("SELECT 1", {}))
