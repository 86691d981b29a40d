"""Every cached file verified by a server, as a job: ``admin.cache.verifying`` does the work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from pyproxy.admin.cache.verifying import Verifying
from pyproxy.storage.database import Database
from pyproxy.storage.files import FileStore
from pyproxy.storage.inspection import Finding
from pyproxy.storage.jobs import JobRow, Outcome, Told

KIND = "verify"

FINDINGS_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How far a verification is, or how it ended; times are unix seconds.

    ``total_files`` and ``total_bytes`` were kept when it began. ``damaged`` counts what was no longer sound,
    ``findings`` has the first of it, and what was found again. ``outcome`` is ``None`` while it is under way.
    """

    began_at: float
    ended_at: float | None
    outcome: Outcome | None
    stop_wanted: bool
    total_files: int
    total_bytes: int
    files: int
    bytes: int
    damaged: int
    findings: tuple[Finding, ...]
    problem: str
    position: str

    @property
    def may_go_on(self) -> bool:
        """Whether another one may begin where this one ended."""
        return self.outcome not in (None, "done") and bool(self.position)


class VerifyWork:
    """A `jobs.Work`; ``begun`` is a verification that ended early, to go on where it ended."""

    def __init__(self, database: Database, files: FileStore, begun: Verification | None = None) -> None:
        self._database = database
        self._files = files
        self._after = begun.position if begun is not None else ""
        self._findings = list(begun.findings) if begun is not None else []
        self._damaged = begun.damaged if begun is not None else 0
        self._begun = Told() if begun is None else Told(files=begun.files, bytes=begun.bytes)
        self._verifying: Verifying | None = None
        self._stopped = False

    def told(self) -> Told:
        """How far it is."""
        progress = self._verifying.progress if self._verifying is not None else None
        return Told(
            total_files=progress.total_files if progress is not None else 0,
            total_bytes=progress.total_bytes if progress is not None else 0,
            files=self._begun.files + (progress.files if progress is not None else 0),
            bytes=self._begun.bytes + (progress.bytes if progress is not None else 0),
            damaged=self._damaged,
            position=progress.position or self._after if progress is not None else self._after,
            report=msgspec.json.encode(self._findings[:FINDINGS_LISTED]).decode(),
        )

    async def run(self) -> None:
        """Verify what is left."""
        self._database.file.check()
        # Its own, for it reads in a thread what others read on the loop.
        database = await asyncio.to_thread(Database.open, self._database.path, read_only=True)
        try:
            self._verifying = Verifying(database, self._files, found=self._take)
            if self._stopped:
                self._verifying.stop()
            await self._verifying.run(after=self._after)
        finally:
            database.close()

    def stop(self) -> None:
        """Let it end soon."""
        self._stopped = True
        if self._verifying is not None:
            self._verifying.stop()

    def _take(self, finding: Finding) -> None:
        self._damaged += finding.outcome != "found again"
        if len(self._findings) < FINDINGS_LISTED:
            self._findings.append(finding)


def verification(row: JobRow) -> Verification:
    """The job's row as what it is."""
    return Verification(
        began_at=row.began_at,
        ended_at=row.ended_at,
        outcome=row.outcome,
        stop_wanted=row.stop_wanted,
        total_files=row.total_files,
        total_bytes=row.total_bytes,
        files=row.files,
        bytes=row.bytes,
        damaged=row.damaged,
        findings=tuple(msgspec.json.decode(row.report or "[]", type=list[Finding])),
        problem=row.problem,
        position=row.position,
    )
