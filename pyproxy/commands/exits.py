"""Errors to exit statuses: 1 it failed, 2 the usage or configuration is wrong; one line says why.

Nothing else in the commands decides about statuses: they raise the errors of ``pyproxy.errors``.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import IO, Any

import click

from pyproxy.admin.visible import visible
from pyproxy.errors import ConfigurationError, InvalidFilename, InvalidProjectName, NameTaken, PyproxyError

FAILED = 1
WRONG_USAGE = 2

_CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class Failure(click.ClickException):
    """A ``PyproxyError`` on its way to the terminal: a line for each thing that is wrong."""

    exit_code = FAILED

    def show(self, file: IO[Any] | None = None) -> None:
        """Print to standard error (or ``file``)."""
        for line in self.message.splitlines():
            click.echo(f"pyproxy: {visible(line)}", file=file, err=file is None)


class WrongUsage(Failure):
    """What was asked for, or the configuration, is wrong: trying again does not help."""

    exit_code = WRONG_USAGE


def failure_of(error: PyproxyError) -> Failure:
    """The end of a command that met this error."""
    wrong = isinstance(error, ConfigurationError | InvalidProjectName | InvalidFilename)
    wrong = wrong and not isinstance(error, NameTaken)  # the usage is right; it depends on what is there
    return WrongUsage(str(error)) if wrong else Failure(str(error))


def usage_failure(error: click.UsageError) -> Failure:
    """The same for arguments that click refuses: in one line, with the way to the help."""
    message = " ".join(error.format_message().removesuffix(".").split())  # click lists choices a line each
    where = "" if error.ctx is None else f" (see {error.ctx.command_path} --help)"
    return WrongUsage(f"{message[:1].lower()}{message[1:]}{where}")


def system_failure(error: OSError) -> Failure | None:
    """The same for what the system refuses to any command; ``None`` for all else, a closed pipe among it."""
    if error.errno in _CANNOT_WRITE and error.filename is None:  # with a name it would not be standard output
        return Failure(f"the output cannot be written: {str(error.strerror).lower()}")
    if isinstance(error, FileNotFoundError) and not _is_somewhere():
        return Failure("the working directory is gone: change into one that is there")
    return None


def _is_somewhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True
