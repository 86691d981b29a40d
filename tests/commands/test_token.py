"""``pyproxy token``: made, listed and revoked on the machine."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from pathlib import Path

import pytest

from pyproxy.admin.accounts.random_tokens import token_hash
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.tokens import TokenStore
from tests.commands.running import done, refused, run


def test_the_token_alone_is_printed_for_scripts_and_is_kept_as_a_hash(tmp_path: Path) -> None:
    printed = done(tmp_path, "token", "add", "ci", "--role", "read")
    assert re.fullmatch(r"pyproxy_[A-Za-z0-9_-]{43}\n", printed)
    with closing(Database.open(tmp_path / "data" / DATABASE_NAME)) as database:
        found = TokenStore(database).find(token_hash(printed.strip()))
    assert found is not None
    assert (found.name, found.role, found.expires_at) == ("ci", "read", None)
    assert not any(printed.strip().encode() in path.read_bytes() for path in (tmp_path / "data").iterdir())


def test_what_it_may_and_when_it_ends_is_said_beside_it(tmp_path: Path) -> None:
    done(tmp_path, "user", "list")
    result = run(tmp_path, "token", "add", "ci", "--role", "viewer", "--expires", "90d")
    assert re.fullmatch(r"token ci is made: viewer; it ends at 20\d\d-.*Z\. It is shown only now:\n", result.stderr)
    (token,) = json.loads(done(tmp_path, "token", "list", "--json"))
    assert abs(token["expires_at"] - time.time() - 90 * 86400) < 600
    assert token["created_by"].endswith(" (command)")
    assert "hash" not in str(token)


def test_a_name_that_is_taken_ends_with_1(tmp_path: Path) -> None:
    done(tmp_path, "token", "add", "ci", "--role", "read")
    line = refused(tmp_path, "token", "add", "ci", "--role", "read", status=1)
    assert "there is a token named ci already" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ci",), "missing option '--role'. Choose from: read, viewer, admin"),
        (("ci", "--role", "write"), "'write' is not one of 'read', 'viewer', 'admin'"),
        (("ci", "--role", "read", "--expires", "soon"), "expires: 'soon' is no duration"),
        (("ci", "--role", "read", "--expires", "0d"), "expires: is over at once"),
        (("c i", "--role", "read"), "name: is no name"),
        (("", "--role", "read"), "name: is missing"),
    ],
)
def test_what_cannot_be_is_one_line_and_makes_nothing(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done(tmp_path, "token", "list")
    assert said in refused(tmp_path, "token", "add", *arguments)
    assert json.loads(done(tmp_path, "token", "list", "--json")) == []


def test_the_list_says_when_each_ends_and_was_used(tmp_path: Path) -> None:
    assert "pyproxy token add NAME" in done(tmp_path, "token", "list")
    done(tmp_path, "token", "add", "ended", "--role", "read", "--expires", "1ms")
    done(tmp_path, "token", "add", "forever", "--role", "admin")
    _, ended, forever = done(tmp_path, "token", "list").splitlines()
    assert ended.startswith("ended ")
    assert " ended " in ended.removeprefix("ended ")
    assert forever.split()[-2:] == ["never", "never"]


def test_a_revoked_token_is_gone_and_the_log_has_both(tmp_path: Path) -> None:
    done(tmp_path, "token", "add", "ci", "--role", "read")
    assert done(tmp_path, "token", "remove", "ci") == "token ci is revoked\n"
    assert "there is no token named ci" in refused(tmp_path, "token", "remove", "ci")
    with closing(Database.open(tmp_path / "data" / DATABASE_NAME)) as database:
        told = [(entry.action, entry.subject, entry.actor.origin) for entry in AuditLog(database, float).entries()]
    assert told == [("revoked", "token ci", "command"), ("added", "token ci", "command")]
