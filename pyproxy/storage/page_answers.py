"""One answer of an upstream for a project, as it is written: within a transaction of somebody else (``pages.py``)."""

from __future__ import annotations

import sqlite3


def is_overtaken(connection: sqlite3.Connection, values: dict[str, object], since: int | None) -> bool:
    """Whether an answer that was put off at a revision is not to be written any more."""
    if since is None:
        return False
    sql = """
        SELECT 1 FROM pages_revision WHERE revision <> :since
        UNION ALL
        SELECT 1 FROM pages WHERE project = :project AND upstream_id = :upstream_id AND generation = :generation
            AND checked_at > :checked_at
        """
    return connection.execute(sql, {**values, "since": since}).fetchone() is not None


def replace_answer(connection: sqlite3.Connection, values: dict[str, object]) -> None:
    """Write the newest answer, and remove the body that it replaces."""
    old = connection.execute(
        "SELECT tag FROM pages WHERE project = :project AND upstream_id = :upstream_id", values
    ).fetchone()
    connection.execute(
        """
        INSERT INTO pages (
            project, upstream_id, generation, tag, etag, last_modified, url, serial, checked_at, changed_at
        ) VALUES (
            :project, :upstream_id, :generation, :tag, :etag, :last_modified, :url, :serial, :checked_at, :checked_at
        )
        ON CONFLICT (project, upstream_id) DO UPDATE SET
            changed_at = CASE WHEN tag IS excluded.tag THEN changed_at ELSE excluded.changed_at END,
            generation = excluded.generation, tag = excluded.tag, etag = excluded.etag,
            last_modified = excluded.last_modified, url = excluded.url, serial = excluded.serial,
            checked_at = excluded.checked_at
        """,
        values,
    )
    if old is not None and old["tag"] != values["tag"]:
        drop_unreferenced(connection, old["tag"])


def drop_unreferenced(connection: sqlite3.Connection, tag: str | None) -> None:
    """Remove a body whose last page has gone."""
    if tag is not None:
        connection.execute(
            "DELETE FROM page_bodies WHERE tag = :tag AND NOT EXISTS (SELECT 1 FROM pages WHERE tag = :tag)",
            {"tag": tag},
        )
