"""Brings a database to the newest schema (``schema``), step by step.

A step and the record that it was done share one transaction, so a server that dies in between begins again where
it was.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import NamedTuple

from pyproxy.errors import StorageError


class Migration(NamedTuple):
    """One step: its name, recorded for ever, and its statements."""

    name: str
    statements: tuple[str, ...]


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Bring the database to the newest schema; several processes may do so at once.

    Raises `StorageError` when a newer pyproxy, or another program, made the database.
    """
    if not is_newest(connection, migrations):
        for migration in migrations:
            _apply(connection, migration)


def is_newest(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> bool:
    """Whether the database has the newest schema. Raises `StorageError` as `migrate` does."""
    done, names = applied(connection), {migration.name for migration in migrations}
    if unknown := done - names:
        raise StorageError(
            f"{_path(connection)} was made by a newer pyproxy (it has the step {sorted(unknown)[0]!r}): "
            "use that version, or restore the backup from before the upgrade"
        )
    return done == names


def applied(connection: sqlite3.Connection) -> set[str]:
    """The names of the steps that were done; empty for a new database.

    Raises `StorageError` for a database that has tables, but not ours.
    """
    tables = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "migrations" in tables:
        return {str(row[0]) for row in connection.execute("SELECT name FROM migrations")}
    if tables:
        raise StorageError(f"{_path(connection)} belongs to another program: choose another storage.directory")
    return set()


def _path(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY, applied_at REAL NOT NULL)"
        )
        # Asked again under the write lock: another process may have been faster.
        known = connection.execute("SELECT 1 FROM migrations WHERE name = :name", {"name": migration.name}).fetchone()
        if known is None:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migrations (name, applied_at) VALUES (:name, :now)",
                {"name": migration.name, "now": time.time()},
            )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
