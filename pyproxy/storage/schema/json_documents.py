"""The tables of ``json_documents``: documents of the legacy JSON API, by what they describe, and their bodies."""

from __future__ import annotations

JSON_DOCUMENTS = (
    # ``version`` is empty for a project's own document. ``tag`` is NULL where there is none.
    """
    CREATE TABLE json_documents (
        project TEXT NOT NULL,
        version TEXT NOT NULL,
        upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
        generation INTEGER NOT NULL,
        tag TEXT,
        etag TEXT,
        last_modified TEXT,
        url TEXT,
        serial TEXT,
        checked_at REAL NOT NULL,
        changed_at REAL NOT NULL,
        PRIMARY KEY (project, version, upstream_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX json_documents_by_upstream ON json_documents (upstream_id)",
    "CREATE INDEX json_documents_by_tag ON json_documents (tag) WHERE tag IS NOT NULL",
    "CREATE INDEX json_documents_by_age ON json_documents (checked_at)",
    # With a rowid: bodies are large, and their tags alone make a small index.
    "CREATE TABLE json_bodies (tag TEXT NOT NULL PRIMARY KEY, body_z BLOB NOT NULL)",
    "CREATE TABLE json_total (only INTEGER PRIMARY KEY CHECK (only = 1), bytes INTEGER NOT NULL)",
    "INSERT INTO json_total (only, bytes) VALUES (1, 0)",
    # The sum counts bodies by their length and rows at 512 bytes each.
    """
    CREATE TRIGGER json_bodies_added AFTER INSERT ON json_bodies
    BEGIN UPDATE json_total SET bytes = bytes + length(new.body_z); END
    """,
    """
    CREATE TRIGGER json_bodies_removed AFTER DELETE ON json_bodies
    BEGIN UPDATE json_total SET bytes = bytes - length(old.body_z); END
    """,
    """
    CREATE TRIGGER json_documents_added AFTER INSERT ON json_documents
    BEGIN UPDATE json_total SET bytes = bytes + 512; END
    """,
    """
    CREATE TRIGGER json_documents_removed AFTER DELETE ON json_documents
    BEGIN
        UPDATE json_total SET bytes = bytes - 512;
        DELETE FROM json_bodies
        WHERE tag = old.tag AND NOT EXISTS (SELECT 1 FROM json_documents WHERE tag = old.tag);
    END
    """,
    """
    CREATE TRIGGER json_documents_replaced AFTER UPDATE OF tag ON json_documents WHEN new.tag IS NOT old.tag
    BEGIN
        DELETE FROM json_bodies
        WHERE tag = old.tag AND NOT EXISTS (SELECT 1 FROM json_documents WHERE tag = old.tag);
    END
    """,
    # Another index URL, and what was said at the old one counts no more.
    """
    CREATE TRIGGER json_documents_outdated AFTER UPDATE OF generation ON upstreams
    WHEN new.generation <> old.generation
    BEGIN DELETE FROM json_documents WHERE upstream_id = new.id; END
    """,
    # A purge of a project takes its documents as well.
    """
    CREATE TRIGGER json_documents_purged AFTER INSERT ON purges
    BEGIN DELETE FROM json_documents WHERE project = new.project; END
    """,
    """
    CREATE TRIGGER json_documents_purged_again AFTER UPDATE ON purges
    BEGIN DELETE FROM json_documents WHERE project = new.project; END
    """,
)
