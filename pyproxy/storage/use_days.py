"""How much was not used for how long, and what would go first, from sums by the day of last use.

Whole days come from the table ``use_days``, and the part of one day from the index by last use alone: no rows of files
are read, however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.storage.database import Database

DAY_SECONDS = 86400

_DAYS = "SELECT coalesce(sum(files), 0) AS files, coalesce(sum(bytes), 0) AS bytes FROM use_days WHERE day < :day"

_SINCE_DAY = """
    SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM contents INDEXED BY contents_by_last_use
    WHERE last_used >= :day * 86400 AND last_used < :before
"""

_BEFORE_FULL = """
    SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM (
        SELECT size, sum(size) OVER (ORDER BY last_used, sha256 ROWS UNBOUNDED PRECEDING) - size AS before
        FROM contents INDEXED BY contents_by_last_use
        WHERE last_used >= :since AND last_used < (:day + 1) * 86400
    ) WHERE before < :bytes
"""

_FIRST = """
    SELECT contents.sha256, contents.size, contents.last_used,
        (SELECT project FROM files WHERE files.sha256 = contents.sha256 ORDER BY kept_at LIMIT 1) AS project,
        (SELECT filename FROM files WHERE files.sha256 = contents.sha256 ORDER BY kept_at LIMIT 1) AS filename
    FROM contents INDEXED BY contents_by_last_use ORDER BY last_used, contents.sha256 LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class Amount:
    """So many files, by their bytes and not by their names, with so many bytes together."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.files + other.files, self.bytes + other.bytes)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.files - other.files, self.bytes - other.bytes)

    def more(self, size: int) -> Amount:
        """With one file more."""
        return Amount(self.files + 1, self.bytes + size)


@dataclass(frozen=True, slots=True, kw_only=True)
class OldFile:
    """Bytes by the oldest of their names (``None`` for bytes without one); ``last_used`` in unix seconds."""

    sha256: str
    size: int
    last_used: float
    project: str | None
    filename: str | None


class UseDays:
    """Reads the sums. Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def everything(self) -> Amount:
        """Everything that is kept."""
        return self._amount("SELECT coalesce(sum(files), 0), coalesce(sum(bytes), 0) FROM use_days", {})

    def unused_since(self, when: float) -> Amount:
        """What was last used before a time (unix seconds)."""
        day = int(when // DAY_SECONDS)
        return self._amount(_DAYS, {"day": day}) + self._amount(_SINCE_DAY, {"day": day, "before": when})

    def least_recent(self, size: int, *, since: float = 0.0) -> Amount:
        """The files that go first until ``size`` bytes have gone, of those used ``since`` then; the last one counts."""
        if size <= 0:
            return Amount()
        skipped = self.unused_since(since)
        needed = skipped.bytes + size
        before, last = Amount(), None
        for row in self._database.all("SELECT day, files, bytes FROM use_days ORDER BY day", {}):
            last = row["day"]
            if before.bytes + row["bytes"] >= needed:
                break
            before += Amount(row["files"], row["bytes"])
        else:
            return before - skipped
        # Within that day one by one; it may be the one in which ``since`` lies.
        start = max(since, float(last * DAY_SECONDS))
        gone = before - skipped if last * DAY_SECONDS >= since else Amount()
        return gone + self._amount(_BEFORE_FULL, {"since": start, "day": last, "bytes": size - gone.bytes})

    def first(self, limit: int) -> list[OldFile]:
        """The least recently used files, the oldest first."""
        return [OldFile(**dict(row)) for row in self._database.all(_FIRST, {"limit": limit})]

    def _amount(self, sql: str, values: dict[str, object]) -> Amount:
        row = self._database.one(sql, values)
        return Amount() if row is None else Amount(int(row[0]), int(row[1]))
