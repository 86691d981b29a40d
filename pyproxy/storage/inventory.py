"""How much is kept: figures for people, from totals that the database keeps and from indexes.

Nothing here reads a row for every file or page, so it takes about as long with a million of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.storage.database import Database
from pyproxy.storage.use_days import UseDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All together. Sizes are in bytes, times in unix seconds (``None`` without any file).

    ``files`` counts names, ``file_bytes`` counts bytes once, however many names they have. ``projects`` have a page
    of some upstream; ``missing`` counts the answers "no such project". ``page_bytes`` are compressed.
    """

    projects: int
    missing: int
    pages: int
    page_bytes: int
    files: int
    file_bytes: int
    least_recent_use: float | None
    latest_use: float | None
    recorded_hashes: int
    database_bytes: int
    database_free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamTotals:
    """What is kept of one upstream; ``configured`` is false for one that was removed and left files behind."""

    upstream: str
    configured: bool
    active: bool
    pages: int
    missing: int
    files: int
    file_bytes: int


_PAGES = """
    SELECT upstreams.name, upstreams.active,
        coalesce(answers.pages, 0) AS pages, coalesce(answers.missing, 0) AS missing
    FROM upstreams LEFT JOIN answers_by_upstream AS answers ON answers.upstream_id = upstreams.id
    ORDER BY upstreams.priority, upstreams.id
"""


class Inventory:
    """Counts what a storage directory holds. Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def totals(self) -> Totals:
        """All together."""
        page_size = self._number("SELECT page_size FROM pragma_page_size")
        return Totals(
            projects=self._number("SELECT count(*) FROM projects WHERE pages > 0"),
            missing=self._number("SELECT coalesce(sum(missing), 0) FROM answers_by_upstream"),
            pages=self._number("SELECT coalesce(sum(pages), 0) FROM answers_by_upstream"),
            page_bytes=self._number("SELECT bytes FROM page_bodies_total"),
            files=self._number("SELECT coalesce(sum(files), 0) FROM files_by_upstream"),
            file_bytes=self._number("SELECT bytes FROM contents_total"),
            least_recent_use=self._time("SELECT min(last_used) FROM contents"),
            latest_use=self._time("SELECT max(last_used) FROM contents"),
            recorded_hashes=self._number("SELECT count(*) FROM recorded_hashes"),
            database_bytes=self._number("SELECT page_count FROM pragma_page_count") * page_size,
            database_free_bytes=self._number("SELECT freelist_count FROM pragma_freelist_count") * page_size,
        )

    def by_upstream(self) -> list[UpstreamTotals]:
        """Each upstream's share in the order of priorities, then removed ones of which files are left."""
        files = {
            row["upstream"]: (row["files"], row["bytes"])
            for row in self._database.all("SELECT upstream, files, bytes FROM files_by_upstream WHERE files > 0", {})
        }
        found = []
        for row in self._database.all(_PAGES, {}):
            count, size = files.pop(row["name"], (0, 0))
            found.append(
                UpstreamTotals(
                    upstream=row["name"],
                    configured=True,
                    active=bool(row["active"]),
                    pages=row["pages"],
                    missing=row["missing"],
                    files=count,
                    file_bytes=size,
                )
            )
        return found + [
            UpstreamTotals(
                upstream=name, configured=False, active=False, pages=0, missing=0, files=count, file_bytes=size
            )
            for name, (count, size) in sorted(files.items())
        ]

    def contents(self) -> tuple[int, int]:
        """How many files there are by their bytes, not by their names, and their bytes together."""
        kept = UseDays(self._database).everything()
        return kept.files, kept.bytes

    def _number(self, sql: str) -> int:
        row = self._database.one(sql, {})
        assert row is not None
        return int(row[0])

    def _time(self, sql: str) -> float | None:
        row = self._database.one(sql, {})
        return None if row is None or row[0] is None else float(row[0])
