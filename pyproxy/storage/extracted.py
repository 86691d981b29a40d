"""METADATA that was read out of wheels whose upstream offers no metadata files, by upstream, project and filename.

What was read by ranges is as good as the upstream's word: it belongs to that upstream, and goes when its index URL
changes. What was compared with the whole, verified wheel is marked so. Triggers (``schema``) keep the sum by which the
whole is bounded: metadata can be read again for some kilobytes.
"""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pyproxy.simple.model import NormalizedName
from pyproxy.storage.database import Database

SIZE_LIMIT = 256 * 1024 * 1024
"""Bytes of compressed metadata, and rows at 512 bytes each, that are kept (some 60,000 wheels); the oldest go first."""

TRIM_AT_ONCE = 200
"""Rows removed in one transaction."""


class WheelName(NamedTuple):
    """A wheel as an upstream lists it."""

    upstream_id: int
    project: NormalizedName
    filename: str


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was read out of a wheel: ``metadata`` is ``None`` where the verified wheel has none that can be read.

    ``wheel`` says of which bytes: their sha256 (lower-case hex), or an address where no sha256 is known.
    """

    wheel: str
    metadata: bytes | None
    verified: bool


class ExtractedMetadata:
    """Keeps what was read, the newest for each wheel of each upstream. ``size_limit`` is in bytes."""

    def __init__(
        self, database: Database, clock: Callable[[], float] = time.time, *, size_limit: int = SIZE_LIMIT
    ) -> None:
        self._database = database
        self._clock = clock
        self._size_limit = size_limit

    def get(self, name: WheelName) -> Extracted | None:
        """What is kept of the wheel of that name, whichever bytes it was read from."""
        row = self._database.one(
            """
            SELECT wheel, metadata_z, verified FROM extracted_metadata
            WHERE project = :project AND filename = :filename AND upstream_id = :upstream_id
            """,
            name._asdict(),
        )
        return None if row is None else _extracted(row)

    def unverified(self, project: NormalizedName, filename: str, wheels: Iterable[str]) -> dict[int, Extracted]:
        """What was read of a wheel with one of these ``wheel`` values, and was not compared yet, by upstream."""
        rows = self._database.all(
            """
            SELECT upstream_id, wheel, metadata_z, verified FROM extracted_metadata
            WHERE project = :project AND filename = :filename AND NOT verified
            """,
            {"project": project, "filename": filename},
        )
        wanted = frozenset(wheels)
        return {row["upstream_id"]: _extracted(row) for row in rows if row["wheel"] in wanted}

    def names(self, upstream_id: int, project: NormalizedName, *, readable: bool) -> frozenset[str]:
        """The wheels of a project whose metadata is kept, or those that have none that can be read."""
        # With the plus no index is used for the upstream: all that was ever read of it would be gone through.
        rows = self._database.all(
            """
            SELECT filename FROM extracted_metadata
            WHERE project = :project AND +upstream_id = :upstream_id AND (metadata_z IS NOT NULL) = :readable
            """,
            {"project": project, "upstream_id": upstream_id, "readable": readable},
        )
        return frozenset(row["filename"] for row in rows)

    async def put(self, name: WheelName, extracted: Extracted) -> None:
        """Keep it, and of others only as many as there is room for; not for an upstream that was removed meanwhile.

        What was compared with the same wheel is not replaced by what was not. Raises `StorageError`.
        """
        values = name._asdict() | {
            "wheel": extracted.wheel,
            "verified": extracted.verified,
            "now": self._clock(),
        }

        def put(connection: sqlite3.Connection) -> None:
            # Here, for this is a thread of its own.
            metadata_z = None if extracted.metadata is None else zlib.compress(extracted.metadata, 1)
            connection.execute(
                """
                INSERT INTO extracted_metadata (project, filename, upstream_id, wheel, metadata_z, verified, read_at)
                SELECT :project, :filename, :upstream_id, :wheel, :metadata_z, :verified, :now
                WHERE EXISTS (SELECT 1 FROM upstreams WHERE id = :upstream_id)
                ON CONFLICT (project, filename, upstream_id) DO UPDATE SET
                    wheel = excluded.wheel, metadata_z = excluded.metadata_z, verified = excluded.verified,
                    read_at = excluded.read_at
                WHERE wheel <> excluded.wheel OR verified <= excluded.verified
                """,
                {**values, "metadata_z": metadata_z},
            )
            self._trim(connection)

        await self._database.write(put)

    async def forget(self, project: NormalizedName, filename: str) -> int:
        """Forget what was read of one wheel, of every upstream; how many that were. A project's goes with its purge."""
        sql = "DELETE FROM extracted_metadata WHERE project = :project AND filename = :filename"
        values = {"project": project, "filename": filename}
        return await self._database.write(lambda connection: connection.execute(sql, values).rowcount)

    def count(self, project: NormalizedName, filename: str | None = None) -> int:
        """How many are kept of a project, or of one of its wheels."""
        row = self._database.one(
            """
            SELECT count(*) FROM extracted_metadata
            WHERE project = :project AND (:filename IS NULL OR filename = :filename)
            """,
            {"project": project, "filename": filename},
        )
        return 0 if row is None else int(row[0])

    def size(self) -> int:
        """How many bytes of ``size_limit`` are taken."""
        return _size(self._database.read)

    def _trim(self, connection: sqlite3.Connection) -> None:
        while _size(connection) > self._size_limit:
            removed = connection.execute(
                """
                DELETE FROM extracted_metadata WHERE rowid IN (
                    SELECT rowid FROM extracted_metadata ORDER BY read_at LIMIT :limit
                )
                """,
                {"limit": max(1, min(TRIM_AT_ONCE, _count(connection) // 10))},
            ).rowcount
            if not removed:
                return


def _extracted(row: sqlite3.Row) -> Extracted:
    metadata_z = row["metadata_z"]
    metadata = None if metadata_z is None else zlib.decompress(metadata_z)
    return Extracted(row["wheel"], metadata, bool(row["verified"]))


def _size(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT bytes FROM extracted_total").fetchone()[0])


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM extracted_metadata").fetchone()[0])
