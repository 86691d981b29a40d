"""The accounts: their names, roles and password hashes.

Synchronous: commands use it, and the thread of the administration.
"""

from __future__ import annotations

import builtins
import sqlite3
from dataclasses import dataclass, field
from typing import Literal

from pyproxy.errors import LastAdmin, NameTaken, NameUnknown
from pyproxy.storage.audit import Witness
from pyproxy.storage.database import Database
from pyproxy.storage.sign_in_failures import account_key

Role = Literal["admin", "viewer"]
"""An admin changes things; a viewer sees everything but secrets."""

_SELECT = "SELECT id, name, role, password_hash, created_at, password_changed_at, signed_in_at FROM accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account; times in unix seconds, ``signed_in_at`` is ``None`` before the first time."""

    id: int
    name: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: float
    password_changed_at: float
    signed_in_at: float | None


class AccountStore:
    """The accounts of a storage directory. Names differ by more than case.

    Unknown names raise `NameUnknown`; everything raises `StorageError`. Each change takes the `Witness` that
    writes it into the audit log.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> builtins.list[Account]:
        """All of them by name."""
        return [_account(row) for row in self._database.all(f"{_SELECT} ORDER BY name", {})]

    def find(self, name: str) -> Account | None:
        """The account of this name, if there is one."""
        row = self._database.one(f"{_SELECT} WHERE name = :name", {"name": name})
        return None if row is None else _account(row)

    def exist(self) -> bool:
        """Whether there is any account."""
        return self._database.one("SELECT 1 FROM accounts LIMIT 1", {}) is not None

    def add(self, name: str, role: Role, password_hash: str, now: float, witness: Witness) -> Account:
        """A new account. Raises `NameTaken`."""
        self._database.write_now(lambda connection: _insert(connection, name, role, password_hash, now, witness))
        return self._known(name)

    def add_first(self, name: str, password_hash: str, now: float, witness: Witness) -> Account:
        """The first account, an admin: uses up the set-up link. Raises `NameTaken` if there is one already."""

        def add(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM accounts LIMIT 1").fetchone() is not None:
                raise NameTaken("there is an account already", suggestion="sign in with it")
            _insert(connection, name, "admin", password_hash, now, witness)

        self._database.write_now(add)
        return self._known(name)

    def set_password(self, name: str, password_hash: str, now: float, witness: Witness) -> None:
        """Another password; every session of the account ends."""

        def change(connection: sqlite3.Connection) -> None:
            values = {"id": _known_id(connection, name), "hash": password_hash, "now": now}
            connection.execute(
                "UPDATE accounts SET password_hash = :hash, password_changed_at = :now WHERE id = :id", values
            )
            connection.execute("DELETE FROM sessions WHERE account_id = :id", values)
            # Guesses at the old one keep nobody from signing in with the new one.
            connection.execute("DELETE FROM sign_in_failures WHERE key = :key", {"key": account_key(name)})
            witness(connection)

        self._database.write_now(change)

    def set_role(self, name: str, role: Role, witness: Witness) -> None:
        """Another role. Raises `LastAdmin` where that would leave none."""

        def change(connection: sqlite3.Connection) -> None:
            values = {"id": _known_id(connection, name), "role": role}
            connection.execute("UPDATE accounts SET role = :role WHERE id = :id", values)
            _keep_an_admin(connection, name)
            witness(connection)

        self._database.write_now(change)

    def remove(self, name: str, witness: Witness, *, keep_an_admin: bool = True) -> None:
        """Remove an account with its sessions. Raises `LastAdmin`, if one must stay."""

        def remove(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM accounts WHERE id = :id", {"id": _known_id(connection, name)})
            if keep_an_admin:
                _keep_an_admin(connection, name)
            witness(connection)

        self._database.write_now(remove)

    def _known(self, name: str) -> Account:
        account = self.find(name)
        assert account is not None
        return account


def _insert(
    connection: sqlite3.Connection, name: str, role: Role, password_hash: str, now: float, witness: Witness
) -> None:
    if connection.execute("SELECT 1 FROM accounts WHERE name = :name", {"name": name}).fetchone() is not None:
        raise NameTaken(
            f"there is an account named {name} already",
            key="name",
            suggestion=f"choose another name; its password is changed with: pyproxy user password {name}",
        )
    connection.execute(
        """
        INSERT INTO accounts (name, role, password_hash, created_at, password_changed_at)
        VALUES (:name, :role, :hash, :now, :now)
        """,
        {"name": name, "role": role, "hash": password_hash, "now": now},
    )
    # Used up by any first account, or it would open the door again once that one is removed.
    connection.execute("DELETE FROM set_up_link")
    witness(connection)


def _keep_an_admin(connection: sqlite3.Connection, name: str) -> None:
    """Else nobody could change anything any more, and the set-up link would open the door to whoever has it."""
    if connection.execute("SELECT 1 FROM accounts WHERE role = 'admin' LIMIT 1").fetchone() is None:
        raise LastAdmin(
            f"{name} is the last account that may change things", suggestion="make another one an admin first"
        )


def _known_id(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT id FROM accounts WHERE name = :name", {"name": name}).fetchone()
    if row is None:
        raise NameUnknown(f"there is no account named {name}", suggestion="see them: pyproxy user list")
    return int(row["id"])


def _account(row: sqlite3.Row) -> Account:
    return Account(**dict(row))
