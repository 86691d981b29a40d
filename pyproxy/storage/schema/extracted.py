"""The table of ``extracted``: METADATA that was read out of wheels whose upstream offers no metadata files."""

from __future__ import annotations

EXTRACTED_METADATA = (
    # ``wheel`` says of which bytes: a sha256, or an address where no sha256 is known. ``metadata_z`` is NULL where the
    # whole, verified wheel has none that can be read.
    """
    CREATE TABLE extracted_metadata (
        project TEXT NOT NULL,
        filename TEXT NOT NULL,
        upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
        wheel TEXT NOT NULL,
        metadata_z BLOB,
        verified INTEGER NOT NULL CHECK (verified IN (0, 1)),
        read_at REAL NOT NULL,
        PRIMARY KEY (project, filename, upstream_id)
    )
    """,
    "CREATE INDEX extracted_metadata_by_upstream ON extracted_metadata (upstream_id)",
    "CREATE INDEX extracted_metadata_by_age ON extracted_metadata (read_at)",
    "CREATE TABLE extracted_total (only INTEGER PRIMARY KEY CHECK (only = 1), bytes INTEGER NOT NULL)",
    "INSERT INTO extracted_total (only, bytes) VALUES (1, 0)",
    # The sum counts metadata by its length and rows at 512 bytes each.
    """
    CREATE TRIGGER extracted_metadata_added AFTER INSERT ON extracted_metadata
    BEGIN UPDATE extracted_total SET bytes = bytes + 512 + coalesce(length(new.metadata_z), 0); END
    """,
    """
    CREATE TRIGGER extracted_metadata_replaced AFTER UPDATE OF metadata_z ON extracted_metadata
    BEGIN
        UPDATE extracted_total
        SET bytes = bytes + coalesce(length(new.metadata_z), 0) - coalesce(length(old.metadata_z), 0);
    END
    """,
    """
    CREATE TRIGGER extracted_metadata_removed AFTER DELETE ON extracted_metadata
    BEGIN UPDATE extracted_total SET bytes = bytes - 512 - coalesce(length(old.metadata_z), 0); END
    """,
    # Another index URL, and what was read at the old one counts no more.
    """
    CREATE TRIGGER extracted_metadata_outdated AFTER UPDATE OF generation ON upstreams
    WHEN new.generation <> old.generation
    BEGIN DELETE FROM extracted_metadata WHERE upstream_id = new.id; END
    """,
    # A purge of a project takes it as well.
    """
    CREATE TRIGGER extracted_metadata_purged AFTER INSERT ON purges
    BEGIN DELETE FROM extracted_metadata WHERE project = new.project; END
    """,
    """
    CREATE TRIGGER extracted_metadata_purged_again AFTER UPDATE ON purges
    BEGIN DELETE FROM extracted_metadata WHERE project = new.project; END
    """,
)
