"""The tables of ``upstreams``: the stored settings, and a number that changes with them."""

from __future__ import annotations

UPSTREAMS = (
    # AUTOINCREMENT: the id of a removed upstream must never come back with somebody else's pages.
    """
    CREATE TABLE upstreams (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        generation INTEGER NOT NULL DEFAULT 1,
        priority INTEGER NOT NULL,
        name TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        index_path TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        username TEXT,
        password BLOB,
        token BLOB,
        credential_hosts TEXT NOT NULL,
        verify_ssl INTEGER NOT NULL CHECK (verify_ssl IN (0, 1)),
        ca_bundle TEXT,
        client_certificate TEXT,
        client_key TEXT,
        connect_timeout_ms INTEGER NOT NULL,
        stall_timeout_ms INTEGER NOT NULL,
        http_proxy BLOB,
        index_ttl REAL,
        missing_ttl REAL,
        on_failure TEXT NOT NULL CHECK (on_failure IN ('next', 'stop')),
        redirect_hosts TEXT NOT NULL,
        projects TEXT NOT NULL,
        excluded_projects TEXT NOT NULL
    )
    """,
    "CREATE TABLE seen_upstreams (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID",
    """
    CREATE TABLE upstreams_revision (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        revision INTEGER NOT NULL
    )
    """,
    "INSERT INTO upstreams_revision (only, revision) VALUES (1, 0)",
)
