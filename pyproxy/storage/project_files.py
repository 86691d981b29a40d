"""The kept files of one project that may have thousands: sums, names, and some of them, never all at once."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database
from pyproxy.storage.kept import KeptFile
from pyproxy.storage.use_days import Amount

_HASHES = msgspec.json.Decoder(dict[str, str])

_FILES = """
    SELECT files.filename, contents.size, contents.sha256, files.upstream, files.kept_at, contents.last_used,
        contents.uses, files.hashes
    FROM files JOIN contents ON contents.sha256 = files.sha256
"""


class ProjectFiles:
    """Reads what is kept of a project. Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def amount(self, project: NormalizedName) -> Amount:
        """How many names there are, and the bytes behind them, those with two names once."""
        row = self._database.one(
            """
            SELECT (SELECT count(*) FROM files WHERE project = :project),
                (SELECT coalesce(sum(size), 0) FROM contents
                 WHERE sha256 IN (SELECT sha256 FROM files WHERE project = :project))
            """,
            {"project": project},
        )
        return Amount() if row is None else Amount(row[0], row[1])

    def last_kept(self, project: NormalizedName, limit: int) -> list[KeptFile]:
        """Those that were kept last, by name."""
        return self._files(
            f"""
            {_FILES} WHERE files.project = :project AND (files.filename, files.sha256) IN (
                SELECT filename, sha256 FROM files WHERE project = :project ORDER BY kept_at DESC, filename LIMIT :limit
            ) ORDER BY files.filename, files.kept_at
            """,
            {"project": project, "limit": limit},
        )

    def named(self, project: NormalizedName, filenames: Iterable[str]) -> list[KeptFile]:
        """Those with some names."""
        return self._files(
            f"{_FILES} WHERE files.project = :project AND files.filename IN (SELECT value FROM json_each(:filenames))",
            {"project": project, "filenames": json.dumps(list(filenames))},
        )

    def keys(self, project: NormalizedName) -> list[str]:
        """Each file's sha256 and name, with a blank in between."""
        rows = self._database.all(
            "SELECT sha256 || ' ' || filename FROM files WHERE project = :project", {"project": project}
        )
        return [row[0] for row in rows]

    def _files(self, sql: str, values: dict[str, object]) -> list[KeptFile]:
        rows = self._database.all(sql, values)
        return [KeptFile(**{**dict(row), "hashes": _HASHES.decode(row["hashes"])}) for row in rows]
