"""The part of the sample about who may see and change things: since there are pages for administrators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyproxy.storage.accounts import Account, AccountStore
from pyproxy.storage.audit import Actor, AuditLog, Change
from pyproxy.storage.database import Database
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.sessions import SessionStore
from pyproxy.storage.set_up_link import SetUpLink
from pyproxy.storage.sign_in_failures import SignInFailures
from pyproxy.storage.sign_in_places import SignInPlaces
from pyproxy.storage.tokens import TokenStore

WHEN = 1_700_000_000.0
ACTOR = Actor(name="root", origin="command")
CHANGES = (Change("role", None, "admin"),)
NONCE = b"the nonce of the link of the sample"
LINK = "TbU3b2vaTehIAE06IzC4sHBC-_Io2zUYeNC6muqjfEk"
"""What the key of the sample makes of it, in this version and in all later ones."""


def fill(directory: Path, database: Database, box: Callable[[Path], SecretBox]) -> None:
    """Put it into the database."""
    accounts, audit = AccountStore(database), AuditLog(database, lambda: WHEN)
    ada = accounts.add("ada", "admin", "a hash", WHEN, audit.witness(ACTOR, "added", "account ada", CHANGES))
    SessionStore(database).begin(
        b"a session", ada.id, password_hash="a hash", now=WHEN + 1, address="192.0.2.1", agent="a browser"
    )
    TokenStore(database).add(
        "ci", "read", b"a token", now=WHEN, created_by="ada", expires_at=WHEN + 2, witness=lambda _: None
    )
    SignInFailures(database).count(
        ["account eve"], WHEN, tried=b"a guess", again_counts=True, forget_before=0.0, left=lambda count, _: count,
        pause=lambda count: 60.0,
    )  # fmt: skip
    SignInPlaces(database).remember("account ada", "192.0.2.1", WHEN)
    # An account uses the link up, so there are never both; a dump has to have a row in every table.
    database.write_now(
        lambda connection: connection.execute("INSERT INTO set_up_link (only, nonce) VALUES (1, ?)", (NONCE,))
    )


def check(directory: Path, database: Database, box: Callable[[Path], SecretBox]) -> None:
    """Find it again."""
    (ada,) = AccountStore(database).list()
    assert ada == Account(
        id=ada.id, name="ada", role="admin", password_hash="a hash", created_at=WHEN, password_changed_at=WHEN,
        signed_in_at=WHEN + 1,
    )  # fmt: skip
    (session,) = SessionStore(database).of(ada.id)
    assert (session.token_hash, session.address, session.agent) == (b"a session", "192.0.2.1", "a browser")
    (token,) = TokenStore(database).list()
    assert (token.name, token.role, token.created_by, token.expires_at) == ("ci", "read", "ada", WHEN + 2)
    assert SignInPlaces(database).knows("account ada", "192.0.2.1", WHEN + 3)
    assert SignInFailures(database).paused_until(["account eve"], WHEN) == WHEN + 60
    (entry,) = AuditLog(database, lambda: WHEN).entries()
    assert (entry.at, entry.actor, entry.action, entry.changes) == (WHEN, ACTOR, "added", CHANGES)
    assert SetUpLink(database, box(directory)).token() == LINK
