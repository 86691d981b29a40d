"""What upstreams answered when asked for documents of the legacy JSON API: the newest answer of each.

As ``pages`` does for project pages, with the same records; the bodies (``simple.legacy_json``, zlib-compressed) lie
under their content's tag. Triggers (``schema``) remove a body with its last row, an upstream's rows with its old
URL and a project's with its purge, and keep the sum by which the whole is bounded: documents can be made anew.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.pages import KnownPage, PageKey

SIZE_LIMIT = 256 * 1024 * 1024
"""Bytes of compressed bodies, and rows at 512 bytes each, that are kept; those asked for longest ago go first."""

TRIM_AT_ONCE = 200
"""Rows removed in one transaction."""


class DocumentName(NamedTuple):
    """What is asked for: a project, or one release of it (as its project page spells the version)."""

    project: NormalizedName
    version: str | None = None


class JsonDocumentStore:
    """Keeps the newest answer of each upstream for each document. ``size_limit`` is in bytes."""

    def __init__(self, database: Database, *, size_limit: int = SIZE_LIMIT) -> None:
        self._database = database
        self._size_limit = size_limit

    def get(self, key: PageKey, name: DocumentName) -> KnownPage | None:
        """The newest answer, however old; its ``tag`` is ``None`` where the upstream has no such document."""
        row = self._database.one(
            """
            SELECT tag, etag, last_modified, checked_at, changed_at, url, serial FROM json_documents
            WHERE project = :project AND version = :version
                AND upstream_id = :upstream_id AND generation = :generation
            """,
            _row(key, name),
        )
        return None if row is None else KnownPage(*row)

    def tag_of(self, upstream_id: int, project: NormalizedName) -> str | None:
        """The tag of an upstream's document of a project, however old; ``None`` where none is kept."""
        row = self._database.one(
            """
            SELECT tag FROM json_documents WHERE project = :project AND version = '' AND upstream_id = :upstream_id
            """,
            {"project": project, "upstream_id": upstream_id},
        )
        return None if row is None else row["tag"]

    def body(self, tag: str) -> bytes | None:
        """A document, compressed; ``None`` when it has gone meanwhile."""
        row = self._database.one("SELECT body_z FROM json_bodies WHERE tag = :tag", {"tag": tag})
        return None if row is None else bytes(row["body_z"])

    async def put(self, key: PageKey, name: DocumentName, answer: KnownPage, body_z: bytes | None) -> bool:
        """Keep an answer, and of others only as many as there is room for.

        ``body_z`` is ``None`` for an absence. ``False`` when its upstream was removed or redirected meanwhile.
        """
        values = _row(key, name) | {
            "tag": answer.tag,
            "etag": answer.etag,
            "last_modified": answer.last_modified,
            "url": answer.page_url,
            "serial": answer.serial,
            "checked_at": answer.checked_at,
        }

        def put(connection: sqlite3.Connection) -> bool:
            sql = "SELECT 1 FROM upstreams WHERE id = :upstream_id AND generation = :generation"
            if connection.execute(sql, values).fetchone() is None:
                return False
            if body_z is not None:
                connection.execute(
                    "INSERT INTO json_bodies (tag, body_z) VALUES (:tag, :body_z) ON CONFLICT (tag) DO NOTHING",
                    {"tag": answer.tag, "body_z": body_z},
                )
            _replace(connection, values)
            self._trim(connection)
            return True

        return await self._database.write(put)

    async def touch(self, key: PageKey, name: DocumentName, checked_at: float, etag: str | None) -> bool:
        """Confirm the known answer (a 304); ``False`` when there is none any more."""
        values = _row(key, name) | {"checked_at": checked_at, "etag": etag}
        sql = """
            UPDATE json_documents SET checked_at = :checked_at, etag = coalesce(:etag, etag)
            WHERE project = :project AND version = :version
                AND upstream_id = :upstream_id AND generation = :generation
            """
        return await self._database.write(lambda connection: connection.execute(sql, values).rowcount > 0)

    async def expire(self, project: NormalizedName, checked_at: float) -> None:
        """Let documents of a project be asked for again: none counts as confirmed later than ``checked_at``."""
        sql = """
            UPDATE json_documents SET checked_at = :checked_at WHERE project = :project AND checked_at > :checked_at
            """
        values = {"project": project, "checked_at": checked_at}
        await self._database.write(lambda connection: connection.execute(sql, values))

    def count(self, project: NormalizedName) -> int:
        """How many answers are kept of a project and its releases."""
        row = self._database.one("SELECT count(*) FROM json_documents WHERE project = :project", {"project": project})
        return 0 if row is None else int(row[0])

    def size(self) -> int:
        """How many bytes of `SIZE_LIMIT` are taken."""
        return _size(self._database.read)

    def _trim(self, connection: sqlite3.Connection) -> None:
        while _size(connection) > self._size_limit:
            removed = connection.execute(
                """
                DELETE FROM json_documents WHERE (project, version, upstream_id) IN (
                    SELECT project, version, upstream_id FROM json_documents ORDER BY checked_at LIMIT :limit
                )
                """,
                {"limit": max(1, min(TRIM_AT_ONCE, _count(connection) // 10))},
            ).rowcount
            if not removed:
                return


def _row(key: PageKey, name: DocumentName) -> dict[str, object]:
    return {
        "project": name.project,
        "version": name.version or "",
        "upstream_id": key.upstream_id,
        "generation": key.generation,
    }


def _replace(connection: sqlite3.Connection, values: dict[str, object]) -> None:
    connection.execute(
        """
        INSERT INTO json_documents (
            project, version, upstream_id, generation, tag, etag, last_modified, url, serial, checked_at, changed_at
        ) VALUES (
            :project, :version, :upstream_id, :generation, :tag, :etag, :last_modified, :url, :serial, :checked_at,
            :checked_at
        )
        ON CONFLICT (project, version, upstream_id) DO UPDATE SET
            changed_at = CASE WHEN tag IS excluded.tag THEN changed_at ELSE excluded.changed_at END,
            generation = excluded.generation, tag = excluded.tag, etag = excluded.etag,
            last_modified = excluded.last_modified, url = excluded.url, serial = excluded.serial,
            checked_at = excluded.checked_at
        """,
        values,
    )


def _size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT bytes FROM json_total").fetchone()[0])


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM json_documents").fetchone()[0])
