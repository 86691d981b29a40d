"""The tables of ``failures``: what went wrong at upstreams."""

from __future__ import annotations

FAILURES = (
    """
    CREATE TABLE upstream_failures (
        upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
        route TEXT NOT NULL,
        project TEXT NOT NULL,
        filename TEXT NOT NULL,
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        first_at REAL NOT NULL,
        last_at REAL NOT NULL,
        times INTEGER NOT NULL,
        over_at REAL,
        PRIMARY KEY (upstream_id, route, project, filename)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX upstream_failures_by_age ON upstream_failures (upstream_id, route, last_at)",
    "CREATE INDEX upstream_failures_by_project ON upstream_failures (project)",
    # Looked at each second: does a success end anything?
    "CREATE INDEX upstream_failures_open ON upstream_failures (upstream_id) WHERE over_at IS NULL",
    """
    CREATE TABLE upstream_rests (
        upstream_id INTEGER NOT NULL PRIMARY KEY REFERENCES upstreams (id) ON DELETE CASCADE,
        since REAL NOT NULL,
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        probe_at REAL
    )
    """,
    # Another index URL is another index: what the old one did says nothing of it.
    """
    CREATE TRIGGER upstream_failures_of_another_index AFTER UPDATE OF generation ON upstreams
    WHEN new.generation <> old.generation
    BEGIN
        DELETE FROM upstream_failures WHERE upstream_id = new.id;
        DELETE FROM upstream_rests WHERE upstream_id = new.id;
    END
    """,
)
