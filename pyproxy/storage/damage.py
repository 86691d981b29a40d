"""Cached files that were found altered, cut or gone, remembered for people: so many at once are a failing disk."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pyproxy.storage.manifests import Manifest
from pyproxy.storage.snapshots import Reads

REMEMBERED = 1000
"""The newest of them."""


@dataclass(frozen=True, slots=True)
class Damage:
    """So many ``files``; the newest of them by its name, and what was wrong with it (empty where there are none)."""

    files: int = 0
    filename: str = ""
    problem: str = ""


def remember(connection: sqlite3.Connection, known: Manifest, problem: str, now: float) -> None:
    """Remember what was found at ``now`` (unix seconds), in the transaction that takes the file's rows away."""
    connection.execute(
        """
        INSERT OR REPLACE INTO damage (sha256, filename, problem, found_at)
        VALUES (:sha256, :filename, :problem, :now)
        """,
        {
            "sha256": known.sha256,
            "filename": known.names[0].filename if known.names else known.sha256,
            "problem": problem,
            "now": now,
        },
    )
    connection.execute(
        """
        DELETE FROM damage WHERE found_at < (
            SELECT found_at FROM damage ORDER BY found_at DESC LIMIT 1 OFFSET :remembered
        )
        """,
        {"remembered": REMEMBERED - 1},
    )


def damage_since(reads: Reads, since: float) -> Damage:
    """What was found since a time (unix seconds). Raises `StorageError`."""
    row = reads.one(
        """
        SELECT filename, problem, (SELECT count(*) FROM damage WHERE found_at >= :since) AS files
        FROM damage WHERE found_at >= :since ORDER BY found_at DESC LIMIT 1
        """,
        {"since": since},
    )
    return Damage() if row is None else Damage(row["files"], row["filename"], row["problem"])
