"""What went wrong at upstreams: the newest failure of each subject, and which upstreams rest.

A *subject* is what was asked of an upstream: a project's page, one file, one metadata file. Its failures since the
last success are one row; the next success marks the row as over. Rows are bounded for each upstream and kind of
request, the oldest go: a flood of made-up names at an upstream that fails can neither fill the disk nor push out what
is known of files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

from pyproxy.storage.database import Database

ROWS_PER_ROUTE = 500
"""Failures kept of one upstream, for each kind of request (pages, files, metadata files and two more)."""

LONGEST_REASON = 500
"""Characters of a reason that are kept: some of it may be an upstream's own words."""


class Subject(NamedTuple):
    """What an upstream was asked: ``route`` as in `repositories.observer.Route`; ``filename`` is empty for pages."""

    upstream_id: int
    route: str
    project: str
    filename: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of one subject's requests for a while, in unix seconds.

    ``times`` failures since the last success, from ``first_at`` to ``last_at``, the newest for this ``reason``; none:
    there was a success only. ``over_at`` is the success after them. ``restarted``: a success came before them.
    """

    times: int = 0
    kind: str = ""
    reason: str = ""
    first_at: float = 0.0
    last_at: float = 0.0
    over_at: float | None = None
    restarted: bool = False

    def then(self, later: Tally) -> Tally:
        """This one, and what came after it."""
        if not later.times:
            return self if self.over_at is not None else replace(self, over_at=later.over_at)
        if later.restarted or self.over_at is not None or not self.times:
            return replace(later, restarted=later.restarted or self.restarted or self.over_at is not None)
        return replace(later, times=self.times + later.times, first_at=self.first_at, restarted=self.restarted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The newest failures of one subject: ``times`` of them in a row, from ``first_at`` to ``last_at`` (unix seconds).

    ``kind`` is a word of `repositories.failure_kinds`, ``reason`` the newest one's sentence, which continues "upstream
    <name> …". ``over_at``: when the subject succeeded again, ``None`` while it has not.
    """

    upstream_id: int
    route: str
    project: str
    filename: str
    kind: str
    reason: str
    first_at: float
    last_at: float
    times: int
    over_at: float | None


@dataclass(frozen=True, slots=True)
class Rest:
    """An upstream is not asked ``since`` then, for ``reason``; a probe is due at ``probe_at``, where that is known.

    ``began`` tells, on the way to the database, that this is where it began and no later news of it.
    """

    since: float
    kind: str
    reason: str
    probe_at: float | None = None
    began: bool = True


class FailureStore:
    """Keeps failures and rests; they go with their upstream, and when its index URL changes."""

    def __init__(self, database: Database, *, rows_per_route: int = ROWS_PER_ROUTE) -> None:
        self._database = database
        self._rows = rows_per_route

    async def write(self, tallies: Mapping[Subject, Tally], rests: Mapping[int, Rest | None]) -> None:
        """Add what happened, in one transaction; ``None`` ends an upstream's rest.

        Writes nothing while everything goes well. Raises `StorageError`; then nothing was written.
        """
        failed = [_values(subject, tally) for subject, tally in tallies.items() if tally.times]
        failing = {subject.upstream_id: self._is_failing(subject.upstream_id) for subject in tallies}
        over = [
            _values(subject, tally)
            for subject, tally in tallies.items()
            if not tally.times and failing[subject.upstream_id]
        ]
        if not (failed or over or rests):
            return

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(_ADD, failed)
            connection.executemany(_END, over)
            for upstream_id, route in {(values["upstream_id"], values["route"]) for values in failed}:
                connection.execute(_TRIM, {"upstream_id": upstream_id, "route": route, "rows": self._rows})
            for upstream_id, rest in rests.items():
                _write_rest(connection, upstream_id, rest)

        await self._database.write(write)

    def of_project(self, project: str) -> list[Failure]:
        """What went wrong with a project and its files, the newest first."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM upstream_failures WHERE project = :project ORDER BY last_at DESC, filename",
            {"project": project},
        )
        return [Failure(**dict(row)) for row in rows]

    def of_upstream(self, upstream_id: int, limit: int) -> list[Failure]:
        """What went wrong with one upstream, the newest first."""
        rows = self._database.all(
            f"""
            SELECT {_COLUMNS} FROM upstream_failures WHERE upstream_id = :id
            ORDER BY last_at DESC, project, filename LIMIT :limit
            """,
            {"id": upstream_id, "limit": limit},
        )
        return [Failure(**dict(row)) for row in rows]

    async def forget(self, project: str, filename: str | None = None) -> int:
        """Forget a project's failures, or those of one file and its metadata; how many there were."""
        sql = """
            DELETE FROM upstream_failures
            WHERE project = :project AND (:filename IS NULL OR filename IN (:filename, :filename || '.metadata'))
            """
        values = {"project": project, "filename": filename}
        return await self._database.write(lambda connection: connection.execute(sql, values).rowcount)

    def rests(self) -> dict[int, Rest]:
        """The upstreams that rest, by id. A server that was killed could not say that it is over."""
        rows = self._database.all("SELECT upstream_id, since, kind, reason, probe_at FROM upstream_rests", {})
        return {row["upstream_id"]: Rest(row["since"], row["kind"], row["reason"], row["probe_at"]) for row in rows}

    def _is_failing(self, upstream_id: int) -> bool:
        sql = "SELECT 1 FROM upstream_failures WHERE upstream_id = :id AND over_at IS NULL LIMIT 1"
        return self._database.one(sql, {"id": upstream_id}) is not None


_COLUMNS = "upstream_id, route, project, filename, kind, reason, first_at, last_at, times, over_at"

_ADD = f"""
    INSERT INTO upstream_failures ({_COLUMNS})
    SELECT :upstream_id, :route, :project, :filename, :kind, :reason, :first_at, :last_at, :times, :over_at
    WHERE EXISTS (SELECT 1 FROM upstreams WHERE id = :upstream_id)
    ON CONFLICT (upstream_id, route, project, filename) DO UPDATE SET
        kind = excluded.kind, reason = excluded.reason, last_at = excluded.last_at,
        first_at = CASE WHEN :restarted OR over_at IS NOT NULL THEN excluded.first_at ELSE first_at END,
        times = CASE WHEN :restarted OR over_at IS NOT NULL THEN excluded.times ELSE times + excluded.times END,
        over_at = excluded.over_at
"""
"""Not for an upstream that was removed meanwhile."""

_END = """
    UPDATE upstream_failures SET over_at = :over_at
    WHERE upstream_id = :upstream_id AND route = :route AND project = :project AND filename = :filename
        AND over_at IS NULL
"""

_TRIM = """
    DELETE FROM upstream_failures WHERE (upstream_id, route, project, filename) IN (
        SELECT upstream_id, route, project, filename FROM upstream_failures
        WHERE upstream_id = :upstream_id AND route = :route
        ORDER BY last_at DESC LIMIT -1 OFFSET :rows
    )
"""

_REST = """
    INSERT INTO upstream_rests (upstream_id, since, kind, reason, probe_at)
    SELECT :upstream_id, :since, :kind, :reason, :probe_at
    WHERE EXISTS (SELECT 1 FROM upstreams WHERE id = :upstream_id)
    ON CONFLICT (upstream_id) DO UPDATE SET
        since = CASE WHEN :began THEN excluded.since ELSE since END,
        kind = CASE WHEN :began THEN excluded.kind ELSE kind END,
        reason = CASE WHEN :began THEN excluded.reason ELSE reason END,
        probe_at = excluded.probe_at
"""


def _write_rest(connection: sqlite3.Connection, upstream_id: int, rest: Rest | None) -> None:
    if rest is None:
        connection.execute("DELETE FROM upstream_rests WHERE upstream_id = :id", {"id": upstream_id})
    else:
        values = asdict(rest) | {"reason": rest.reason[:LONGEST_REASON], "upstream_id": upstream_id}
        connection.execute(_REST, values)


def _values(subject: Subject, tally: Tally) -> dict[str, object]:
    return {**subject._asdict(), **asdict(tally), "reason": tally.reason[:LONGEST_REASON]}
