"""The rows of the artifact index: what is stored, and by what names it is known.

The statements of ``files.py`` and ``rebuild.py``; each runs inside somebody's transaction.
"""

from __future__ import annotations

import json
import sqlite3

from pyproxy.storage.manifests import FileName, Manifest

FIND = """
    SELECT contents.sha256, contents.size, contents.stored_at, files.upstream FROM files
    JOIN contents ON contents.sha256 = files.sha256
    WHERE files.project = :project AND files.filename = :filename AND files.sha256 = :sha256
"""
"""One name's content: by primary key on both sides."""

FIND_BY_HASH = """
    SELECT contents.sha256, contents.size, contents.stored_at, files.upstream FROM contents
    JOIN files ON files.sha256 = contents.sha256
    WHERE contents.sha256 = :sha256 ORDER BY files.kept_at LIMIT 1
"""
"""Any name's content; the oldest name tells the upstream."""


def insert(connection: sqlite3.Connection, manifest: Manifest) -> None:
    """Rows for the bytes and all their names, in place of older ones."""
    stored_at = max((name.time for name in manifest.names), default=0.0)
    connection.execute(
        """
        INSERT INTO contents (sha256, size, stored_at, last_used) VALUES (:sha256, :size, :time, :time)
        ON CONFLICT (sha256) DO UPDATE SET
            size = excluded.size, last_used = max(last_used, excluded.last_used)
        """,
        {"sha256": manifest.sha256, "size": manifest.size, "time": stored_at},
    )
    connection.executemany(
        """
        INSERT INTO files (project, filename, sha256, upstream, hashes, kept_at)
        VALUES (:project, :filename, :sha256, :upstream, :hashes, :time)
        ON CONFLICT (project, filename, sha256) DO UPDATE SET
            upstream = excluded.upstream, hashes = excluded.hashes, kept_at = excluded.kept_at
        """,
        [_values(manifest.sha256, name) for name in manifest.names],
    )


def delete_name(connection: sqlite3.Connection, sha256: str, project: str, filename: str) -> None:
    """Take one name away."""
    connection.execute(
        "DELETE FROM files WHERE project = :project AND filename = :filename AND sha256 = :sha256",
        {"project": project, "filename": filename, "sha256": sha256},
    )


def delete_content(connection: sqlite3.Connection, sha256: str) -> None:
    """Take the bytes' row and all their names away."""
    connection.execute("DELETE FROM contents WHERE sha256 = :sha256", {"sha256": sha256})


def manifest_of(connection: sqlite3.Connection, sha256: str) -> Manifest | None:
    """What the rows say of some bytes; ``None`` where they know nothing of them."""
    content = connection.execute("SELECT size FROM contents WHERE sha256 = :sha256", {"sha256": sha256}).fetchone()
    if content is None:
        return None
    rows = connection.execute(
        "SELECT project, filename, upstream, hashes, kept_at FROM files WHERE sha256 = :sha256 ORDER BY kept_at",
        {"sha256": sha256},
    )
    names = tuple(
        FileName(
            project=row["project"],
            filename=row["filename"],
            upstream=row["upstream"],
            hashes=json.loads(row["hashes"]),
            time=row["kept_at"],
        )
        for row in rows
    )
    return Manifest(sha256=sha256, size=content["size"], names=names)


def _values(sha256: str, name: FileName) -> dict[str, object]:
    return {
        "project": name.project,
        "filename": name.filename,
        "sha256": sha256,
        "upstream": name.upstream,
        "hashes": json.dumps(name.hashes, sort_keys=True),
        "time": name.time,
    }
