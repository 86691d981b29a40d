"""The storage at a glance: sizes by upstream and project, what was not used for long, the disk, the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyproxy.admin.cache.statistics import Statistics, statistics
from pyproxy.storage.aside import aside
from pyproxy.storage.database import Database
from pyproxy.storage.json_documents import SIZE_LIMIT, JsonDocumentStore
from pyproxy.storage.orphans import Orphans, find_orphans
from pyproxy.storage.projects import ProjectIndex, ProjectTotals
from pyproxy.storage.use_days import DAY_SECONDS, Amount, UseDays

IDLE_DAYS = (7, 30, 90, 365)

LARGEST = 20
"""Projects that are named, of those with the most bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """What was not used for so many days: those of a longer time are among it."""

    days: int
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageOverview:
    """The storage at ``now`` (unix seconds). ``kept`` counts files by their bytes, not by their names.

    ``json_bytes`` are taken by documents of the JSON API, of ``json_limit``.
    """

    now: float
    statistics: Statistics
    kept: Amount
    idle: tuple[Idle, ...]
    largest: tuple[ProjectTotals, ...]
    json_bytes: int
    json_limit: int
    orphans: Orphans

    @property
    def left_behind(self) -> Amount:
        """Files, by their names, of upstreams that were removed."""
        removed = (each for each in self.statistics.upstreams if not each.configured)
        return sum((Amount(each.files, each.file_bytes) for each in removed), Amount())

    @property
    def may_grow(self) -> int:
        """Bytes that may still be kept: up to ``max_size``, and without going below ``min_free``."""
        room = self.statistics.free_bytes - self.statistics.min_free
        if self.statistics.max_size is not None:
            room = min(room, self.statistics.max_size - self.kept.bytes)
        return max(0, room)


class StorageLook:
    """Looks at a storage directory. ``max_size`` and ``min_free`` are the configured limits in bytes."""

    def __init__(
        self,
        database: Database,
        directory: Path,
        *,
        max_size: int | None,
        min_free: int,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._directory = directory
        self._max_size = max_size
        self._min_free = min_free
        self._clock = clock

    async def look(self, largest: int = LARGEST) -> StorageOverview:
        """The overview, with so many of the largest projects. Raises `StorageError`."""
        return await aside(self._database, partial(self._look, largest=largest))

    def _look(self, database: Database, *, largest: int) -> StorageOverview:
        now, days = self._clock(), UseDays(database)
        idle = (Idle(days=count, amount=days.unused_since(now - count * DAY_SECONDS)) for count in IDLE_DAYS)
        return StorageOverview(
            now=now,
            statistics=statistics(database, self._directory, max_size=self._max_size, min_free=self._min_free),
            kept=days.everything(),
            idle=tuple(idle),
            largest=tuple(ProjectIndex(database).largest(largest)),
            json_bytes=JsonDocumentStore(database).size(),
            json_limit=SIZE_LIMIT,
            orphans=find_orphans(database, self._directory),
        )
