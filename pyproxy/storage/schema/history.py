"""The tables of ``history``: what clients and upstreams were asked for, counted by hour and day; and the newest of it.

``length`` is that of a period in seconds and ``start`` when it began (unix seconds): hours and days of UTC, which has
no daylight saving time. Nothing refers to upstreams by name, so what was counted stays when one is removed.
"""

from __future__ import annotations

COUNTS = (
    """
    CREATE TABLE client_counts (
        length INTEGER NOT NULL CHECK (length IN (3600, 86400)),
        start INTEGER NOT NULL,
        route TEXT NOT NULL,
        outcome TEXT NOT NULL,
        requests INTEGER NOT NULL,
        sent INTEGER NOT NULL,
        saved INTEGER NOT NULL,
        PRIMARY KEY (length, start, outcome, route)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE upstream_counts (
        length INTEGER NOT NULL CHECK (length IN (3600, 86400)),
        start INTEGER NOT NULL,
        upstream TEXT NOT NULL,
        calls INTEGER NOT NULL,
        missing INTEGER NOT NULL,
        received INTEGER NOT NULL,
        PRIMARY KEY (length, start, upstream)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE upstream_failure_counts (
        length INTEGER NOT NULL CHECK (length IN (3600, 86400)),
        start INTEGER NOT NULL,
        upstream TEXT NOT NULL,
        kind TEXT NOT NULL,
        failures INTEGER NOT NULL,
        PRIMARY KEY (length, start, upstream, kind)
    ) WITHOUT ROWID
    """,
    # What a bucket's number means is part of the schema: see ``pyproxy.storage.latencies``. These are the most rows; in
    # this order they are added up without being sorted.
    """
    CREATE TABLE upstream_latency_counts (
        length INTEGER NOT NULL CHECK (length IN (3600, 86400)),
        start INTEGER NOT NULL,
        upstream TEXT NOT NULL,
        bucket INTEGER NOT NULL,
        answers INTEGER NOT NULL,
        PRIMARY KEY (length, upstream, bucket, start)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE project_counts (
        length INTEGER NOT NULL CHECK (length IN (3600, 86400)),
        start INTEGER NOT NULL,
        project TEXT NOT NULL,
        pages INTEGER NOT NULL,
        files INTEGER NOT NULL,
        PRIMARY KEY (length, start, project)
    ) WITHOUT ROWID
    """,
)

LATEST = (
    # ``failures_in_a_row``: since the last success. The certificate is the one that was last seen.
    """
    CREATE TABLE upstream_latest (
        upstream_id INTEGER NOT NULL PRIMARY KEY REFERENCES upstreams (id) ON DELETE CASCADE,
        succeeded_at REAL,
        failed_at REAL,
        failures_in_a_row INTEGER NOT NULL DEFAULT 0,
        certificate_ends REAL,
        certificate_seen_at REAL
    )
    """,
    # Another index URL is another index.
    """
    CREATE TRIGGER upstream_latest_of_another_index AFTER UPDATE OF generation ON upstreams
    WHEN new.generation <> old.generation
    BEGIN DELETE FROM upstream_latest WHERE upstream_id = new.id; END
    """,
)

ACTIVITY = (
    # ``left_out``: how many more there were at the time, in the same batch, that have no row.
    """
    CREATE TABLE client_requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        client TEXT NOT NULL,
        agent TEXT NOT NULL,
        method TEXT NOT NULL,
        route TEXT NOT NULL,
        project TEXT NOT NULL,
        filename TEXT NOT NULL,
        address TEXT NOT NULL,
        status INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        upstream TEXT NOT NULL,
        sent INTEGER NOT NULL,
        seconds REAL NOT NULL,
        left_out INTEGER NOT NULL DEFAULT 0
    )
    """,
    """
    CREATE TABLE upstream_requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at REAL NOT NULL,
        upstream TEXT NOT NULL,
        route TEXT NOT NULL,
        project TEXT NOT NULL,
        filename TEXT NOT NULL,
        result TEXT NOT NULL CHECK (result IN ('found', 'missing', 'failed')),
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        seconds REAL,
        received INTEGER,
        left_out INTEGER NOT NULL DEFAULT 0
    )
    """,
)

HISTORY = (*COUNTS, *LATEST, *ACTIVITY)
