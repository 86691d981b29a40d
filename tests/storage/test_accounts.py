"""Accounts: names, roles, and that somebody who may change things stays."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.errors import LastAdmin, NameTaken, NameUnknown
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.audit import Actor, AuditLog
from pyproxy.storage.database import Database
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.sessions import SessionStore
from pyproxy.storage.set_up_link import SetUpLink
from pyproxy.storage.sign_in_failures import SignInFailures, account_key
from tests.storage.conftest import Clock
from tests.storage.older_schemas import schema_before


def unseen(_: sqlite3.Connection) -> None:
    """A change that nobody writes down."""


@pytest.fixture
def accounts(database: Database) -> AccountStore:
    return AccountStore(database)


def test_an_account_is_found_in_any_case_of_its_name(accounts: AccountStore) -> None:
    added = accounts.add("Ada", "admin", "a hash", 5.0, unseen)
    assert accounts.find("aDA") == added
    assert (added.name, added.role, added.created_at, added.signed_in_at) == ("Ada", "admin", 5.0, None)
    assert "a hash" not in repr(added)


def test_two_accounts_cannot_differ_by_case_alone(accounts: AccountStore) -> None:
    accounts.add("ada", "admin", "a hash", 5.0, unseen)
    with pytest.raises(NameTaken, match="there is an account named ADA already"):
        accounts.add("ADA", "viewer", "a hash", 5.0, unseen)


def test_of_two_first_accounts_only_one_is_made(accounts: AccountStore) -> None:
    accounts.add_first("ada", "a hash", 5.0, unseen)
    with pytest.raises(NameTaken, match="an account already"):
        accounts.add_first("eve", "a hash", 5.0, unseen)
    assert [account.name for account in accounts.list()] == ["ada"]


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts: accounts.remove("ada", unseen),
        lambda accounts: accounts.set_role("ada", "viewer", unseen),
    ],
)
def test_the_last_admin_stays_one(change: Callable[[AccountStore], None], accounts: AccountStore) -> None:
    accounts.add("ada", "admin", "a hash", 5.0, unseen)
    accounts.add("grace", "viewer", "a hash", 5.0, unseen)
    with pytest.raises(LastAdmin, match="ada is the last account"):
        change(accounts)
    assert [(account.name, account.role) for account in accounts.list()] == [("ada", "admin"), ("grace", "viewer")]

    accounts.set_role("grace", "admin", unseen)
    change(accounts)


def test_on_the_machine_the_last_admin_may_go(accounts: AccountStore) -> None:
    accounts.add("ada", "admin", "a hash", 5.0, unseen)
    accounts.remove("ada", unseen, keep_an_admin=False)
    assert not accounts.exist()


def test_an_account_of_the_same_name_as_a_removed_one_has_another_id(accounts: AccountStore) -> None:
    """Else it would have the other's sessions, in a database whose foreign keys somebody has switched off."""
    first = accounts.add("ada", "admin", "a hash", 5.0, unseen)
    accounts.remove("ada", unseen, keep_an_admin=False)
    assert accounts.add("ada", "admin", "a hash", 5.0, unseen).id != first.id


@pytest.mark.parametrize("change", ["set_password", "remove"])
def test_another_password_and_a_removal_end_the_sessions(
    change: str, accounts: AccountStore, database: Database
) -> None:
    sessions = SessionStore(database)
    ada = accounts.add("ada", "admin", "a hash", 5.0, unseen)
    sessions.begin(b"one", ada.id, password_hash="a hash", now=5.0, address="", agent="")
    if change == "remove":
        accounts.remove("ada", unseen, keep_an_admin=False)
    else:
        accounts.set_password("ada", "another hash", 6.0, unseen)
    assert sessions.find(b"one") is None


def test_guesses_at_the_old_password_pause_nobody_who_has_the_new_one(
    accounts: AccountStore, database: Database
) -> None:
    accounts.add("Ada", "admin", "a hash", 5.0, unseen)
    failures, key = SignInFailures(database), account_key("ada")
    failures.count(
        [key], 5.0, tried=b"", again_counts=True, forget_before=0.0, left=lambda count, _: count, pause=lambda _: 60.0
    )
    assert failures.paused_until([key], 6.0) == 65.0
    accounts.set_password("ada", "another hash", 6.0, unseen)
    assert failures.paused_until([key], 6.0) == 0.0


def test_names_that_no_account_has_are_refused(accounts: AccountStore) -> None:
    for change in (
        lambda: accounts.set_password("eve", "a hash", 5.0, unseen),
        lambda: accounts.set_role("eve", "admin", unseen),
        lambda: accounts.remove("eve", unseen),
    ):
        with pytest.raises(NameUnknown, match="there is no account named eve"):
            change()


def test_a_change_that_fails_is_not_in_the_audit_log(accounts: AccountStore, database: Database, clock: Clock) -> None:
    log = AuditLog(database, clock)
    accounts.add("ada", "admin", "a hash", 5.0, unseen)
    with pytest.raises(LastAdmin):
        accounts.remove("ada", log.witness(Actor(name="ada", origin="page"), "removed", "account ada"))
    assert log.entries() == []


def test_the_link_is_used_up_by_any_account(accounts: AccountStore, database: Database, tmp_path: Path) -> None:
    """Else it would open the door again once that account is gone."""
    link = SetUpLink(database, SecretBox.open(tmp_path, {}))
    token = link.offer()
    assert token is not None
    accounts.add("ada", "admin", "a hash", 5.0, unseen)
    assert (link.token(), link.offer()) == (None, None)
    accounts.remove("ada", unseen, keep_an_admin=False)
    assert link.offer() not in (None, token)


def test_with_another_key_it_is_another_link(database: Database, tmp_path: Path) -> None:
    first, second = (
        SetUpLink(database, SecretBox.open(tmp_path, {"PYPROXY_SECRET_KEY": f"the key of the {word} server"}))
        for word in ("first", "second")
    )
    token = first.offer()
    assert first.token() == token is not None
    assert second.offer() == second.token() not in (None, token)


def test_a_copy_of_the_database_does_not_tell_the_link(database: Database, tmp_path: Path) -> None:
    token = SetUpLink(database, SecretBox.open(tmp_path, {})).offer()
    assert token is not None
    raw = base64.urlsafe_b64decode(f"{token}=")
    database.read.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = b"".join(path.read_bytes() for path in database.path.parent.glob(f"{database.path.name}*"))
    assert b"set_up_link" in kept
    assert [secret for secret in (token.encode(), raw, raw.hex().encode()) if secret in kept] == []
    stolen = tmp_path / "stolen"
    assert SetUpLink(database, SecretBox.open(stolen, {})).token() != token


@pytest.mark.parametrize("accounts", [0, 1])
def test_a_link_from_before_the_upgrade_is_replaced_by_a_new_one(accounts: int, tmp_path: Path) -> None:
    """It was encrypted then; where an account has used it up there is none afterwards either."""
    box = SecretBox.open(tmp_path, {})
    with closing(Database.open(tmp_path / "db", migrations=schema_before("nonce of the set-up link"))) as before:
        if accounts:
            AccountStore(before).add("ada", "admin", "a hash", 5.0, unseen)
        before.write_now(
            lambda connection: connection.execute(
                "INSERT INTO set_up_link (only, token) VALUES (1, ?)", (box.encrypt("an old token"),)
            )
        )
    with closing(Database.open(tmp_path / "db")) as after:
        link = SetUpLink(after, box)
        assert link.token() is None
        token = link.offer()
        assert (token is None) == bool(accounts)
        assert token != "an old token"
        assert link.offer() == link.token() == token
