"""Reads that take their time: in a thread, for the event loop must not wait, and all of one state of the database."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from pyproxy.storage.database import Database, Parameters, connect
from pyproxy.storage.database_errors import sentence

T = TypeVar("T")


class Reads(Protocol):
    """What answers queries: an open `Database`, or a snapshot of one. Everything raises `StorageError`."""

    def one(self, sql: str, parameters: Parameters) -> sqlite3.Row | None:
        """The first row of a query, if there is one."""

    def all(self, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
        """All rows of a query."""


async def in_snapshot(database: Database, look: Callable[[Reads], T]) -> T:
    """What ``look`` finds, run in a thread on a connection of its own. Raises `StorageError`.

    All that it reads is as it was at its first read, whatever is written meanwhile. Once the database's file was
    removed or replaced, it is the writer's connection, which has the right one still: writes have to wait then.
    """
    if database.file.loss() is not None:
        return await database.write(lambda connection: look(_Snapshot(connection)))
    return await asyncio.to_thread(_look, database.path, look)


def _look(path: Path, look: Callable[[Reads], T]) -> T:
    try:
        with contextlib.closing(connect(path, "ro")) as connection:
            connection.execute("BEGIN")
            return look(_Snapshot(connection))
    except sqlite3.Error as error:
        raise sentence(error, path) from error


class _Snapshot:
    """`Reads` on a connection in a transaction; what fails is told by whoever began that."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def one(self, sql: str, parameters: Parameters) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def all(self, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
        return self._connection.execute(sql, parameters).fetchall()
