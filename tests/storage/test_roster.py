"""Accounts and tokens as lists show them."""

from __future__ import annotations

import pytest

from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.database import Database
from pyproxy.storage.roster import Roster
from pyproxy.storage.sessions import SessionStore
from pyproxy.storage.tokens import TokenStore


@pytest.fixture
def roster(database: Database) -> Roster:
    accounts = AccountStore(database)
    for name in ("carol", "Ada", "bob", "ada-2"):
        accounts.add(name, "admin" if name == "Ada" else "viewer", "a hash", 5.0, lambda _: None)
    return Roster(database)


def names(roster: Roster, **wanted: object) -> list[str]:
    return [row.name for row in roster.accounts(seen_since=0.0, begun_since=0.0, **wanted)]  # type: ignore[arg-type]


def test_accounts_are_listed_by_name_in_any_case_a_page_at_a_time(roster: Roster) -> None:
    assert names(roster) == ["Ada", "ada-2", "bob", "carol"]
    assert names(roster, limit=2) == ["Ada", "ada-2"]
    assert names(roster, after="ADA-2", limit=2) == ["bob", "carol"]
    assert names(roster, part="DA") == ["Ada", "ada-2"]
    assert names(roster, part="_") == []


def test_sessions_count_while_they_are_alive(roster: Roster, database: Database) -> None:
    sessions, ada = SessionStore(database), AccountStore(database).find("ada")
    assert ada is not None
    for token_hash, now in ((b"old", 10.0), (b"idle", 20.0), (b"alive", 30.0)):
        sessions.begin(token_hash, ada.id, password_hash="a hash", now=now, address="", agent="")
    sessions.seen(b"old", 40.0)
    counted = {row.name: row.sessions for row in roster.accounts(seen_since=25.0, begun_since=15.0)}
    assert counted == {"Ada": 1, "ada-2": 0, "bob": 0, "carol": 0}


def test_tokens_are_found_by_their_own_and_their_makers_name(roster: Roster, database: Database) -> None:
    tokens = TokenStore(database)
    for name, maker in (("ci", "Ada"), ("deploy", "bob"), ("adamant", "bob")):
        tokens.add(
            name, "read", name.encode(), now=5.0, created_by=maker, expires_at=None, witness=lambda _: None
        )  # fmt: skip
    assert [token.name for token in roster.tokens()] == ["adamant", "ci", "deploy"]
    assert [token.name for token in roster.tokens(part="ada")] == ["adamant", "ci"]
    assert [token.name for token in roster.tokens(after="ci", limit=1)] == ["deploy"]
    assert [roster.tokens_made_by(name) for name in ("bob", "Ada", "carol")] == [2, 1, 0]


def test_the_last_admin_is_known(roster: Roster, database: Database) -> None:
    assert roster.is_last_admin("ADA")
    assert not roster.is_last_admin("bob")
    AccountStore(database).set_role("bob", "admin", lambda _: None)
    assert not roster.is_last_admin("ada")
