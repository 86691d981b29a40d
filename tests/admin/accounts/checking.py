"""All that checks credentials, on a database of the test's own, without a server."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyproxy.admin.accounts.changes import AccountChanges
from pyproxy.admin.accounts.credentials import Credentials
from pyproxy.admin.accounts.passwords import Passwords
from pyproxy.admin.accounts.sign_in import SignIn
from pyproxy.admin.accounts.throttle import Throttle
from pyproxy.admin.accounts.tokens import TokenChanges
from pyproxy.admin.desk import Desk
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.audit import Actor, AuditLog
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.sessions import SessionStore
from pyproxy.storage.sign_in_failures import SignInFailures
from pyproxy.storage.sign_in_places import SignInPlaces
from pyproxy.storage.tokens import TokenStore
from tests.http.proxy import Clock

PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.1"
ACTOR = Actor(name="ada", origin="page", address=ADDRESS)


class CountingPasswords(Passwords):
    """Counts how many were compared, which is what takes time."""

    compared = 0

    def fits_now(self, password: str, password_hash: str | None) -> bool:
        self.compared += 1
        return super().fits_now(password, password_hash)


@dataclass(frozen=True, slots=True)
class Checking:
    """The parts, and the clock that both their clocks are."""

    database: Database
    clock: Clock
    passwords: CountingPasswords
    sign_in: SignIn
    credentials: Credentials
    changes: AccountChanges
    tokens: TokenChanges
    token_store: TokenStore
    audit: AuditLog

    def add(self, name: str = "ada", password: str = PASSWORD) -> None:
        """A new account."""
        self.changes.add(name, "viewer", self.passwords.hash_now(password), ACTOR)

    def pauses(self) -> dict[str, int]:
        """The failures that are counted, by what they are counted for."""
        return {row["key"]: row["failures"] for row in self.database.all("SELECT * FROM sign_in_failures", {})}


@contextlib.contextmanager
def checking(directory: Path, clock: Clock) -> Iterator[Checking]:
    """Open it, as one process of a server does; closed at the end."""
    database = Database.open(directory / DATABASE_NAME)
    desk = Desk("sign-ins")
    accounts, token_store, audit = AccountStore(database), TokenStore(database), AuditLog(database, clock)
    passwords = CountingPasswords(desk)
    sign_in = SignIn(accounts, passwords, Throttle(SignInFailures(database), SignInPlaces(database), clock), desk)
    try:
        yield Checking(
            database=database,
            clock=clock,
            passwords=passwords,
            sign_in=sign_in,
            credentials=Credentials(accounts, token_store, sign_in, clock, steady=clock),
            changes=AccountChanges(accounts, SessionStore(database), audit, clock),
            tokens=TokenChanges(token_store, audit, clock),
            token_store=token_store,
            audit=audit,
        )
    finally:
        desk.close()
        database.close()


def basic(name: str, password: str, encoding: str = "utf-8") -> str:
    """An ``Authorization`` header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode(encoding)).decode()
