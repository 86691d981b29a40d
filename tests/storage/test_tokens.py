"""Tokens: kept by their hash, used, revoked."""

from __future__ import annotations

import pytest

from pyproxy.errors import NameTaken, NameUnknown
from pyproxy.storage.database import Database
from pyproxy.storage.tokens import ApiToken, TokenStore


@pytest.fixture
def tokens(database: Database) -> TokenStore:
    return TokenStore(database)


def add(tokens: TokenStore, name: str, token_hash: bytes = b"hash") -> ApiToken:
    return tokens.add(
        name, "read", token_hash, now=5.0, created_by="ada", expires_at=99.0, witness=lambda _: None
    )  # fmt: skip


def test_a_token_is_found_by_its_hash_alone(tokens: TokenStore) -> None:
    token = add(tokens, "ci")
    assert tokens.find(b"hash") == token
    assert tokens.find(b"ci") is None
    assert (token.name, token.role, token.created_by, token.expires_at, token.used_at) == (
        "ci",
        "read",
        "ada",
        99.0,
        None,
    )


def test_a_name_is_taken_in_any_case(tokens: TokenStore) -> None:
    add(tokens, "ci")
    with pytest.raises(NameTaken, match="there is a token named CI already"):
        add(tokens, "CI", b"another")


def test_a_revoked_token_is_gone_and_its_name_free(tokens: TokenStore) -> None:
    add(tokens, "ci")
    tokens.remove("Ci", lambda _: None)
    assert tokens.find(b"hash") is None
    with pytest.raises(NameUnknown, match="there is no token named ci"):
        tokens.remove("ci", lambda _: None)
    add(tokens, "ci")


def test_the_last_use_never_goes_back(tokens: TokenStore, database: Database) -> None:
    """Several processes write it, each in its own time."""
    token = add(tokens, "ci")
    for at in (20.0, 30.0, 25.0):
        tokens.used({token.id: at})
    database.write_now(lambda _: None)  # the writer has come to the end of its queue
    assert [each.used_at for each in tokens.list()] == [30.0]
