"""Commands know whether the database at the path is the one that the server works on."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.errors import StorageError, StorageInUse
from pyproxy.storage.database_file import DatabaseFile
from pyproxy.storage.directory import DATABASE_NAME, LOCK_NAME
from pyproxy.storage.lock import StorageLock
from pyproxy.storage.served import check_served, tell_served


def serve(directory: Path) -> StorageLock:
    """As a server with a database."""
    (directory / DATABASE_NAME).write_text("x")
    lock = StorageLock(directory)
    tell_served(directory, DatabaseFile.of(directory / DATABASE_NAME))
    return lock


def replace(directory: Path) -> None:
    (directory / "other").write_text("x")
    (directory / "other").rename(directory / DATABASE_NAME)


def test_beside_a_server_with_its_database_all_is_well(tmp_path: Path) -> None:
    lock = serve(tmp_path)
    check_served(tmp_path)
    lock.release()


def test_a_database_that_was_taken_from_a_server_is_told_of(tmp_path: Path) -> None:
    lock = serve(tmp_path)
    (tmp_path / DATABASE_NAME).unlink()
    with pytest.raises(StorageError, match="was removed under the running server: stop the server, restore it"):
        check_served(tmp_path)
    lock.release()


def test_another_database_in_its_place_is_told_of(tmp_path: Path) -> None:
    lock = serve(tmp_path)
    replace(tmp_path)
    with pytest.raises(StorageError, match="was replaced under the running server: stop the server, see that"):
        check_served(tmp_path)
    lock.release()


def test_once_the_server_has_ended_the_database_may_be_any(tmp_path: Path) -> None:
    serve(tmp_path).release()
    replace(tmp_path)
    check_served(tmp_path)
    (tmp_path / DATABASE_NAME).unlink()
    check_served(tmp_path)


def test_a_later_worker_may_have_another_one(tmp_path: Path) -> None:
    lock = serve(tmp_path)
    replace(tmp_path)
    tell_served(tmp_path, DatabaseFile.of(tmp_path / DATABASE_NAME))
    check_served(tmp_path)
    lock.release()


@pytest.mark.parametrize("text", ["", "12\n", "12\nx\n", "12"])
def test_a_lock_that_does_not_tell_says_nothing(text: str, tmp_path: Path) -> None:
    """A server of an older version, or one that has opened nothing yet."""
    lock = StorageLock(tmp_path)
    (tmp_path / LOCK_NAME).write_text(text)
    check_served(tmp_path)
    lock.release()


def test_without_a_lock_nobody_serves(tmp_path: Path) -> None:
    tell_served(tmp_path, DatabaseFile.of(tmp_path / DATABASE_NAME))
    check_served(tmp_path)
    assert not (tmp_path / LOCK_NAME).exists()


def test_the_next_server_is_told_whose_the_directory_is_all_the_same(tmp_path: Path) -> None:
    lock = serve(tmp_path)
    with pytest.raises(StorageInUse, match=r"\(process \d+\)"):
        StorageLock(tmp_path)
    lock.release()
