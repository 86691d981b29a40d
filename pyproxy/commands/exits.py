"""Errors to exit statuses: 1 it failed, 2 the usage or configuration is wrong; one line says why.

Nothing else in the commands decides about statuses: they raise the errors of ``pyproxy.errors``.
"""

from __future__ import annotations

from typing import IO, Any

import click

from pyproxy.errors import ConfigurationError, InvalidFilename, InvalidProjectName, PyproxyError

FAILED = 1
WRONG_USAGE = 2


class Failure(click.ClickException):
    """A ``PyproxyError`` on its way to the terminal: a line for each thing that is wrong."""

    exit_code = FAILED

    def show(self, file: IO[Any] | None = None) -> None:
        """Print to standard error (or ``file``)."""
        for line in self.message.splitlines():
            click.echo(f"pyproxy: {line}", file=file, err=file is None)


class WrongUsage(Failure):
    """What was asked for, or the configuration, is wrong: trying again does not help."""

    exit_code = WRONG_USAGE


def failure_of(error: PyproxyError) -> Failure:
    """The end of a command that met this error."""
    wrong = isinstance(error, ConfigurationError | InvalidProjectName | InvalidFilename)
    return WrongUsage(str(error)) if wrong else Failure(str(error))


def usage_failure(error: click.UsageError) -> Failure:
    """The same for arguments that click refuses: in one line, with the way to the help."""
    message = error.format_message().removesuffix(".")
    where = "" if error.ctx is None else f" (see {error.ctx.command_path} --help)"
    return WrongUsage(f"{message[:1].lower()}{message[1:]}{where}")
