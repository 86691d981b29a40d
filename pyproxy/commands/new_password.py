"""A new password: asked for twice at a terminal, else read from two lines of standard input."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from pyproxy.errors import ConfigurationError


def read_new_password(name: str) -> str:
    """The hash of the password for the account of this name. Raises `ConfigurationError`."""
    # Imported late: the other commands start without what hashes.
    from pyproxy.admin.accounts.passwords import Passwords, check_password
    from pyproxy.admin.desk import Desk

    first, second = _asked() if sys.stdin.isatty() else _read()
    check_password(first, name)
    if first != second:
        raise ConfigurationError(
            "the two are not the same", key="password", suggestion="nothing was changed; try once more"
        )
    with closing(Desk("passwords")) as desk:
        return Passwords(desk).hash_now(first)


def _asked() -> tuple[str, str]:
    words = ("Password", "The same once more")
    first, second = (str(click.prompt(text, hide_input=True, err=True)) for text in words)
    return first, second


def _read() -> tuple[str, str]:
    try:
        first, second = (sys.stdin.readline() for _ in range(2))
    except UnicodeDecodeError:
        raise ConfigurationError("is no text", key="password", suggestion="write it in UTF-8") from None
    if not second:
        raise ConfigurationError(
            "is not on standard input twice", key="password", suggestion="write it on two lines, the same on both"
        )
    return first.rstrip("\r\n"), second.rstrip("\r\n")
