"""Accounts and tokens as lists show them, a page at a time. Synchronous, as their stores are."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.storage.accounts import Role
from pyproxy.storage.database import Database
from pyproxy.storage.tokens import ApiToken

NO_LIMIT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account and its use; times in unix seconds, ``sessions`` are those that are alive."""

    name: str
    role: Role
    created_at: float
    password_changed_at: float
    signed_in_at: float | None
    sessions: int


class Roster:
    """The lists of a storage directory. Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(
        self, *, seen_since: float, begun_since: float, after: str = "", part: str = "", limit: int = NO_LIMIT
    ) -> list[AccountRow]:
        """By name, those after ``after`` with ``part`` in it; sessions count that were begun and seen since then."""
        rows = self._database.all(
            """
            SELECT name, role, created_at, password_changed_at, signed_in_at, (
                SELECT count(*) FROM sessions
                WHERE account_id = accounts.id AND seen_at >= :seen_since AND began_at >= :begun_since
            ) AS sessions
            FROM accounts
            WHERE name > :after AND (:part = '' OR instr(lower(name), lower(:part)) > 0)
            ORDER BY name LIMIT :limit
            """,
            {
                "seen_since": seen_since,
                "begun_since": begun_since,
                "after": after,
                "part": part,
                "limit": limit,
            },
        )
        return [AccountRow(**dict(row)) for row in rows]

    def tokens(self, *, after: str = "", part: str = "", limit: int = NO_LIMIT) -> list[ApiToken]:
        """By name, those after ``after`` with ``part`` in their own or their maker's name."""
        rows = self._database.all(
            """
            SELECT id, name, role, created_at, created_by, expires_at, used_at FROM api_tokens
            WHERE name > :after
                AND (:part = '' OR instr(lower(name), lower(:part)) > 0 OR instr(lower(created_by), lower(:part)) > 0)
            ORDER BY name LIMIT :limit
            """,
            {"after": after, "part": part, "limit": limit},
        )
        return [ApiToken(**dict(row)) for row in rows]

    def token(self, name: str) -> ApiToken | None:
        """The token of this name, if there is one."""
        row = self._database.one(
            """
            SELECT id, name, role, created_at, created_by, expires_at, used_at FROM api_tokens WHERE name = :name
            """,
            {"name": name},
        )
        return None if row is None else ApiToken(**dict(row))

    def tokens_made_by(self, name: str) -> int:
        """How many tokens an account has made that are there still."""
        row = self._database.one("SELECT count(*) FROM api_tokens WHERE created_by = :name", {"name": name})
        return int(row[0]) if row is not None else 0

    def is_last_admin(self, name: str) -> bool:
        """Whether this account is an admin, and no other is."""
        row = self._database.one(
            "SELECT count(*), max(name = :name) FROM accounts WHERE role = 'admin'", {"name": name}
        )
        return row is not None and row[0] == 1 and row[1] == 1
