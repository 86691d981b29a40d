"""Answers of upstreams that are too old to be used again: found and removed, with the bodies behind them.

A page that was not confirmed for so long is not served any more, and a 404 counts for an hour: both only take room
until the upstream is asked again. What is removed costs an unconditional request where a conditional one would do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pyproxy.storage.database import Database
from pyproxy.storage.page_answers import drop_unreferenced

AT_ONCE = 1000
"""Rows looked at in one transaction."""

_Place = tuple[str, int]
"""A row by its key: the project, and the upstream's id."""

_OUTDATED = "(tag IS NOT NULL AND checked_at < :page_before OR tag IS NULL AND checked_at < :missing_before)"


@dataclass(frozen=True, slots=True)
class Horizon:
    """Answers last confirmed before these times (unix seconds) are outdated."""

    page_before: float
    missing_before: float


@dataclass(frozen=True, slots=True)
class OutdatedAnswers:
    """How many pages, with how many bytes of compressed bodies, and how many answers "no such project"."""

    pages: int = 0
    page_bytes: int = 0
    missing: int = 0


class Outdated:
    """Finds and removes outdated answers. Everything raises `StorageError`."""

    def __init__(self, database: Database, *, at_once: int = AT_ONCE) -> None:
        self._database = database
        self._at_once = at_once

    def count(self, horizon: Horizon) -> OutdatedAnswers:
        """What `remove` would remove. Looks at every row."""
        row = self._database.one(
            f"""
            SELECT count(tag) AS pages, count(*) - count(tag) AS missing, coalesce(sum((
                SELECT length(body_z) FROM page_bodies WHERE page_bodies.tag = pages.tag AND NOT EXISTS (
                    SELECT 1 FROM pages AS others WHERE others.tag = pages.tag AND others.checked_at >= :page_before
                )
            )), 0) AS page_bytes
            FROM pages WHERE {_OUTDATED}
            """,
            _values(horizon),
        )
        assert row is not None
        return OutdatedAnswers(row["pages"], row["page_bytes"], row["missing"])

    def remove(self, horizon: Horizon, *, stopped: Callable[[], bool] = lambda: False) -> int:
        """Remove them, some in each transaction, until there are none or it is ``stopped``; how many answers."""
        last: _Place | None = ("", 0)
        removed = 0
        while last is not None and not stopped():
            count, last = self._database.write_now(partial(_remove, horizon=horizon, last=last, limit=self._at_once))
            removed += count
        return removed


def _remove(connection: sqlite3.Connection, *, horizon: Horizon, last: _Place, limit: int) -> tuple[int, _Place | None]:
    """Remove the outdated ones of the next rows: how many, and the last row looked at; ``None``: there are no more."""
    rows = connection.execute(
        f"""
        SELECT project, upstream_id, tag, {_OUTDATED} AS outdated FROM pages
        WHERE (project, upstream_id) > (:project, :upstream_id) ORDER BY project, upstream_id LIMIT :limit
        """,
        {**_values(horizon), "project": last[0], "upstream_id": last[1], "limit": limit},
    ).fetchall()
    outdated = [row for row in rows if row["outdated"]]
    for row in outdated:
        connection.execute(
            "DELETE FROM pages WHERE project = :project AND upstream_id = :upstream_id",
            {"project": row["project"], "upstream_id": row["upstream_id"]},
        )
        drop_unreferenced(connection, row["tag"])
    return len(outdated), (rows[-1]["project"], rows[-1]["upstream_id"]) if rows else None


def _values(horizon: Horizon) -> dict[str, object]:
    return {"page_before": horizon.page_before, "missing_before": horizon.missing_before}
