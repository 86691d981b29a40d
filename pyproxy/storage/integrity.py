"""Whether the database hangs together as a whole: parts that nobody has read yet may be damaged as well."""

from __future__ import annotations

import contextlib

from pyproxy.storage.database import Database
from pyproxy.storage.database_errors import damaged

AT_START_BYTES = 16 * 1024 * 1024
"""A database of up to this size is read whole at each start: that takes a tenth of a second."""


def check_whole(database: Database) -> None:
    """Read all of it; a second for some hundred MB. Raises `StorageDamaged`, and `StorageError`."""
    row = database.one("PRAGMA quick_check(1)", {})
    found = "" if row is None else str(row[0])
    if found != "ok":
        raise damaged(database.path, " ".join(found.replace("*** in database main ***", "").split()))


def check_at_start(database: Database) -> None:
    """The same for a small one. A large one would hold up the start: there ``cache verify`` looks."""
    with contextlib.suppress(OSError):  # opening it has had the last word on that
        if database.path.stat().st_size <= AT_START_BYTES:
            check_whole(database)
