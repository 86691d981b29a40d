"""Long work in a server, such as reading every file: at most one of each kind at a time, whichever process does it.

A job is a row that every process can look at. The process that works on it tells how far it is, and hears in the same
breath whether somebody wants it to stop. A process that dies says nothing more: its job counts as cut off as soon as
the lock of its temporary folder is free, or when nothing was heard of it for long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pyproxy.storage.database import Database
from pyproxy.storage.directory import TEMPORARY_NAME
from pyproxy.storage.temporary import is_held

Outcome = Literal["done", "stopped", "failed", "cut off"]
"""It came to its end; somebody stopped it; something was in its way; its process ended."""

HEARD_SECONDS = 120.0
"""A job that was not heard of for so long is under way no more, even if its process lives."""

REMEMBERED = 20
"""Jobs of each kind whose rows are kept."""

_COLUMNS = """
    id, kind, wanted, holder, began_at, told_at, ended_at, outcome, stop_wanted, total_files, total_bytes, files, bytes,
    damaged, position, report, problem
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job. ``outcome`` is ``None`` while it is under way; times are unix seconds.

    ``wanted`` and ``report`` are texts that those who start and do it understand. ``position`` is how far it came, in
    its own order, so that another can go on from there. ``problem`` says what was in the way of one that failed.
    """

    id: int
    kind: str
    wanted: str
    holder: str
    began_at: float
    told_at: float
    ended_at: float | None
    outcome: Outcome | None
    stop_wanted: bool
    total_files: int
    total_bytes: int
    files: int
    bytes: int
    damaged: int
    position: str
    report: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a job says of itself; the fields are those of `JobRow`."""

    total_files: int = 0
    total_bytes: int = 0
    files: int = 0
    bytes: int = 0
    damaged: int = 0
    position: str = ""
    report: str = ""


class JobStore:
    """The jobs of a storage directory. Everything raises `StorageError`."""

    def __init__(self, database: Database, directory: Path, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._folders = directory.absolute() / TEMPORARY_NAME
        self._clock = clock

    def newest(self, kind: str) -> JobRow | None:
        """The job under way, else the one that was begun last."""
        row = self._database.one(
            f"SELECT {_COLUMNS} FROM jobs WHERE kind = :kind ORDER BY id DESC LIMIT 1", {"kind": kind}
        )
        return None if row is None else self._judged(row)

    def last_ended(self, kind: str) -> JobRow | None:
        """The last job that is under way no more."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM jobs WHERE kind = :kind ORDER BY id DESC LIMIT 2", {"kind": kind}
        )
        return next((job for job in map(self._judged, rows) if job.outcome is not None), None)

    async def begin(self, kind: str, holder: str, wanted: str, told: Told) -> int | None:
        """A new job, by its id; ``None`` while another of its kind is under way.

        ``holder`` is the name of the temporary folder of the process that will do it.
        """
        values = {**_values(told), "kind": kind, "holder": holder, "wanted": wanted, "now": self._clock()}

        def begin(connection: sqlite3.Connection) -> int | None:
            sql = f"SELECT {_COLUMNS} FROM jobs WHERE kind = :kind AND ended_at IS NULL"
            row = connection.execute(sql, values).fetchone()
            if row is not None:
                if self._judged(row).outcome is None:
                    return None
                connection.execute(
                    "UPDATE jobs SET ended_at = told_at, outcome = 'cut off' WHERE id = :id", {"id": row["id"]}
                )
            cursor = connection.execute(_BEGIN, values)
            connection.execute(_FORGET, {"kind": kind, "remembered": REMEMBERED})
            return cursor.lastrowid

        return await self._database.write(begin)

    async def tell(self, job_id: int, told: Told) -> bool:
        """Say how far a job is; whether it may go on: nobody wants it to stop, and it does not count as cut off."""
        values = {**_values(told), "id": job_id, "now": self._clock()}

        def tell(connection: sqlite3.Connection) -> bool:
            row = connection.execute(_TELL, values).fetchone()
            return row is not None and not row["stop_wanted"]

        return await self._database.write(tell)

    async def end(self, job_id: int, outcome: Outcome, told: Told, problem: str = "") -> None:
        """A job is under way no more."""
        values = {**_values(told), "id": job_id, "now": self._clock(), "outcome": outcome, "problem": problem}

        def end(connection: sqlite3.Connection) -> None:
            connection.execute(_TELL, values).fetchall()
            connection.execute(
                """
                UPDATE jobs SET ended_at = :now, outcome = :outcome, problem = :problem
                WHERE id = :id AND ended_at IS NULL
                """,
                values,
            )

        await self._database.write(end)

    async def ask_to_stop(self, kind: str) -> bool:
        """Let the job under way stop, wherever it is done; whether there is one."""
        sql = "UPDATE jobs SET stop_wanted = 1 WHERE kind = :kind AND ended_at IS NULL"
        return await self._database.write(lambda connection: connection.execute(sql, {"kind": kind}).rowcount > 0)

    def _judged(self, row: sqlite3.Row) -> JobRow:
        """The job as it is: one whose process has gone ended when it was last heard of."""
        values = {**dict(row), "stop_wanted": bool(row["stop_wanted"])}
        if row["ended_at"] is None:
            heard = self._clock() - row["told_at"] <= HEARD_SECONDS
            if not heard or not is_held(self._folders / row["holder"]):
                values |= {"ended_at": row["told_at"], "outcome": "cut off"}
        return JobRow(**values)


_BEGIN = """
    INSERT INTO jobs (
        kind, wanted, holder, began_at, told_at, total_files, total_bytes, files, bytes, damaged, position, report
    ) VALUES (
        :kind, :wanted, :holder, :now, :now, :total_files, :total_bytes, :files, :bytes, :damaged, :position, :report
    )
"""

_TELL = """
    UPDATE jobs SET told_at = :now, total_files = :total_files, total_bytes = :total_bytes, files = :files,
        bytes = :bytes, damaged = :damaged, position = :position, report = :report
    WHERE id = :id AND ended_at IS NULL RETURNING stop_wanted
"""

_FORGET = """
    DELETE FROM jobs WHERE kind = :kind AND id NOT IN (
        SELECT id FROM jobs WHERE kind = :kind ORDER BY id DESC LIMIT :remembered
    )
"""


def _values(told: Told) -> dict[str, object]:
    return {
        "total_files": told.total_files,
        "total_bytes": told.total_bytes,
        "files": told.files,
        "bytes": told.bytes,
        "damaged": told.damaged,
        "position": told.position,
        "report": told.report,
    }
