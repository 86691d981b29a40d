"""Changes of accounts, each with its line in the audit log: for pages, the API and commands alike.

Synchronous. Passwords come as their hashes, which take time to make (`Passwords`); whether they may be what they are is
`check_password`'s and `check_name`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable

from pyproxy.admin.accounts.principal import Actor
from pyproxy.errors import ConfigurationError, NameUnknown
from pyproxy.storage.accounts import Account, AccountStore, Role
from pyproxy.storage.audit import CHANGED, AuditLog, Change
from pyproxy.storage.sessions import SessionStore

ROLES: tuple[Role, ...] = ("admin", "viewer")


def account_role(text: str) -> Role:
    """An account's role as it was typed. Raises `ConfigurationError`."""
    for role in ROLES:
        if text.strip() == role:
            return role
    raise ConfigurationError("is no role", key="role", suggestion="use admin or viewer")


class AccountChanges:
    """Each raises what the store raises; ``clock`` gives unix seconds."""

    def __init__(
        self, accounts: AccountStore, sessions: SessionStore, audit: AuditLog, clock: Callable[[], float]
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._audit = audit
        self._clock = clock

    def known(self, name: str) -> Account:
        """The account. Raises `NameUnknown`."""
        account = self._accounts.find(name) if name.isprintable() else None  # an address may hold what is no text
        if account is None:
            raise NameUnknown(f"there is no account named {name}", suggestion="see them: pyproxy user list")
        return account

    def add(self, name: str, role: Role, password_hash: str, actor: Actor) -> Account:
        """A new account."""
        witness = self._audit.witness(actor, "added", f"account {name}", (Change("role", None, role),))
        return self._accounts.add(name, role, password_hash, self._clock(), witness)

    def set_role(self, name: str, role: Role, actor: Actor) -> None:
        """Another role; nothing happens where it is the same."""
        account = self.known(name)
        if account.role != role:
            change = Change("role", account.role, role)
            witness = self._audit.witness(actor, "changed", f"account {account.name}", (change,))
            self._accounts.set_role(account.name, role, witness)

    def set_password(self, name: str, password_hash: str, actor: Actor) -> None:
        """Another password; every session of the account ends."""
        account = self.known(name)
        change = Change("password", CHANGED, CHANGED)
        witness = self._audit.witness(actor, "changed", f"account {account.name}", (change,))
        self._accounts.set_password(account.name, password_hash, self._clock(), witness)

    def sign_out(self, name: str, actor: Actor) -> None:
        """End every session of somebody else's account."""
        account = self.known(name)
        self._sessions.end_all(account.id, self._audit.witness(actor, "signed out", f"account {account.name}"))

    def remove(self, name: str, actor: Actor, *, keep_an_admin: bool = True) -> None:
        """Remove an account with its sessions. The tokens that it made stay."""
        account = self.known(name)
        change = Change("role", account.role, None)
        witness = self._audit.witness(actor, "removed", f"account {account.name}", (change,))
        self._accounts.remove(account.name, witness, keep_an_admin=keep_an_admin)
