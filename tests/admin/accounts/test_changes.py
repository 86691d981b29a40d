"""Changes of accounts and tokens, and what the audit log says of them."""

from __future__ import annotations

import pytest

from pyproxy.admin.accounts.changes import account_role
from pyproxy.admin.accounts.random_tokens import API_PREFIX
from pyproxy.admin.accounts.tokens import token_lifetime, token_role
from pyproxy.errors import ConfigurationError, LastAdmin, NameTaken, NameUnknown
from pyproxy.storage.audit import Actor
from tests.admin.accounts.checking import ACTOR, Checking
from tests.http.proxy import Clock


def told(here: Checking) -> list[tuple[str, str, list[tuple[str, str | None, str | None]]]]:
    """The audit log from its beginning: action, subject, changes."""
    return [
        (entry.action, entry.subject, [(change.field, change.old, change.new) for change in entry.changes])
        for entry in reversed(here.audit.entries())
    ]


def test_each_change_of_an_account_is_told_with_old_and_new_and_without_secrets(here: Checking) -> None:
    here.changes.add("ada", "admin", "hash one", ACTOR)
    here.changes.add("grace", "viewer", "hash two", ACTOR)
    here.changes.set_role("GRACE", "admin", ACTOR)
    here.changes.set_role("grace", "admin", ACTOR)  # which changes nothing
    here.changes.set_password("grace", "hash three", ACTOR)
    here.changes.sign_out("grace", ACTOR)
    here.changes.remove("grace", ACTOR)
    assert told(here) == [
        ("added", "account ada", [("role", None, "admin")]),
        ("added", "account grace", [("role", None, "viewer")]),
        ("changed", "account grace", [("role", "viewer", "admin")]),
        ("changed", "account grace", [("password", "changed", "changed")]),
        ("signed out", "account grace", []),
        ("removed", "account grace", [("role", "admin", None)]),
    ]
    assert all(entry.actor == ACTOR for entry in here.audit.entries())
    assert "hash" not in repr(here.audit.entries())


def test_what_is_refused_is_not_told(here: Checking) -> None:
    here.changes.add("ada", "admin", "a hash", ACTOR)
    with pytest.raises(NameTaken):
        here.changes.add("ada", "viewer", "a hash", ACTOR)
    with pytest.raises(LastAdmin):
        here.changes.remove("ada", ACTOR)
    with pytest.raises(NameUnknown):
        here.changes.set_role("eve", "admin", ACTOR)
    assert len(told(here)) == 1


def test_a_token_is_told_of_without_itself_and_is_kept_as_a_hash(here: Checking, clock: Clock) -> None:
    made = here.tokens.make("ci", "read", 86400.0, ACTOR)
    here.tokens.make("deploy", "admin", None, Actor(name="root", origin="command"))
    here.tokens.revoke("ci", ACTOR)
    assert told(here) == [
        ("added", "token ci", [("role", None, "read"), ("expires", None, "2027-01-16T08:00:00Z")]),
        ("added", "token deploy", [("role", None, "admin"), ("expires", None, "never")]),
        ("revoked", "token ci", []),
    ]
    assert made.text.startswith(API_PREFIX)
    assert len(made.text) > 40
    assert made.text not in repr(made)
    assert made.token.expires_at == clock.now + 86400
    assert [token.created_by for token in here.token_store.list()] == ["root (command)"]
    everything = "".join(repr(tuple(row)) for row in here.database.all("SELECT * FROM api_tokens", {}))
    assert made.text not in everything


@pytest.mark.parametrize("name", ["", "a b", "x" * 65])
def test_a_token_has_a_name_that_can_be_told(name: str, here: Checking) -> None:
    with pytest.raises(ConfigurationError):
        here.tokens.make(name, "read", None, ACTOR)


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("  ", None), ("90d", 90 * 86400.0), ("1h30m", 5400.0)])
def test_a_lifetime_is_read_as_a_duration(text: str, seconds: float | None) -> None:
    assert token_lifetime(text) == seconds


@pytest.mark.parametrize("text", ["soon", "0", "-1d", "0s", "1000000d", "never"])
def test_other_lifetimes_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        token_lifetime(text)
    assert refused.value.key == "expires"


def test_roles_are_read_as_they_are_written() -> None:
    assert [account_role(text) for text in ("admin", " viewer ")] == ["admin", "viewer"]
    assert [token_role(text) for text in ("admin", "viewer", "read")] == ["admin", "viewer", "read"]
    for text in ("", "Admin", "root", "read"):
        with pytest.raises(ConfigurationError, match="is no role"):
            account_role(text)
    with pytest.raises(ConfigurationError, match="is no role"):
        token_role("write")
