"""The table of ``damage``: cached files that were found altered, cut or gone, the newest of them."""

from __future__ import annotations

DAMAGE = (
    """
    CREATE TABLE damage (
        sha256 TEXT NOT NULL PRIMARY KEY,
        filename TEXT NOT NULL,
        problem TEXT NOT NULL,
        found_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX damage_by_time ON damage (found_at)",
)
