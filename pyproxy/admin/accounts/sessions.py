"""Signed-in browsers: a random token in a cookie, its hash in the database."""

from __future__ import annotations

from collections.abc import Callable

from pyproxy.admin.accounts.random_tokens import new_token, token_hash
from pyproxy.errors import WrongCredentials
from pyproxy.storage.accounts import Account as Account  # the types, for handlers
from pyproxy.storage.sessions import Session as Session
from pyproxy.storage.sessions import SessionStore

IDLE_SECONDS = 12 * 3600.0
"""A session that was not used for so long has ended: a working day with its evening."""

LONGEST_SECONDS = 7 * 86400.0
"""However much it is used, it ends after so long."""

SEEN_EVERY_SECONDS = 60.0
"""How exactly its last use is written down: not at each click."""


class Sessions:
    """Begins, finds and ends sessions; ``clock`` gives unix seconds. For the administration's thread."""

    def __init__(self, store: SessionStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def begin(self, account: Account, *, address: str, agent: str) -> str:
        """The token of a new session, for the cookie. What has expired is swept.

        Raises `WrongCredentials` where the account was removed, or got another password, since it was looked up.
        """
        token, now = new_token(), self._clock()
        self._store.sweep(seen_before=now - IDLE_SECONDS, begun_before=now - LONGEST_SECONDS)
        begun = self._store.begin(
            token_hash(token),
            account.id,
            password_hash=account.password_hash,
            now=now,
            address=address,
            agent=agent,
        )
        if not begun:
            raise WrongCredentials("the name or the password is not right")
        return token

    def find(self, token: str, *, used: bool = True) -> Session | None:
        """The session of a cookie, unless it has expired; it is not ``used`` by what a page does all by itself."""
        session, now = self._store.find(token_hash(token)), self._clock()
        if session is None or not _is_alive(session, now):
            return None
        if used and now - session.seen_at > SEEN_EVERY_SECONDS:
            self._store.seen(session.token_hash, now)
        return session

    def of(self, account_id: int) -> list[Session]:
        """Where an account is signed in, the newest first."""
        now = self._clock()
        return [session for session in self._store.of(account_id) if _is_alive(session, now)]

    def say_next(self, session: Session, notice: str) -> None:
        """What the next page of this session says, once."""
        self._store.set_notice(session.token_hash, notice)

    def notice_was_said(self, session: Session) -> None:
        """The page that had it is on its way."""
        self._store.set_notice(session.token_hash, None)

    def end(self, session: Session) -> None:
        """Sign out."""
        self._store.end(session.token_hash)

    def end_all(self, account_id: int) -> None:
        """Sign out everywhere."""
        self._store.end_all(account_id)


def _is_alive(session: Session, now: float) -> bool:
    return now - session.seen_at <= IDLE_SECONDS and now - session.began_at <= LONGEST_SECONDS
