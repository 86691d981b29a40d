"""The sessions of people who are signed in, by the hash of their token."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pyproxy.storage.accounts import Role
from pyproxy.storage.audit import Witness
from pyproxy.storage.database import Database

AGENT_LIMIT = 200
"""Characters of a browser's name that are kept."""

SESSIONS_LIMIT = 50
"""Of one account; whoever signs in once more ends the one that was not used for longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session and whose it is; times in unix seconds. ``notice`` is what its next page says once."""

    token_hash: bytes
    account_id: int
    name: str
    role: Role
    began_at: float
    seen_at: float
    address: str
    agent: str
    notice: str | None


class SessionStore:
    """The sessions of a storage directory. Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, token_hash: bytes, account_id: int, *, password_hash: str, now: float, address: str, agent: str
    ) -> bool:
        """A new session; its account was signed in now.

        False, and nothing is written, where ``password_hash`` is not the account's any more: what was compared before
        must not open a session after the password was changed, which ends all of them.
        """
        values = {
            "hash": token_hash,
            "id": account_id,
            "password_hash": password_hash,
            "now": now,
            "address": address,
            "agent": agent[:AGENT_LIMIT],
            "limit": SESSIONS_LIMIT,
        }

        def begin(connection: sqlite3.Connection) -> bool:
            sql = "UPDATE accounts SET signed_in_at = :now WHERE id = :id AND password_hash = :password_hash"
            if connection.execute(sql, values).rowcount == 0:
                return False
            connection.execute(
                """
                INSERT INTO sessions (token_hash, account_id, began_at, seen_at, address, agent)
                VALUES (:hash, :id, :now, :now, :address, :agent)
                """,
                values,
            )
            connection.execute(
                """
                DELETE FROM sessions WHERE account_id = :id AND token_hash IN (
                    SELECT token_hash FROM sessions WHERE account_id = :id
                    ORDER BY seen_at DESC, token_hash = :hash DESC LIMIT -1 OFFSET :limit
                )
                """,
                values,
            )
            return True

        return self._database.write_now(begin)

    def find(self, token_hash: bytes) -> Session | None:
        """The session of this token; whether it has expired is the caller's to see."""
        row = self._database.one(f"{_SELECT} WHERE token_hash = :hash", {"hash": token_hash})
        return None if row is None else Session(**dict(row))

    def of(self, account_id: int) -> list[Session]:
        """The sessions of an account, the newest first."""
        rows = self._database.all(f"{_SELECT} WHERE account_id = :id ORDER BY seen_at DESC", {"id": account_id})
        return [Session(**dict(row)) for row in rows]

    def seen(self, token_hash: bytes, now: float) -> None:
        """The session was used."""
        self._run("UPDATE sessions SET seen_at = :now WHERE token_hash = :hash", {"hash": token_hash, "now": now})

    def set_notice(self, token_hash: bytes, notice: str | None) -> None:
        """What the next page of the session says; ``None`` once it was said."""
        sql = "UPDATE sessions SET notice = :notice WHERE token_hash = :hash"
        self._run(sql, {"hash": token_hash, "notice": notice})

    def end(self, token_hash: bytes) -> None:
        """Sign out."""
        self._run("DELETE FROM sessions WHERE token_hash = :hash", {"hash": token_hash})

    def end_all(self, account_id: int, witness: Witness | None = None) -> None:
        """Sign out everywhere."""

        def end_all(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM sessions WHERE account_id = :id", {"id": account_id})
            if witness is not None:
                witness(connection)

        self._database.write_now(end_all)

    def sweep(self, *, seen_before: float, begun_before: float) -> None:
        """Remove what has expired."""
        self._run(
            "DELETE FROM sessions WHERE seen_at < :seen OR began_at < :begun",
            {"seen": seen_before, "begun": begun_before},
        )

    def _run(self, sql: str, values: dict[str, object]) -> None:
        def run(connection: sqlite3.Connection) -> None:
            connection.execute(sql, values)

        self._database.write_now(run)


_SELECT = """
    SELECT token_hash, account_id, name, role, began_at, seen_at, address, agent, notice
    FROM sessions JOIN accounts ON accounts.id = sessions.account_id
"""
