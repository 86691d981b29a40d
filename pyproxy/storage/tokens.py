"""The tokens of scripts and of installers, by their hash: each shown once, when it was made."""

from __future__ import annotations

import builtins
import sqlite3
from dataclasses import dataclass
from typing import Literal

from pyproxy.errors import NameTaken, NameUnknown
from pyproxy.storage.audit import Witness
from pyproxy.storage.database import Database

TokenRole = Literal["admin", "viewer", "read"]
"""As accounts' roles; ``read`` installs packages, and does nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What is known of a token; times in unix seconds, ``None`` for "never"."""

    id: int
    name: str
    role: TokenRole
    created_at: float
    created_by: str
    expires_at: float | None
    used_at: float | None


class TokenStore:
    """The tokens of a storage directory. Everything raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> builtins.list[ApiToken]:
        """All of them by name."""
        return [ApiToken(**dict(row)) for row in self._database.all(f"{_SELECT} ORDER BY name", {})]

    def find(self, token_hash: bytes) -> ApiToken | None:
        """The token with this hash; whether it has expired is the caller's to see."""
        row = self._database.one(f"{_SELECT} WHERE token_hash = :hash", {"hash": token_hash})
        return None if row is None else ApiToken(**dict(row))

    def add(
        self,
        name: str,
        role: TokenRole,
        token_hash: bytes,
        *,
        now: float,
        created_by: str,
        expires_at: float | None,
        witness: Witness,
    ) -> ApiToken:
        """A new token. Raises `NameTaken`."""
        values = {
            "name": name,
            "role": role,
            "hash": token_hash,
            "now": now,
            "by": created_by,
            "expires_at": expires_at,
        }

        def add(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM api_tokens WHERE name = :name", values).fetchone() is not None:
                raise NameTaken(f"there is a token named {name} already", key="name", suggestion="choose another name")
            connection.execute(
                """
                INSERT INTO api_tokens (name, role, token_hash, created_at, created_by, expires_at)
                VALUES (:name, :role, :hash, :now, :by, :expires_at)
                """,
                values,
            )
            witness(connection)

        self._database.write_now(add)
        found = self.find(token_hash)
        assert found is not None
        return found

    def remove(self, name: str, witness: Witness) -> None:
        """Revoke a token. Raises `NameUnknown`."""

        def remove(connection: sqlite3.Connection) -> None:
            if connection.execute("DELETE FROM api_tokens WHERE name = :name", {"name": name}).rowcount == 0:
                raise NameUnknown(f"there is no token named {name}", suggestion="see them: pyproxy token list")
            witness(connection)

        self._database.write_now(remove)

    def used(self, uses: dict[int, float]) -> None:
        """When tokens were last used, by id; a batch, waited for by nobody."""
        rows = [{"id": token_id, "at": at} for token_id, at in uses.items()]
        sql = "UPDATE api_tokens SET used_at = max(coalesce(used_at, 0), :at) WHERE id = :id"
        self._database.write_later(lambda connection: connection.executemany(sql, rows))


_SELECT = "SELECT id, name, role, created_at, created_by, expires_at, used_at FROM api_tokens"
