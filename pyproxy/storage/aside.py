"""Looks at the database that take longer than a point read: in a thread, so that the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from pyproxy.storage.database import Database

T = TypeVar("T")


async def aside(path: Path, look: Callable[[Database], T]) -> T:
    """What ``look`` finds in the database at ``path``, on a connection of its own that cannot write.

    All that it reads is from one moment. Raises `StorageError`, and what ``look`` raises.
    """
    return await asyncio.get_running_loop().run_in_executor(None, _look, path, look)


def _look(path: Path, look: Callable[[Database], T]) -> T:
    with closing(Database.open(path, read_only=True)) as database:
        database.all("BEGIN", {})
        return look(database)
