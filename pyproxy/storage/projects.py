"""Everything known by project: found by any part of the name, in several orders, a stretch at a time.

Reads the table ``projects`` and its indexes, which triggers keep (``schema.projects``), and never the rows of files and
pages. A stretch begins after a *place*, not at a number: so what comes and goes meanwhile lets no project be shown
twice or left out. A rare text is sought through all names, some milliseconds for 100,000: look ``aside``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pyproxy.storage.database import Database

Sort = Literal["name", "uses", "used", "size", "checked"]
"""By name; most uses, most recent use, most bytes, most recent check of the page first, equal ones by name."""

_KEYS = {"uses": "uses", "used": "last_used", "size": "bytes", "checked": "checked_at"}
_INDEXES = {
    "uses": "projects_by_uses",
    "used": "projects_by_use",
    "size": "projects_by_size",
    "checked": "projects_by_check",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTotals:
    """What is known of one project.

    ``files`` and ``bytes`` are of kept files, by their names. ``uses`` counts how often a kept file was served, those
    that were evicted since among them; ``last_used`` is the newest keep or use. ``pages`` are upstreams whose newest
    answer is a page, ``checked_at`` the newest confirmation of one. Times are unix seconds, ``None`` for never.
    """

    project: str
    files: int = 0
    bytes: int = 0
    uses: int = 0
    last_used: float | None = None
    pages: int = 0
    checked_at: float | None = None


class Place(NamedTuple):
    """Where a stretch begins or ends: a project, and the value that it is sorted by (0 where that is the name)."""

    key: float
    project: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Which projects are wanted: those with ``text`` in their normalised name, in an order, after a place.

    ``backwards``: those before the place instead, the nearest first. At most ``limit`` of them.
    """

    text: str = ""
    sort: Sort = "name"
    after: Place | None = None
    backwards: bool = False
    limit: int = 50


def place_of(totals: ProjectTotals, sort: Sort) -> Place:
    """Where a project stands in an order."""
    keys = {"uses": totals.uses, "used": totals.last_used, "size": totals.bytes, "checked": totals.checked_at}
    return Place(keys.get(sort) or 0, totals.project)


class ProjectIndex:
    """Reads what is known of projects. Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stretch(self, wanted: Stretch) -> list[ProjectTotals]:
        """Some projects, in order."""
        values: dict[str, object] = {"text": wanted.text, "limit": wanted.limit}
        if wanted.after is not None:
            values |= {"key": wanted.after.key, "project": wanted.after.project}
        names = [row["project"] for row in self._database.all(_names_sql(wanted), values)]
        known = {each.project: each for each in self.of(names)}
        return [known[name] for name in names if name in known]

    def count(self, text: str = "") -> int:
        """How many projects have the text in their names."""
        sought = "WHERE instr(project, :text) > 0" if text else ""
        row = self._database.one(
            f"SELECT count(*) FROM projects INDEXED BY projects_by_size {sought}", {"text": text}
        )
        return 0 if row is None else int(row[0])

    def of(self, names: Iterable[str]) -> list[ProjectTotals]:
        """Those of some projects that are known, in no order."""
        rows = self._database.all(
            """
            SELECT project, files, bytes, uses, last_used, pages, checked_at FROM projects
            WHERE project IN (SELECT value FROM json_each(:names))
            """,
            {"names": json.dumps(list(names))},
        )
        return [
            ProjectTotals(
                **{**dict(row), "last_used": row["last_used"] or None, "checked_at": row["checked_at"] or None}
            )
            for row in rows
        ]

    def largest(self, limit: int) -> list[ProjectTotals]:
        """Those with the most kept bytes, the largest first."""
        return [each for each in self.stretch(Stretch(sort="size", limit=limit)) if each.bytes]

    def page_owners(self, names: Iterable[str]) -> dict[str, frozenset[int]]:
        """The ids of the upstreams whose newest answer is a page, by project."""
        rows = self._database.all(
            """
            SELECT project, json_group_array(upstream_id) AS ids FROM pages
            WHERE project IN (SELECT value FROM json_each(:names)) AND tag IS NOT NULL GROUP BY project
            """,
            {"names": json.dumps(list(names))},
        )
        return {row["project"]: frozenset(json.loads(row["ids"])) for row in rows}


def _names_sql(wanted: Stretch) -> str:
    """The names of a stretch, told by one index alone."""
    sought = "AND instr(project, :text) > 0" if wanted.text else ""
    direction, beyond = ("DESC", "<") if wanted.backwards else ("ASC", ">")
    if wanted.sort == "name":
        begin = f"project {beyond} :project" if wanted.after is not None else "true"
        return f"SELECT project FROM projects WHERE {begin} {sought} ORDER BY project {direction} LIMIT :limit"
    key, index = _KEYS[wanted.sort], _INDEXES[wanted.sort]
    # The largest values come first, so what lies further on is less.
    key_direction, further = ("ASC", ">") if wanted.backwards else ("DESC", "<")
    order = f"ORDER BY {key} {key_direction}, project {direction} LIMIT :limit"
    source = f"SELECT project FROM projects INDEXED BY {index} WHERE"
    if wanted.after is None:
        return f"{source} true {sought} {order}"
    # In two parts, for one comparison of both columns would not find its way into an index of two directions.
    return f"""
        SELECT project FROM ({source} {key} = :key AND project {beyond} :project {sought} {order})
        UNION ALL SELECT project FROM ({source} {key} {further} :key {sought} {order})
        LIMIT :limit
    """
