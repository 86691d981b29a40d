"""What is kept of each project: read a thousand projects at a time, so that any number can be listed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database

AT_ONCE = 1000
"""Projects looked at in one query."""

Order = Literal["name", "size", "used"]
"""By name; largest first; most recently used first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProject:
    """``upstream`` is the most trusted one with a page, else one of those that the files came from.

    ``checked_at`` is when its page was last confirmed, ``last_used`` when one of the files last was (unix seconds).
    """

    project: str
    upstream: str | None
    files: int
    bytes: int
    checked_at: float | None
    last_used: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A cached file: ``kept_at`` and ``last_used`` in unix seconds, ``size`` in bytes.

    ``hashes`` are those that it was verified against, in lower-case hex.
    """

    filename: str
    size: int
    sha256: str
    upstream: str
    kept_at: float
    last_used: float
    uses: int
    hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What an upstream answered for a project: a page or (``found`` is false) that there is none."""

    upstream: str
    found: bool
    checked_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedHash:
    """A sha256 that was learned at the first download of a file of an upstream that lists none."""

    upstream: str
    filename: str
    sha256: str


_NAMES = """
    SELECT project FROM pages INDEXED BY pages_found WHERE tag IS NOT NULL AND project > :after
    UNION SELECT project FROM files WHERE project > :after ORDER BY project LIMIT :limit
"""

_SORTED = """
    SELECT files.project FROM files JOIN contents ON contents.sha256 = files.sha256
    GROUP BY files.project ORDER BY {key} DESC, files.project
"""

_SORT_KEYS = {"size": "sum(contents.size)", "used": "max(contents.last_used)"}

_OWNERS = """
    SELECT pages.project, upstreams.name, pages.checked_at FROM pages
    JOIN upstreams ON upstreams.id = pages.upstream_id AND upstreams.generation = pages.generation
    WHERE pages.project IN (SELECT value FROM json_each(:names)) AND pages.tag IS NOT NULL
    ORDER BY upstreams.active, upstreams.priority DESC
"""
"""Of several rows for a project the last one counts."""

_FILES = """
    SELECT files.project, count(*) AS files, sum(contents.size) AS bytes, max(contents.last_used) AS last_used,
        min(files.upstream) AS upstream
    FROM files JOIN contents ON contents.sha256 = files.sha256
    WHERE files.project IN (SELECT value FROM json_each(:names)) GROUP BY files.project
"""

_ONE = """
    FROM files JOIN contents ON contents.sha256 = files.sha256
    WHERE files.project = :project AND (:filename IS NULL OR files.filename = :filename)
"""


class Kept:
    """Reads what is kept, project by project. Everything raises `StorageError`."""

    def __init__(self, database: Database, *, at_once: int = AT_ONCE) -> None:
        self._database = database
        self._at_once = at_once

    def projects(self, order: Order = "name") -> Iterator[KeptProject]:
        """Every project of which a page or a file is kept; those without files come last in orders of their files.

        Looked up while it is iterated over: what changes meanwhile may be seen or not.
        """
        names = self._by_name() if order == "name" else self._by_files(order)
        while batch := list(islice(names, self._at_once)):
            yield from self._described(batch)

    def files(self, project: NormalizedName, filename: str | None = None) -> list[KeptFile]:
        """A project's cached files by name, or those with one name."""
        rows = self._database.all(
            f"""
            SELECT files.filename, contents.size, contents.sha256, files.upstream, files.kept_at, contents.last_used,
                contents.uses, files.hashes {_ONE} ORDER BY files.filename, files.kept_at
            """,
            {"project": project, "filename": filename},
        )
        return [KeptFile(**{**dict(row), "hashes": json.loads(row["hashes"])}) for row in rows]

    def answers(self, project: NormalizedName) -> list[KeptAnswer]:
        """What upstreams answered for a project, in the order of their priorities."""
        rows = self._database.all(
            """
            SELECT upstreams.name, pages.tag IS NOT NULL AS found, pages.checked_at FROM pages
            JOIN upstreams ON upstreams.id = pages.upstream_id
            WHERE pages.project = :project ORDER BY upstreams.priority
            """,
            {"project": project},
        )
        return [
            KeptAnswer(upstream=row["name"], found=bool(row["found"]), checked_at=row["checked_at"]) for row in rows
        ]

    def recorded(self, project: NormalizedName, filename: str | None = None) -> list[RecordedHash]:
        """The hashes recorded for a project's files, or for one of them."""
        rows = self._database.all(
            """
            SELECT upstreams.name AS upstream, filename, sha256 FROM recorded_hashes
            JOIN upstreams ON upstreams.id = recorded_hashes.upstream_id
            WHERE project = :project AND (:filename IS NULL OR filename = :filename) ORDER BY filename
            """,
            {"project": project, "filename": filename},
        )
        return [RecordedHash(**dict(row)) for row in rows]

    def sole_bytes(
        self, project: NormalizedName, sha256s: Sequence[str], filenames: Sequence[str | None] = (None,)
    ) -> int:
        """The size of those contents that have no other names: what the disk gets back when these go.

        The names that go are the project's, all of them (``None``) or these.
        """
        row = self._database.one(
            """
            SELECT coalesce(sum(size), 0) FROM contents WHERE sha256 IN (SELECT value FROM json_each(:sha256s))
                AND NOT EXISTS (
                    SELECT 1 FROM files WHERE files.sha256 = contents.sha256 AND (
                        files.project <> :project
                        OR NOT (:all OR files.filename IN (SELECT value FROM json_each(:filenames)))
                    )
                )
            """,
            {
                "project": project,
                "sha256s": json.dumps(list(sha256s)),
                "all": None in filenames,
                "filenames": json.dumps(list(filenames)),
            },
        )
        return 0 if row is None else int(row[0])

    def _by_name(self) -> Iterator[str]:
        after = ""
        while rows := self._database.all(_NAMES, {"after": after, "limit": self._at_once}):
            yield from (row[0] for row in rows)
            after = rows[-1][0]

    def _by_files(self, order: Order) -> Iterator[str]:
        with_files = {row[0]: None for row in self._database.all(_SORTED.format(key=_SORT_KEYS[order]), {})}
        yield from with_files
        yield from (name for name in self._by_name() if name not in with_files)

    def _described(self, names: list[str]) -> Iterator[KeptProject]:
        wanted = {"names": json.dumps(names)}
        owners = {row["project"]: row for row in self._database.all(_OWNERS, wanted)}
        files = {row["project"]: row for row in self._database.all(_FILES, wanted)}
        for name in names:
            owner, kept = owners.get(name), files.get(name)
            yield KeptProject(
                project=name,
                upstream=owner["name"] if owner is not None else kept["upstream"] if kept is not None else None,
                files=0 if kept is None else kept["files"],
                bytes=0 if kept is None else kept["bytes"],
                checked_at=None if owner is None else owner["checked_at"],
                last_used=None if kept is None else kept["last_used"],
            )
