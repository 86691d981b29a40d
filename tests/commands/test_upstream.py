"""``pyproxy upstream``: what is printed, what is stored, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pyproxy.commands import main
from pyproxy.settings.fields import FIELDS
from pyproxy.storage.audit import Actor, AuditLog
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME, SECRET_KEY_NAME
from pyproxy.storage.secrets import SecretBox
from pyproxy.storage.upstreams import UpstreamStore

ROOT = Path(__file__).parents[2]
SECRET = "s3cret-in-clear"
CONFIGURATION = "upstreams:\n  - {name: main, url: https://main.example.org/}\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "pyproxy.yaml").write_text(CONFIGURATION)
    return tmp_path


def run(directory: Path, *arguments: str) -> Result:
    """``pyproxy upstream …`` in a directory; whatever happens, neither a traceback nor a secret may be printed."""
    runner = CliRunner(env={name: None for name in os.environ if name.startswith("PYPROXY_")})
    with contextlib.chdir(directory):
        result = runner.invoke(main, ["upstream", *arguments], prog_name="pyproxy")
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert SECRET not in result.output
    return result


def done(directory: Path, *arguments: str) -> str:
    """What a command that must succeed printed."""
    result = run(directory, *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(directory: Path, *arguments: str, status: int = 2) -> str:
    """The one line of a command that must fail."""
    result = run(directory, *arguments)
    assert (result.exit_code, result.stdout) == (status, ""), result.stderr
    (line,) = result.stderr.splitlines()
    return line


def listed(directory: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done(directory, "list", "--json"))
    return found


def order(directory: Path) -> list[str]:
    return [upstream["name"] for upstream in listed(directory)]


def stored_token(directory: Path, name: str) -> str | None:
    """The token as the server would read it."""
    database = Database.open(directory / "data" / DATABASE_NAME, read_only=True)
    try:
        return UpstreamStore(database, SecretBox.open(directory / "data", {})).get(name).settings.token
    finally:
        database.close()


def test_the_upstreams_of_the_configuration_are_there_before_the_first_start(directory: Path) -> None:
    assert order(directory) == ["main"]
    assert (directory / "data" / DATABASE_NAME).exists()


def test_the_list_is_a_table_with_warnings_under_it(directory: Path) -> None:
    done(directory, "add", "inner", "https://inner.example.org/", f"token={SECRET}", "verify_ssl=no", "index_ttl=90")
    printed = done(directory, "list").splitlines()
    (row,) = [line for line in printed if " inner " in line]
    assert "https://inner.example.org/simple/" in row
    assert "token ***" in row
    assert "verify_ssl=false index_ttl=90" in row
    assert all(line.startswith("warning: upstream inner: it") for line in printed[-2:])


def test_patterns_are_printed_as_they_are(directory: Path) -> None:
    done(directory, "set", "main", "projects=[ab]*,[bold]x")
    assert "[ab]*, [bold]x" in done(directory, "list")


def test_json_holds_every_field_and_masks_secrets(directory: Path) -> None:
    done(directory, "add", "inner", f"https://ada:{SECRET}@inner.example.org/", "on_failure=stop", "priority=1")
    inner, other = listed(directory)
    assert (inner["priority"], inner["name"], inner["url"]) == (1, "inner", "https://inner.example.org/")
    assert (inner["username"], inner["password"], inner["token"]) == ("ada", "***", None)
    assert inner["index_url"] == "https://inner.example.org/simple/"
    assert (inner["on_failure"], inner["warnings"]) == ("stop", [])
    assert (other["priority"], other["password"]) == (2, None)


def test_an_empty_list_says_how_to_add_one(directory: Path) -> None:
    done(directory, "remove", "main")
    assert "pyproxy upstream add NAME URL" in done(directory, "list")
    assert listed(directory) == []


def test_an_upstream_is_added_last_or_where_it_is_told(directory: Path) -> None:
    assert "position 2" in done(directory, "add", "last", "https://last.example.org/")
    assert "position 1" in done(directory, "add", "first", "https://first.example.org/", "priority=1")
    assert order(directory) == ["first", "main", "last"]


def test_a_dangerous_upstream_is_warned_about_when_it_is_added(directory: Path) -> None:
    result = run(directory, "add", "inner", "https://inner.example.org/", f"token={SECRET}")
    assert result.exit_code == 0
    assert "\nwarning: upstream inner: it has credentials but neither projects nor" in f"\n{result.stderr}"


def test_a_database_that_was_made_by_a_command_is_told(directory: Path) -> None:
    """In a wrong directory the change would silently reach no server."""
    first = run(directory, "list")
    assert first.stderr.startswith(f"note: a new database was made in {directory / 'data'};")
    assert run(directory, "list").stderr == ""


def test_the_index_url_that_was_made_of_the_url_is_told(directory: Path) -> None:
    url = "https://other.example.org/index.html"
    assert done(directory, "add", "other", url).endswith(f"its index is {url}/simple/\n")
    assert f"its index is now {url}/," in done(directory, "set", "other", "index_path=")


@pytest.mark.parametrize("position", ["0", "last", ""])
def test_a_position_that_is_none_is_refused(directory: Path, position: str) -> None:
    assert "write a number from 1" in refused(directory, "move", "main", position)


@pytest.mark.parametrize("command", ["add", "set"])
def test_the_help_lists_every_setting(directory: Path, command: str) -> None:
    shown = done(directory, command, "--help")
    assert not [field.name for field in FIELDS if f"  {field.name} " not in shown]


def test_upstreams_are_moved_disabled_enabled_and_removed(directory: Path) -> None:
    done(directory, "add", "other", "https://other.example.org/")
    done(directory, "move", "other", "1")
    assert order(directory) == ["other", "main"]
    done(directory, "disable", "other")
    assert [upstream["active"] for upstream in listed(directory)] == [False, True]
    done(directory, "enable", "other")
    assert [upstream["active"] for upstream in listed(directory)] == [True, True]
    done(directory, "set", "other", "priority=2", "stall_timeout_ms=1000")
    assert order(directory) == ["main", "other"]
    done(directory, "remove", "main")
    assert order(directory) == ["other"]


def test_settings_are_changed_and_cleared(directory: Path) -> None:
    done(directory, "set", "main", "index_ttl=5m", "projects=a-*,b", f"token={SECRET}")
    (changed,) = listed(directory)
    assert (changed["index_ttl"], changed["projects"], changed["token"]) == (300.0, ["a-*", "b"], "***")
    done(directory, "set", "main", "index_ttl=", "projects=", "token=")
    (changed,) = listed(directory)
    assert (changed["index_ttl"], changed["projects"], changed["token"]) == (None, [], None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "x", "ftp://example.org/"), "pyproxy: url: "),
        (("add", "x", "https://example.org/", "tokn=1"), "tokn: is no setting of an upstream (did you mean token?)"),
        (("add", "x", "https://example.org/", "verify_ssl=maybe"), "verify_ssl: expected true or false"),
        (("add", "x", "https://example.org/", "url=https://example.com/"), "url: is given twice"),
        (("add", "x", "https://example.org/", SECRET), "setting number 1 is not of the form KEY=VALUE"),
        (("add", "main", "https://example.org/"), "there is an upstream named main already"),
        (("set", "main", SECRET), "setting number 1 is not of the form KEY=VALUE"),
        (("set", "main", "name=other"), "the name of upstream main cannot be changed"),
        (("set", "mian", "active=no"), "there is no upstream named mian (did you mean main?)"),
        (("remove", "mian"), "there is no upstream named mian (did you mean main?)"),
        (("move", "mian", "1"), "there is no upstream named mian (did you mean main?)"),
        (("enable", "mian"), "there is no upstream named mian (did you mean main?)"),
    ],
)
def test_a_wrong_argument_ends_with_2_and_one_line(
    directory: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(directory, *arguments)
    assert order(directory) == ["main"]


@pytest.mark.parametrize("arguments", [("set", "main"), ("move", "main", "0"), ("move", "main", "up"), ("add", "x")])
def test_wrong_usage_ends_with_2(directory: Path, arguments: tuple[str, ...]) -> None:
    assert run(directory, *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("url=http://main.example.org/", "scheme, port"),
        ("url=https://evil.example.org/", "host"),
        ("url=https://main.example.org:8443/", "port"),
        ("http_proxy=http://evil.example.org:3128", "http_proxy"),
        ("credential_hosts=https://evil.example.org", "credential_hosts"),
        ("verify_ssl=off", "verify_ssl"),
    ],
)
def test_a_secret_does_not_follow_its_upstream_elsewhere(directory: Path, change: str, named: str) -> None:
    done(directory, "set", "main", f"token={SECRET}")
    before = listed(directory)
    line = refused(directory, "set", "main", change)
    assert f"changing {named} of upstream main asks for its token again (give token=… in the same command" in line
    assert listed(directory) == before


def test_the_secret_may_be_given_again_or_dropped(directory: Path) -> None:
    done(directory, "set", "main", f"token={SECRET}")
    done(directory, "set", "main", "url=https://b.example.org/", f"token={SECRET}2")
    assert stored_token(directory, "main") == f"{SECRET}2"
    done(directory, "set", "main", "url=https://c.example.org/", "token=")
    assert listed(directory)[0]["token"] is None


def test_dropping_another_secret_does_not_free_the_one_that_is_kept(directory: Path) -> None:
    done(directory, "set", "main", f"token={SECRET}")
    assert "asks for its token again" in refused(directory, "set", "main", "url=https://evil.example.org/", "password=")


def test_other_changes_keep_the_secret(directory: Path) -> None:
    done(directory, "set", "main", f"token={SECRET}")
    done(directory, "set", "main", "index_path=flat", "connect_timeout_ms=100")
    done(directory, "disable", "main")
    assert stored_token(directory, "main") == SECRET


def test_with_a_lost_key_upstreams_are_shown_and_secrets_entered_again(directory: Path) -> None:
    done(directory, "set", "main", f"token={SECRET}")
    (directory / "data" / SECRET_KEY_NAME).unlink()
    assert listed(directory)[0]["token"] == "***"
    assert "upstream main were encrypted with another key" in refused(directory, "disable", "main", status=1)
    done(directory, "set", "main", f"token={SECRET}2")
    assert stored_token(directory, "main") == f"{SECRET}2"


def test_a_proxy_that_was_encrypted_with_the_lost_key_is_asked_for(directory: Path) -> None:
    done(directory, "set", "main", f"token={SECRET}", f"http_proxy=http://ada:{SECRET}@proxy.example.org:3128")
    (directory / "data" / SECRET_KEY_NAME).unlink()
    assert "http_proxy: was encrypted with another key" in refused(directory, "set", "main", f"token={SECRET}")
    done(directory, "set", "main", f"token={SECRET}", "http_proxy=none")
    assert listed(directory)[0]["http_proxy"] == "none"


def test_a_removed_upstream_of_the_configuration_stays_removed(directory: Path) -> None:
    done(directory, "remove", "main")
    assert order(directory) == []


def test_a_damaged_database_ends_with_1_and_one_line(directory: Path) -> None:
    (directory / "data").mkdir()
    (directory / "data" / DATABASE_NAME).write_bytes(b"no database" * 1000)
    assert "is damaged or no database" in refused(directory, "list", status=1)


def test_in_a_process_of_its_own_it_prints_one_line_and_ends_with_2(directory: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pyproxy", "upstream", "remove", "mian"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "pyproxy: there is no upstream named mian (did you mean main?)\n"


def test_every_change_is_in_the_audit_log_with_the_user_of_the_system(directory: Path) -> None:
    done(directory, "add", "other", "https://other.example.org/", f"token={SECRET}")
    done(directory, "set", "other", "index_ttl=5m")
    done(directory, "move", "other", "1")
    done(directory, "disable", "other")
    done(directory, "disable", "other")
    done(directory, "remove", "other")
    refused(directory, "remove", "other")
    database = Database.open(directory / "data" / DATABASE_NAME, read_only=True)
    try:
        entries = AuditLog(database, time.time).entries()
    finally:
        database.close()
    assert [entry.action for entry in entries] == ["removed", "switched off", "moved", "changed", "added"]
    actor = Actor(name=pwd.getpwuid(os.getuid()).pw_name, origin="command")
    assert {(entry.actor, entry.subject) for entry in entries} == {(actor, "upstream other")}
    assert SECRET not in repr(entries)


def test_a_wrong_upstream_makes_no_database(directory: Path) -> None:
    refused(directory, "add", "x", "ftp://example.org/")
    assert not (directory / "data").exists()
