"""The sha256 of files whose upstream lists none: learned at the first complete download, and binding from then on.

They belong to the upstream, also when its URL changes: content that differs afterwards is worth a refusal. They
outlive the cached file and are forgotten only by a purge, or with their upstream.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database


class RecordedHashes:
    """Keeps sha256 values (lower-case hex) by upstream, project and filename."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def for_project(self, upstream_id: int, project: NormalizedName) -> dict[str, str]:
        """sha256 by filename."""
        rows = self._database.all(
            """
            SELECT filename, sha256 FROM recorded_hashes
            WHERE project = :project AND upstream_id = :upstream_id
            """,
            {"project": project, "upstream_id": upstream_id},
        )
        return {row["filename"]: row["sha256"] for row in rows}

    def revision(self) -> int:
        """A number that is another one after every change, also of other processes."""
        row = self._database.one("SELECT revision FROM recorded_hashes_revision", {})
        assert row is not None
        return int(row["revision"])

    async def record(self, upstream_id: int, project: NormalizedName, filename: str, sha256: str) -> str:
        """Record a file's sha256 unless one is known; the ruling one is returned: the first wins.

        For an upstream that has been removed meanwhile nothing is recorded, and ``sha256`` itself is returned.
        """
        values = {
            "project": project,
            "upstream_id": upstream_id,
            "filename": filename,
            "sha256": sha256,
            "now": self._clock(),
        }

        def record(connection: sqlite3.Connection) -> str:
            connection.execute(
                """
                INSERT INTO recorded_hashes (project, upstream_id, filename, sha256, recorded_at)
                SELECT :project, :upstream_id, :filename, :sha256, :now
                WHERE EXISTS (SELECT 1 FROM upstreams WHERE id = :upstream_id)
                ON CONFLICT (project, upstream_id, filename) DO NOTHING
                """,
                values,
            )
            row = connection.execute(
                """
                SELECT sha256 FROM recorded_hashes
                WHERE project = :project AND upstream_id = :upstream_id AND filename = :filename
                """,
                values,
            ).fetchone()
            return sha256 if row is None else str(row["sha256"])

        return await self._database.write(record)

    async def forget(self, project: NormalizedName, filename: str | None = None) -> int:
        """Forget a project's recorded hashes, or one file's, of every upstream; how many there were."""
        sql = "DELETE FROM recorded_hashes WHERE project = :project AND (:filename IS NULL OR filename = :filename)"
        values = {"project": project, "filename": filename}
        return await self._database.write(lambda connection: connection.execute(sql, values).rowcount)
