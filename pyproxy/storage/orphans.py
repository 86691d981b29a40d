"""What nothing leads to any more, as far as that is told without reading every row and every directory."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from pyproxy.storage.database import Database
from pyproxy.storage.directory import TEMPORARY_NAME
from pyproxy.storage.temporary import is_held


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """``page_bodies`` without a page, which a running server sweeps; ``temporary`` files of processes that died.

    Rows without bytes, and bytes without rows, are for ``inspection`` to find.
    """

    page_bodies: int
    temporary_files: int
    temporary_bytes: int


def find_orphans(database: Database, directory: Path) -> Orphans:
    """Look; some milliseconds for 100,000 pages. Raises `StorageError`."""
    row = database.one(
        """
        SELECT (SELECT bodies FROM page_bodies_total)
            - (SELECT count(DISTINCT tag) FROM pages INDEXED BY pages_by_tag WHERE tag IS NOT NULL)
        """,
        {},
    )
    files = size = 0
    with contextlib.suppress(OSError):
        for folder in list((directory / TEMPORARY_NAME).iterdir()):
            if is_held(folder):
                continue
            for path in folder.iterdir():
                with contextlib.suppress(OSError):
                    size += path.stat().st_size
                    files += 1
    return Orphans(page_bodies=0 if row is None else max(0, row[0]), temporary_files=files, temporary_bytes=size)
