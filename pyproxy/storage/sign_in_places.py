"""From where people have signed in lately, by account: shared by all processes."""

from __future__ import annotations

import sqlite3

from pyproxy.storage.database import Database

PLACES_LIMIT = 20
"""For each account; only whoever has its password adds one."""

REMEMBERED_SECONDS = 30 * 86400.0

NOTED_EVERY_SECONDS = 3600.0
"""How exactly the last time is written down."""


class SignInPlaces:
    """The places of a storage directory; ``account`` is its name as the counts of failures have it.

    Everything raises `StorageError`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def knows(self, account: str, place: str, now: float) -> bool:
        """Whether the account was signed in from there in the last 30 days."""
        last = self._last(account, place)
        return last is not None and now - last < REMEMBERED_SECONDS

    def remember(self, account: str, place: str, now: float) -> None:
        """It was signed in from there now."""
        last = self._last(account, place)
        if last is not None and 0 <= now - last < NOTED_EVERY_SECONDS:
            return
        values = {"account": account, "place": place, "now": now, "limit": PLACES_LIMIT}

        def remember(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM sign_in_places WHERE last_at < :before", {"before": now - REMEMBERED_SECONDS}
            )
            connection.execute(
                """
                INSERT INTO sign_in_places (account, place, last_at) VALUES (:account, :place, :now)
                ON CONFLICT (account, place) DO UPDATE SET last_at = excluded.last_at
                """,
                values,
            )
            connection.execute(
                """
                DELETE FROM sign_in_places WHERE account = :account AND place IN (
                    SELECT place FROM sign_in_places WHERE account = :account
                    ORDER BY last_at DESC LIMIT -1 OFFSET :limit
                )
                """,
                values,
            )

        self._database.write_now(remember)

    def _last(self, account: str, place: str) -> float | None:
        sql = "SELECT last_at FROM sign_in_places WHERE account = :account AND place = :place"
        row = self._database.one(sql, {"account": account, "place": place})
        return None if row is None else float(row["last_at"])
