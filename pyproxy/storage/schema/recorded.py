"""The tables of ``recorded``: hashes of files that their index lists without one."""

from __future__ import annotations

RECORDED_HASHES = (
    """
    CREATE TABLE recorded_hashes (
        project TEXT NOT NULL,
        upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
        filename TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        recorded_at REAL NOT NULL,
        PRIMARY KEY (project, upstream_id, filename)
    ) WITHOUT ROWID
    """,
)

REVISION = (
    # Several processes serve the pages that show them.
    "CREATE TABLE recorded_hashes_revision (revision INTEGER NOT NULL)",
    "INSERT INTO recorded_hashes_revision (revision) VALUES (1)",
    """
    CREATE TRIGGER recorded_hashes_added AFTER INSERT ON recorded_hashes
    BEGIN UPDATE recorded_hashes_revision SET revision = revision + 1; END
    """,
    """
    CREATE TRIGGER recorded_hashes_removed AFTER DELETE ON recorded_hashes
    BEGIN UPDATE recorded_hashes_revision SET revision = revision + 1; END
    """,
)
