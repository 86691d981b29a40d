"""Files removed at somebody's wish: the least recently used first, until few enough bytes are left.

Picking and removing are two transactions, and the decision is made again in the one that deletes: bytes that were
used or fetched again meanwhile stay. Uses that a running server has not written yet are not known here; it writes
them every ten seconds, so only a file that was used in the last seconds, and not for long before, may go by mistake:
then it is fetched once more. Whoever has a file open reads it to its end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pyproxy.storage import file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.eviction import TOTAL, Content
from pyproxy.storage.files import FileStore

AT_ONCE = 500
"""Rows read at a time."""

_IN_ORDER = """
    SELECT sha256, size, last_used FROM contents INDEXED BY contents_by_last_use
    WHERE (last_used, sha256) > (:last_used, :sha256) ORDER BY last_used, sha256 LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may stay: at most ``max_size`` bytes in all, and what was used since ``unused_since`` (unix seconds)."""

    max_size: int | None = None
    unused_since: float | None = None


@dataclass(frozen=True, slots=True)
class Going:
    """Bytes that go: not used for long (``unused``), else because there are too many."""

    content: Content
    unused: bool


class FilePruning:
    """Finds and removes the files beyond some limits. Everything raises `StorageError`."""

    def __init__(self, database: Database, files: FileStore, *, at_once: int = AT_ONCE) -> None:
        self._database = database
        self._at_once = at_once
        self._files = files

    def going(self, limits: Limits) -> Iterator[Going]:
        """What has to go, the least recently used first; nothing is removed."""
        over = self._total() - limits.max_size if limits.max_size is not None else 0
        for content in self._in_order():
            unused = _is_unused(content.last_used, limits)
            if not unused and over <= 0:
                return
            yield Going(content, unused)
            over -= content.size

    def remove(self, going: Going, limits: Limits) -> bool:
        """Remove one of them, with all its names, if it still has to go; whether it was removed."""
        delete = partial(_delete, content=going.content, limits=limits)
        return self._files.shelf.evict(going.content.sha256, delete, self._files.workspace)

    def _total(self) -> int:
        row = self._database.one(TOTAL, {})
        return 0 if row is None else int(row["bytes"])

    def _in_order(self) -> Iterator[Content]:
        last = Content("", 0, float("-inf"))
        while rows := self._database.all(_IN_ORDER, {**last._asdict(), "limit": self._at_once}):
            yield from (Content(*row) for row in rows)
            last = Content(*rows[-1])


def _is_unused(last_used: float, limits: Limits) -> bool:
    return limits.unused_since is not None and last_used < limits.unused_since


def _delete(connection: sqlite3.Connection, *, content: Content, limits: Limits) -> bool:
    row = connection.execute(
        "SELECT last_used FROM contents WHERE sha256 = :sha256", {"sha256": content.sha256}
    ).fetchone()
    if row is None or row["last_used"] != content.last_used:
        return False
    total = connection.execute(TOTAL).fetchone()["bytes"]
    if not _is_unused(content.last_used, limits) and (limits.max_size is None or total <= limits.max_size):
        return False
    file_rows.delete_content(connection, content.sha256)
    return True
