"""Totals that the database keeps by triggers: nobody counts a million rows to show a few figures.

``files_by_upstream`` counts names and their bytes: bytes that two upstreams listed count for both.
"""

from __future__ import annotations

TOTALS = (
    """
    CREATE TABLE files_by_upstream (
        upstream TEXT NOT NULL PRIMARY KEY,
        files INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO files_by_upstream (upstream, files, bytes)
    SELECT files.upstream, count(*), sum(contents.size) FROM files
    JOIN contents ON contents.sha256 = files.sha256 GROUP BY files.upstream
    """,
    """
    CREATE TRIGGER files_counted_in AFTER INSERT ON files
    BEGIN
        INSERT INTO files_by_upstream (upstream, files, bytes) SELECT new.upstream, 0, 0
        WHERE NOT EXISTS (SELECT 1 FROM files_by_upstream WHERE upstream = new.upstream);
        UPDATE files_by_upstream SET files = files + 1,
            bytes = bytes + (SELECT size FROM contents WHERE sha256 = new.sha256)
        WHERE upstream = new.upstream;
    END
    """,
    """
    CREATE TRIGGER files_counted_over AFTER UPDATE OF upstream ON files WHEN old.upstream <> new.upstream
    BEGIN
        INSERT INTO files_by_upstream (upstream, files, bytes) SELECT new.upstream, 0, 0
        WHERE NOT EXISTS (SELECT 1 FROM files_by_upstream WHERE upstream = new.upstream);
        UPDATE files_by_upstream SET files = files + 1,
            bytes = bytes + (SELECT size FROM contents WHERE sha256 = new.sha256)
        WHERE upstream = new.upstream;
        UPDATE files_by_upstream SET files = files - 1,
            bytes = bytes - (SELECT size FROM contents WHERE sha256 = old.sha256)
        WHERE upstream = old.upstream;
    END
    """,
    """
    CREATE TRIGGER files_counted_out AFTER DELETE ON files
    BEGIN
        UPDATE files_by_upstream SET files = files - 1,
            bytes = bytes - (SELECT size FROM contents WHERE sha256 = old.sha256)
        WHERE upstream = old.upstream;
    END
    """,
    """
    CREATE TRIGGER files_counted_anew AFTER UPDATE OF size ON contents WHEN old.size <> new.size
    BEGIN
        UPDATE files_by_upstream SET bytes = bytes + (new.size - old.size) * (
            SELECT count(*) FROM files
            WHERE files.sha256 = new.sha256 AND files.upstream = files_by_upstream.upstream
        );
    END
    """,
    # Before the cascade, which would come when the size is gone.
    """
    CREATE TRIGGER files_go_before_contents BEFORE DELETE ON contents
    BEGIN DELETE FROM files WHERE sha256 = old.sha256; END
    """,
    """
    CREATE TABLE page_bodies_total (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        bodies INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    )
    """,
    """
    INSERT INTO page_bodies_total (only, bodies, bytes)
    SELECT 1, count(*), coalesce(sum(length(body_z)), 0) FROM page_bodies
    """,
    """
    CREATE TRIGGER page_bodies_counted_in AFTER INSERT ON page_bodies
    BEGIN UPDATE page_bodies_total SET bodies = bodies + 1, bytes = bytes + length(new.body_z); END
    """,
    """
    CREATE TRIGGER page_bodies_counted_out AFTER DELETE ON page_bodies
    BEGIN UPDATE page_bodies_total SET bodies = bodies - 1, bytes = bytes - length(old.body_z); END
    """,
)
