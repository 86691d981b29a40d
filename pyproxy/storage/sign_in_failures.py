"""Failed sign-ins in a row, by what they are counted for (an account, an address): shared by all processes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Callable, Sequence

from pyproxy.storage.database import Database

KEYS_LIMIT = 10_000
"""Names and addresses that are remembered; whoever makes up more pushes out the oldest."""

MARK_BYTES = 1
"""What is kept of the last thing tried: enough to know it again, and too little to tell anything of it. Of 256 other
things one passes for it, and nobody can choose which: each key has a salt of its own."""

SALT_BYTES = 16


def account_key(name: str) -> str:
    """Under which failures are counted for an account, or for a name that none has."""
    return f"account {name.lower()[:64]}"


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

    def count(
        self,
        keys: Sequence[str],
        now: float,
        *,
        tried: bytes,
        again_counts: bool,
        forget_before: float,
        left: Callable[[int, float], int],
        pause: Callable[[int], float],
    ) -> None:
        """One more failure of each; without ``again_counts`` not where the last one was with the same ``tried``.

        ``left`` tells how many failures still count after so many seconds, ``pause`` the seconds to wait after so many.
        """

        def count(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sign_in_failures WHERE last_at < :before", {"before": forget_before})
            for key in keys:
                _count(connection, key, now, tried, again_counts, left, pause)
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
        if self._database.one("SELECT 1 FROM sign_in_failures WHERE key = :key", {"key": key}) is None:
            return

        def forget(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sign_in_failures WHERE key = :key", {"key": key})

        self._database.write_now(forget)


def _count(
    connection: sqlite3.Connection,
    key: str,
    now: float,
    tried: bytes,
    again_counts: bool,
    left: Callable[[int, float], int],
    pause: Callable[[int], float],
) -> None:
    sql = "SELECT failures, last_at, salt, mark FROM sign_in_failures WHERE key = :key"
    row = connection.execute(sql, {"key": key}).fetchone()
    salt = secrets.token_bytes(SALT_BYTES) if row is None else row["salt"]
    mark = hmac.digest(salt, tried, hashlib.sha256)[:MARK_BYTES]
    if row is not None and row["mark"] == mark and not again_counts:
        return
    failures = 1 if row is None else left(row["failures"], now - row["last_at"]) + 1
    connection.execute(
        """
        INSERT INTO sign_in_failures (key, failures, last_at, paused_until, salt, mark)
        VALUES (:key, :failures, :now, :until, :salt, :mark)
        ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at,
            paused_until = excluded.paused_until, mark = excluded.mark
        """,
        {
            "key": key,
            "failures": failures,
            "now": now,
            "until": now + pause(failures),
            "salt": salt,
            "mark": mark,
        },
    )
