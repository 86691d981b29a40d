"""What the pages show of accounts and tokens: lists a page at a time, and one of them with all that belongs to it.

Synchronous: for the administration's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pyproxy.admin.accounts.changes import AccountChanges
from pyproxy.admin.accounts.sessions import IDLE_SECONDS, LONGEST_SECONDS, Session, Sessions
from pyproxy.errors import NameUnknown
from pyproxy.storage.accounts import Role
from pyproxy.storage.roster import AccountRow as AccountRow  # the types, for handlers
from pyproxy.storage.roster import Roster
from pyproxy.storage.tokens import ApiToken as ApiToken

ROWS = 60
"""In a list at once."""

R = TypeVar("R", AccountRow, ApiToken)


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """A page of a list. ``further`` is the name behind which the next page begins; empty for the last one."""

    rows: tuple[R, ...]
    further: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSeen:
    """One account; times in unix seconds. ``tokens`` that it made, ``is_last_admin``: nobody else may change things."""

    name: str
    role: Role
    created_at: float
    password_changed_at: float
    signed_in_at: float | None
    sessions: tuple[Session, ...]
    tokens: int
    is_last_admin: bool


class Rosters:
    """Reads them; ``clock`` gives unix seconds."""

    def __init__(self, roster: Roster, changes: AccountChanges, sessions: Sessions, clock: Callable[[], float]) -> None:
        self._roster = roster
        self._changes = changes
        self._sessions = sessions
        self._clock = clock

    def accounts(self, *, part: str = "", after: str = "") -> Rows[AccountRow]:
        """Those with ``part`` in their name, by name, from behind ``after``."""
        now = self._clock()
        rows = self._roster.accounts(
            seen_since=now - IDLE_SECONDS,
            begun_since=now - LONGEST_SECONDS,
            part=part,
            after=after,
            limit=ROWS + 1,
        )
        return _cut(rows)

    def tokens(self, *, part: str = "", after: str = "") -> Rows[ApiToken]:
        """Those with ``part`` in their own or their maker's name, by name, from behind ``after``."""
        return _cut(self._roster.tokens(part=part, after=after, limit=ROWS + 1))

    def account(self, name: str) -> AccountSeen:
        """One account. Raises `NameUnknown`."""
        account = self._changes.known(name)
        return AccountSeen(
            name=account.name,
            role=account.role,
            created_at=account.created_at,
            password_changed_at=account.password_changed_at,
            signed_in_at=account.signed_in_at,
            sessions=tuple(self._sessions.of(account.id)),
            tokens=self._roster.tokens_made_by(account.name),
            is_last_admin=self._roster.is_last_admin(account.name),
        )

    def token(self, name: str) -> ApiToken:
        """One token. Raises `NameUnknown`."""
        found = self._roster.token(name) if name.isprintable() else None  # an address may hold what is no text
        if found is None:
            raise NameUnknown(f"there is no token named {name}", suggestion="see them: pyproxy token list")
        return found


def _cut(rows: list[R]) -> Rows[R]:
    return Rows(tuple(rows[:ROWS]), rows[ROWS - 1].name if len(rows) > ROWS else "")
