"""The schema grows step by step and is never changed by anybody else."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from pyproxy.errors import StorageError
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.migrations import Migration, applied
from pyproxy.storage.schema import MIGRATIONS
from tests.storage.evicting import total


def schema(path: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(path)
    try:
        return set(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    finally:
        connection.close()


@pytest.mark.parametrize("steps", range(len(MIGRATIONS)))
def test_every_earlier_schema_is_brought_to_the_newest(tmp_path: Path, steps: int) -> None:
    Database.open(tmp_path / "old", migrations=MIGRATIONS[:steps]).close()
    Database.open(tmp_path / "old").close()
    Database.open(tmp_path / "new").close()
    assert schema(tmp_path / "old") == schema(tmp_path / "new")


def test_an_upgrade_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    before = Database.open(path, migrations=MIGRATIONS[:1])
    before.write_now(lambda connection: connection.execute("INSERT INTO seen_upstreams (name) VALUES ('a')"))
    before.close()
    after = Database.open(path)
    assert [row["name"] for row in after.all("SELECT name FROM seen_upstreams", {})] == ["a"]
    after.close()


def test_a_step_that_fails_leaves_neither_tables_nor_its_record(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    broken = Migration("broken", ("CREATE TABLE half (a)", "CREATE TABLE half (a)"))
    with pytest.raises(StorageError):
        Database.open(path, migrations=(*MIGRATIONS, broken))
    database = Database.open(path)
    assert applied(database.read) == {migration.name for migration in MIGRATIONS}
    assert database.one("SELECT 1 FROM sqlite_master WHERE name = 'half'", {}) is None
    database.close()


def test_a_database_of_a_newer_version_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    Database.open(path, migrations=(*MIGRATIONS, Migration("of tomorrow", ("CREATE TABLE tomorrow (a)",)))).close()
    before = schema(path)
    with pytest.raises(StorageError, match=r"made by a newer pyproxy .*'of tomorrow'.*: use that version"):
        Database.open(path)
    assert schema(path) == before


def test_reading_an_older_schema_asks_for_a_start_of_the_server(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    Database.open(path, migrations=MIGRATIONS[:1]).close()
    with pytest.raises(StorageError, match="start the server once"):
        Database.open(path, read_only=True)


def test_the_database_of_another_program_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="belongs to another program"):
        Database.open(path)
    assert path.read_bytes() == before


def test_several_who_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    together = threading.Barrier(4)
    failures: list[BaseException] = []

    def open_it() -> None:
        together.wait()
        try:
            Database.open(path).close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


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
