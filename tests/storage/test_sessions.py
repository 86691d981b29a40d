"""Sessions: whose they are, how many there are, and that none outlives what it was opened with."""

from __future__ import annotations

import pytest

from pyproxy.storage.accounts import Account, AccountStore
from pyproxy.storage.database import Database
from pyproxy.storage.sessions import AGENT_LIMIT, SESSIONS_LIMIT, SessionStore


@pytest.fixture
def sessions(database: Database) -> SessionStore:
    return SessionStore(database)


@pytest.fixture
def ada(database: Database) -> Account:
    return AccountStore(database).add("ada", "admin", "a hash", 5.0, lambda _: None)


def begin(sessions: SessionStore, account: Account, token_hash: bytes, now: float = 10.0) -> bool:
    return sessions.begin(
        token_hash, account.id, password_hash=account.password_hash, now=now, address="192.0.2.1", agent="x" * 1000
    )


def test_a_session_knows_whose_it_is_and_its_account_when_it_began(
    sessions: SessionStore, ada: Account, database: Database
) -> None:
    assert begin(sessions, ada, b"one")
    session = sessions.find(b"one")
    assert session is not None
    assert (session.name, session.role, session.began_at, session.seen_at) == ("ada", "admin", 10.0, 10.0)
    assert (session.address, session.agent, session.notice) == ("192.0.2.1", "x" * AGENT_LIMIT, None)
    account = AccountStore(database).find("ada")
    assert account is not None
    assert account.signed_in_at == 10.0


def test_a_password_that_was_changed_while_it_was_compared_opens_no_session(
    sessions: SessionStore, ada: Account, database: Database
) -> None:
    AccountStore(database).set_password("ada", "another hash", 6.0, lambda _: None)
    assert not begin(sessions, ada, b"one")
    assert sessions.find(b"one") is None


def test_an_account_that_was_removed_meanwhile_opens_no_session(
    sessions: SessionStore, ada: Account, database: Database
) -> None:
    AccountStore(database).remove("ada", lambda _: None, keep_an_admin=False)
    assert not begin(sessions, ada, b"one")


def test_a_script_that_signs_in_for_ever_ends_its_own_oldest_sessions(sessions: SessionStore, ada: Account) -> None:
    for number in range(SESSIONS_LIMIT + 3):
        begin(sessions, ada, b"%03d" % number, now=10.0 + number)
    assert len(sessions.of(ada.id)) == SESSIONS_LIMIT
    assert [sessions.find(b"%03d" % number) is None for number in (0, 2, 3)] == [True, True, False]


def test_the_newest_session_stays_also_when_the_clock_stands_still(sessions: SessionStore, ada: Account) -> None:
    for number in range(SESSIONS_LIMIT + 1):
        begin(sessions, ada, b"%03d" % number)
        assert sessions.find(b"%03d" % number) is not None, number


def test_what_has_expired_is_swept(sessions: SessionStore, ada: Account) -> None:
    for token_hash, now in ((b"old", 10.0), (b"idle", 20.0), (b"alive", 30.0)):
        begin(sessions, ada, token_hash, now=now)
    sessions.seen(b"old", 40.0)
    sessions.sweep(seen_before=25.0, begun_before=15.0)
    assert [session.token_hash for session in sessions.of(ada.id)] == [b"alive"]


def test_a_notice_is_kept_until_it_was_said(sessions: SessionStore, ada: Account) -> None:
    begin(sessions, ada, b"one")
    for notice in ("Done.", None):
        sessions.set_notice(b"one", notice)
        session = sessions.find(b"one")
        assert session is not None
        assert session.notice == notice


def test_signing_out_ends_one_session_and_signing_out_everywhere_all(sessions: SessionStore, ada: Account) -> None:
    for token_hash in (b"one", b"two", b"three"):
        begin(sessions, ada, token_hash)
    sessions.end(b"one")
    assert {session.token_hash for session in sessions.of(ada.id)} == {b"two", b"three"}
    sessions.end_all(ada.id)
    assert sessions.of(ada.id) == []
