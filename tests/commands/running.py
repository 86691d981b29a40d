"""``pyproxy …`` in the tests' own process, in a directory of its own."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from click.testing import CliRunner, Result

from pyproxy.commands import main


def run(directory: Path, *arguments: str, stdin: str | bytes = "") -> Result:
    """Run it; whatever happens, there may be no traceback."""
    runner = CliRunner(env={name: None for name in os.environ if name.startswith("PYPROXY_")})
    with contextlib.chdir(directory):
        result = runner.invoke(main, arguments, prog_name="pyproxy", input=stdin)
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def done(directory: Path, *arguments: str, stdin: str | bytes = "") -> str:
    """What a command printed that must succeed."""
    result = run(directory, *arguments, stdin=stdin)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(directory: Path, *arguments: str, stdin: str | bytes = "", status: int = 2) -> str:
    """The one line of a command that must fail."""
    result = run(directory, *arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (status, ""), result.stderr
    (line,) = result.stderr.splitlines()
    return line
