"""Failed sign-ins in a row, by what they are counted for (an account, an address): shared by all processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from pyproxy.storage.database import Database

KEYS_LIMIT = 10_000
"""Names and addresses that are remembered; whoever makes up more pushes out the oldest."""


class SignInFailures:
    """The counts of a storage directory. Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def paused_until(self, keys: Sequence[str], now: float) -> float:
        """When the latest pause of these ends (unix seconds); 0 where none is paused."""
        until = 0.0
        for key in keys:
            row = self._database.one("SELECT paused_until FROM sign_in_failures WHERE key = :key", {"key": key})
            if row is not None and row["paused_until"] > now:
                until = max(until, row["paused_until"])
        return until

    def count(self, keys: Sequence[str], now: float, *, forget_before: float, pause: Callable[[int], float]) -> None:
        """One more failure of each; ``pause`` gives the seconds after so many in a row."""

        def count(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sign_in_failures WHERE last_at < :before", {"before": forget_before})
            for key in keys:
                row = connection.execute("SELECT failures FROM sign_in_failures WHERE key = :key", {"key": key})
                found = row.fetchone()
                failures = 1 if found is None else int(found["failures"]) + 1
                connection.execute(
                    """
                    INSERT INTO sign_in_failures (key, failures, last_at, paused_until)
                    VALUES (:key, :failures, :now, :until)
                    ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,
                        paused_until = excluded.paused_until
                    """,
                    {"key": key, "failures": failures, "now": now, "until": now + pause(failures)},
                )
            connection.execute(
                """
                DELETE FROM sign_in_failures WHERE key IN (
                    SELECT key FROM sign_in_failures ORDER BY last_at DESC LIMIT -1 OFFSET :limit
                )
                """,
                {"limit": KEYS_LIMIT},
            )

        self._database.write_now(count)

    def forget(self, key: str) -> None:
        """It went well."""

        def forget(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sign_in_failures WHERE key = :key", {"key": key})

        self._database.write_now(forget)
