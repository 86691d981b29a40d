"""The cache made smaller by a server, as a job: ``admin.cache.pruning`` does the work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from pyproxy.admin.cache.pruning import Pruned, Pruning
from pyproxy.admin.storage.prune_preview import PrunePreview, Wish
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.jobs import JobRow, Outcome, Told

KIND = "prune"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prune:
    """How far a prune is, or how it ended; times are unix seconds.

    ``total_files`` and ``total_bytes`` were to go when it began; ``pruned`` has gone. ``outcome`` is ``None`` while it
    is under way.
    """

    wish: Wish
    began_at: float
    ended_at: float | None
    outcome: Outcome | None
    stop_wanted: bool
    total_files: int
    total_bytes: int
    files: int
    bytes: int
    pruned: Pruned
    problem: str


class PruneWork:
    """A `jobs.Work`; ``preview`` says what is to go."""

    def __init__(self, database: Database, files: FileStore, preview: PrunePreview) -> None:
        self._database = database
        self._files = files
        self._preview = preview
        self._pruning: Pruning | None = None
        self._stopped = False

    def told(self) -> Told:
        """How far it is."""
        gone = self._pruning.gone if self._pruning is not None else Pruned()
        return Told(
            total_files=self._preview.files,
            total_bytes=self._preview.bytes,
            files=gone.unused.files + gone.surplus.files,
            bytes=gone.unused.bytes + gone.surplus.bytes,
            report=msgspec.json.encode(gone).decode(),
        )

    async def run(self) -> None:
        """Remove it."""
        await self._files.flush_uses()  # what is in use must not go
        self._database.file.check()
        # Its own, for it works in a thread.
        database = await asyncio.to_thread(Database.open, self._database.path)
        try:
            self._pruning = Pruning(database, self._files)
            if self._stopped:
                self._pruning.stop()
            await self._pruning.prune(self._preview.limits, self._preview.outdated, lambda _: None)
        finally:
            await asyncio.to_thread(database.close)

    def stop(self) -> None:
        """Let it end soon."""
        self._stopped = True
        if self._pruning is not None:
            self._pruning.stop()


def wanted(wish: Wish) -> str:
    """The wish, as a job's row keeps it."""
    return msgspec.json.encode(wish).decode()


def prune(row: JobRow) -> Prune:
    """The job's row as what it is."""
    return Prune(
        wish=msgspec.json.decode(row.wanted, type=Wish),
        began_at=row.began_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        stop_wanted=row.stop_wanted,
        total_files=row.total_files,
        total_bytes=row.total_bytes,
        files=row.files,
        bytes=row.bytes,
        pruned=msgspec.json.decode(row.report or "{}", type=Pruned),
        problem=row.problem,
    )
