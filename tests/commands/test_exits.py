"""Errors to exit statuses, by a command of our own in the group."""

from __future__ import annotations

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
