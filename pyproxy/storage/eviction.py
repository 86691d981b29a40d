"""Room for new files: the least recently used contents go first, so that all together stay within ``max_size``.

The database keeps the sum of all sizes itself, by triggers, and an index by last use: nothing here looks at more
than a few rows at once. A keep makes room for its own size before, and looks again afterwards, because others (in
this process or another) may have kept something meanwhile. What is too much for another reason, such as a limit that
was lowered, is trimmed in the background.

Picking and removing are two transactions, so the decision is made again in the one that deletes: bytes that were used
or fetched again meanwhile stay, and several processes together evict no more than one would. Uses that are not
written yet count, but a process knows only its own; those of the others are as old as their last flush.

An evicted file keeps its place on the pages and its recorded sha256, and whoever has it open reads it to its end.
Everything here waits for the disk, unless it says otherwise: it runs in worker threads.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pyproxy.errors import StorageError
from pyproxy.storage import file_rows
from pyproxy.storage.database import Database
from pyproxy.storage.shelf import Shelf
from pyproxy.storage.uses import Uses

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Rows that one transaction looks at."""

TOTAL = "SELECT bytes FROM contents_total"

OLDEST = """
    SELECT sha256, size, last_used FROM contents
    WHERE sha256 <> :spared ORDER BY last_used LIMIT :count
"""
"""In the order of the index ``contents_by_last_use``."""


class Content(NamedTuple):
    """Bytes that may go, and what the database said of their last use (unix seconds)."""

    sha256: str
    size: int
    last_used: float


class Coming(NamedTuple):
    """Bytes that room is wanted for, ``size`` of them; these themselves are spared."""

    sha256: str
    size: int


NOTHING = Coming("", 0)


class Eviction:
    """Keeps the sum of all contents within ``max_size`` bytes; ``None`` is no limit.

    ``workspace`` is the process's own temporary folder.
    """

    def __init__(
        self, database: Database, shelf: Shelf, uses: Uses, *, max_size: int | None, workspace: Path
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._uses = uses
        self._max_size = max_size
        self._workspace = workspace
        self._stopped = threading.Event()

    def make_room(self, sha256: str, size: int) -> None:
        """Evict what must go before ``size`` bytes are kept, and not more than that, however much there is too much.

        Raises `StorageError`, also where the bytes alone are more than ``max_size``.
        """
        if self._max_size is None:
            return
        if size > self._max_size:
            raise StorageError(f"its {size} bytes are more than storage.max_size ({self._max_size})")
        self._evict(Coming(sha256, size), enough=size)

    def settle(self, sha256: str, size: int) -> None:
        """Evict what others made too much while these bytes were being kept; a failure is logged: they are kept."""
        if self._max_size is None:
            return
        try:
            self._evict(Coming(sha256, 0), enough=size)
        except StorageError as error:
            log.warning("the cached files are more than storage.max_size for now: %s", error)

    def is_over(self) -> bool:
        """Whether there is too much; one look-up, on the event loop. Raises `StorageError`."""
        if self._max_size is None:
            return False
        row = self._database.one(TOTAL, {})
        return row is not None and row["bytes"] > self._max_size

    def trim(self) -> None:
        """Evict until nothing is too much, or `stop` is called. Raises `StorageError`."""
        if self._max_size is not None:
            count, freed = self._evict(NOTHING, enough=None)
            if count:
                log.info("evicted %d cached files (%d bytes) to keep to storage.max_size", count, freed)

    def stop(self) -> None:
        """End a `trim` early; the next one goes on. From any thread."""
        self._stopped.set()

    def _evict(self, coming: Coming, enough: int | None) -> tuple[int, int]:
        """Evict until there is room, or ``enough`` bytes are free (``None``: until stopped); how many files and bytes.

        So a keep pays for its own bytes only, also while a lowered limit is still being trimmed to.
        """
        count = freed = 0
        while (oldest := self._database.write_now(partial(self._pick, coming=coming))) is not None:
            for content in oldest:
                if self._stopped.is_set() if enough is None else freed >= enough:
                    return count, freed
                delete = partial(self._delete, coming=coming, content=content)
                if self._shelf.evict(content.sha256, delete, self._workspace):
                    log.debug("evicted %s (%d bytes)", content.sha256, content.size)
                    count, freed = count + 1, freed + content.size
        return count, freed

    def _pick(self, connection: sqlite3.Connection, *, coming: Coming) -> list[Content] | None:
        """The least recently used, oldest first, as many as have to go; ``None`` when nothing has to.

        Uses in memory that matter here are written first, so the list may be empty: then the next look finds others.
        """
        over = self._over(connection, coming)
        if over <= 0:
            return None
        rows = connection.execute(OLDEST, {"spared": coming.sha256, "count": AT_ONCE}).fetchall()
        if not rows:
            return None
        oldest = [Content(row["sha256"], row["size"], self._last_use(row["sha256"], row["last_used"])) for row in rows]
        connection.executemany(
            "UPDATE contents SET last_used = :last_used WHERE sha256 = :sha256 AND last_used < :last_used",
            [content._asdict() for content in oldest],
        )
        # Rows that were not looked at may have been used before those that have just moved behind them.
        horizon = rows[-1]["last_used"] if len(rows) == AT_ONCE else float("inf")
        chosen = []
        for content in sorted(oldest, key=lambda content: content.last_used):
            if over <= 0 or content.last_used > horizon:
                break
            chosen.append(content)
            over -= content.size
        return chosen

    def _delete(self, connection: sqlite3.Connection, *, coming: Coming, content: Content) -> bool:
        """Delete the rows of a content that was picked, if it still has to go; whether they were deleted."""
        row = connection.execute(
            "SELECT last_used FROM contents WHERE sha256 = :sha256", {"sha256": content.sha256}
        ).fetchone()
        if row is None or self._last_use(content.sha256, row["last_used"]) != content.last_used:
            return False
        if self._over(connection, coming) <= 0:
            return False
        file_rows.delete_content(connection, content.sha256)
        return True

    def _over(self, connection: sqlite3.Connection, coming: Coming) -> int:
        """How many bytes are too much, with those that are coming; bytes that are here already come at no cost."""
        assert self._max_size is not None
        here = connection.execute("SELECT 1 FROM contents WHERE sha256 = :sha256", {"sha256": coming.sha256}).fetchone()
        total: int = connection.execute(TOTAL).fetchone()["bytes"]
        return total + (0 if here else coming.size) - self._max_size

    def _last_use(self, sha256: str, written: float) -> float:
        use = self._uses.pending.get(sha256)
        return written if use is None else max(written, use.last)
