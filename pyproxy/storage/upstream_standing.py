"""How upstreams stand, from what servers have written down: their newest requests, and their newest failures."""

from __future__ import annotations

from pyproxy.storage.counted import Latest
from pyproxy.storage.failures import Failure
from pyproxy.storage.snapshots import Reads

ROUTES = ("page", "file", "metadata", "json", "list")
"""What upstreams are asked for (`repositories.observer.Route`)."""

_ROUTES = " UNION ALL ".join(f"SELECT '{route}' AS route" for route in ROUTES)
_FAILURE = "upstream_id, route, project, filename, kind, reason, first_at, last_at, times, over_at"


def latest_of_upstreams(reads: Reads) -> dict[int, Latest]:
    """How the newest requests ended, by id; without upstreams that were never asked. Raises `StorageError`."""
    rows = reads.all(
        """
        SELECT upstream_id, succeeded_at, failed_at, failures_in_a_row, certificate_ends, certificate_seen_at
        FROM upstream_latest
        """,
        {},
    )
    return {row["upstream_id"]: Latest(*tuple(row)[1:]) for row in rows}


def newest_failures(reads: Reads) -> dict[int, Failure]:
    """The newest failure of each upstream that has one, by id. Raises `StorageError`."""
    rows = reads.all(
        f"""
        WITH newest AS MATERIALIZED (
            SELECT id AS upstream_id, route, (
                SELECT max(last_at) FROM upstream_failures WHERE upstream_id = upstreams.id AND route = routes.route
            ) AS last_at
            FROM upstreams CROSS JOIN ({_ROUTES}) AS routes
        )
        SELECT {_FAILURE} FROM newest
        CROSS JOIN upstream_failures INDEXED BY upstream_failures_by_age USING (upstream_id, route, last_at)
        ORDER BY last_at, filename DESC, project DESC
        """,
        {},
    )
    return {row["upstream_id"]: Failure(**dict(row)) for row in rows}


def mismatches(reads: Reads, limit: int) -> list[Failure]:
    """Files of which wrong bytes came, and no right ones since; the newest first. Raises `StorageError`."""
    rows = reads.all(
        f"""
        SELECT {_FAILURE} FROM upstreams CROSS JOIN upstream_failures
        WHERE upstream_id = upstreams.id AND route IN ('file', 'metadata')
            AND over_at IS NULL AND kind = 'hash mismatch'
        ORDER BY last_at DESC, filename LIMIT :limit
        """,
        {"limit": limit},
    )
    return [Failure(**dict(row)) for row in rows]
