"""Looks at the database that take longer than a point read: in a thread, so that the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from pyproxy.storage.database import Database

T = TypeVar("T")


async def aside(database: Database, look: Callable[[Database], T]) -> T:
    """What ``look`` finds in the database, on a connection of its own that cannot write.

    All that it reads is from one moment. Raises `StorageError`, and what ``look`` raises. Once the database's file was
    removed or replaced, it is the writer's connection, which has the right one still: writes have to wait then.
    """
    if database.file.loss() is not None:
        return await database.write(lambda connection: look(Database(database.path, connection, None)))
    return await asyncio.get_running_loop().run_in_executor(None, _look, database.path, look)


def _look(path: Path, look: Callable[[Database], T]) -> T:
    with closing(Database.open(path, read_only=True)) as database:
        database.all("BEGIN", {})
        return look(database)
