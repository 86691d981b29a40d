"""The tables of ``files``, ``rebuild`` and ``eviction``: what lies in the store, by what names, and how much."""

from __future__ import annotations

FILES = (
    """
    CREATE TABLE contents (
        sha256 TEXT NOT NULL PRIMARY KEY,
        size INTEGER NOT NULL,
        stored_at REAL NOT NULL,
        last_used REAL NOT NULL,
        uses INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE files (
        project TEXT NOT NULL,
        filename TEXT NOT NULL,
        sha256 TEXT NOT NULL REFERENCES contents (sha256) ON DELETE CASCADE,
        upstream TEXT NOT NULL,
        hashes TEXT NOT NULL,
        kept_at REAL NOT NULL,
        PRIMARY KEY (project, filename, sha256)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX files_by_content ON files (sha256)",
    """
    CREATE TABLE file_index (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        complete_since REAL NOT NULL
    )
    """,
)

EVICTION = (
    "CREATE INDEX contents_by_last_use ON contents (last_used)",
    # The sum is kept by triggers: it is asked for at each keep, and there may be a million rows.
    """
    CREATE TABLE contents_total (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        bytes INTEGER NOT NULL
    )
    """,
    "INSERT INTO contents_total (only, bytes) SELECT 1, coalesce(sum(size), 0) FROM contents",
    """
    CREATE TRIGGER contents_added AFTER INSERT ON contents
    BEGIN UPDATE contents_total SET bytes = bytes + new.size; END
    """,
    """
    CREATE TRIGGER contents_resized AFTER UPDATE OF size ON contents
    BEGIN UPDATE contents_total SET bytes = bytes + new.size - old.size; END
    """,
    """
    CREATE TRIGGER contents_removed AFTER DELETE ON contents
    BEGIN UPDATE contents_total SET bytes = bytes - old.size; END
    """,
)

FOUND_AGAIN = (
    # How many files the manifests told of when the index was made: none, unless an older database was lost.
    "ALTER TABLE file_index ADD COLUMN found_again INTEGER NOT NULL DEFAULT 0",
)
