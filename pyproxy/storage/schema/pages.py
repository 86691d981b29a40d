"""The tables of ``pages``: what upstreams answered for projects."""

from __future__ import annotations

PAGES = (
    """
    CREATE TABLE pages (
        project TEXT NOT NULL,
        upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
        generation INTEGER NOT NULL,
        tag TEXT,
        etag TEXT,
        last_modified TEXT,
        url TEXT,
        serial TEXT,
        checked_at REAL NOT NULL,
        changed_at REAL NOT NULL,
        PRIMARY KEY (project, upstream_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX pages_by_upstream ON pages (upstream_id)",
    "CREATE INDEX pages_by_tag ON pages (tag) WHERE tag IS NOT NULL",
    # The list of known projects, without reading the wide rows.
    "CREATE INDEX pages_found ON pages (project) WHERE tag IS NOT NULL",
    # With a rowid: bodies are large, and their tags alone make a small index.
    "CREATE TABLE page_bodies (tag TEXT NOT NULL PRIMARY KEY, body_z BLOB NOT NULL)",
)

REVISION = (
    # Bumped by purges and refreshes, not by each page that a server fetches.
    "CREATE TABLE pages_revision (revision INTEGER NOT NULL)",
    "INSERT INTO pages_revision (revision) VALUES (1)",
)

PURGES = (
    # By name, for servers that hold answers in memory which they could not store.
    "CREATE TABLE purges (project TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID",
)

MISSING = (
    # By age, for the bound on them.
    "CREATE INDEX pages_missing ON pages (upstream_id, checked_at) WHERE tag IS NULL",
)
