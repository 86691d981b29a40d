"""The table of ``jobs``: long work that an administrator starts in a server, one of each kind at a time."""

from __future__ import annotations

JOBS = (
    # ``holder`` is the temporary folder of the process that works on it; ``report`` is JSON, as the kind has it.
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        wanted TEXT NOT NULL,
        holder TEXT NOT NULL,
        began_at REAL NOT NULL,
        told_at REAL NOT NULL,
        ended_at REAL,
        outcome TEXT CHECK (outcome IN ('done', 'stopped', 'failed', 'cut off')),
        stop_wanted INTEGER NOT NULL DEFAULT 0 CHECK (stop_wanted IN (0, 1)),
        total_files INTEGER NOT NULL DEFAULT 0,
        total_bytes INTEGER NOT NULL DEFAULT 0,
        files INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0,
        damaged INTEGER NOT NULL DEFAULT 0,
        position TEXT NOT NULL DEFAULT '',
        report TEXT NOT NULL DEFAULT '',
        problem TEXT NOT NULL DEFAULT '',
        CHECK ((ended_at IS NULL) = (outcome IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX jobs_under_way ON jobs (kind) WHERE ended_at IS NULL",
    "CREATE INDEX jobs_by_kind ON jobs (kind, id)",
)
