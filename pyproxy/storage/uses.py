"""When stored files were last used, counted in memory and written in batches: a hit must not cost a write."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from pyproxy.storage.database import Database


class Use(NamedTuple):
    """How often since the last flush, and when last (unix seconds)."""

    times: int
    last: float


class Uses:
    """Counts uses by sha256; ``pending`` holds those that are not written yet, for whoever picks what to evict."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.pending: dict[str, Use] = {}

    def note(self, sha256: str, when: float) -> None:
        """One more use, of whatever file; costs a dictionary entry."""
        known = self.pending.get(sha256)
        self.pending[sha256] = Use(1, when) if known is None else Use(known.times + 1, max(known.last, when))

    async def flush(self) -> int:
        """Write the counts; how many files that were. A failed flush keeps them for the next. Raises `StorageError`."""
        batch = dict(self.pending)
        if not batch:
            return 0
        rows = [{"sha256": sha256, "times": use.times, "last": use.last} for sha256, use in batch.items()]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(
                """
                UPDATE contents SET uses = uses + :times, last_used = max(last_used, :last)
                WHERE sha256 = :sha256
                """,
                rows,
            )

        await self._database.write(write)
        for sha256, use in batch.items():
            self._settle(sha256, use)
        return len(batch)

    def _settle(self, sha256: str, written: Use) -> None:
        """Keep what was noted while the batch was being written."""
        now = self.pending[sha256]
        if now.times == written.times:
            del self.pending[sha256]
        else:
            self.pending[sha256] = Use(now.times - written.times, now.last)
