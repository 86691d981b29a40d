"""Looks in a thread see one moment of the database, and change nothing."""

from __future__ import annotations

import threading

import pytest

from pyproxy.errors import StorageError
from pyproxy.storage.aside import aside
from pyproxy.storage.database import Database


def add(database: Database, name: str) -> None:
    database.write_now(lambda connection: connection.execute("INSERT INTO seen_upstreams VALUES (?)", [name]))


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.all("SELECT name FROM seen_upstreams ORDER BY name", {})]


async def test_all_that_is_read_is_from_one_moment(database: Database) -> None:
    add(database, "a")

    def look(there: Database) -> tuple[list[str], list[str]]:
        before = names(there)
        add(database, "b")
        return before, names(there)

    assert await aside(database, look) == (["a"], ["a"])
    assert await aside(database, names) == ["a", "b"]


async def test_it_runs_in_another_thread(database: Database) -> None:
    assert await aside(database, lambda _: threading.current_thread()) is not threading.current_thread()


async def test_it_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError, match="opened for reading only"):
        await aside(database, lambda there: add(there, "x"))


async def test_a_database_that_cannot_be_read_is_said_so(database: Database) -> None:
    database.write_now(lambda _: None)
    database.read.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    database.path.write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError):
        await aside(database, names)
