"""What upstreams answered for projects: pages and 404s, the newest answer of each.

Freshness is a small row of its own, so that a 304 costs a few bytes; bodies (the canonical form, compressed) lie
under their content's tag and are written only when they are new. Rows belong to a *generation* of their upstream:
when its index URL changes, no answer of the old one counts any more, not even one that is still on its way.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.missing_pages import MISSING_KEPT, trim_missing
from pyproxy.storage.page_answers import drop_unreferenced, is_overtaken, replace_answer

SWEEP_AT_ONCE = 500
"""Bodies removed in one transaction, so that other writes get their turn."""

PURGES_REMEMBERED = 1000
"""Running servers follow several times a second: they never miss as many."""


class PageKey(NamedTuple):
    """Whose answer it is: the upstream's id and generation."""

    upstream_id: int
    generation: int


@dataclass(frozen=True, slots=True)
class KnownPage:
    """An upstream's newest answer for a project.

    ``tag`` names the page's content, ``None`` is a 404. ``etag`` and ``last_modified`` are for conditional
    requests; ``page_url`` is where the page was found, after redirects. Last confirmed at ``checked_at``, another
    content since ``changed_at`` (unix seconds).
    """

    tag: str | None
    etag: str | None
    last_modified: str | None
    checked_at: float
    changed_at: float
    page_url: str | None
    serial: str | None


class PageStore:
    """Keeps the newest answer of each upstream for each project; of 404s, ``missing_kept`` of each upstream."""

    def __init__(self, database: Database, *, missing_kept: int = MISSING_KEPT) -> None:
        self._database = database
        self._missing_kept = missing_kept
        self._swept_revision: int | None = None

    def get(self, key: PageKey, project: NormalizedName) -> KnownPage | None:
        """The newest answer, however old; ``None`` where the upstream was never asked, or a page lost its body."""
        row = self._database.one(
            """
            SELECT tag, etag, last_modified, checked_at, changed_at, url, serial FROM pages
            WHERE project = :project AND upstream_id = :upstream_id AND generation = :generation
                AND (tag IS NULL OR EXISTS (SELECT 1 FROM page_bodies WHERE page_bodies.tag = pages.tag))
            """,
            _row(key, project),
        )
        return None if row is None else KnownPage(*row)

    def body(self, tag: str) -> bytes | None:
        """A page's canonical form, zlib-compressed; ``None`` when it has gone meanwhile."""
        row = self._database.one("SELECT body_z FROM page_bodies WHERE tag = :tag", {"tag": tag})
        return None if row is None else bytes(row["body_z"])

    async def put_page(
        self,
        key: PageKey,
        project: NormalizedName,
        *,
        tag: str,
        body_z: bytes,
        etag: str | None,
        last_modified: str | None,
        url: str,
        checked_at: float,
        serial: str | None = None,
        since: int | None = None,
    ) -> bool:
        """Keep a page; ``False`` when its upstream has been removed or redirected elsewhere meanwhile.

        ``since``: the `revision` at which it was put off. Then it is not kept where that is another one by now, nor
        where a newer answer is.
        """
        values = _row(key, project) | {
            "tag": tag,
            "etag": etag,
            "last_modified": last_modified,
            "url": url,
            "serial": serial,
            "checked_at": checked_at,
        }

        def put(connection: sqlite3.Connection) -> bool:
            if not _is_current(connection, key) or is_overtaken(connection, values, since):
                return False
            connection.execute(
                "INSERT INTO page_bodies (tag, body_z) VALUES (:tag, :body_z) ON CONFLICT (tag) DO NOTHING",
                {"tag": tag, "body_z": body_z},
            )
            replace_answer(connection, values)
            return True

        return await self._database.write(put)

    async def put_missing(
        self, key: PageKey, project: NormalizedName, checked_at: float, *, since: int | None = None
    ) -> bool:
        """Remember a 404; ``False`` and ``since`` as in ``put_page``."""
        values = _row(key, project) | dict.fromkeys(("tag", "etag", "last_modified", "url", "serial"))
        values["checked_at"] = checked_at

        def put(connection: sqlite3.Connection) -> bool:
            if not _is_current(connection, key) or is_overtaken(connection, values, since):
                return False
            replace_answer(connection, values)
            trim_missing(connection, key.upstream_id, self._missing_kept)
            return True

        return await self._database.write(put)

    async def touch(
        self,
        key: PageKey,
        project: NormalizedName,
        checked_at: float,
        etag: str | None = None,
        *,
        since: int | None = None,
    ) -> bool:
        """Confirm the known answer (a 304); ``False`` when there is none any more. ``since`` as in ``put_page``."""
        values = _row(key, project) | {"checked_at": checked_at, "etag": etag}
        sql = """
            UPDATE pages SET checked_at = :checked_at, etag = coalesce(:etag, etag)
            WHERE project = :project AND upstream_id = :upstream_id AND generation = :generation
            """

        def touch(connection: sqlite3.Connection) -> bool:
            return not is_overtaken(connection, values, since) and connection.execute(sql, values).rowcount > 0

        return await self._database.write(touch)

    async def purge(self, project: NormalizedName) -> int:
        """Forget what every upstream answered for a project; how many answers that were."""

        def purge(connection: sqlite3.Connection) -> int:
            removed = connection.execute(
                "DELETE FROM pages WHERE project = :project RETURNING tag", {"project": project}
            ).fetchall()
            for row in removed:
                drop_unreferenced(connection, row["tag"])
            _bump_revision(connection)
            _remember_purge(connection, project)
            return len(removed)

        return await self._database.write(purge)

    def revision(self) -> int:
        """A number that is another one after every purge and `announce`, also of other processes."""
        row = self._database.one("SELECT revision FROM pages_revision", {})
        assert row is not None
        return int(row["revision"])

    def purged_since(self, revision: int) -> list[NormalizedName]:
        """The projects that were purged after that revision: answers for them that lie in memory count no more."""
        rows = self._database.all("SELECT project FROM purges WHERE revision > :revision", {"revision": revision})
        return [row["project"] for row in rows]

    async def expire(self, project: NormalizedName, checked_at: float) -> None:
        """Let pages of a project be asked for again: none counts as confirmed later than ``checked_at``."""

        def expire(connection: sqlite3.Connection) -> None:
            connection.execute(
                """
                UPDATE pages SET checked_at = :checked_at
                WHERE project = :project AND tag IS NOT NULL AND checked_at > :checked_at
                """,
                {"project": project, "checked_at": checked_at},
            )
            _bump_revision(connection)

        await self._database.write(expire)

    async def announce(self) -> None:
        """Let every server decide anew: pages were refreshed on somebody's behalf."""
        await self._database.write(_bump_revision)

    async def sweep(self) -> int:
        """Remove bodies that lost their last page with a changed or removed upstream; how many were removed.

        A bounded number at a time: call it again until it returns 0. Costs a point read while no upstream changes,
        because nothing else leaves bodies behind.
        """
        row = self._database.one("SELECT revision FROM upstreams_revision", {})
        revision = None if row is None else int(row["revision"])
        if revision == self._swept_revision:
            return 0

        def sweep(connection: sqlite3.Connection) -> int:
            removed = connection.execute(
                """
                DELETE FROM page_bodies WHERE tag IN (
                    SELECT tag FROM page_bodies
                    WHERE NOT EXISTS (SELECT 1 FROM pages WHERE pages.tag = page_bodies.tag) LIMIT :limit
                )
                """,
                {"limit": SWEEP_AT_ONCE},
            ).rowcount
            if removed:
                connection.execute("PRAGMA incremental_vacuum").fetchall()
            return removed

        removed = await self._database.write(sweep)
        if not removed:
            self._swept_revision = revision
        return removed

    def projects_of(self, key: PageKey, limit: int) -> list[NormalizedName]:
        """Some projects of which this upstream has had a page, at most ``limit``."""
        rows = self._database.all(
            """
            SELECT project FROM pages
            WHERE upstream_id = :upstream_id AND generation = :generation AND tag IS NOT NULL LIMIT :limit
            """,
            {"upstream_id": key.upstream_id, "generation": key.generation, "limit": limit},
        )
        return [row["project"] for row in rows]

    async def list_projects(self, limit: int | None = None) -> list[NormalizedName]:
        """The names of which some upstream has a page, sorted, at most ``limit`` of them.

        Reads as many rows as it returns: the caller keeps the answer for a while.
        """
        rows = await self._database.all_aside(
            """
            SELECT DISTINCT project FROM pages INDEXED BY pages_found
            WHERE tag IS NOT NULL ORDER BY project LIMIT :limit
            """,
            {"limit": -1 if limit is None else limit},
        )
        return [row[0] for row in rows]


def _bump_revision(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE pages_revision SET revision = revision + 1")


def _remember_purge(connection: sqlite3.Connection, project: NormalizedName) -> None:
    connection.execute(
        """
        INSERT INTO purges (project, revision) SELECT :project, revision FROM pages_revision WHERE true
        ON CONFLICT (project) DO UPDATE SET revision = excluded.revision
        """,
        {"project": project},
    )
    connection.execute(
        "DELETE FROM purges WHERE revision <= (SELECT revision FROM pages_revision) - :kept",
        {"kept": PURGES_REMEMBERED},
    )


def _row(key: PageKey, project: NormalizedName) -> dict[str, object]:
    return {"project": project, "upstream_id": key.upstream_id, "generation": key.generation}


def _is_current(connection: sqlite3.Connection, key: PageKey) -> bool:
    sql = "SELECT 1 FROM upstreams WHERE id = :id AND generation = :generation"
    return connection.execute(sql, {"id": key.upstream_id, "generation": key.generation}).fetchone() is not None
