"""Errors to exit statuses, by a command of our own in the group."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from pyproxy.commands.group import PyproxyGroup
from pyproxy.errors import ConfigurationError, ProjectNotFound, PyproxyError, StorageInUse


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (StorageInUse("process 7 works on ./data"), 1, "pyproxy: process 7 works on ./data\n"),
        (ProjectNotFound("flask"), 1, "pyproxy: no index has a project named flask\n"),
        (ConfigurationError("is wrong", key="a", suggestion="b"), 2, "pyproxy: a: is wrong (b)\n"),
        (ConfigurationError("--pre\x1b[31m is no option"), 2, "pyproxy: --pre⟨1B⟩[31m is no option\n"),
    ],
)
def test_an_error_ends_with_its_sentence_and_its_status(error: PyproxyError, status: int, line: str) -> None:
    @click.group(cls=PyproxyGroup)
    def main() -> None:
        pass

    @main.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(main, ["fail"])
    assert (result.exit_code, result.stderr, result.stdout) == (status, line, "")


@pytest.mark.parametrize("arguments", [["config", "show"], ["cache", "--help"], ["--help"]], ids=" ".join)
def test_output_that_cannot_be_written_is_one_line(arguments: list[str], tmp_path: Path) -> None:
    """As into a file on a full disk."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pyproxy", *arguments],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "pyproxy: the output cannot be written: no space left on device\n"


def test_a_working_directory_that_is_gone_is_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$0" && exec "$@"', str(gone), sys.executable, "-m", "pyproxy", "cache", "stats"],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "pyproxy: the working directory is gone: change into one that is there\n"
