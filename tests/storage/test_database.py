"""Reads, writes, and the sentences for databases that cannot be used."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME


def make_table(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE things (name TEXT NOT NULL PRIMARY KEY)")


def insert(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("INSERT INTO things (name) VALUES (:name)", {"name": name})


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.all("SELECT name FROM things ORDER BY name", {})]


async def test_a_write_is_seen_by_the_next_read(database: Database) -> None:
    await database.write(make_table)
    await database.write(lambda connection: insert(connection, "x"))
    assert names(database) == ["x"]


async def test_writes_of_a_process_share_one_thread_that_is_not_the_loops(database: Database) -> None:
    threads = {await database.write(lambda _: threading.get_ident()) for _ in range(3)}
    threads.add(database.write_now(lambda _: threading.get_ident()))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    await database.write(make_table)

    def half(connection: sqlite3.Connection) -> None:
        insert(connection, "x")
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await database.write(half)
    assert names(database) == []


async def test_a_write_goes_on_when_nobody_waits_for_it_any_more(database: Database) -> None:
    await database.write(make_table)
    may_go, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(connection: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        may_go.wait(30)
        insert(connection, "x")

    task = loop.create_task(database.write(slow))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    may_go.set()
    await database.write(lambda _: None)
    assert names(database) == ["x"]


def test_writes_that_nobody_waits_for_are_done_before_the_database_closes(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    database = Database.open(path)
    database.write_now(make_table)
    database.write_later(lambda connection: insert(connection, "x"))
    database.close()
    again = Database.open(path)
    assert names(again) == ["x"]
    again.close()


def test_the_reader_cannot_write(database: Database) -> None:
    database.write_now(make_table)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.read.execute("INSERT INTO things (name) VALUES ('x')")


def test_a_database_opened_for_reading_refuses_writes(tmp_path: Path, database: Database) -> None:
    reading = Database.open(database.path, read_only=True)
    with pytest.raises(StorageError, match="reading only"):
        reading.write_now(make_table)
    reading.close()


def test_reading_does_not_create_a_database(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        Database.open(tmp_path / DATABASE_NAME, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_two_processes_write_in_turns(tmp_path: Path, database: Database) -> None:
    database.write_now(make_table)
    program = (
        "import sys; from pathlib import Path; from pyproxy.storage.database import Database\n"
        "database = Database.open(Path(sys.argv[1]))\n"
        "for n in range(200):\n"
        "    database.write_now(lambda c: c.execute('INSERT INTO things VALUES (?)', (f'{sys.argv[2]}{n}',)))\n"
        "database.close()\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(database.path), each], cwd=Path(__file__).parents[2])
        for each in "ab"
    ]
    for number in range(200):
        database.write_now(lambda connection, number=number: insert(connection, f"c{number}"))  # type: ignore[misc]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(names(database)) == 600


def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(b"this is no database, however one looks at it" * 100)
    with pytest.raises(StorageError, match=r"is damaged or no database .*: restore it from a backup, or move it away"):
        Database.open(path)


def test_a_damaged_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[200:] = os.urandom(len(content) - 200)
    path.write_bytes(content)
    with pytest.raises(StorageError, match="is damaged or no database"):
        Database.open(path)


def test_a_directory_in_place_of_the_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).mkdir()
    with pytest.raises(StorageError, match="cannot be opened"):
        Database.open(tmp_path / DATABASE_NAME)


def test_a_mistake_in_a_statement_of_ours_is_not_taken_for_a_broken_disk(database: Database) -> None:
    database.write_now(make_table)
    database.write_now(lambda connection: insert(connection, "x"))
    with pytest.raises(sqlite3.IntegrityError):
        database.write_now(lambda connection: insert(connection, "x"))


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = Database.open(tmp_path / DATABASE_NAME)
    database.close()
    with pytest.raises(StorageError, match="closed"):
        database.write_now(make_table)


def test_the_end_does_not_wait_for_another_process_that_writes(tmp_path: Path) -> None:
    """Each of these would wait for seconds, one after the other."""
    database = Database.open(tmp_path / DATABASE_NAME)
    database.write_now(make_table)
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = [threading.Thread(target=_refused, args=(database, f"x{number}")) for number in range(20)]
    for thread in waiting:
        thread.start()

    database.stop_waiting()
    closing = threading.Thread(target=database.close)
    closing.start()
    closing.join(20)

    assert not closing.is_alive(), "it waits for all of them, each for its time"
    other.execute("COMMIT")
    other.close()
    for thread in waiting:
        thread.join()
    again = Database.open(tmp_path / DATABASE_NAME)
    assert names(again) == []
    again.close()


def _refused(database: Database, name: str) -> None:
    with pytest.raises(StorageError):
        database.write_now(lambda connection: insert(connection, name))
