"""``pyproxy cache``: what is wrong with an argument, the configuration or the storage is said in one line."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pyproxy.commands import main
from pyproxy.storage.database import Database
from pyproxy.storage.directory import DATABASE_NAME

COMMANDS = [
    ["stats"],
    ["list"],
    ["list", "demo"],
    ["refresh", "demo"],
    ["purge", "demo"],
    ["purge", "demo", "demo-1.0.tar.gz", "--dry-run"],
    ["prune", "--max-size", "1GB"],
    ["verify"],
]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A storage directory as a server leaves it."""
    (tmp_path / "pyproxy.yaml").write_text("upstreams: []\nstorage: {min_free: 0}\n")
    (tmp_path / "data").mkdir()
    Database.open(tmp_path / "data" / DATABASE_NAME).close()
    return tmp_path


def run(directory: Path, *arguments: str) -> Result:
    runner = CliRunner(env={name: None for name in os.environ if name.startswith("PYPROXY_")})
    with contextlib.chdir(directory):
        result = runner.invoke(main, ["cache", *arguments], prog_name="pyproxy")
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def refused(directory: Path, *arguments: str, status: int) -> str:
    """The one line of a command that must fail."""
    result = run(directory, *arguments)
    assert (result.exit_code, result.stdout) == (status, ""), result.stderr
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_directory_that_no_server_used_is_not_taken_for_an_empty_cache(tmp_path: Path, arguments: list[str]) -> None:
    assert "there is no pyproxy database in" in refused(tmp_path, *arguments, status=1)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_database_of_a_newer_version_is_one_line(directory: Path, arguments: list[str]) -> None:
    with contextlib.closing(sqlite3.connect(directory / "data" / DATABASE_NAME)) as connection:
        connection.execute("INSERT INTO migrations VALUES ('of tomorrow', 0)")
        connection.commit()
    assert "made by a newer pyproxy" in refused(directory, *arguments, status=1)


@pytest.mark.parametrize("arguments", [each for each in COMMANDS if each[0] != "refresh"], ids=" ".join)
def test_every_command_works_on_an_empty_cache(directory: Path, arguments: list[str]) -> None:
    result = run(directory, *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "../x"], "PROJECT: '../x' is no project name"),
        (["refresh", "good", "a b"], "PROJECT: 'a b' is no project name"),
        (["purge", "a b"], "PROJECT: 'a b' is no project name"),
        (["purge", "demo", "a/b"], "FILENAME: 'a/b' is no filename"),
        (["verify", "--project", "a b"], "PROJECT: 'a b' is no project name"),
        (["prune", "--max-size", "much"], "--max-size: 'much' is no size (write it like 50GB"),
        (["prune", "--unused-for", "30x"], "--unused-for: '30x' is no duration (write it like 30d"),
        (["list", "--limit", "9" * 20], "invalid value for '--limit'"),
        (["prune"], "nothing says how much may stay (give --max-size 50GB or --unused-for 30d"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_argument_ends_with_2(directory: Path, arguments: list[str], said: str) -> None:
    assert said in refused(directory, *arguments, status=2)


@pytest.mark.parametrize("arguments", [["list", "demo"], ["purge", "demo"]], ids=" ".join)
def test_an_unknown_project_is_said_to_be_unknown(directory: Path, arguments: list[str]) -> None:
    assert run(directory, *arguments).stdout.lower() in ("nothing is kept of demo.\n", "nothing is kept of demo\n")


def test_prune_keeps_to_the_configured_size_and_says_so(directory: Path) -> None:
    (directory / "pyproxy.yaml").write_text("upstreams: []\nstorage: {min_free: 0, max_size: 5GB}\n")
    result = run(directory, "prune", "--dry-run")
    assert (result.exit_code, result.stderr) == (0, "note: keeping to storage.max_size, 5GB\n")


@pytest.mark.parametrize("arguments", [["stats"], ["list"], ["list", "demo"], ["prune", "--max-size", "1", "--dry-run"],
                                       ["purge", "demo", "--dry-run"], ["verify"]], ids=" ".join)  # fmt: skip
def test_json_is_valid_on_an_empty_cache_too(directory: Path, arguments: list[str]) -> None:
    json.loads(run(directory, *arguments, "--json").stdout)


def test_a_name_that_no_upstream_may_answer_is_said_and_ends_with_1(directory: Path) -> None:
    result = run(directory, "refresh", "demo")
    assert result.exit_code == 1
    assert result.stdout == "demo: no upstream is active; an administrator can add or enable one\n"
