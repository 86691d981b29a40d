"""A bound on remembered 404s: whoever asks for made-up names can fill neither the disk nor the index.

A 404 is worth little after a minute, and nothing after an hour (``resolution.MISSING_USABLE_SECONDS``); its row would
stay for ever.
"""

from __future__ import annotations

import sqlite3

MISSING_KEPT = 100_000
"""Answers "no such project" kept of each upstream, some 15 MB; those confirmed longest ago go first."""

AT_ONCE = 1000
"""Rows removed in one go, so that not every later answer removes one."""


def trim_missing(connection: sqlite3.Connection, upstream_id: int, kept: int) -> None:
    """Remove the oldest of an upstream's 404s where there are more than ``kept``."""
    row = connection.execute(
        "SELECT missing FROM answers_by_upstream WHERE upstream_id = :upstream_id", {"upstream_id": upstream_id}
    ).fetchone()
    if row is None or row["missing"] <= kept:
        return
    connection.execute(
        """
        DELETE FROM pages WHERE upstream_id = :upstream_id AND project IN (
            SELECT project FROM pages INDEXED BY pages_missing
            WHERE upstream_id = :upstream_id AND tag IS NULL ORDER BY checked_at LIMIT :surplus
        )
        """,
        {"upstream_id": upstream_id, "surplus": row["missing"] - kept + min(AT_ONCE, kept // 10)},
    )
