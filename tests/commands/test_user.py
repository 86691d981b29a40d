"""``pyproxy user``: accounts made, changed and removed on the machine."""

from __future__ import annotations

import json
import os
import pty
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pyproxy.admin.accounts.passwords import Passwords
from pyproxy.admin.desk import Desk
from pyproxy.storage.accounts import AccountStore
from pyproxy.storage.audit import AuditLog
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.sessions import SessionStore
from pyproxy.storage.set_up_link import SetUpLink
from pyproxy.storage.tokens import TokenStore
from tests.commands.running import done, refused, run

CHECKOUT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"
TWICE = f"{PASSWORD}\n{PASSWORD}\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where there is a database already."""
    opened = tmp_path / "data"
    opened.mkdir()
    Database.open(opened / DATABASE_NAME).close()
    return tmp_path


@contextmanager
def database_in(directory: Path) -> Iterator[Database]:
    with closing(Database.open(directory / "data" / DATABASE_NAME)) as database:
        yield database


def listed(directory: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done(directory, "user", "list", "--json"))
    return found


def fits(directory: Path, name: str, password: str) -> bool:
    with database_in(directory) as database, closing(Desk("test")) as desk:
        account = AccountStore(database).find(name)
        return account is not None and Passwords(desk).fits_now(password, account.password_hash)


def test_the_first_account_is_an_admin_and_others_are_viewers_unless_they_are_told(directory: Path) -> None:
    assert done(directory, "user", "add", "ada", stdin=TWICE) == "account ada is added: admin\n"
    assert done(directory, "user", "add", "grace", stdin=TWICE) == "account grace is added: viewer\n"
    assert done(directory, "user", "add", "alan", "--role", "admin", stdin=TWICE) == "account alan is added: admin\n"
    roles = {row["name"]: row["role"] for row in listed(directory)}
    assert roles == {"ada": "admin", "grace": "viewer", "alan": "admin"}
    assert fits(directory, "grace", PASSWORD)


def test_without_a_database_one_is_made_and_told_of(tmp_path: Path) -> None:
    """In a wrong directory the account would silently open no server."""
    result = run(tmp_path, "user", "add", "ada", "--role", "viewer", stdin=TWICE)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"note: a new database was made in {tmp_path / 'data'};")
    path = tmp_path / "data" / DATABASE_NAME
    assert path.stat().st_mode & 0o077 == 0, "hashes of passwords lie in it"


def test_a_name_that_is_taken_ends_with_1_before_a_password_is_asked_for(directory: Path) -> None:
    done(directory, "user", "add", "ada", stdin=TWICE)
    line = refused(directory, "user", "add", "ADA", status=1)
    assert line.startswith("pyproxy: there is an account named ADA already (its password is changed with:")


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("ada",), "", "password: is not on standard input twice"),
        (("ada",), f"{PASSWORD}\n", "password: is not on standard input twice"),
        (("ada",), f"{PASSWORD}\nanother password\n", "password: the two are not the same"),
        (("ada",), "short\nshort\n", "password: is too short"),
        (("ada",), b"\xff\xfe is no text\n\xff\xfe is no text\n", "password: is no text"),
        (("administrator",), "administrator1\nadministrator1\n", "password: is little more than the name"),
        (("a:b",), TWICE, "name: is no name"),
        (("",), TWICE, "name: is missing"),
        (("ada", "--role", "root"), TWICE, "invalid value for '--role': 'root' is not one of 'admin', 'viewer'"),
        ((), TWICE, "missing argument 'NAME'"),
    ],
)
def test_what_cannot_be_is_one_line_and_makes_nothing(
    arguments: tuple[str, ...], stdin: str | bytes, said: str, directory: Path
) -> None:
    line = refused(directory, "user", "add", *arguments, stdin=stdin)
    assert said in line
    assert PASSWORD not in line
    assert listed(directory) == []


def test_lines_of_windows_and_a_last_line_without_its_end_are_read(directory: Path) -> None:
    done(directory, "user", "add", "ada", stdin=f"{PASSWORD}\r\n{PASSWORD}")
    assert fits(directory, "ada", PASSWORD)


def test_another_password_ends_the_sessions(directory: Path) -> None:
    done(directory, "user", "add", "ada", stdin=TWICE)
    with database_in(directory) as database:
        ada = AccountStore(database).find("ada")
        assert ada is not None
        begun = SessionStore(database).begin(
            b"one", ada.id, password_hash=ada.password_hash, now=1e12, address="", agent=""
        )
        assert begun
    assert [row["sessions"] for row in listed(directory)] == [1]

    new = "another long password"
    said = done(directory, "user", "password", "ADA", stdin=f"{new}\n{new}\n")

    assert said == "the password of ada is changed; it is signed out everywhere\n"
    assert [row["sessions"] for row in listed(directory)] == [0]
    assert (fits(directory, "ada", new), fits(directory, "ada", PASSWORD)) == (True, False)


@pytest.mark.parametrize("command", ["password", "remove"])
def test_a_name_that_nobody_has_ends_with_2(command: str, directory: Path) -> None:
    line = refused(directory, "user", command, "eve", stdin=TWICE)
    assert line == "pyproxy: there is no account named eve (see them: pyproxy user list)"


def test_an_empty_list_says_how_to_make_one(directory: Path) -> None:
    assert "pyproxy user add NAME" in done(directory, "user", "list")
    assert listed(directory) == []


def test_the_list_is_for_people_and_never_has_a_hash(directory: Path) -> None:
    done(directory, "user", "add", "ada", stdin=TWICE)
    heading, row = done(directory, "user", "list").splitlines()
    assert heading.split("  ")[0] == "name"
    assert row.split()[:2] == ["ada", "admin"]
    assert "never" in row
    assert "argon2" not in done(directory, "user", "list", "--json")


def test_the_last_admin_may_be_removed_here_and_what_follows_is_said(directory: Path) -> None:
    for name in ("ada", "grace"):
        done(directory, "user", "add", name, stdin=TWICE)
    result = run(directory, "user", "remove", "ada")
    assert (result.exit_code, result.stdout) == (0, "account ada is removed, and signed out everywhere\n")
    assert result.stderr == "note: no account may change anything now: pyproxy user add NAME --role admin\n"
    assert run(directory, "user", "remove", "grace").stderr == ""


def test_without_any_account_the_next_start_prints_a_link_again(directory: Path) -> None:
    done(directory, "user", "add", "ada", stdin=TWICE)
    with database_in(directory) as database:
        assert SetUpLink(database, SecretBox.open(directory / "data", {})).offer() is None
    assert "the next start of the server prints a link" in run(directory, "user", "remove", "ada").stderr
    with database_in(directory) as database:
        assert SetUpLink(database, SecretBox.open(directory / "data", {})).offer() is not None


def test_tokens_stay_when_their_maker_goes_and_are_told_of(directory: Path) -> None:
    done(directory, "user", "add", "ada", stdin=TWICE)
    with database_in(directory) as database:
        TokenStore(database).add(
            "ci", "read", b"hash", now=1.0, created_by="ada", expires_at=None, witness=lambda _: None
        )
    assert "note: 1 token that it made stay" in run(directory, "user", "remove", "ada").stderr


def test_each_change_is_in_the_audit_log_with_the_user_of_the_system(directory: Path) -> None:
    done(directory, "user", "add", "ada", stdin=TWICE)
    done(directory, "user", "password", "ada", stdin=TWICE)
    done(directory, "user", "remove", "ada")
    with database_in(directory) as database:
        entries = AuditLog(database, float).entries()
    assert [(entry.action, entry.subject) for entry in entries] == [
        ("removed", "account ada"),
        ("changed", "account ada"),
        ("added", "account ada"),
    ]
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert {(entry.actor.name, entry.actor.origin, entry.actor.address) for entry in entries} == {(me, "command", "")}


def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(directory: Path) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "pyproxy", "user", "add", "ada"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYPROXY_")}
    with subprocess.Popen(
        command,
        cwd=directory,
        env={**environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # makes it the controlling terminal
    ) as process:
        os.close(child)
        shown = b""
        for prompt in (b"Password: ", b"The same once more: "):
            while prompt not in shown.rpartition(b"\n")[2]:
                shown += os.read(parent, 1000)
            os.write(parent, f"{PASSWORD}\n".encode())
        try:
            while piece := os.read(parent, 1000):
                shown += piece
        except OSError:  # EIO: the other side is closed
            pass
        assert process.wait() == 0, shown
    os.close(parent)
    assert b"account ada is added: admin" in shown
    assert PASSWORD.encode() not in shown
    assert fits(directory, "ada", PASSWORD)
