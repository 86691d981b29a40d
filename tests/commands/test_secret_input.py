"""Secrets from standard input: never on a command line, where the shell's history and ``ps`` would show them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pyproxy.commands import main
from tests.commands.test_upstream import SECRET, stored_token

URL = "https://private.example.org/"


def run(directory: Path, *arguments: str, stdin: str) -> Result:
    """``pyproxy upstream …``; a secret may not be printed."""
    runner = CliRunner(env={name: None for name in os.environ if name.startswith("PYPROXY_")})
    with contextlib.chdir(directory):
        result = runner.invoke(main, ["upstream", *arguments], prog_name="pyproxy", input=stdin)
    assert SECRET not in result.output
    return result


def test_a_token_from_standard_input_is_stored_and_changed(tmp_path: Path) -> None:
    """The line of a timer that renews a token that lives for hours."""
    assert run(tmp_path, "add", "private", URL, "--token-stdin", stdin=f"{SECRET}\n").exit_code == 0
    assert stored_token(tmp_path, "private") == SECRET
    assert run(tmp_path, "set", "private", "--token-stdin", stdin="renewed\r\nand more\n").exit_code == 0
    assert stored_token(tmp_path, "private") == "renewed"


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("--password-stdin",), "", "found no password on standard input"),
        (("--password-stdin", "password=x"), "y\n", "password: is given twice"),
        (("--password-stdin", "--token-stdin"), "y\n", "give one of them"),
        ((), "", "no setting is given"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_changes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], stdin: str, said: str
) -> None:
    assert run(tmp_path, "add", "private", URL, "--token-stdin", stdin=SECRET).exit_code == 0
    result = run(tmp_path, "set", "private", *arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert stored_token(tmp_path, "private") == SECRET


def test_a_secret_for_a_test_is_only_read_for_settings_that_are_given(tmp_path: Path) -> None:
    result = run(tmp_path, "test", "pypi", "--password-stdin", stdin="x\n")
    assert result.exit_code == 2
    assert "a secret can only be given with --url" in result.stderr
