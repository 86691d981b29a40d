"""How much is kept, in a few numbers: for monitoring, so without reading wide rows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pyproxy.storage.database import Database
from pyproxy.storage.snapshots import Reads


@dataclass(frozen=True, slots=True)
class Sizes:
    """``contents`` are the kept files, equal ones counted once; ``answers`` are upstreams' pages and 404s."""

    content_bytes: int
    contents: int
    answers: int


async def read_sizes(database: Database) -> Sizes:
    """Counted on a connection of its own, since that takes a while with a million rows. Raises `StorageError`."""
    rows = await database.all_aside(
        """
        SELECT
            (SELECT bytes FROM contents_total) AS bytes,
            (SELECT coalesce(sum(files), 0) FROM use_days) AS contents,
            (SELECT coalesce(sum(pages + missing), 0) FROM answers_by_upstream) AS answers
        """,
        {},
    )
    row = rows[0]
    return Sizes(int(row["bytes"]), int(row["contents"]), int(row["answers"]))


@dataclass(frozen=True, slots=True)
class Bytes:
    """What kept files and the database take."""

    contents: int
    database: int


def read_bytes(reads: Reads) -> Bytes:
    """From totals alone, so in no time. Raises `StorageError`."""
    row = reads.one(
        """
        SELECT (SELECT bytes FROM contents_total) AS contents,
            (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS database
        """,
        {},
    )
    assert row is not None
    return Bytes(int(row["contents"]), int(row["database"]))


def free_bytes(directory: Path) -> int | None:
    """Free space for this user on the disk of a directory; ``None`` where the disk does not tell."""
    try:
        disk = os.statvfs(directory)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize
