"""The tables of ``projects``, ``use_days`` and the answers by upstream: what people look at, summed up beforehand.

Triggers keep them, so that whoever looks through 100,000 projects, or asks how much was not used for a year, never
reads the rows of a million files. A row of ``projects`` stands for a project of which a page was found or a file is
kept. ``files`` and ``bytes`` count names, as ``files_by_upstream`` does; bytes with two names count for both. ``uses``
and ``last_used`` only ever grow, for evicted files were used as well; they go with the row. ``checked_at`` is the
newest confirmation of a page. 0 stands for never.
"""

from __future__ import annotations

PROJECTS = (
    """
    CREATE TABLE projects (
        project TEXT NOT NULL PRIMARY KEY,
        files INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0,
        uses INTEGER NOT NULL DEFAULT 0,
        last_used REAL NOT NULL DEFAULT 0,
        pages INTEGER NOT NULL DEFAULT 0,
        checked_at REAL NOT NULL DEFAULT 0
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO projects (project, files, bytes, uses, last_used)
    SELECT files.project, count(*), sum(contents.size), 0, max(contents.last_used)
    FROM files JOIN contents ON contents.sha256 = files.sha256 GROUP BY files.project
    """,
    # Bytes that have several names in one project were used once all the same.
    """
    UPDATE projects SET uses = (
        SELECT coalesce(sum(uses), 0) FROM contents
        WHERE sha256 IN (SELECT sha256 FROM files WHERE project = projects.project)
    ) WHERE files > 0
    """,
    """
    INSERT INTO projects (project, pages, checked_at)
    SELECT project, count(*), max(checked_at) FROM pages WHERE tag IS NOT NULL GROUP BY project
    ON CONFLICT (project) DO UPDATE SET pages = excluded.pages, checked_at = excluded.checked_at
    """,
    "CREATE INDEX projects_by_uses ON projects (uses DESC, project)",
    "CREATE INDEX projects_by_use ON projects (last_used DESC, project)",
    "CREATE INDEX projects_by_size ON projects (bytes DESC, project)",
    "CREATE INDEX projects_by_check ON projects (checked_at DESC, project)",
    """
    CREATE TRIGGER projects_file_in AFTER INSERT ON files
    BEGIN
        INSERT INTO projects (project, files, bytes, last_used)
        SELECT new.project, 1, size, last_used FROM contents WHERE sha256 = new.sha256
        ON CONFLICT (project) DO UPDATE SET files = files + 1, bytes = bytes + excluded.bytes,
            last_used = max(last_used, excluded.last_used);
    END
    """,
    """
    CREATE TRIGGER projects_file_out AFTER DELETE ON files
    BEGIN
        UPDATE projects SET files = files - 1, bytes = bytes - (SELECT size FROM contents WHERE sha256 = old.sha256)
        WHERE project = old.project;
        DELETE FROM projects WHERE project = old.project AND files = 0 AND pages = 0;
    END
    """,
    """
    CREATE TRIGGER projects_file_resized AFTER UPDATE OF size ON contents WHEN old.size <> new.size
    BEGIN
        UPDATE projects SET bytes = bytes + (new.size - old.size) * (
            SELECT count(*) FROM files WHERE files.sha256 = new.sha256 AND files.project = projects.project
        ) WHERE project IN (SELECT project FROM files WHERE sha256 = new.sha256);
    END
    """,
    """
    CREATE TRIGGER projects_file_used AFTER UPDATE OF uses, last_used ON contents
    WHEN new.uses > old.uses OR new.last_used > old.last_used
    BEGIN
        UPDATE projects SET uses = uses + new.uses - old.uses, last_used = max(last_used, new.last_used)
        WHERE project IN (SELECT project FROM files WHERE sha256 = new.sha256);
    END
    """,
    """
    CREATE TRIGGER projects_page_in AFTER INSERT ON pages WHEN new.tag IS NOT NULL
    BEGIN
        INSERT INTO projects (project, pages, checked_at) VALUES (new.project, 1, new.checked_at)
        ON CONFLICT (project) DO UPDATE SET pages = pages + 1, checked_at = max(checked_at, excluded.checked_at);
    END
    """,
    """
    CREATE TRIGGER projects_page_changed AFTER UPDATE OF tag, checked_at ON pages
    WHEN new.tag IS NOT NULL OR old.tag IS NOT NULL
    BEGIN
        INSERT INTO projects (project) SELECT new.project WHERE new.tag IS NOT NULL ON CONFLICT (project) DO NOTHING;
        UPDATE projects SET pages = pages + (new.tag IS NOT NULL) - (old.tag IS NOT NULL), checked_at = (
            SELECT coalesce(max(checked_at), 0) FROM pages WHERE project = new.project AND tag IS NOT NULL
        ) WHERE project = new.project;
        DELETE FROM projects WHERE project = new.project AND files = 0 AND pages = 0;
    END
    """,
    """
    CREATE TRIGGER projects_page_out AFTER DELETE ON pages WHEN old.tag IS NOT NULL
    BEGIN
        UPDATE projects SET pages = pages - 1, checked_at = (
            SELECT coalesce(max(checked_at), 0) FROM pages WHERE project = old.project AND tag IS NOT NULL
        ) WHERE project = old.project;
        DELETE FROM projects WHERE project = old.project AND files = 0 AND pages = 0;
    END
    """,
)

ANSWERS = (
    # Of each upstream: answers that are a page, and answers "no such project".
    """
    CREATE TABLE answers_by_upstream (
        upstream_id INTEGER NOT NULL PRIMARY KEY,
        pages INTEGER NOT NULL,
        missing INTEGER NOT NULL
    )
    """,
    """
    INSERT INTO answers_by_upstream (upstream_id, pages, missing)
    SELECT upstream_id, count(tag), count(*) - count(tag) FROM pages GROUP BY upstream_id
    """,
    """
    CREATE TRIGGER answers_in AFTER INSERT ON pages
    BEGIN
        INSERT INTO answers_by_upstream (upstream_id, pages, missing)
        VALUES (new.upstream_id, new.tag IS NOT NULL, new.tag IS NULL)
        ON CONFLICT (upstream_id) DO UPDATE SET pages = pages + excluded.pages, missing = missing + excluded.missing;
    END
    """,
    """
    CREATE TRIGGER answers_changed AFTER UPDATE OF tag ON pages WHEN (old.tag IS NULL) <> (new.tag IS NULL)
    BEGIN
        UPDATE answers_by_upstream SET pages = pages + (new.tag IS NOT NULL) - (old.tag IS NOT NULL),
            missing = missing + (new.tag IS NULL) - (old.tag IS NULL)
        WHERE upstream_id = new.upstream_id;
    END
    """,
    """
    CREATE TRIGGER answers_out AFTER DELETE ON pages
    BEGIN
        UPDATE answers_by_upstream SET pages = pages - (old.tag IS NOT NULL), missing = missing - (old.tag IS NULL)
        WHERE upstream_id = old.upstream_id;
        DELETE FROM answers_by_upstream WHERE upstream_id = old.upstream_id AND pages = 0 AND missing = 0;
    END
    """,
)

USE_DAYS = (
    # With the size: what goes first, and how much that is, is told by the index alone.
    "DROP INDEX contents_by_last_use",
    "CREATE INDEX contents_by_last_use ON contents (last_used, sha256, size)",
    # ``day`` counts from 1970 in UTC.
    """
    CREATE TABLE use_days (
        day INTEGER NOT NULL PRIMARY KEY,
        files INTEGER NOT NULL,
        bytes INTEGER NOT NULL
    )
    """,
    """
    INSERT INTO use_days (day, files, bytes)
    SELECT CAST(last_used / 86400 AS INTEGER), count(*), sum(size) FROM contents GROUP BY 1
    """,
    """
    CREATE TRIGGER use_days_in AFTER INSERT ON contents
    BEGIN
        INSERT INTO use_days (day, files, bytes) VALUES (CAST(new.last_used / 86400 AS INTEGER), 1, new.size)
        ON CONFLICT (day) DO UPDATE SET files = files + 1, bytes = bytes + excluded.bytes;
    END
    """,
    """
    CREATE TRIGGER use_days_moved AFTER UPDATE OF last_used, size ON contents
    WHEN old.size <> new.size OR CAST(old.last_used / 86400 AS INTEGER) <> CAST(new.last_used / 86400 AS INTEGER)
    BEGIN
        UPDATE use_days SET files = files - 1, bytes = bytes - old.size
        WHERE day = CAST(old.last_used / 86400 AS INTEGER);
        DELETE FROM use_days WHERE day = CAST(old.last_used / 86400 AS INTEGER) AND files = 0;
        INSERT INTO use_days (day, files, bytes) VALUES (CAST(new.last_used / 86400 AS INTEGER), 1, new.size)
        ON CONFLICT (day) DO UPDATE SET files = files + 1, bytes = bytes + excluded.bytes;
    END
    """,
    """
    CREATE TRIGGER use_days_out AFTER DELETE ON contents
    BEGIN
        UPDATE use_days SET files = files - 1, bytes = bytes - old.size
        WHERE day = CAST(old.last_used / 86400 AS INTEGER);
        DELETE FROM use_days WHERE day = CAST(old.last_used / 86400 AS INTEGER) AND files = 0;
    END
    """,
)
